"""Process trees of any depth and size, walked without recursion; and the image in a command line."""

import re
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from attrs import field, frozen

from virustotal.core.readers import as_list, as_mapping, as_text, integer

#: Levels of a tree that are drawn: the framework's own class recurses over them.
MOST_LEVELS = 200
#: Processes that are drawn; the others stand in a table.
MOST_DRAWN = 500
#: Processes that are looked at.
MOST_PROCESSES = 200_000

_LONGEST = 1_000
_QUOTED = re.compile(r'\s*"([^"]+)"')
_UNIX = re.compile(r"\s*(/\S*)")
_WINDOWS = re.compile(r"\s*((?:[A-Za-z]:\\|\\\\|\\\?\?\\|%)[^\"]*?\.[A-Za-z0-9]{1,5})(?=\s|$)")
_PATH = re.compile(r"\s*((?:[A-Za-z]:\\|\\\\|\\\?\?\\|%).*?)(?=\s+[-/\"]|\s*$)")
_FIRST = re.compile(r"\s*(\S+)")
_SCANNED = 2_000
_DRAWN = frozenset({"process_id", "name", "children"})
_FILE_EVENTS = ("files_opened", "files_written", "files_deleted", "files_dropped", "files_copied", "files_moved")
_REGISTRY_EVENTS = ("registry_keys_opened", "registry_keys_set", "registry_keys_deleted")


@frozen(eq=False)
class Process:
    """One node of `processes_tree`.

    parent: the index of its parent in the same list, or None. level: 0 for a root. pid: None where it is no number.
    offset: `time_offset` as VirusTotal has it, in seconds after the start of the analysis. node: as it was given.
    given: True where the command line was a text.
    """

    index: int
    parent: int | None
    level: int
    pid: int | None
    command: str
    offset: int | None
    files: int = 0
    registry: int = 0
    node: Mapping[str, Any] = field(factory=dict, repr=False)
    drawn: bool = field(default=False, kw_only=True)
    given: bool = field(default=True, kw_only=True)

    @property
    def more(self) -> dict[str, Any]:
        """What its node says beside id, command line and children."""
        return {key: value for key, value in self.node.items() if key not in _DRAWN and value not in (None, "", [])}

    @property
    def image(self) -> str:
        """The image in the command line, or an empty text."""
        return image_of(self.command)


def image_of(command: str) -> str:
    """Return the image of a command line: quoted, a path with blanks up to its extension, or the first word."""
    head = command[:_SCANNED]
    for pattern in (_QUOTED, _UNIX, _WINDOWS, _PATH, _FIRST):
        if found := pattern.match(head):
            return found.group(1).strip()
    return ""


def flatten(nodes: Iterable[Any]) -> tuple[tuple[Process, ...], bool]:
    """Return `processes_tree` level by level, parents before children, and whether it has more than MOST_PROCESSES.

    The first MOST_DRAWN of them above MOST_LEVELS are marked to be drawn.
    """
    found: list[Process] = []
    waiting: deque[tuple[Any, int | None, int]] = deque((node, None, 0) for node in nodes)
    while waiting and len(found) < MOST_PROCESSES:
        node, parent, level = waiting.popleft()
        if not isinstance(node, Mapping) and not as_text(node):
            continue
        process = _process(node, len(found), parent, level)
        found.append(process)
        waiting.extend((child, process.index, level + 1) for child in as_list(as_mapping(node).get("children")))
    return tuple(found), bool(waiting)


def _process(node: Any, index: int, parent: int | None, level: int) -> Process:
    known = as_mapping(node)
    name = known.get("name") if known else node
    return Process(
        index,
        parent,
        level,
        integer(known.get("process_id")),
        as_text(name, _LONGEST),
        integer(known.get("time_offset")),
        _events(known, _FILE_EVENTS),
        _events(known, _REGISTRY_EVENTS),
        known,
        drawn=level < MOST_LEVELS and index < MOST_DRAWN,
        given=isinstance(name, str),
    )


def _events(node: Any, names: tuple[str, ...]) -> int:
    return sum(len(as_list(node.get(name))) for name in names)
