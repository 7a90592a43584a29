"""Result sections for plugins: bounded tables, ordered key-values and lines, of inert text alone."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any
from urllib.parse import quote, urlsplit

from assemblyline_v4_service.common.result import (
    ResultOrderedKeyValueSection,
    ResultTableSection,
    ResultTextSection,
    TableRow,
)

from virustotal.core import table_fit
from virustotal.core.models import Object, Ref
from virustotal.core.settings import Settings
from virustotal.core.settings.config_values import DEFAULT_HOST
from virustotal.util.readers import as_text, as_texts, date, quantity

__all__ = [
    "MOST_IN_CELL",
    "MOST_ROWS",
    "brief",
    "counted",
    "further_attributes",
    "key_values",
    "lines",
    "listed",
    "page",
    "table",
]

#: Rows of one table; the rest is said. Assemblyline's page scrolls inside of a table that is higher than 500 pixels.
MOST_ROWS = 200
#: The title of the closed section of attributes that nothing else shows.
FURTHER = "Further attributes"
#: Names in one cell; the rest is said.
MOST_IN_CELL = 20
#: Deepest nesting, and entries of one list or mapping, that `brief` writes into one cell.
DEEPEST, MOST_ENTRIES = 3, 20
#: Of attributes that no column shows: values of each, characters of a value, and of the whole text.
MOST_VALUES, LONGEST_VALUE, LONGEST_FURTHER = 2, 120, 10_000
#: Characters of the name of an object beside them: a SHA-256 is whole.
LONGEST_ID = 64

# Attributes, and keys within them, whose values are not written: a session, a credential, a comment's text once more.
UNWRITTEN = re.compile(r"cookie|header|password|secret|token|^html$", re.IGNORECASE)
_NOTHING = re.compile(r"(?!)")

_PAGES = {"file": "file", "url": "url", "domain": "domain", "ip_address": "ip-address", "collection": "collection"}


def page(ref: Ref, settings: Settings) -> str:
    """Return the address of VirusTotal's page of an object; empty where it has none or `host` is not VirusTotal's."""
    host = urlsplit(DEFAULT_HOST).hostname
    if ref.kind not in _PAGES or urlsplit(settings.host).hostname != host:
        return ""
    return f"{DEFAULT_HOST}/gui/{_PAGES[ref.kind]}/{quote(ref.id, safe='')}"


def counted(title: str, shown: int, total: int | None = None) -> str:
    """Return a title that says how many there are and how many are shown: "Exports (200 of 14000)"."""
    return f"{title} ({shown})" if total is None or total <= shown else f"{title} ({shown} of {total})"


def listed(values: Iterable[Any], most: int = MOST_IN_CELL) -> str:
    """Return values as one cell: joined by commas, with what is left out said."""
    texts = [shown for value in values if (shown := as_text(value))]
    rest = len(texts) - most
    return ", ".join(texts[:most]) + (f" and {rest} more" if rest > 0 else "")


def table(
    title: str,
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str],
    *,
    total: int | None = None,
    most: int = MOST_ROWS,
    collapse: bool = False,
    keep: Collection[str] = (),
    detail: Collection[str] = (),
    name: str = "",
) -> ResultTableSection | None:
    """Return a table that fits the page of Assemblyline, or None where no cell has anything.

    Columns that are empty everywhere are left out. Dates are cut to the day. Columns beyond the sixth, columns of one
    value in all rows, and texts that are too long for their cell stand whole in a closed section below the table.

    Args:
        rows: Cells by column; they become inert text, numbers and booleans stay.
        columns: In their order, the most important first.
        total: How many rows there are in all, where `rows` is already cut.
        keep: Columns that stay although they have one value in all rows.
        detail: Columns that always stand below the table: identifiers, rule texts, references.
        name: The column that names a row below the table; by default the one with the most distinct values.
    """
    cells = [{column: _cell(row.get(column)) for column in columns} for row in rows[:most]]
    used = [column for column in columns if any(row[column] not in ("", None) for row in cells)]
    if not used:
        return None
    fitted = table_fit.fit(cells, used, keep, detail, name)
    section = ResultTableSection(counted(title, len(cells), total or len(rows)), auto_collapse=collapse)
    for row in fitted.rows:
        section.add_row(TableRow(row))
    section.set_column_order(list(fitted.columns))  # add_row overwrites the order: last
    if fitted.details:
        below = f"{re.split(':| [(]', title)[0]}: details"
        section.add_subsection(ResultTextSection(below, body="\n".join(fitted.details), auto_collapse=True))
    return section


def key_values(title: str, entries: Iterable[tuple[str, Any]], *, collapse: bool = False) -> Any | None:
    """Return ordered key-values of the entries that have a value, or None where none has."""
    section = ResultOrderedKeyValueSection(title, auto_collapse=collapse)
    empty = True
    for key, value in entries:
        cell = _cell(value)
        if cell not in ("", None):
            section.add_item(as_text(key), cell)
            empty = False
    return None if empty else section


def lines(
    title: str, entries: Iterable[Any], *, total: int | None = None, most: int = MOST_ROWS, collapse: bool = False
) -> Any | None:
    """Return a text section with one entry a line, or None where there are none.

    Args:
        total: How many there are in all, where `entries` is already cut.
    """
    texts = [shown for entry in entries if (shown := as_text(entry))]
    if not texts:
        return None
    section = ResultTextSection(counted(title, min(len(texts), most), total or len(texts)), auto_collapse=collapse)
    section.add_lines(texts[:most])
    return section


def brief(value: Any, depth: int = DEEPEST) -> Any:
    """Return a value of any shape as one cell: numbers and booleans stay, lists and mappings become bounded text.

    Args:
        depth: Levels that are written out; what lies deeper is an ellipsis.
    """
    return _brief(value, depth, _NOTHING)


def _brief(value: Any, depth: int, unwritten: re.Pattern[str]) -> Any:
    """Return as `brief`; without the values of keys in which an expression is found."""
    if depth <= 0 and isinstance(value, Mapping | list | tuple):
        return "…"
    if isinstance(value, Mapping):
        pairs = (
            (key, "(not shown)" if unwritten.search(str(key)) else _brief(entry, depth - 1, unwritten))
            for key, entry in islice(value.items(), MOST_ENTRIES)
        )
        return _joined([f"{key or '(empty)'}: {entry}" for key, entry in pairs], len(value), "; ")
    if isinstance(value, list | tuple):
        return _joined([str(_brief(entry, depth - 1, unwritten)) for entry in value[:MOST_ENTRIES]], len(value), ", ")
    return value if isinstance(value, bool | int) else as_text(value)


def _joined(entries: Sequence[str], total: int, mark: str) -> str:
    rest = total - len(entries)
    return as_text(mark.join(filter(None, entries)) + (f" and {rest} more" if rest > 0 else ""))


def further_attributes(
    objs: Iterable[Object], shown: Collection[str], links: Collection[str] = ()
) -> ResultTextSection | None:
    """Return the closed text of the attributes that nothing else shows, or None where there are none.

    Each is named, with the values of the first objects that have it; what has no room, or may hold a session or a
    password, is counted.

    Args:
        objs: The objects of one section.
        shown: Names of the attributes that the section shows.
        links: Names of the context attributes that it shows.
    """
    values: dict[str, list[tuple[str, Any]]] = {}
    empty: dict[str, None] = {}
    unwritten: dict[str, None] = {}
    for obj in objs:
        kept = [(_name(key), value) for key, value in obj.attributes.items() if key not in shown]
        kept += [(f"{_name(key)} (of the link)", value) for key, value in obj.context.items() if key not in links]
        for name, value in kept:
            if value in (None, "", [], {}):
                empty[name] = None
            elif UNWRITTEN.search(name):
                unwritten[name] = None
            else:
                values.setdefault(name, []).append((_called(obj), _moment(name, value)))
    body: list[str] = []
    room = LONGEST_FURTHER
    for name, pairs in values.items():
        block = _attribute(name, pairs)
        room -= len(block) + 1
        if room < 0:
            break
        body.append(block)
    if left := [*list(values)[len(body) :], *unwritten]:
        body.append(f"Not shown: {quantity(len(left), 'attribute')}: {listed(left, 60)}")
    if without := [name for name in empty if name not in values]:
        body.append(f"Without a value: {listed(without, 60)}")
    return ResultTextSection(FURTHER, body="\n".join(body), auto_collapse=True) if body else None


def _called(obj: Object) -> str:
    """Return what an analyst calls an object: the id of a URL is a digest that says nothing."""
    urls = as_texts(obj.attributes.get("url") or obj.context.get("url")) if obj.ref.kind == "url" else ()
    return next(iter(urls), obj.ref.id)


def _moment(name: str, value: Any) -> Any:
    """Return a date of the API, in seconds, as one that can be read; all else as it is."""
    return (name.endswith("_date") and isinstance(value, int) and date(value)) or value


def _name(key: Any) -> str:
    return as_text(key, 80) or "(empty)"


def _attribute(name: str, pairs: Sequence[tuple[str, Any]]) -> str:
    """Return the lines of one attribute; of one object's, one line."""
    lines = [f"{as_text(id, LONGEST_ID)}: {_line(value)}" for id, value in pairs[:MOST_VALUES]]
    if len(pairs) == 1:
        return f"{name}: {_line(pairs[0][1])}"
    if len(pairs) > MOST_VALUES:
        lines.append(f"Not shown: {quantity(len(pairs) - MOST_VALUES, 'more object')}")
    return "\n    ".join((f"{name}:", *lines))


def _line(value: Any) -> str:
    return as_text(" ".join(as_text(_brief(value, DEEPEST, UNWRITTEN)).split()), LONGEST_VALUE)


def _cell(value: Any) -> Any:
    if isinstance(value, bool | int) and abs(value) < 2**53:
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return listed(value)
    return as_text(value)
