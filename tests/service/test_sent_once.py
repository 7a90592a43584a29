"""Nothing is sent twice: processes that are killed at random instants, and a Redis that is killed and comes back."""

import hashlib
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from tests.service.test_replicas import KEY, Api
from tests.service.test_replicas import api as api  # the fixture
from tests.storage.servers import Server, started
from virustotal.core.submission import receipts
from virustotal.local.run_task import run_task, started_service
from virustotal.local.targets import file_target
from virustotal.service import VirusTotal

pytestmark = pytest.mark.slow

ROUNDS = 30
#: That a task has; no analysis ends before.
SECONDS = 1.0
CONTEXT = multiprocessing.get_context("fork")
#: As on a server that keeps what it acknowledged when it is killed (docs/scaling.md).
PERSISTENT = ("--appendonly", "yes")


@frozen
class Round:
    """One sample, and the processes that are to submit it."""

    config: dict[str, Any]
    path: Path

    def start(self, barrier: Any = None, *, later: bool = False) -> BaseProcess:
        process = CONTEXT.Process(target=submit, args=(self.config, self.path, barrier, later))
        process.start()
        return process

    def finish(self) -> None:
        """Run one more task, a quarter of an hour later."""
        process = self.start(later=True)
        process.join(60)
        assert process.exitcode == 0

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.path.read_bytes()).hexdigest()


def submit(config: dict[str, Any], path: Path, barrier: Any, later: bool) -> None:
    """Run one task in a process of its own. later: an upload that was on its way is so no more."""
    if later:
        receipts.SENDING = 0
    VirusTotal._timeout = lambda self: SECONDS  # type: ignore[method-assign]
    with started_service(config) as service:
        service.intervals = (0.3,)
        if barrier is not None:
            barrier.wait(60)
        run_task(service, file_target(path), {"dynamic_submit": "true"})


@pytest.fixture(params=["sqlite", "redis"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield str(tmp_path / "store.sqlite3")
    else:
        with started(tmp_path, *PERSISTENT) as server:
            yield server.address


@pytest.fixture
def rounds(api: Api, tmp_path: Path) -> Callable[[str], Iterator[Round]]:
    """Samples that VirusTotal does not know, whose analysis stays queued."""
    api.call("PUT", "switches", {"latency": 0.1, "analysis_end": "never"})

    def make(storage: str) -> Iterator[Round]:
        quota = dict.fromkeys(("minute", "hour", "day", "month"), 100_000)
        config = {"host": api.url, "api_key": KEY, "storage": storage, "allow_dynamic_submit": True, "quota": quota}
        for number in range(ROUNDS):
            path = tmp_path / f"sample {number}"
            path.write_bytes(os.urandom(100))
            yield Round(config, path)

    return make


def check(api: Api, taken: list[Round]) -> None:
    """None arrived twice; some did not arrive: those that were killed while they were sent, more on a busy machine."""
    uploads = api.call("GET", "state")["uploads"]
    assert set(uploads.values()) == {1}
    assert uploads.keys() <= {each.sha256 for each in taken}
    assert uploads


def test_killed_at_random_instants(api: Api, storage: str, rounds: Callable[[str], Iterator[Round]]) -> None:
    choose, taken = random.Random(14), []
    for each in rounds(storage):
        taken.append(each)
        asked = len(api.asked())
        process = each.start()
        ends = time.monotonic() + 30
        while len(api.asked()) == asked and time.monotonic() < ends:
            time.sleep(0.01)
        time.sleep(choose.uniform(0.0, 0.5))  # it looks the sample up, sends it, and waits
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        each.finish()
    check(api, taken)


def test_redis_killed_and_started_again(api: Api, tmp_path: Path, rounds: Callable[[str], Iterator[Round]]) -> None:
    choose, taken = random.Random(14), []
    server: Server
    with started(tmp_path, *PERSISTENT) as server:
        for each in rounds(server.address):
            taken.append(each)
            barrier = CONTEXT.Barrier(4)
            processes = [each.start(barrier) for _ in range(3)]
            barrier.wait(60)
            time.sleep(choose.uniform(0.0, 0.6))
            server.stop()
            time.sleep(choose.uniform(0.0, 0.4))
            server.start()
            for process in processes:
                process.join(60)
                assert process.exitcode == 0
            each.finish()
    check(api, taken)
