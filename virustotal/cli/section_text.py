"""Parts of section bodies for the terminal."""

from collections.abc import Mapping
from functools import singledispatch

from rich.console import Group, RenderableType
from rich.table import Column, Table
from rich.text import Text
from rich.tree import Tree

from virustotal.rendering import section_parts as parts

#: Levels of a process tree that are indented; deeper ones would leave no room, and say their level.
DEEPEST = 12
#: Style of a level above `informative`.
STYLES: Mapping[str, str] = {"malicious": "red", "highly suspicious": "red", "suspicious": "yellow"}


@singledispatch
def draw(part: object) -> RenderableType:
    """Return one part as it is shown."""
    raise TypeError(f"no part of a section: {part!r}")


@draw.register
def _text(part: parts.Text) -> RenderableType:
    return Text(part.text)


@draw.register
def _table(part: parts.Table) -> RenderableType:
    columns = (Column(Text(name), overflow="fold") for name in part.columns)
    table = Table(*columns, box=None, pad_edge=False, header_style="bold", show_header=bool(part.columns))
    for row in part.rows:
        table.add_row(*map(Text, row.cells), style=STYLES.get(row.level))
    return Group(Text(part.title, style="bold"), table) if part.title else table


@draw.register
def _pairs(part: parts.Pairs) -> RenderableType:
    grid = Table.grid(Column(style="bold"), Column(overflow="fold"), padding=(0, 2))
    for key, value in part.entries:
        grid.add_row(Text(key), Text(value))
    return grid


@draw.register
def _links(part: parts.Links) -> RenderableType:
    return Text("\n".join(f"{name} {url}".strip() for name, url in part.entries))


@draw.register
def _images(part: parts.Images) -> RenderableType:
    return Text("\n".join(f"{image.name}  {image.description}".strip() for image in part.entries))


@draw.register
def _processes(part: parts.Processes) -> RenderableType:
    tree = Tree("", hide_root=True)
    branches = [tree]
    for process in part.entries:
        del branches[process.depth + 1 :]
        parent = branches[-1]
        node = parent.add(_process(process))
        branches.append(node if process.depth < DEEPEST else parent)
    return tree


def _process(process: parts.Process) -> Text:
    line = Text(f"level {process.depth + 1}: " if process.depth >= DEEPEST else "")
    line.append(f"{process.name} ({process.pid})", style="bold")
    if process.command:
        line.append(f" {process.command}", style="not bold")
    if process.signatures:
        line.append(f" [{process.signatures}]", style="yellow")
    return line
