"""`make soak`: thousands of tasks over the emulator with faults at random, a store that breaks and a plugin that fails.

    make soak                    # 3,000 tasks
    make soak TASKS=500 SEED=7   # fewer; the seed chooses tasks, faults and breakages

It ends with counts and returns 1 if a result was lost, the key leaked, or a file was sent twice though the store, which
remembers what was sent, was neither damaged nor removed in between.
"""

import json
import multiprocessing
import os
import random
import resource
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import yaml

from virustotal.emulator.faults import KINDS
from virustotal.emulator.server import Emulator
from virustotal.emulator.world.shared import EICAR

ROOT = Path(__file__).resolve().parents[1]
#: Processes, and seconds of a task in the manifest; a fifth of them is the margin for analysis and layout.
WORKERS, TIMEOUT = 3, 5
#: Seconds between two changes of the faults, and the share of the changes that break the store.
CHANGE, BREAK_STORE = 0.3, 0.01
#: Tasks of a worker after which memory, threads and descriptors are read for the first time.
WARM = 100
PATTERNS = (
    "*",
    "GET /files/*",
    "GET /files/*/*",
    "GET /urls/*",
    "GET /domains/*",
    "GET /ip_addresses/*",
    "POST *",
    "/other*",
)
#: Values of faults that bound what one costs.
BOUNDS: dict[str, dict[str, Any]] = {
    "delay": {"seconds": 0.5},
    "slow": {"size": 512, "seconds": 0.02},
    "bomb": {"size": 128 * 2**20},
    "big": {"size": 8 * 2**20},
    "status": {"retry_after": 0.2},
    "answer": {"document": {"data": {"type": "file", "id": "0" * 64, "attributes": None}}},
}
PLUGIN = '''
"""A plugin that fails in another way each time."""
import random, time
from assemblyline_v4_service.common.result import ResultSection
from virustotal.core import Analyzer, Points, hookimpl

def analyze(evidence):
    way = random.randrange(6)
    if way == 0:
        raise RuntimeError("x" * 100_000)
    if way == 1:
        time.sleep(0.3)
    if way == 2:
        yield object()
    if way == 3:
        section = ResultSection("Deep")
        for _ in range(400):
            section = ResultSection("Deep", parent=section)
        yield section
    if way == 4:
        yield Points("static", "x", 10**9, "Too many.")
    yield ResultSection("Something", body="\\x00" * 1000)

@hookimpl
def virustotal_analyzers(settings):
    return [Analyzer("soak", "file", analyze=analyze)]
'''


def write_plugin(folder: Path) -> None:
    """Write the plugin as an installed distribution."""
    (folder / "virustotal_soak_plugin.py").write_text(PLUGIN)
    info = folder / "virustotal_soak_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: virustotal-soak-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[virustotal.plugins]\nsoak = virustotal_soak_plugin\n")


def write_manifest(folder: Path) -> Path:
    """Write the manifest with a short timeout."""
    manifest = yaml.safe_load((ROOT / "service_manifest.yml").read_text(encoding="utf-8"))
    path = folder / "service_manifest.yml"
    path.write_text(yaml.safe_dump(manifest | {"timeout": TIMEOUT, "version": "4.7.0.dev0"}), encoding="utf-8")
    return path


def used() -> dict[str, int]:
    """Return resident memory in MB, threads and descriptors of this process."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":" in line)
    return {
        "memory_mb": int(status["VmRSS"].split()[0]) // 1024,
        "threads": threading.active_count(),
        "descriptors": len(os.listdir("/proc/self/fd")),
    }


def work(number: int, tasks: int, config: dict[str, Any], seed: int, queue: Any) -> None:
    """Run tasks in a process of its own, as a replica does."""
    from virustotal.local.run_task import run_task, started_service

    choose = random.Random(f"{seed}/{number}")
    first: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder, started_service(config) as service:
        service.intervals = (0.05,)
        for index in range(tasks):
            try:
                outcome = run_task(service, *task(choose, Path(folder), number, index))
            except Exception as error:  # the soak counts it: a task without a result is lost
                queue.put({"end": "lost", "why": f"{type(error).__name__}: {error}"[:300]})
            else:
                if outcome.error:
                    status = str(outcome.error["response"]["status"])
                    end = status if outcome.deliberate else "lost"
                    queue.put({"end": end, "why": "" if outcome.deliberate else outcome.message[:300]})
                else:
                    queue.put({"end": "partial result" if outcome.partial else "result"})
            if index == min(WARM, tasks - 1):
                first = used()
    queue.put({"worker": number, "first": first, "last": used(), "peak_mb": peak_mb()})


def peak_mb() -> int:
    """Return the largest resident memory of this process in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def task(choose: random.Random, folder: Path, number: int, index: int) -> tuple[Any, dict[str, Any]]:
    """Return a target and parameters at random."""
    from virustotal.local.targets import target_of

    path = folder / "sample.bin"
    # A third of the samples come again: from this process, from others, and from earlier tasks.
    path.write_bytes(EICAR if choose.random() < 0.3 else f"sample {choose.randrange(1500)}".encode())
    targets = [str(path)] * 5 + [
        "example.com",
        "192.0.2.1",
        "http://example.com/a?b=c",
        f"{choose.randrange(2**60):064x}",
    ]
    parameters = {
        name: choose.random() < 0.5
        for name in ("dynamic_submit", "analyze_relationship", "download_pcap", "download_evtx", "exhaustive_search")
    }
    return target_of(choose.choice(targets), folder), {**parameters, "reanalyze_after_days": choose.choice((0, 0, 1))}


class Resent:
    """Which files were sent again, and whether the store was broken in between.

    doubled: those that were not excused. excused: how many were sent again after the store was broken.
    """

    def __init__(self) -> None:
        self.doubled: list[str] = []
        self.excused = 0
        self._seen: dict[str, tuple[int, int]] = {}

    def look(self, uploads: Mapping[str, int], broken: int) -> None:
        """Compare the counts with those of the last look. broken: how often the store was broken so far."""
        for digest, count in dict(uploads).items():
            before, breaks = self._seen.get(digest, (0, broken))
            if count > before:
                self._seen[digest] = (count, broken)
                more = count - max(before, 1)
                if more and breaks == broken:
                    self.doubled.extend([digest] * more)
                else:
                    self.excused += more


def change_faults(emulator: Emulator, choose: random.Random) -> None:
    """Replace the faults with up to three at random."""
    emulator.faults.clear()
    for _ in range(choose.randrange(4)):
        kind = choose.choice(sorted(KINDS))
        values = dict(BOUNDS.get(kind, {}))
        if kind == "status":
            values["status"] = choose.choice((400, 401, 403, 404, 409, 429, 500, 502, 503, 504))
        emulator.fault(choose.choice(PATTERNS), kind, times=choose.randrange(1, 6), **values)


def break_store(path: Path, choose: random.Random) -> None:
    """Damage the SQLite file or take it away."""
    if choose.random() < 0.5 and path.exists():
        with path.open("r+b") as file:
            file.seek(choose.randrange(4096))
            file.write(os.urandom(512))
    else:
        path.unlink(missing_ok=True)


def soak(tasks: int, seed: int) -> int:
    """Run the tasks and print what became of them."""
    choose, ends, reasons = random.Random(seed), Counter[str](), Counter[str]()
    workers: list[dict[str, Any]] = []
    began, broken, resent = time.monotonic(), 0, Resent()
    with tempfile.TemporaryDirectory() as name, Emulator(keys={"soak-key-0123456789": "gti:minute=100000"}) as emulator:
        folder = Path(name)
        write_plugin(folder)
        sys.path.insert(0, name)
        os.environ["SERVICE_MANIFEST_PATH"] = str(write_manifest(folder))
        store = folder / "store.sqlite3"
        config = {
            "host": emulator.url,
            "api_key": "soak-key-0123456789",
            "storage": str(store),
            "allow_dynamic_submit": True,
            # Faults also hide the key's limits; those of a public key would leave 4 requests a minute.
            "quota": {"minute": 10**6, "hour": 10**7, "day": 10**7, "month": 10**7},
            "submit_policy": {"max_depth": 9},
        }
        context = multiprocessing.get_context("spawn")
        queue: Any = context.Queue()
        shares = [tasks // WORKERS + (number < tasks % WORKERS) for number in range(WORKERS)]
        processes: list[BaseProcess] = [
            context.Process(target=work, args=(number, share, config, seed, queue))
            for number, share in enumerate(shares)
            if share
        ]
        for process in processes:
            process.start()
        while len(workers) < len(processes):
            change_faults(emulator, choose)
            resent.look(emulator.uploads, broken)
            if choose.random() < BREAK_STORE:
                break_store(store, choose)
                broken += 1
            until = time.monotonic() + CHANGE
            while (left := until - time.monotonic()) > 0 and not _receive(queue, left, ends, reasons, workers):
                pass
            if not any(process.is_alive() for process in processes) and queue.empty():
                break
        for process in processes:
            process.join(30)
        resent.look(emulator.uploads, broken)
        sent, leaks, asked = len(emulator.uploads), len(emulator.leaks), len(emulator.requests)
    lost = tasks - sum(ends.values()) + ends["lost"]
    print(
        f"tasks: {tasks} in {time.monotonic() - began:.0f} s, seed {seed}, requests: {asked}, store broken: {broken} x"
    )
    print(f"results: {ends['result']} complete, {ends['partial result']} partial")
    print(f"errors: {ends['FAIL_RECOVERABLE']} recoverable, {ends['FAIL_NONRECOVERABLE']} not recoverable")
    print(f"results lost: {lost}")
    for reason, count in reasons.most_common(10):
        print(f"  {count} times {reason}")
    print(f"files sent: {sent}, sent again: {len(resent.doubled)}, after the store was broken: {resent.excused}")
    for entry in resent.doubled:
        print(f"  sent again: {entry}")
    print(f"keys leaked: {leaks}")
    for worker in sorted(workers, key=lambda entry: int(entry["worker"])):
        print(f"worker {worker['worker']}: peak memory {worker['peak_mb']} MB, " + json.dumps(_growth(worker)))
    return int(bool(lost or leaks or resent.doubled))


def _receive(
    queue: Any, seconds: float, ends: Counter[str], reasons: Counter[str], workers: list[dict[str, Any]]
) -> bool:
    """Count one message of a worker; return whether it was a worker's last one."""
    try:
        message = queue.get(timeout=seconds)
    except Exception:  # queue.Empty, or a worker that ended in the middle of a message
        return False
    if "worker" in message:
        workers.append(message)
        return True
    ends[message["end"]] += 1
    if message.get("why"):
        reasons[message["why"]] += 1
    return False


def _growth(worker: dict[str, Any]) -> dict[str, str]:
    return {name: f"{value} -> {worker['last'][name]}" for name, value in worker["first"].items()}


if __name__ == "__main__":
    raise SystemExit(soak(int(os.environ.get("TASKS", "3000")), int(os.environ.get("SEED", "1"))))
