"""The process tree of one sandbox: drawn where the framework can, a table of what is left."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from assemblyline_v4_service.common.result import ProcessItem, ResultProcessTreeSection

from virustotal.core import tables
from virustotal.plugins.sandbox.cell_text import described
from virustotal.plugins.sandbox.processes import MOST_DRAWN, MOST_LEVELS, MOST_PROCESSES, Process
from virustotal.plugins.sandbox.sandbox_section import LONGEST_BODY
from virustotal.plugins.sandbox.sandboxes import Sandbox

#: Rows of the table of processes that are not drawn.
MOST_ROWS = 1_000


def tree_sections(sandbox: Sandbox) -> Iterator[Any]:
    """Yield the drawn tree, and a table of the processes that are not in it."""
    found = sandbox.tree
    candidates = [process for process in found if process.drawn]
    if not candidates:
        return
    section, drawn = _tree(found, candidates)
    yield section
    if len(drawn) < len(found):
        yield _left_out(found, drawn, sandbox.tree_cut)
    if (details := _details(found)) is not None:
        yield details


def _tree(found: Sequence[Process], candidates: Sequence[Process]) -> tuple[Any, Sequence[Process]]:
    """The drawn tree and the processes in it: all of the candidates, or the first of them where they are too large."""
    for share in (1, 2, 4, 8, 16, 32):
        drawn = candidates[: max(1, len(candidates) // share)]  # parents come first
        section = _section(found, drawn)
        if len(section.body) <= LONGEST_BODY:
            break
    return section, drawn


def _section(found: Sequence[Process], drawn: Sequence[Process]) -> Any:
    levels = 1 + max(process.level for process in found)
    height = "1 level" if levels == 1 else f"{levels} levels"
    section = ResultProcessTreeSection(f"{tables.counted('Process tree', len(drawn), len(found))}, {height}")
    for root in _linked(drawn):
        section.add_process(root)
    return section


def _left_out(found: Sequence[Process], drawn: Sequence[Process], cut: bool) -> Any:
    shown = {process.index for process in drawn}
    rest = [process for process in found if process.index not in shown]
    rows = [
        {
            "Process": each.command[:500],
            "PID": each.pid,
            "Parent PID": _parent_pid(found, each),
            "Level": each.level + 1,
        }
        for each in rest[:MOST_ROWS]
    ]
    title = f"Processes that the tree leaves out: below level {MOST_LEVELS}, more than {MOST_DRAWN}, or too large"
    if cut:
        title += f"; beyond {MOST_PROCESSES} none was looked at"
    columns = ("Process", "PID", "Parent PID", "Level")
    return tables.table(title, rows, columns, total=len(rest), most=MOST_ROWS, collapse=True)


def _details(found: Sequence[Process]) -> Any | None:
    telling = [(process, more) for process in found if (more := process.more)]
    rows = [
        {
            "Process": process.command[:200],
            "PID": process.pid,
            "Seconds after the start": process.offset,
            "Seen": described({key: value for key, value in more.items() if key != "time_offset"}, 500),
        }
        for process, more in telling[: tables.MOST_ROWS]
    ]
    columns = ("Process", "PID", "Seconds after the start", "Seen")
    return tables.table("What single processes did", rows, columns, total=len(telling), collapse=True)


def _parent_pid(found: Sequence[Process], process: Process) -> int | None:
    return found[process.parent].pid if process.parent is not None else None


def _linked(drawn: Sequence[Process]) -> list[ProcessItem]:
    nodes: dict[int, ProcessItem] = {}
    roots: list[ProcessItem] = []
    used: Counter[int | str] = Counter()
    for process in drawn:
        # The user interface takes it for the node's identity: one that comes twice, or is null, breaks the page.
        pid: int | str = process.pid if process.pid is not None else "?"
        used[pid] += 1
        identity = f"{pid} ({used[pid]})" if used[pid] > 1 else pid
        name = re.split(r"[\\/]", process.image)[-1][:100] or "unnamed process"
        node = ProcessItem(identity, name, process.command, file_count=process.files, registry_count=process.registry)
        nodes[process.index] = node
        (roots if process.parent is None else nodes[process.parent].children).append(node)
    return roots
