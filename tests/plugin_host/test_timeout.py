"""Hooks and wishes of external plugins have a budget of time for the whole task, and their failures are kept."""

import math
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from virustotal.core import Analyzer, Detection, Verdict, hookimpl
from virustotal.core.lookup import planner
from virustotal.core.models import Ref
from virustotal.core.plugin_host import hooks, timeout
from virustotal.core.plugin_host.hooks import LoadedPlugins
from virustotal.core.plugin_host.isolation_util import HostError
from virustotal.core.plugin_host.manager import load_modules
from virustotal.core.plugin_host.plugin import Implementation, Plugin
from virustotal.core.plugin_host.timeout import run_with_timeout
from virustotal.core.settings import Settings
from virustotal.testing import obj

GIVEN = (Detection("Acme", "malicious"),)
FILE = obj("file")


@pytest.fixture
def gate() -> Any:
    """Opened when the test ends, so that what hangs goes on."""
    opened = threading.Event()
    yield opened
    opened.set()


def loaded(*, name: str = "mine", **functions: Callable[..., Any]) -> LoadedPlugins:
    module = SimpleNamespace(
        __name__=f"virustotal_{name}", **{key: hookimpl(function) for key, function in functions.items()}
    )
    return load_modules({name: module}, Settings())


def test_calls_at_the_same_time_all_count_for_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(hooks, "time", SimpleNamespace(monotonic=lambda: now))
    monkeypatch.setattr(timeout, "HOOK_BUDGET", 30.0)
    caller, begun, ended = LoadedPlugins().begin(Settings()), threading.Barrier(3), threading.Event()

    def waiting() -> None:
        begun.wait(9)
        ended.wait(9)

    calls = [threading.Thread(target=caller._timed, args=("mine", waiting)) for _ in "ab"]
    for call in calls:
        call.start()
    begun.wait(9)
    now += 20
    ended.set()
    for call in calls:
        call.join()
    with pytest.raises(HostError, match="no time was left"):
        caller._timed("mine", lambda: None)


@pytest.mark.parametrize("hook", ["virustotal_remap", "virustotal_verdict"])
def test_a_hook_that_hangs_is_left_behind_once(hook: str, gate: threading.Event, monkeypatch: Any) -> None:
    monkeypatch.setattr(timeout, "HOOK_BUDGET", 0.1)
    calls = []

    def hanging(detections: Any) -> Any:
        calls.append(detections)
        gate.wait(30)

    plugins = loaded(**{hook: hanging})
    caller, began = plugins.begin(Settings()), time.monotonic()
    for _ in range(50):
        assert caller.remap(GIVEN) == GIVEN
        assert caller.decide(FILE, GIVEN) is None
    assert time.monotonic() - began < 5
    assert len(calls) == 1
    (failed,) = caller.failed
    assert (failed.analyzer, failed.provider, failed.external) == (hook, "mine 0", True)
    assert failed.error.startswith("It was left behind: its 0.1 seconds were over.")
    assert failed.error.endswith("It is not called again in this task.")

    again = plugins.begin(Settings())
    assert again.remap(GIVEN) == GIVEN
    assert again.decide(FILE, GIVEN) is None
    assert "still busy with an earlier task" in again.failed[0].error
    assert len(calls) == 1


def test_the_budget_is_that_of_all_calls_of_a_task(monkeypatch: Any) -> None:
    monkeypatch.setattr(timeout, "HOOK_BUDGET", 1.0)

    def slow(obj: Any) -> Verdict:
        time.sleep(0.3)
        return Verdict("clean")

    caller = loaded(virustotal_verdict=slow).begin(Settings())
    answered = [caller.decide(FILE, GIVEN) for _ in range(12)]
    assert answered[0] is not None
    assert answered[-1] is None
    assert 1 <= len([verdict for verdict in answered if verdict]) <= 4
    assert len(caller.failed) == 1


def test_no_hook_goes_beyond_the_deadline() -> None:
    caller = loaded(virustotal_verdict=lambda obj: Verdict("clean")).begin(Settings(), time.monotonic() - 1)
    assert caller.decide(FILE, GIVEN) is None
    assert [failure.error for failure in caller.failed] == [
        "It was not called: no time was left. It is not called again in this task."
    ]


def test_a_built_in_hook_runs_in_the_thread_of_the_task() -> None:
    seen = []

    def virustotal_verdict(obj: Any) -> None:
        seen.append(threading.current_thread())

    built_in = Implementation(Plugin("a"), "virustotal_verdict", virustotal_verdict, ("obj",))
    LoadedPlugins(hooks=(built_in,)).begin(Settings(), -math.inf).decide(FILE, GIVEN)
    assert seen == [threading.current_thread()]


def test_what_a_call_raises_comes_out_of_its_thread() -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(SystemExit, match="3"):
        run_with_timeout("a", lambda: (_ for _ in ()).throw(SystemExit(3)), {}, 5)
    with pytest.raises(RuntimeError, match="KeyboardInterrupt"):
        run_with_timeout("a", interrupted, {}, 5)
    with pytest.raises(HostError, match="no time"):
        run_with_timeout("a", interrupted, {}, 0)
    assert run_with_timeout("a", lambda: 7, {}, 5) == 7


def wishing(wanted: Callable[[Settings], Any]) -> LoadedPlugins:
    mine = Analyzer("mine", "file", "comments", analyze=lambda _: (), wanted=wanted)
    also = Analyzer("also", "file", "votes", analyze=lambda _: (), wanted=lambda _: True)
    return loaded(virustotal_analyzers=lambda settings: (mine, also))


def test_a_wish_that_raises_is_a_failure_of_the_task(caplog: pytest.LogCaptureFixture) -> None:
    def failing(settings: Settings) -> bool:
        raise SystemExit("no")

    caller = wishing(failing).begin(Settings(relationships=()))
    for _ in range(2):
        assert planner.plan(Ref("file", "ab" * 32), caller.registry, Settings(relationships=())).embed == ("votes",)
    (failed,) = caller.failed
    assert (failed.analyzer, failed.provider, failed.external, failed.error) == (
        "`wanted` of mine",
        "mine 0",
        True,
        "SystemExit: no",
    )
    assert [record.name for record in caplog.records] == ["assemblyline.service.virustotal.plugins.mine"]


def test_a_wish_that_hangs_is_none(gate: threading.Event, monkeypatch: Any) -> None:
    monkeypatch.setattr(timeout, "HOOK_BUDGET", 0.1)
    caller = wishing(lambda settings: gate.wait(30)).begin(Settings())
    assert caller.registry.wanted("file", Settings()) == ("votes",)
    assert "It was left behind" in caller.failed[0].error


def test_a_wish_is_heard() -> None:
    caller = wishing(lambda settings: settings.analyze_relationship).begin(Settings())
    assert caller.registry.wanted("file", Settings(analyze_relationship=True)) == ("votes", "comments")
    assert caller.registry.wanted("file", Settings(analyze_relationship=False)) == ("votes",)
    assert not caller.failed
