"""Many processes on one key, as replicas are: each runs the service, and the emulator counts what they spend."""

import hashlib
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from tests.storage.servers import Server, started
from virustotal.local.run_task import run_task, started_service
from virustotal.local.targets import target_of

REPLICAS = 30
MINUTE = 20
KEY = "one-key"
#: Relationships that each cost requests of their own.
NAMES = ("contacted_domains", "contacted_ips", "contacted_urls")
ANALYSED = {"analyze_relationship": True, "relationships": ",".join(NAMES)}


@frozen
class Api:
    """An emulator in a process of its own."""

    url: str

    def call(self, method: str, path: str, value: Any = None) -> Any:
        data = None if value is None else json.dumps(value).encode()
        request = urllib.request.Request(f"{self.url}/emulator/{path}", data, method=method)
        with urllib.request.urlopen(request) as response:
            return json.loads(response.read() or b"null")

    def put(self, sha256: str, **relationships: list[dict[str, str]]) -> None:
        """Let it know a file."""
        attributes = {"last_analysis_date": 1_735_689_600, "last_analysis_stats": {"undetected": 60}, "size": 1}
        file = {"type": "file", "id": sha256, "attributes": attributes}
        self.call("POST", "objects", {"object": file, "relationships": relationships})

    def asked(self) -> list[dict[str, Any]]:
        """The requests so far, without those that are free."""
        return [each for each in self.call("GET", "requests") if "/users/" not in each["path"]]


def digest(number: int) -> str:
    return hashlib.sha256(f"sample {number}".encode()).hexdigest()


@pytest.fixture
def api() -> Iterator[Api]:
    """An emulator with a key of MINUTE requests a minute."""
    tier = f"gti:minute={MINUTE}:hour={60 * MINUTE}:day=500"
    command = [sys.executable, "-m", "virustotal.emulator", "--port", "0", "--key", f"{KEY}={tier}"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    found = Api(json.loads(process.stdout.readline())["url"])
    for number in range(REPLICAS):
        found.put(digest(number))
    yield found
    process.terminate()
    process.communicate(timeout=10)


@pytest.fixture(params=["sqlite", "redis"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield str(tmp_path / "store.sqlite3")
    else:
        with started(tmp_path) as server:
            yield server.address


def mixed_replica(config: dict[str, Any], samples: list[str], folder: str, barrier: Any, queue: Any) -> None:
    """Run tasks by turns with and without relationships."""
    with started_service(config) as service:
        barrier.wait(120)
        for number, sample in enumerate(samples):
            outcome = run_task(service, target_of(sample, Path(folder)), {} if number % 2 else ANALYSED)
            queue.put((sample, outcome.message, bool(outcome.sections), outcome.partial))
        queue.close()
        queue.join_thread()


def replica(config: dict[str, Any], sha256: str, folder: str, barrier: Any, queue: Any) -> None:
    """Run one task in a process of its own."""
    with started_service(config) as service:
        barrier.wait(120)
        outcome = run_task(service, target_of(sha256, Path(folder)))
        queue.put((sha256, outcome.message, bool(outcome.sections), outcome.partial))
        queue.close()
        queue.join_thread()


@frozen
class Running:
    """Replicas at work."""

    processes: list[BaseProcess]
    queue: Any

    def results(self, number: int) -> list[tuple[str, str, bool, bool]]:
        answers = [self.queue.get(timeout=200) for _ in range(number)]
        for process in self.processes:
            process.join(20)
        return answers


def run(api: Api, storage: str, folder: Path, samples: list[str]) -> Running:
    """Start one replica for each sample, all at once."""
    context = multiprocessing.get_context("fork")
    barrier, queue = context.Barrier(len(samples) + 1), context.Queue()
    config = {"host": api.url, "api_key": KEY, "storage": storage}
    processes: list[BaseProcess] = []
    for number, sample in enumerate(samples):
        own = folder / str(number)
        own.mkdir()
        processes.append(context.Process(target=replica, args=(config, sample, str(own), barrier, queue)))
        processes[-1].start()
    barrier.wait(120)
    return Running(processes, queue)


def check(api: Api, results: list[tuple[str, str, bool, bool]], *, shared: bool = True) -> None:
    """Each has a whole result, no minute was overspent, and there was no 429 while the quota was shared."""
    assert not [result for result in results if result[1] or not result[2] or result[3]]
    asked = api.asked()
    assert not [each for each in asked if shared and each["status"] == 429]
    moments = sorted(each["started"] for each in asked if each["charged"])
    assert all(later - first > 60 for first, later in zip(moments, moments[MINUTE:], strict=False))


def test_the_same_file_given_to_all_at_once_is_looked_up_once(api: Api, storage: str, tmp_path: Path) -> None:
    api.call("PUT", "switches", {"latency": 0.3})
    results = run(api, storage, tmp_path, [digest(0)] * 4).results(4)
    check(api, results)
    assert len(api.asked()) == 1


@pytest.mark.slow
@pytest.mark.ci
def test_the_same_file_given_to_thirty_is_looked_up_once(api: Api, storage: str, tmp_path: Path) -> None:
    api.call("PUT", "switches", {"latency": 0.3})
    results = run(api, storage, tmp_path, [digest(0)] * REPLICAS).results(REPLICAS)
    check(api, results)
    assert len(api.asked()) == 1


@pytest.mark.slow
def test_thirty_on_one_key(api: Api, storage: str, tmp_path: Path) -> None:
    results = run(api, storage, tmp_path, [digest(number) for number in range(REPLICAS)]).results(REPLICAS)
    check(api, results)
    assert len(api.asked()) == REPLICAS


@pytest.mark.slow
def test_half_of_them_killed_half_way(api: Api, storage: str, tmp_path: Path) -> None:
    api.call("PUT", "switches", {"latency": 1.0})
    running = run(api, storage, tmp_path, [digest(number) for number in range(REPLICAS)])
    while len(api.asked()) < MINUTE // 2:
        time.sleep(0.02)
    killed = running.processes[::2]
    for process in killed:
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
    expected = {digest(number) for number in range(1, REPLICAS, 2)}
    results: list[tuple[str, str, bool, bool]] = []
    while not expected <= {result[0] for result in results}:  # some of the killed had ended
        results.append(running.queue.get(timeout=200))
    check(api, results)


@pytest.mark.slow
def test_redis_stopped_and_started_in_the_middle(api: Api, tmp_path: Path) -> None:
    api.call("PUT", "switches", {"latency": 0.3})
    server: Server
    with started(tmp_path) as server:
        running = run(api, server.address, tmp_path, [digest(number) for number in range(REPLICAS)])
        while len(api.asked()) < MINUTE // 2:
            time.sleep(0.02)
        server.stop()
        time.sleep(2)
        server.start()
        check(api, running.results(REPLICAS), shared=False)  # without it each counts its own requests alone


@pytest.mark.slow
def test_a_mixed_load_of_twelve(api: Api, storage: str, tmp_path: Path) -> None:
    """60 subjects, half of them analysed, on a day of 100: each subject is looked up, relationships take the rest."""
    api.call("PUT", "keys", {KEY: "gti:minute=1000:hour=60000:day=100"})
    peers = [{"type": "domain", "id": f"{number}.example.net"} for number in range(5)]
    samples = [digest(number) for number in range(60)]
    for sample in samples:
        api.put(sample, **dict.fromkeys(NAMES, peers))
    context = multiprocessing.get_context("fork")
    barrier, queue = context.Barrier(13), context.Queue()
    config = {"host": api.url, "api_key": KEY, "storage": storage, "inline": False, "quota": {"reserve": 0.6}}
    processes: list[BaseProcess] = []
    for number in range(12):
        own = tmp_path / str(number)
        own.mkdir()
        given = (config, samples[number::12], str(own), barrier, queue)
        processes.append(context.Process(target=mixed_replica, args=given))
        processes[-1].start()
    barrier.wait(120)
    results = Running(processes, queue).results(len(samples))
    assert not [result for result in results if result[1] or not result[2]]
    asked = api.asked()
    assert not [each for each in asked if each["status"] == 429]
    last = [each["path"].rpartition("/")[2] for each in asked if each["status"] == 200]
    assert set(last) - set(NAMES) == set(samples)
    assert 0 < sum(name in NAMES for name in last) <= 40
    assert sum(each["charged"] for each in asked) <= 100
