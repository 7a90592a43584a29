"""The process tree of one sandbox: drawn where the framework can, a table of what is left."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from assemblyline_v4_service.common.result import ProcessItem, ResultProcessTreeSection

from virustotal.core import tables
from virustotal.core.readers import clean, quantity
from virustotal.plugins.sandbox.cell_text import LONGEST_CELL, described
from virustotal.plugins.sandbox.processes import MOST_DRAWN, MOST_LEVELS, MOST_PROCESSES, Process
from virustotal.plugins.sandbox.sandboxes import Sandbox

#: Rows of the table of processes that are not drawn.
MOST_ROWS = 1_000
#: Characters of the body of a drawn tree, and of a command line in it; the table of commands has it whole.
LONGEST_BODY, LONGEST_COMMAND = 500_000, 1_000


def tree_section(sandbox: Sandbox) -> Any | None:
    """Return the drawn tree, with tables below it of the processes it leaves out and of what single ones did."""
    processes = sandbox.tree
    candidates = [process for process in processes if process.drawn]
    if not candidates:
        return None
    section, drawn = _tree(sandbox, candidates)
    below = [_details(processes)]
    if len(drawn) < len(processes):
        below.insert(0, _left_out(processes, drawn, sandbox.tree_cut))
    for part in filter(None, below):
        section.add_subsection(part)
    return section


def _tree(sandbox: Sandbox, candidates: Sequence[Process]) -> tuple[Any, Sequence[Process]]:
    """The drawn tree and the processes in it: all of the candidates, or the first of them where they are too large."""
    for share in (1, 2, 4, 8, 16, 32):
        drawn = candidates[: max(1, len(candidates) // share)]  # parents come first
        section = _section(sandbox, drawn)
        if len(section.body) <= LONGEST_BODY:
            break
    return section, drawn


def _section(sandbox: Sandbox, drawn: Sequence[Process]) -> Any:
    levels = 1 + max(process.level for process in sandbox.tree)
    title = tables.counted(f"Process tree of {sandbox.name}", len(drawn), len(sandbox.tree))
    section = ResultProcessTreeSection(f"{title}, {quantity(levels, 'level')}", auto_collapse=True)
    for root in _linked(drawn):
        section.add_process(root)
    return section


def _left_out(processes: Sequence[Process], drawn: Sequence[Process], cut: bool) -> Any:
    indices = {process.index for process in drawn}
    rest = [process for process in processes if process.index not in indices]
    rows = [
        {
            "Process": clean(process.command, LONGEST_CELL),
            "PID": process.pid,
            "Parent PID": _parent_pid(processes, process),
            "Level": process.level + 1,
        }
        for process in rest[:MOST_ROWS]
    ]
    title = f"Processes that the tree leaves out: below level {MOST_LEVELS}, more than {MOST_DRAWN}, or too large"
    if cut:
        title += f"; beyond {MOST_PROCESSES} none was looked at"
    columns = ("Process", "PID", "Parent PID", "Level")
    return tables.table(title, rows, columns, total=len(rest), most=MOST_ROWS, collapse=True)


def _details(processes: Sequence[Process]) -> Any | None:
    detailed = [(process, details) for process in processes if (details := process.details)]
    rows = [
        {
            "Process": clean(process.command, LONGEST_CELL),
            "PID": process.pid,
            "Second": process.offset,
            "Seen": described({key: value for key, value in details.items() if key != "time_offset"}, LONGEST_CELL),
        }
        for process, details in detailed[: tables.MOST_ROWS]
    ]
    columns = ("Process", "PID", "Second", "Seen")
    return tables.table("What single processes did", rows, columns, total=len(detailed), collapse=True)


def _parent_pid(processes: Sequence[Process], process: Process) -> int | None:
    return processes[process.parent].pid if process.parent is not None else None


def _linked(drawn: Sequence[Process]) -> Iterator[ProcessItem]:
    nodes: dict[int, ProcessItem] = {}
    pids: Counter[int | str] = Counter()
    for process in drawn:
        # The user interface takes it for the node's identity: one that comes twice, or is null, breaks the page.
        pid: int | str = process.pid if process.pid is not None else "?"
        pids[pid] += 1
        identity = f"{pid} ({pids[pid]})" if pids[pid] > 1 else pid
        name = re.split(r"[\\/]", process.image)[-1][:100] or "unnamed process"
        command = clean(process.command, LONGEST_COMMAND)
        node = ProcessItem(identity, name, command, file_count=process.files, registry_count=process.registry)
        nodes[process.index] = node
        if process.parent is not None:
            nodes[process.parent].children.append(node)
    yield from (nodes[process.index] for process in drawn if process.parent is None)
