"""Sandbox reports to findings: seconds and peak memory of each recorded report, and of process trees that grow.

Usage: python -m bench.behaviours [folder of recorded answers]. Seconds are the fastest of three runs; memory is what
Python allocated at most while the analyser ran and its findings were kept, beside the report itself.
"""

import gc
import json
import sys
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from virustotal.testing import evidence  # first: it points the framework at the manifest

from virustotal.core import Object, Ref  # isort: skip
from virustotal.core.settings import Settings  # isort: skip
from virustotal.plugins.sandbox import virustotal_analyzers  # isort: skip

ANALYZE = next(each.analyze for each in virustotal_analyzers(Settings()) if each.name == "behaviours")
HASH = "0" * 64


def run(objects: list[Object]) -> list[Any]:
    """Return what the analyser yields."""
    return list(ANALYZE(evidence("file", "behaviours", related=objects, total=len(objects))))


def measured(objects: list[Object]) -> tuple[float, float, int]:
    """Return seconds, peak in MB, and the number of findings."""
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        found = run(objects)
        seconds.append(time.perf_counter() - start)
        count = len(found)
        del found
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    kept = run(objects)
    peak = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    del kept
    return min(seconds), peak / 1e6, count


def recorded(folder: Path) -> Iterator[tuple[str, list[Object]]]:
    """Yield name and objects of each recorded answer."""
    for path in sorted(each for name in ("behaviours", "behaviour_summary") for each in (folder / name).glob("*.json")):
        data = json.loads(path.read_text(encoding="utf-8"))["data"]
        entries = data if isinstance(data, list) else [data if "attributes" in data else {"attributes": data}]
        objects = [
            Object(Ref("file_behaviour", each.get("id", f"{HASH}_summary")), each["attributes"]) for each in entries
        ]
        yield f"{path.parent.name}/{path.stem}", objects
        if len(objects) > 1:
            yield from ((f"  {each.ref.id[65:]}", [each]) for each in objects)


def tree(attributes: Any) -> list[Object]:
    """A report with a process tree."""
    return [Object(Ref("file_behaviour", f"{HASH}_Zenbox"), {"processes_tree": attributes})]


def deep(levels: int) -> list[Object]:
    """One process a level."""
    node: dict[str, Any] = {"process_id": str(levels), "name": f"C:\\deep\\{levels}.exe /x"}
    for level in range(levels - 1, 0, -1):
        node = {"process_id": str(level), "name": f"C:\\deep\\{level}.exe /x", "children": [node]}
    return tree([node])


def broad(count: int) -> list[Object]:
    """A thousand roots, with their children below them."""
    return tree(
        [
            {
                "process_id": str(root),
                "name": f"C:\\broad\\{root}.exe",
                "children": [
                    {"process_id": str(child), "name": f"C:\\broad\\{root}\\{child}.exe"}
                    for child in range(count // 1_000 - 1)
                ],
            }
            for root in range(1_000)
        ]
    )


def main() -> None:
    """Print one line a report and a tree."""
    cases = list(recorded(Path(sys.argv[1]))) if len(sys.argv) > 1 else []
    cases += [(f"tree of {levels:,} levels", deep(levels)) for levels in (1_250, 2_500, 5_000)]
    cases += [(f"tree of {count:,} processes", broad(count)) for count in (10_000, 25_000, 50_000, 100_000)]
    print(f"{'report':55} {'ms':>8} {'peak MB':>8} {'findings':>9}")
    for name, objects in cases:
        seconds, peak, count = measured(objects)
        print(f"{name:55} {1000 * seconds:8.1f} {peak:8.2f} {count:9}")


if __name__ == "__main__":
    main()
