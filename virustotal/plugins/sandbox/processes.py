"""Process trees of any depth and size, walked without recursion; and the image in a command line."""

import re
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from attrs import field, frozen

from virustotal.core.readers import as_list, as_mapping, as_text, integer
from virustotal.plugins.sandbox.cell_text import plain_text

#: Levels of a tree that are drawn: the framework's own class recurses over them.
MOST_LEVELS = 200
#: Processes that are drawn; the others stand in a table.
MOST_DRAWN = 500
#: Processes that are looked at.
MOST_PROCESSES = 200_000
#: Characters of a command line: Windows takes no longer one.
LONGEST_COMMAND = 32_767

#: Characters of a command line in which its image is looked for.
_SCANNED = 2_000
_PATH = re.compile(r"[A-Za-z]:\\|\\\\|\\\?\?\\|%", re.ASCII)
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,5}(?=\s|$)", re.ASCII)
_ARGUMENT = re.compile(r"\s[-/\"]")
_DRAWN = frozenset({"process_id", "name", "children"})


@frozen(eq=False)
class Process:
    """One node of `processes_tree`.

    Attributes:
        parent: The index of its parent in the same list, or None.
        level: 0 for a root.
        pid: None where it is no number.
        offset: `time_offset`, in seconds after the start of the analysis.
        node: As VirusTotal sent it; a command line alone is the name of a node.
    """

    index: int
    parent: int | None
    level: int
    pid: int | None
    command: str
    offset: int | None
    node: Mapping[str, Any] = field(repr=False)

    @property
    def details(self) -> dict[str, Any]:
        """What its node says beside id, command line and children."""
        return {key: value for key, value in self.node.items() if key not in _DRAWN and value not in (None, "", [])}

    @property
    def text(self) -> str:
        """The command line where VirusTotal sent a text; empty otherwise."""
        return plain_text(self.node.get("name"), LONGEST_COMMAND)

    @property
    def image(self) -> str:
        """The image in the command line, or an empty text."""
        return image_of(self.command)


def image_of(command: str) -> str:
    """Return the image of a command line: quoted, a path with blanks up to its extension, or the first word.

    Linear in the command line: it may be written by an attacker.
    """
    head = command[:_SCANNED].strip()
    if head.startswith('"') and (end := head.find('"', 1)) > 1:
        return head[1:end].strip()
    if _PATH.match(head):
        extension = _EXTENSION.search(head)
        if extension and '"' not in head[: extension.end()]:
            return head[: extension.end()]
        argument = _ARGUMENT.search(head)
        return head[: argument.start()].rstrip() if argument else head
    return head.split(None, 1)[0] if head else ""


def flatten(nodes: Iterable[Any]) -> tuple[tuple[Process, ...], bool]:
    """Return `processes_tree` level by level, parents before children, and whether it has more than MOST_PROCESSES."""
    processes: list[Process] = []
    waiting: deque[tuple[Any, int | None, int]] = deque((node, None, 0) for node in nodes)
    while waiting and len(processes) < MOST_PROCESSES:
        node, parent, level = waiting.popleft()
        if not isinstance(node, Mapping) and not as_text(node):
            continue
        fields = as_mapping(node) or {"name": node}
        pid, offset = integer(fields.get("process_id")), integer(fields.get("time_offset"))
        command = as_text(fields.get("name"), LONGEST_COMMAND)
        process = Process(len(processes), parent, level, pid, command, offset, fields)
        processes.append(process)
        waiting.extend((child, process.index, level + 1) for child in as_list(fields.get("children")))
    return tuple(processes), bool(waiting)
