"""The cheapest task, one known file in one request: modules, frames above the socket, SQLite write transactions.

Usage: python -m bench.task. Of the first task of a process on a fresh store, which may ask for the key's limits as
well, and of the second one; to be compared with those of an earlier commit. Exits with 1 where the second task enters
more than MODULES modules outside `plugins/`.
"""

import sqlite3
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path
from typing import Any

from virustotal.testing import obj  # first: it points the framework at the manifest

from virustotal.emulator.server import Emulator  # isort: skip
from virustotal.local.run_task import run_task, started_service  # isort: skip
from virustotal.local.targets import target_of  # isort: skip
import urllib3.connection  # isort: skip

ROOT = Path(__file__).resolve().parent.parent / "virustotal"
#: The most modules outside `plugins/` that the task may enter.
MODULES = 65
#: What runs the task and the server it asks is no part of it.
_BESIDE = ("plugins", "emulator", "local", "testing")


def place(code: Any) -> str:
    """Return the module of a function of the service, or an empty text."""
    path = Path(code.co_filename)
    if not path.is_relative_to(ROOT):
        return ""
    name = path.relative_to(ROOT).as_posix()
    return "" if name.startswith(_BESIDE) else name


class Probe:
    """Counts what one task does."""

    def __init__(self) -> None:
        self.modules: set[str] = set()
        self.frames: list[str] = []
        self.statements: Counter[str] = Counter()
        self.requests = 0

    def entered(self, frame: Any, event: str, _argument: Any) -> None:
        if event == "call" and (name := place(frame.f_code)):
            self.modules.add(name)

    def sending(self, *_arguments: Any, **_options: Any) -> None:
        frame, names = sys._getframe(1), []
        while frame is not None:
            if name := place(frame.f_code):
                names.append(f"{name}:{frame.f_code.co_name}")
            frame = frame.f_back
        if "service.py:execute" in names and len(names) > len(self.frames):
            self.frames = names

    def statement(self, text: str) -> None:
        self.statements[text.split()[0].upper()] += 1


def main() -> int:
    """Print the numbers of both tasks, and the frames of the second one from the socket up."""
    probes: list[Probe] = []
    request, connect = urllib3.connection.HTTPConnection.request, sqlite3.connect

    def noted_request(*arguments: Any, **options: Any) -> Any:
        if probes:
            probes[-1].sending()
        return request(*arguments, **options)

    def noted_connect(*arguments: Any, **options: Any) -> Any:
        connection = connect(*arguments, **options)
        connection.set_trace_callback(lambda text: probes[-1].statement(text) if probes else None)
        return connection

    urllib3.connection.HTTPConnection.request = noted_request  # type: ignore[method-assign]
    sqlite3.connect = noted_connect  # type: ignore[assignment]
    digests = [obj("file").ref.id, "ab" * 32]
    with tempfile.TemporaryDirectory() as folder, Emulator({}, keys={"key": "premium"}) as emulator:
        for digest in digests:
            attributes = {"last_analysis_date": 1_700_000_000, "last_analysis_stats": {"undetected": 70}}
            emulator.store.put({"type": "file", "id": digest, "attributes": attributes})
        config = {"host": emulator.url, "api_key": "key", "storage": f"{folder}/store.sqlite3"}
        with started_service(config) as service:
            for digest in digests:
                target = target_of(digest, Path(folder))
                made, probe = len(emulator.requests), Probe()
                probes.append(probe)
                threading.setprofile(probe.entered)
                sys.setprofile(probe.entered)
                run_task(service, target)
                sys.setprofile(None)
                threading.setprofile(None)
                probe.requests = len(emulator.requests) - made
            probes.append(Probe())  # what is written when the service ends is no task's
    print(f"{'':34} {'first':>6} {'second':>6}")
    for name, count in (
        ("requests, free ones included", lambda probe: probe.requests),
        ("modules outside plugins/", lambda probe: len(probe.modules)),
        ("project frames above the socket", lambda probe: len(probe.frames)),
        ("SQLite write transactions", lambda probe: probe.statements["COMMIT"]),
    ):
        print(f"{name:34} {count(probes[0]):6} {count(probes[1]):6}")
    print("\n".join(f"  {name}" for name in probes[1].frames))
    return 0 if len(probes[1].modules) <= MODULES else 1


if __name__ == "__main__":
    sys.exit(main())
