"""Time of analysers: the deadline between findings, shares of external ones, the watchdog, slow imports."""

import logging
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from assemblyline.odm.models.tagging import Tagging
from assemblyline_v4_service.common.result import ResultSection
from attrs import evolve

from virustotal.core import Analyzer, Evidence, Finding, Report, Settings, Verdict, hookimpl
from virustotal.core.lookup import planner
from virustotal.core.models import Ref
from virustotal.core.plugin_host import manager, runner
from virustotal.core.plugin_host.hooks import LoadedPlugins
from virustotal.core.plugin_host.manager import load, load_modules
from virustotal.core.plugin_host.plugin import Plugin, State
from virustotal.core.plugin_host.registry import Registry
from virustotal.plugins import BUILTIN
from virustotal.testing import obj

REPORT = Report(obj("file"))


def analyse(plugins: LoadedPlugins, seconds: float) -> Any:
    deadline = time.monotonic() + seconds
    return runner.analyse(REPORT, plugins, Settings(), lambda _: Verdict(), deadline)


def loaded(*analyzers: Analyzer) -> LoadedPlugins:
    hooks = {analyzer.name: hookimpl(_returning(analyzer)) for analyzer in analyzers}
    modules = {
        name: SimpleNamespace(__name__=f"virustotal_{name}", virustotal_analyzers=hook) for name, hook in hooks.items()
    }
    return load_modules(modules, Settings())


def _returning(analyzer: Analyzer) -> Any:
    def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
        return (analyzer,)

    return virustotal_analyzers


def test_a_built_in_without_end_is_stopped_between_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "GRACE", 0.05)

    def endless(evidence: Evidence) -> Iterator[Finding]:
        while True:
            time.sleep(0.01)
            yield ResultSection("one more")

    later = Analyzer("b", "file", analyze=lambda _: [ResultSection("later")])
    registry, own = Registry((Analyzer("a", "file", analyze=endless), later)), Plugin("built-in")
    first, second = analyse(LoadedPlugins(registry, providers={"a": own, "b": own}), 0.3)
    assert first.sections
    assert first.error == "It was stopped: no time was left. Its findings until then are shown."
    assert (second.sections, second.error) == ((), "It was not called: no time was left.")


def test_each_external_analyser_has_a_share_of_the_time_left() -> None:
    gate = threading.Event()

    def sleeping(evidence: Evidence) -> Any:
        gate.wait(30)

    names = ("a", "b", "c")
    quick = Analyzer("d", "file", analyze=lambda _: [ResultSection("quick")])
    try:
        outputs = analyse(loaded(*(Analyzer(name, "file", analyze=sleeping) for name in names), quick), 0.4)
    finally:
        gate.set()
    assert [output.error.partition(":")[0] for output in outputs] == ["It was left behind"] * 3 + [""]
    assert [section.title for section in outputs[-1].sections] == ["quick"]


def test_without_a_thread_for_the_watchdog_the_task_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("faulthandler.dump_traceback_later", refuse)
    plugins = loaded(Analyzer("a", "file", analyze=lambda _: [ResultSection("shown")]))
    provider = evolve(plugins.providers["a"], external=False)  # an external one needs a thread of its own
    (output,) = analyse(evolve(plugins, providers={"a": provider}), 5.0)
    assert [section.title for section in output.sections] == ["shown"]
    assert output.error == ""


def test_the_watchdog_names_a_plugin_that_holds_the_interpreter(tmp_path: Any) -> None:
    (tmp_path / "virustotal_stuck.py").write_text(
        textwrap.dedent(
            """
            import re
            from virustotal.core import Analyzer, hookimpl

            def analyze(evidence):
                re.match("(a+)+$", "a" * 24 + "b")
                return ()

            @hookimpl
            def virustotal_analyzers(settings):
                return (Analyzer("stuck", "file", analyze=analyze),)
            """
        )
    )
    code = textwrap.dedent(
        f"""
        import sys, time
        sys.path.insert(0, {str(tmp_path)!r})
        import virustotal_stuck
        from virustotal.core import Report, Settings, Verdict
        from virustotal.core.plugin_host import runner
        from virustotal.core.plugin_host.manager import load_modules
        from virustotal.testing import obj
        runner.GRACE = 0.0
        plugins = load_modules({{"stuck": virustotal_stuck}}, Settings())
        report = Report(obj("file"))
        runner.analyse(report, plugins, Settings(), lambda _: Verdict(), time.monotonic() + 0.2, budget=20.0)
        """
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert "Timeout (" in done.stderr
    assert "virustotal_stuck.py" in done.stderr
    assert "in analyze" in done.stderr


def test_a_slow_import_is_named_while_it_lasts(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(manager, "SLOW_LOAD", 0.02)
    message = "mine 0 (not installed) has been loading for more than 0.02 seconds"

    def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
        ends = time.monotonic() + 30
        while message not in caplog.text and time.monotonic() < ends:
            time.sleep(0.005)
        assert message in caplog.text
        return ()

    module = SimpleNamespace(__name__="virustotal_mine", virustotal_analyzers=hookimpl(virustotal_analyzers))
    assert load_modules({"mine": module}, Settings()).listing[0].state is State.LOADED


def test_a_keyboard_interrupt_of_a_plugin_is_listed_as_failed(caplog: pytest.LogCaptureFixture) -> None:
    def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
        raise KeyboardInterrupt

    module = SimpleNamespace(__name__="virustotal_mine", virustotal_analyzers=hookimpl(virustotal_analyzers))
    (plugin,) = load_modules({"mine": module}, Settings()).listing
    assert (plugin.state, plugin.reason) == (State.FAILED, "KeyboardInterrupt")
    assert f'File "{__file__}"' in caplog.text


def test_a_module_that_holds_a_model_object_loads() -> None:
    hook = hookimpl(_returning(Analyzer("a", "file", analyze=lambda _: ())))
    module = SimpleNamespace(__name__="virustotal_mine", virustotal_analyzers=hook, TAGS=Tagging({}))
    assert load_modules({"mine": module}, Settings()).listing[0].state is State.LOADED


def test_an_error_has_its_traceback_in_the_log_and_one_line_in_the_result(caplog: pytest.LogCaptureFixture) -> None:
    def failing(evidence: Evidence) -> Any:
        raise ValueError("wrong")

    with caplog.at_level(logging.WARNING):
        (output,) = analyse(loaded(Analyzer("a", "file", analyze=failing)), 5.0)
    assert output.error == "ValueError: wrong"
    assert 'raise ValueError("wrong")' in caplog.text


@pytest.mark.parametrize(("disabled", "requested"), [((), True), (("contacted_domains",), False)])
def test_a_disabled_relationship_is_neither_requested_nor_shown(disabled: tuple[str, ...], requested: bool) -> None:
    settings = Settings(relationships=("contacted_domains", "comments"))
    settings = _with_disabled(settings, disabled)
    plugins = load(BUILTIN, settings)
    plan = planner.plan(Ref("file", "ab" * 32), plugins.registry, settings)
    assert ("contacted_domains" in plan.embed) is requested
    assert bool(plugins.registry.find("file", "contacted_domains")) is requested
    assert any("contacted_domains" in note for note in plan.notes) is not requested


def _with_disabled(settings: Settings, disabled: tuple[str, ...]) -> Settings:
    return evolve(settings, plugins=evolve(settings.plugins, disabled=disabled, external=False))
