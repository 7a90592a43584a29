"""Fits a table to the 1,080 pixels that Assemblyline's page has for one."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from attrs import frozen

#: Columns of one table.
MOST_COLUMNS = 6
#: Characters of one cell, and the fewest that a cell is cut to.
LONGEST_CELL, SHORTEST_CELL = 120, 24
#: Width of the page, of a cell's padding and of an average character, in pixels of the default font.
PAGE_WIDTH, PADDING, CHARACTER = 1080, 32, 6.8
#: Lines of one cell: more make a row higher than 80 pixels.
MOST_LINES = 3
#: Characters of what stands below a table.
LONGEST_DETAILS = 200_000

_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d) \d\d:\d\d:\d\d UTC")
# The browser breaks a line between these.
_WORD = re.compile(r"[^\s,;/?&=()\[\]{}|-]+")


@frozen
class FittedTable:
    """The rows and columns that are shown, and lines with what had no place in them."""

    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]
    details: tuple[str, ...] = ()


def fit(
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str],
    keep: Collection[str] = (),
    detail: Collection[str] = (),
    name: str = "",
) -> FittedTable:
    """Return the table as it fits the page.

    Args:
        rows: Plain cells; each row has every column.
        columns: Those that are not empty everywhere, the most important first.
        keep: Columns that stay although they have one value in all rows.
        detail: Columns that stand below the table.
        name: The column that names a row below the table.
    """
    candidates = [name for name in columns if name not in detail] or list(columns[:1])
    constant = [name for name in candidates if name not in keep and len(rows) > 1 and _is_constant(rows, name)]
    constant = constant if len(constant) < len(candidates) else constant[1:]
    varying = [name for name in candidates if name not in constant]
    shown = varying[:MOST_COLUMNS]
    hidden = [name for name in columns if name not in shown and name not in constant]
    days = [{name: _day(row[name]) for name in shown} for row in rows]
    longest = _longest_cells(days, shown)
    fitted = tuple({name: _cut(row[name], longest[name]) for name in shown} for row in days)
    details = [f"All rows: {name}: {rows[0][name]}" for name in constant]
    title = name if name in shown else _naming_column(fitted, shown)
    room = LONGEST_DETAILS
    for row, day, cells in zip(rows, days, fitted, strict=True):
        below = [name for name in shown if cells[name] != day[name]]
        below += [name for name in hidden if row[name] not in ("", None)]
        if not below:
            continue
        lines = [str(cells[title] or "(unnamed)"), *(f"    {name}: {row[name]}" for name in below)]
        room -= sum(map(len, lines))
        if room < 0:
            details.append("The rest is left out.")
            break
        details += lines
    return FittedTable(tuple(shown), fitted, tuple(details))


def _naming_column(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Return the column whose cells tell the rows apart, the first one where none does."""
    return max(columns, key=lambda name: (len({row[name] for row in rows}), -columns.index(name)))


def _is_constant(rows: Sequence[Mapping[str, Any]], name: str) -> bool:
    return all(row[name] == rows[0][name] for row in rows)


def _day(cell: Any) -> Any:
    moment = _MOMENT.fullmatch(cell) if isinstance(cell, str) else None
    return moment[1] if moment else cell


def _cut(cell: Any, longest: int) -> Any:
    return f"{cell[: longest - 1]}…" if isinstance(cell, str) and len(cell) > longest else cell


def _longest_cells(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> Mapping[str, int]:
    """Return the characters of a cell by column: the widest columns are narrowed until no word is broken."""
    texts = {name: [str(row[name]) for row in rows] for name in columns}
    widths = {name: min(LONGEST_CELL, max(map(len, (name, *texts[name])))) for name in columns}
    words = {
        name: max((len(word) for text in texts[name] for word in _WORD.findall(text)), default=0) for name in texts
    }
    room = (PAGE_WIDTH - PADDING * len(columns)) / CHARACTER
    while True:
        # The browser shares the width in proportion to the longest text of each column.
        share = min(1.0, room / max(1, sum(widths.values())))
        if share * MOST_LINES >= 1.15 and all(
            min(words[name], widths[name]) <= widths[name] * share for name in columns
        ):
            return widths
        widest = max(columns, key=lambda name: widths[name])
        if widths[widest] <= SHORTEST_CELL:
            return widths
        widths[widest] = max(SHORTEST_CELL, widths[widest] * 9 // 10)
