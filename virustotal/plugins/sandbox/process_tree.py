"""The process tree of all sandboxes: drawn where the framework can, a table of what is left."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from assemblyline_v4_service.common.result import ProcessItem, ResultProcessTreeSection
from attrs import evolve

from virustotal.core import tables
from virustotal.core.readers import as_list, clean, quantity
from virustotal.plugins.sandbox.cell_text import describe
from virustotal.plugins.sandbox.processes import MOST_DRAWN, MOST_LEVELS, MOST_PROCESSES, Process
from virustotal.plugins.sandbox.sandboxes import Sandbox
from virustotal.plugins.sandbox.things import same_command

#: Rows of the table of processes that are not drawn.
MOST_ROWS = 1_000
#: Characters of the body of a drawn tree, and of a command line in it; the table of commands has it whole.
LONGEST_BODY, LONGEST_COMMAND = 500_000, 1_000

_FILE_EVENTS = ("files_opened", "files_written", "files_deleted", "files_dropped", "files_copied", "files_moved")
_REGISTRY_EVENTS = ("registry_keys_opened", "registry_keys_set", "registry_keys_deleted")


def tree_section(sandboxes: Sequence[Sandbox]) -> Any | None:
    """Return the drawn tree of all sandboxes, a process that several saw once, and tables of what it leaves out."""
    processes = merge_trees(sandboxes)
    if not processes:
        return None
    candidates = [process for process in processes[:MOST_DRAWN] if process.level < MOST_LEVELS]
    for share in (1, 2, 4, 8, 16, 32):  # a tree that is too large is drawn in part: parents come first
        drawn = candidates[: max(1, len(candidates) // share)]
        section = _section(processes, drawn)
        if len(section.body) <= LONGEST_BODY:
            break
    cut = any(sandbox.tree_cut for sandbox in sandboxes)
    for part in filter(None, (_left_out(processes, drawn, cut), _details(sandboxes))):
        section.add_subsection(part)
    return section


def merge_trees(sandboxes: Sequence[Sandbox]) -> tuple[Process, ...]:
    """Return the processes of all trees, parents first; those of one command line below the same parent are one."""
    merged: list[Process] = []
    places: dict[tuple[int | None, str, int], int] = {}
    for sandbox in sandboxes:
        here: dict[int, int] = {}
        siblings: Counter[tuple[int | None, str]] = Counter()
        for process in sandbox.tree:
            parent = None if process.parent is None else here[process.parent]
            name = (parent, same_command(process.command))
            siblings[name] += 1  # the second one of a name is another process
            place = places.setdefault((*name, siblings[name]), len(merged))
            here[process.index] = place
            if place == len(merged):
                merged.append(evolve(process, index=place, parent=parent))
    return tuple(merged)


def _section(processes: Sequence[Process], drawn: Sequence[Process]) -> Any:
    levels = 1 + max(process.level for process in processes)
    title = tables.counted("Process tree", len(drawn), len(processes))
    section = ResultProcessTreeSection(f"{title}, {quantity(levels, 'level')}", auto_collapse=True)
    for root in _link(drawn):
        section.add_process(root)
    return section


def _left_out(processes: Sequence[Process], drawn: Sequence[Process], cut: bool) -> Any | None:
    indices = {process.index for process in drawn}
    rest = [process for process in processes if process.index not in indices]
    rows = [
        {
            "Process": process.command,
            "PID": process.pid,
            "Parent PID": None if process.parent is None else processes[process.parent].pid,
            "Level": process.level + 1,
        }
        for process in rest[:MOST_ROWS]
    ]
    title = f"Processes not in the tree: below level {MOST_LEVELS}, more than {MOST_DRAWN}, or too large"
    if cut:
        title += f"; only the first {MOST_PROCESSES} were read"
    columns = ("Process", "PID", "Parent PID", "Level")
    return tables.table(title, rows, columns, total=len(rest), most=MOST_ROWS, collapse=True)


def _details(sandboxes: Sequence[Sandbox]) -> Any | None:
    detailed = [
        (sandbox, process, details) for sandbox in sandboxes for process in sandbox.tree if (details := process.details)
    ]
    rows = [
        {
            "Process": process.command,
            "PID": process.pid,
            "Second": process.offset,
            "Seen": describe({key: value for key, value in details.items() if key != "time_offset"}),
            "Sandbox": sandbox.name,
        }
        for sandbox, process, details in detailed[: tables.MOST_ROWS]
    ]
    columns = ("Process", "PID", "Second", "Seen", "Sandbox")
    return tables.table("Activity by process", rows, columns, total=len(detailed), collapse=True)


def _link(drawn: Sequence[Process]) -> Iterator[ProcessItem]:
    nodes: dict[int, ProcessItem] = {}
    pids: Counter[int | str] = Counter()
    for process in drawn:
        # The user interface takes it for the node's identity: one that comes twice, or is null, breaks the page.
        pid: int | str = process.pid if process.pid is not None else "?"
        pids[pid] += 1
        identity = f"{pid} ({pids[pid]})" if pids[pid] > 1 else pid
        name = re.split(r"[\\/]", process.image)[-1][:100] or "unnamed process"
        command = clean(process.command, LONGEST_COMMAND)
        files, keys = _events(process, _FILE_EVENTS), _events(process, _REGISTRY_EVENTS)
        node = ProcessItem(identity, name, command, file_count=files, registry_count=keys)
        nodes[process.index] = node
        if process.parent is not None:
            nodes[process.parent].children.append(node)
    yield from (nodes[process.index] for process in drawn if process.parent is None)


def _events(process: Process, names: tuple[str, ...]) -> int:
    return sum(len(as_list(process.node.get(name))) for name in names)
