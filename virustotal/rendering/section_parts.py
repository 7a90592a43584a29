"""Bodies of result sections as inert, typed parts, whatever their format (assemblyline_v4_service.common.result).

The terminal and the HTML file draw these parts; neither reads a body itself.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from attrs import frozen

from virustotal.al_types.section_bodies import PLAIN
from virustotal.util.readers import EMPTY, as_list, as_mapping, as_mappings, as_text, pairs

#: Longest text of one value, and of a whole body.
LONGEST_VALUE, LONGEST_BODY = 8_000, 500_000

#: Columns that say how bad the object of a row is, and what their first words mean.
_LEVEL_COLUMNS = frozenset({"level", "severity", "verdict", "category"})
_LEVELS: Mapping[str, str] = {
    **dict.fromkeys(("malicious", "critical", "high"), "malicious"),
    "highly suspicious": "highly suspicious",
    **dict.fromkeys(("suspicious", "medium"), "suspicious"),
}


@frozen
class Text:
    """Lines of text.

    Args:
        text: The lines.
        fixed: Whether all characters have one width, as for JSON and hexadecimal dumps.
    """

    text: str
    fixed: bool = False


@frozen
class Row:
    """A row of a table.

    Args:
        cells: One for each column.
        level: See `level_of`.
    """

    cells: tuple[str, ...]
    level: str = ""


@frozen
class Table:
    """A table.

    Args:
        columns: Their names; empty for lines in columns without names.
        rows: The rows.
        title: Empty for none.
    """

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    title: str = ""


@frozen
class Pairs:
    """Keys and values in order."""

    entries: tuple[tuple[str, str], ...]


@frozen
class Links:
    """Names and addresses, of whatever scheme."""

    entries: tuple[tuple[str, str], ...]


@frozen
class Image:
    """A picture.

    Args:
        name: Of its file.
        description: For its reader.
        digests: SHA-256 of its content and of its thumbnail, in this order, where they are known.
    """

    name: str
    description: str
    digests: tuple[str, ...] = ()


@frozen
class Images:
    """Pictures, such as screenshots."""

    entries: tuple[Image, ...]


@frozen
class Process:
    """A process of a tree.

    Args:
        depth: 0 for a root.
        name: Of its program.
        pid: Its identifier.
        command: Its command line.
        signatures: Names of the signatures that it matches.
    """

    depth: int
    name: str
    pid: str
    command: str
    signatures: str


@frozen
class Processes:
    """Process trees, each process before its children."""

    entries: tuple[Process, ...]


Part = Text | Table | Pairs | Links | Images | Processes


def body_parts(section: Mapping[str, Any]) -> tuple[Part, ...]:
    """Return the parts of a section's body; none where it is empty."""
    raw = section.get("body")
    if raw in (None, "", "[]", "{}"):
        return ()
    body_format = str(section.get("body_format"))
    data = raw if body_format in PLAIN else _decode(raw)  # a text may look like JSON, of any depth
    return tuple(_parts(body_format, data, as_mapping(section.get("body_config"))))


def level_of(words: str) -> str:
    """Return the platform's word for the first of some words of severity or verdict; empty below `suspicious`."""
    return _LEVELS.get(words.partition(",")[0].strip().casefold(), "")


def _parts(body_format: str, data: Any, config: Mapping[str, Any] = EMPTY) -> Iterator[Part]:
    """Yield the parts of decoded data; formats without a reader of their own are plain text."""
    yield from _READERS.get(body_format, _text)(data, config)


def _decode(raw: Any) -> Any:
    if not isinstance(raw, str):
        return raw
    try:
        return json.loads(raw)
    except ValueError:
        return raw


def _rows(data: Any) -> list[tuple[Any, ...]]:
    return [tuple(entry) for entry in as_list(data) if isinstance(entry, list | tuple) and len(entry) > 1]


def _cell(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_cell(entry) for entry in value)
    if isinstance(value, Mapping):
        return as_text(json.dumps(value, default=str), LONGEST_VALUE)
    return as_text(value, LONGEST_VALUE)


def _text(data: Any, _config: Mapping[str, Any]) -> Iterator[Part]:
    yield Text(as_text(data if isinstance(data, str) else json.dumps(data, default=str), LONGEST_BODY))


def _fixed(data: Any, _config: Mapping[str, Any]) -> Iterator[Part]:
    text = data if isinstance(data, str) else json.dumps(data, indent=2, default=str)
    yield Text(as_text(text, LONGEST_BODY), fixed=True)


def _table(data: Any, config: Mapping[str, Any]) -> Iterator[Part]:
    rows = as_mappings(data)
    order = [str(name) for name in as_list(config.get("column_order"))]
    names = tuple(dict.fromkeys([*order, *(name for row in rows for name in row)]))
    if names:
        filled = (Row(tuple(_cell(row.get(name)) for name in names), _row_level(row)) for row in rows)
        yield Table(tuple(map(as_text, names)), tuple(filled))


def _row_level(row: Mapping[str, Any]) -> str:
    words = (level_of(as_text(value, 60)) for name, value in row.items() if str(name).casefold() in _LEVEL_COLUMNS)
    return next(filter(None, words), "")


def _key_values(data: Any, _config: Mapping[str, Any]) -> Iterator[Part]:
    entries = pairs(data) if isinstance(data, Mapping) else (entry[:2] for entry in _rows(data))
    yield Pairs(tuple((as_text(key), _cell(value)) for key, value in entries))


def _links(data: Any, _config: Mapping[str, Any]) -> Iterator[Part]:
    yield Links(
        tuple((as_text(entry.get("name")), as_text(entry.get("url"), LONGEST_VALUE)) for entry in as_mappings(data))
    )


def _images(data: Any, _config: Mapping[str, Any]) -> Iterator[Part]:
    yield Images(tuple(map(_image, as_mappings(data))))


def _image(entry: Mapping[str, Any]) -> Image:
    whole, thumbnail = as_mapping(entry.get("img")), as_mapping(entry.get("thumb"))
    digests = (as_text(image.get("sha256"), 64) for image in (whole, thumbnail))
    return Image(as_text(whole.get("name")), as_text(whole.get("description")), tuple(filter(None, digests)))


def _timeline(data: Any, _config: Mapping[str, Any]) -> Iterator[Part]:
    keys = ("opposite_content", "title", "content")
    yield Table((), tuple(Row(tuple(_cell(event.get(key)) for key in keys)) for event in as_mappings(data)))


def _processes(data: Any, _config: Mapping[str, Any]) -> Iterator[Part]:
    waiting = [(0, process) for process in reversed(as_mappings(data))]
    processes = []
    while waiting:  # a stack: trees are deeper than Python recurses
        depth, process = waiting.pop()
        processes.append(
            Process(
                depth,
                as_text(process.get("process_name")) or "?",
                as_text(process.get("process_pid")),
                as_text(process.get("command_line"), LONGEST_VALUE),
                ", ".join(name for name, _ in pairs(process.get("signatures"))),
            )
        )
        waiting += [(depth + 1, child) for child in reversed(as_mappings(process.get("children")))]
    yield Processes(tuple(processes))


def _sandbox(data: Any, _config: Mapping[str, Any]) -> Iterator[Part]:
    report = as_mapping(data)
    yield from _key_values(as_mapping(report.get("analysis_information")), EMPTY)
    for name in ("processes", "network_connections", "signatures"):
        for part in _table(report.get(name), EMPTY):
            if isinstance(part, Table):
                yield Table(part.columns, part.rows, f"{name.replace('_', ' ').capitalize()}: {len(part.rows)}")


def _multi(data: Any, _config: Mapping[str, Any]) -> Iterator[Part]:
    for body_format, part, *config in _rows(data):
        if part is not None and body_format != "MULTI":
            yield from _parts(str(body_format), part, as_mapping(config[0]) if config else EMPTY)


_READERS: Mapping[str, Callable[[Any, Mapping[str, Any]], Iterator[Part]]] = {
    "TABLE": _table,
    "KEY_VALUE": _key_values,
    "ORDERED_KEY_VALUE": _key_values,
    "URL": _links,
    "IMAGE": _images,
    "TIMELINE": _timeline,
    "PROCESS_TREE": _processes,
    "SANDBOX": _sandbox,
    "JSON": _fixed,
    "GRAPH_DATA": _fixed,
    "MEMORY_DUMP": _fixed,
    "MULTI": _multi,
}
