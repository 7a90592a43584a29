"""Artefacts: the memory that a large capture costs, and the time that the recordings of five sandboxes take.

Usage: python -m bench.artefacts [megabytes]. The server is the emulator in a process of its own; the memory is that of
a third process, read from outside (/proc, so Linux alone) while it downloads.
"""

import contextlib
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

KEY = "gti-key"
SAMPLE = "0f" * 32
SANDBOXES = tuple(f"Invented Box {number}" for number in range(1, 6))
LATENCY = 0.1

#: What the measured process does: one small download to warm up, then the large one when it is told.
CHILD = """
import sys, time
from pathlib import Path
from virustotal.platform.manifest import use_manifest
use_manifest()
from virustotal.core.lookup.downloads import fetch
from virustotal.core.findings import Download
from virustotal.core.models import Ref
from virustotal.core.settings import Credentials, Settings
from virustotal.client.http_client import HttpClient

host, key, folder, sandbox = sys.argv[1:]
settings = Settings(host=host, max_download_mb=1024)
client = HttpClient(settings, Credentials(key))

def get(kind):
    wanted = Download(Ref("file_behaviour", sandbox), kind, "x", "")
    (found,) = fetch([wanted], client, Path(folder), settings, time.monotonic() + 300, 1)
    print(found.outcome.status, found.size, flush=True)

get("evtx")
sys.stdin.readline()
get("pcap")
sys.stdin.readline()
"""


def send(url: str, method: str, path: str, body: Any) -> None:
    """Ask the emulator's control interface."""
    request = urllib.request.Request(f"{url}/emulator/{path}", json.dumps(body).encode(), method=method)
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request) as answer:
        answer.read()


@contextlib.contextmanager
def emulator() -> Iterator[str]:
    """A server with one file that five sandboxes ran, each with EVTX and PCAP."""
    command = [sys.executable, "-m", "virustotal.emulator", "--port", "0", "--key", f"{KEY}=gti"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = str(json.loads(process.stdout.readline())["url"])
            send(url, "POST", "objects", world())
            yield url
        finally:
            process.terminate()


def world() -> Any:
    """The file and its five reports."""
    reports = [
        {
            "type": "file_behaviour",
            "id": f"{SAMPLE}_{name}",
            "attributes": {"sandbox_name": name, "has_evtx": True, "has_pcap": True, "files_written": ["C:\\\\a"]},
        }
        for name in SANDBOXES
    ]
    return {"object": {"type": "file", "id": SAMPLE, "attributes": {}}, "relationships": {"behaviours": reports}}


def resident(pid: int, name: str = "VmRSS") -> float:
    """Return the resident memory of a process in MB (`VmRSS` now, `VmHWM` at most)."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no such line")


def large(url: str, megabytes: int) -> None:
    """Print what a large capture costs a process in memory, seen from outside."""
    send(url, "POST", "faults", {"pattern": "*/pcap", "kind": "big", "size": megabytes * 2**20})
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", CHILD, url, KEY, folder, f"{SAMPLE}_{SANDBOXES[0]}"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdout.readline()
            before = resident(child.pid)
            Path(f"/proc/{child.pid}/clear_refs").write_text("5", encoding="ascii")  # forget the peak so far
            start = time.perf_counter()
            print(file=child.stdin, flush=True)
            said = child.stdout.readline().strip()
            seconds = time.perf_counter() - start
            growth = resident(child.pid, "VmHWM") - before
            print(file=child.stdin, flush=True)
    send(url, "DELETE", "faults", {})
    print(f"PCAP of {megabytes} MB: {said} bytes, {seconds:.2f} s, memory {before:.1f} MB, at most {growth:+.1f} MB")


def task(url: str, at_once: int) -> tuple[float, int]:
    """Return seconds and number of extracted files of a whole task with EVTX and PCAP."""
    from virustotal.core.lookup import executor
    from virustotal.platform.manifest import use_manifest

    use_manifest()
    from virustotal.local.run_task import run_task, started_service
    from virustotal.local.targets import target_of

    executor.WORKERS = at_once
    wanted = {"analyze_relationship": True, "relationships": "behaviours", "download_evtx": True, "download_pcap": True}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = {"host": url, "api_key": KEY, "storage": str(folder / "store.sqlite3")}
        with started_service(config) as service:
            target = target_of(SAMPLE, folder)
            start = time.perf_counter()
            outcome = run_task(service, target, wanted, keep=folder)
            seconds = time.perf_counter() - start
    return seconds, len(outcome.stored["response"]["extracted"])


def rounds(url: str) -> None:
    """Print how long the recordings of five sandboxes take side by side, and one after the other."""
    send(url, "PUT", "switches", {"latency": 0})
    task(url, 10)
    send(url, "PUT", "switches", {"latency": LATENCY})
    together, files = min(task(url, 10) for _ in range(3))
    alone, same = task(url, 1)
    print(f"EVTX and PCAP of {len(SANDBOXES)} sandboxes at {1000 * LATENCY:.0f} ms a request, whole task:")
    print(f"  side by side        {together:6.3f} s, {files} files; three rounds are {3 * LATENCY:.1f} s")
    print(f"  one after the other {alone:6.3f} s, {same} files; {alone / together:.1f} times as long")


def main() -> None:
    """Run both."""
    with emulator() as url:
        large(url, int(sys.argv[1]) if len(sys.argv) > 1 else 200)
        rounds(url)


if __name__ == "__main__":
    main()
