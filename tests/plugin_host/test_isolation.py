"""The isolation matrix: whatever an installed plugin does, everything else in the result is as without it."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from assemblyline_v4_service.common.result import Result
from attrs import evolve

from tests.plugin_host.broken import BROKEN, Broken
from tests.plugin_host.conftest import pip_install, wheel
from virustotal.core.models import Report
from virustotal.core.plugin_host import timeout
from virustotal.core.plugin_host.hooks import LoadedPlugins
from virustotal.core.plugin_host.isolation_util import copied
from virustotal.core.plugin_host.manager import load
from virustotal.core.plugin_host.output import AnalyzerOutput, Section
from virustotal.core.plugin_host.runner import analyse
from virustotal.core.scoring.verdicts import judge
from virustotal.core.settings import Settings
from virustotal.plugins import BUILTIN
from virustotal.result.layout import compose
from virustotal.result.models import Layout, SubjectResult
from virustotal.testing import realistic

BUDGET = 0.8
SETTINGS = Settings()


@cache
def world() -> Report:
    """A report of the emulator's world, with the first object of each of its relationships."""
    report = realistic("file").report
    return evolve(
        report, related={name: evolve(related, items=related.items[:1]) for name, related in report.related.items()}
    )


def report() -> Report:
    """The same report, whose objects nobody else holds."""
    related = {name: evolve(block, items=tuple(map(copied, block.items))) for name, block in world().related.items()}
    return evolve(world(), subject=copied(world().subject), related=related)


def analysed() -> tuple[LoadedPlugins, tuple[AnalyzerOutput, ...]]:
    """Load everything and run it as the service does."""
    plugins, subject = load(BUILTIN, SETTINGS), report()
    hooks = plugins.begin(SETTINGS)
    hooks.registry.wanted("file", SETTINGS)
    outputs = analyse(
        subject,
        plugins,
        SETTINGS,
        lambda obj: judge(obj, SETTINGS, hooks.remap, hooks.decide),
        time.monotonic() + 60,
        budget=BUDGET,
    )
    return plugins, (*outputs, *hooks.failed)


def laid_out(plugins: LoadedPlugins, outputs: Sequence[AnalyzerOutput]) -> Layout:
    """The final result, finalised as the framework does: here is where plugins used to fail."""
    layout = compose([SubjectResult(world(), contributions=tuple(outputs))], SETTINGS)
    json.dumps(Result(list(layout.sections)).finalize(), allow_nan=False)
    return layout


@cache
def without() -> tuple[str, ...]:
    """What the built-ins add when they are alone."""
    _, outputs = analysed()
    assert not [output for output in outputs if output.error]
    return tuple(map(repr, outputs))


def titles(sections: Sequence[Section]) -> Iterator[str]:
    for section in sections:
        yield section.title
        yield from titles(section.subsections)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plugin_costs_only_itself(
    name: str, on_path: Callable[[str], Broken], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeout, "HOOK_BUDGET", 1.0)
    expected = without()
    broken = on_path(name)
    plugins, outputs = analysed()

    external = [output for output in outputs if output.external]
    assert tuple(repr(output) for output in outputs if not output.external) == expected
    listed = {plugin.name: plugin for plugin in plugins.listing}[name]
    assert (listed.distribution, listed.version, listed.external) == (f"virustotal-{name}", "1.2", True)
    assert listed.state == broken.state
    assert broken.reason in listed.reason
    assert bool(broken.reason) is bool(listed.reason)
    unloaded = [line for line in plugins.unloaded if name in line]
    assert bool(unloaded) is bool(broken.reason or broken.refused or broken.twice)

    assert tuple(title for output in external for title in titles(output.sections)) == broken.kept
    assert all(output.provider == f"{name} 1.2" for output in external)
    errors = " ".join(output.error for output in external)
    assert broken.error in errors
    assert bool(broken.error) is bool(errors)
    assert broken.note in " ".join(note for output in external for note in output.notes)

    layout = laid_out(plugins, outputs)
    assert bool([reason for reason in layout.reasons if "failed" in reason]) is bool(errors)
    if errors:
        assert layout.partial
        shown = json.dumps(
            [section.body for section in layout.sections if section.title_text.startswith("Analysers that")]
        )
        assert f"{name} 1.2" in shown


def test_the_matrix_has_what_pip_installs(tmp_path: Path, installed: Path) -> None:
    broken = BROKEN["good"]
    pip_install(tmp_path / "target", wheel(tmp_path, "good", "1.2", broken.source, broken.points("good")))
    names = (
        "virustotal_good.py",
        *(f"virustotal_good-1.2.dist-info/{name}" for name in ("METADATA", "entry_points.txt")),
    )
    for name in names:
        assert (tmp_path / "target" / name).read_bytes() == (installed / name).read_bytes()


def test_what_shadows_a_built_in_is_listed_with_both_providers(on_path: Callable[[str], Broken]) -> None:
    on_path("shadows-a-built-in")
    plugins = load(BUILTIN, SETTINGS)
    (listed,) = [plugin for plugin in plugins.listing if plugin.external]
    (row,) = listed.analyzers
    assert row.state == "refused"
    assert "relationships.objects" in row.reason
    assert "shadows-a-built-in 1.2 (virustotal-shadows-a-built-in)" in row.reason
    assert plugins.providers["contacted_domains"].name == "relationships.objects"


def test_what_is_registered_twice_is_listed_twice(on_path: Callable[[str], Broken]) -> None:
    on_path("is-registered-twice")
    first, second = (plugin for plugin in load(BUILTIN, SETTINGS).listing if plugin.external)
    assert (first.state, second.state) == ("loaded", "refused")
    assert "registered twice" in second.reason


def test_points_of_an_external_plugin_count_as_plugin(on_path: Callable[[str], Broken]) -> None:
    on_path("good")
    _, outputs = analysed()
    (mine,) = [output for output in outputs if output.external]
    ((points, section),) = mine.scored
    assert (points.family, points.amount, points.section, section) == ("plugin", 10, None, None)


def test_one_that_is_still_busy_is_not_called_again(on_path: Callable[[str], Broken]) -> None:
    on_path("sleeps")
    plugins = load(BUILTIN, SETTINGS)

    def errors(budget: float) -> list[str]:
        outputs = analyse(
            report(), plugins, SETTINGS, lambda obj: judge(obj, SETTINGS), time.monotonic() + 60, budget=budget
        )
        return [output.error for output in outputs if output.external]

    assert "left behind" in errors(0.05)[0]
    assert "still busy" in errors(0.05)[0]
    plugins.busy["broken"].join(10)
    assert errors(10) == [""]


def test_copies_are_made_of_any_depth(on_path: Callable[[str], Broken]) -> None:
    on_path("changes-its-evidence")
    deep: dict[str, Any] = {}
    for _ in range(20_000):
        deep = {"children": [deep]}
    given = report()
    given = evolve(given, subject=evolve(given.subject, attributes={"tree": deep}))
    plugins = load((), SETTINGS)
    (output,) = analyse(given, plugins, SETTINGS, lambda obj: judge(obj, SETTINGS), time.monotonic() + 60)
    assert not output.error
    assert given.subject.attributes["tree"] is deep


def test_without_time_an_external_one_is_not_called(on_path: Callable[[str], Broken]) -> None:
    on_path("good")
    plugins = load(BUILTIN, SETTINGS)
    outputs = analyse(report(), plugins, SETTINGS, lambda obj: judge(obj, SETTINGS), time.monotonic() - 1)
    assert [output.error for output in outputs if output.external] == ["It was not called: no time was left."]
    assert len([output for output in outputs if not output.external and output.sections]) > 5


@pytest.mark.parametrize(
    ("config", "states"),
    [
        ({"disabled": ("good",)}, ("blocked", None)),
        ({"disabled": ("virustotal-good",)}, ("blocked", None)),
        ({"external": False}, ("blocked", None)),
        ({"disabled": ("broken",)}, ("loaded", "blocked")),
        ({}, ("loaded", "loaded")),
    ],
)
def test_blocking(config: Mapping[str, Any], states: tuple[str, str | None], on_path: Callable[[str], Broken]) -> None:
    on_path("good")
    settings = evolve(SETTINGS, plugins=evolve(SETTINGS.plugins, **config))
    plugins = load(BUILTIN, settings)
    (listed,) = [plugin for plugin in plugins.listing if plugin.external]
    rows = [row.state for row in listed.analyzers]
    assert (listed.state, rows[0] if rows else None) == states
    assert ("broken" in plugins.providers) is (states == ("loaded", "loaded"))
    assert not [line for line in plugins.unloaded if "good" in line]
