"""Section bodies for the terminal, one function a body format (assemblyline_v4_service.common.result.BODY_FORMAT)."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.json import JSON
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from virustotal.util.readers import LONGEST_TEXT, as_list, as_mapping, as_mappings, as_text, pairs

#: Rows, lines or processes that are shown where not everything is asked for.
MOST_SHOWN = 15

#: Levels of a process tree that are indented; deeper ones would leave no room, and say their level.
DEEPEST = 12

Draw = Callable[[Any, Mapping[str, Any], int], RenderableType]


def body(section: Mapping[str, Any], most: int = MOST_SHOWN) -> RenderableType | None:
    """Return the body of a result section, or None where it has none.

    most: rows, lines or processes at most; what is left out is said. 0 shows everything.
    """
    raw = section.get("body")
    if raw in (None, "", "[]", "{}"):
        return None
    return drawn(str(section.get("body_format")), _decoded(raw), as_mapping(section.get("body_config")), most)


def drawn(body_format: str, data: Any, config: Mapping[str, Any], most: int) -> RenderableType:
    """Return decoded body data as its format draws it; formats without a drawing of their own are plain text."""
    return _DRAW.get(body_format, _plain)(data, config, most)


def _decoded(raw: Any) -> Any:
    if not isinstance(raw, str):
        return raw
    try:
        return json.loads(raw)
    except ValueError:
        return raw


def _cut(entries: Sequence[Any], most: int) -> tuple[Sequence[Any], str]:
    left = len(entries) - most
    return (entries[:most], f"… and {left} more (--full shows all)") if most and left > 0 else (entries, "")


def _rows(data: Any) -> list[tuple[Any, ...]]:
    return [tuple(entry) for entry in as_list(data) if isinstance(entry, list | tuple) and len(entry) > 1]


def _with_note(drawing: RenderableType, note: str) -> RenderableType:
    return Group(drawing, Text(note, style="dim")) if note else drawing


def _cell(value: Any) -> Text:
    if isinstance(value, list | tuple):
        return Text(", ".join(as_text(entry) for entry in value))
    if isinstance(value, Mapping):
        return Text(as_text(json.dumps(value, default=str)))
    return Text(as_text(value))


def _plain(data: Any, config: Mapping[str, Any], most: int) -> RenderableType:
    lines = as_text(data if isinstance(data, str) else json.dumps(data, default=str), 100 * LONGEST_TEXT).splitlines()
    shown, note = _cut(lines, most)
    return _with_note(Text("\n".join(shown)), note)


def _table(data: Any, config: Mapping[str, Any], most: int) -> RenderableType:
    rows = as_mappings(data)
    named = [str(name) for name in as_list(config.get("column_order"))]
    columns = list(dict.fromkeys([*named, *(name for row in rows for name in row)]))
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(Text(as_text(name)), overflow="fold")
    shown, note = _cut(rows, most)
    for row in shown:
        table.add_row(*(_cell(row.get(name)) for name in columns))
    return _with_note(table, note)


def _key_values(data: Any, config: Mapping[str, Any], most: int) -> RenderableType:
    entries = list(pairs(data)) if isinstance(data, Mapping) else _rows(data)
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold")
    grid.add_column(overflow="fold")
    shown, note = _cut(entries, most)
    for key, value, *_ in shown:
        grid.add_row(Text(as_text(key)), _cell(value))
    return _with_note(grid, note)


def _links(data: Any, config: Mapping[str, Any], most: int) -> RenderableType:
    shown, note = _cut(as_mappings(data), most)
    lines = [" ".join(filter(None, (as_text(each.get("name")), as_text(each.get("url"))))) for each in shown]
    return _with_note(Text("\n".join(lines)), note)


def _images(data: Any, config: Mapping[str, Any], most: int) -> RenderableType:
    images = [as_mapping(each.get("img")) for each in as_mappings(data)]
    return _table([{"image": each.get("name"), "shows": each.get("description")} for each in images], {}, most)


def _timeline(data: Any, config: Mapping[str, Any], most: int) -> RenderableType:
    keys = ("opposite_content", "title", "content")
    grid = Table.grid(padding=(0, 2))
    shown, note = _cut(as_mappings(data), most)
    for node in shown:
        grid.add_row(*(_cell(node.get(key)) for key in keys))
    return _with_note(grid, note)


def _processes(data: Any, config: Mapping[str, Any], most: int) -> RenderableType:
    tree = Tree("", hide_root=True)
    waiting = [(tree, 1, process) for process in reversed(as_mappings(data))]
    count = 0
    while waiting and (not most or count < most):  # a stack: trees are deeper than Python recurses
        parent, level, process = waiting.pop()
        count += 1
        node = parent.add(_process(process, level))
        node = node if level < DEEPEST else parent
        waiting += [(node, level + 1, child) for child in reversed(as_mappings(process.get("children")))]
    return _with_note(tree, "… and more processes (--full shows all)" if waiting else "")


def _process(process: Mapping[str, Any], level: int) -> Text:
    line = Text(f"level {level}: " if level > DEEPEST else "")
    line.append(f"{as_text(process.get('process_name')) or '?'} ({as_text(process.get('process_pid'))})", style="bold")
    if command := as_text(process.get("command_line")):
        line.append(f" {command}", style="not bold")
    if signatures := ", ".join(name for name, _ in pairs(process.get("signatures"))):
        line.append(f" [{signatures}]", style="yellow")
    return line


def _sandbox(data: Any, config: Mapping[str, Any], most: int) -> RenderableType:
    report = as_mapping(data)
    parts: list[RenderableType] = [_key_values(as_mapping(report.get("analysis_information")), config, most)]
    for name in ("processes", "network_connections", "signatures"):
        if rows := as_mappings(report.get(name)):
            parts += [Text(f"{name.replace('_', ' ')}: {len(rows)}", style="bold"), _table(rows, {}, most)]
    return Group(*parts)


def _json(data: Any, config: Mapping[str, Any], most: int) -> RenderableType:
    return JSON.from_data(data, default=str) if not most else _plain(json.dumps(data, indent=1, default=str), {}, most)


def _multi(data: Any, _config: Mapping[str, Any], most: int) -> RenderableType:
    parts = [
        drawn(str(form), part, as_mapping(config[0]) if config else {}, most) for form, part, *config in _rows(data)
    ]
    return Group(*parts)


_DRAW: Mapping[str, Draw] = {
    "TABLE": _table,
    "KEY_VALUE": _key_values,
    "ORDERED_KEY_VALUE": _key_values,
    "URL": _links,
    "IMAGE": _images,
    "TIMELINE": _timeline,
    "PROCESS_TREE": _processes,
    "SANDBOX": _sandbox,
    "JSON": _json,
    "GRAPH_DATA": _json,
    "MULTI": _multi,
}
