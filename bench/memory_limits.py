"""The whole service on the worst answers of each kind, within the memory that the manifest promises.

Run: python -m bench.memory_limits. Each kind is a task in a process of its own, over an emulator in this one. Prints
its peak of resident memory, its seconds, and what its result leaves out; returns 1 where a peak is above the bound or
a task has no result.
"""

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from virustotal.emulator.server import Emulator
from virustotal.storage.sqlite_store import sql_of

MEGABYTE = 2**20
#: The manifest's `ram_mb`.
LIMIT_MB = 1024
EICAR = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"
SUBJECT, PAGES = f"GET /files/{EICAR}", "GET /files/*/*"
#: As the image sets it.
MALLOC = {"MALLOC_MMAP_THRESHOLD_": "1048576"}
#: Twelve at once, and more that wait for these.
RELATIONSHIPS = (
    *("contacted_domains", "contacted_ips", "contacted_urls", "dropped_files", "execution_parents", "bundled_files"),
    *("compressed_parents", "embedded_domains", "embedded_ips", "embedded_urls", "itw_domains", "itw_urls", "itw_ips"),
    *("pe_resource_parents", "overlay_parents"),
)
Json = dict[str, Any]


def subject(**attributes: Any) -> Json:
    """Return an answer about the file."""
    base = {"last_analysis_date": 1_700_000_000, "last_analysis_stats": {"undetected": 60}}
    return {"data": {"type": "file", "id": EICAR, "attributes": base | attributes}}


def page(value: Any) -> Json:
    """Return a page of two related objects."""
    return {"data": [{"type": "domain", "id": f"example{n}.com", "attributes": {"x": value}} for n in range(2)]}


def sigma(count: int) -> list[Json]:
    """Return matches of one rule: of 23 MB where there are 350,000."""
    matches = [{"values": {"EventID": "1", "CommandLine": f"c{number}"}} for number in range(count)]
    return [{"rule_title": "t", "rule_level": "high", "rule_id": "0", "match_context": matches}]


def nested(levels: int) -> Any:
    """Return lists within lists."""
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


def small(count: int) -> list[Json]:
    """Return small objects."""
    return [{"a": 1.5, "b": "c"} for _ in range(count)]


#: Kind -> pattern of the requests that are answered with it, and the answer.
KINDS: Mapping[str, tuple[str, Callable[[], Json]]] = {
    "nothing": ("nothing", dict),
    "16 MB of backslashes": (SUBJECT, lambda: subject(x="\\" * 8 * MEGABYTE)),
    "23 MB of Sigma matches": (SUBJECT, lambda: subject(sigma_analysis_results=sigma(350_000))),
    "Sigma matches within the bound": (SUBJECT, lambda: subject(sigma_analysis_results=sigma(190_000))),
    "60 MB of {}": (SUBJECT, lambda: subject(x=[{}] * 20_000_000)),
    "{} within the bound": (SUBJECT, lambda: subject(x=[{}] * 490_000)),
    "small objects within the bound": (SUBJECT, lambda: subject(x=small(300_000))),
    "names": (SUBJECT, lambda: subject(x={str(number): number for number in range(900_000)})),
    "wide characters": (SUBJECT, lambda: subject(x="a" * 31_000_000 + "\N{GRINNING FACE}")),
    "nested lists": (SUBJECT, lambda: subject(x=nested(900))),
    "fifteen pages of small objects": (PAGES, lambda: page(small(160_000))),
    "fifteen pages of long texts": (PAGES, lambda: page("a" * 15_000_000)),
    "fifteen pages of wide characters": (PAGES, lambda: page("\N{GRINNING FACE}" * 3_000_000)),
    "fifteen pages just below a large one": (PAGES, lambda: page(small(16_000))),
    "store that inflates": ("nothing", dict),
}


def run(url: str, folder: str) -> None:
    """Run a task in this process, and print its cost."""
    import time

    from virustotal.local.run_task import run_task, started_service
    from virustotal.local.targets import target_of

    config = {"host": url, "api_key": "k", "storage": f"{folder}/store.sqlite3", "inline": False}
    parameters = {"analyze_relationship": "true", "relationships": ",".join(RELATIONSHIPS)}
    with started_service(config) as service:
        target = target_of(EICAR, Path(folder))
        began = time.perf_counter()
        outcome = run_task(service, target, parameters)
    status = Path("/proc/self/status").read_text()
    peak = int(status.partition("VmHWM:")[2].split()[0]) // 1024  # of this program, not of the one that forked it
    told = outcome.message or ("partial" if outcome.partial else "complete")
    print(json.dumps({"mb": peak, "seconds": round(time.perf_counter() - began, 1), "result": told[-90:]}))


def inflate(store: Path) -> None:
    """Let each answer in a store inflate to 1,028 MB."""
    packer = zlib.compressobj(9)
    body = b"p" + b"".join(packer.compress(b" " * MEGABYTE) for _ in range(1028)) + packer.flush()
    with closing(sqlite3.connect(store)) as connection:
        rows = connection.execute(sql_of("UPDATE answers_{v} SET body = ?"), (body,)).rowcount
        connection.commit()
    if not rows:
        raise RuntimeError("no answers in the store")


def main() -> int:
    """Run each kind in a process of its own; return 1 where one takes too much."""
    code = 0
    with Emulator(keys={"k": "gti"}) as emulator, tempfile.TemporaryDirectory() as name:
        for number, (kind, (pattern, document)) in enumerate(KINDS.items()):
            folder = Path(name) / str(number)
            folder.mkdir()
            command = [sys.executable, "-m", "bench.memory_limits", emulator.url, str(folder)]
            emulator.faults.clear()
            if pattern != "nothing":
                emulator.fault(pattern, "answer", document=document())
            if kind == "store that inflates":
                subprocess.run(command, capture_output=True, check=True)
                inflate(folder / "store.sqlite3")
            done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | MALLOC)
            cost = json.loads(done.stdout) if done.returncode == 0 else {"mb": 0, "result": done.stderr[-300:]}
            over = "" if 0 < cost["mb"] <= LIMIT_MB else "TOO MUCH"
            code |= bool(over)
            print(f"{kind:38} {cost['mb']:5} MB {cost.get('seconds', 0):6} s  {cost['result']} {over}", flush=True)
    return code


if __name__ == "__main__":
    if len(sys.argv) > 2:
        run(sys.argv[1], sys.argv[2])
    else:
        sys.exit(main())
