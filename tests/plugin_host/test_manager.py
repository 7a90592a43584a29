"""Hooks are walked one by one, in order; names, versions and settings make the digest; records have their logger."""

import logging
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import evolve

from tests.conftest import ROOT
from tests.plugin_host.broken import Broken
from virustotal import __version__
from virustotal.cli.reports.plugins import as_json, check_plugin, remarks
from virustotal.core import Analyzer, Detection, Needs, Verdict, hookimpl
from virustotal.core.plugin_host.hooks import LoadedPlugins
from virustotal.core.plugin_host.manager import load, load_modules
from virustotal.core.settings import Settings
from virustotal.core.settings.service_config import service_settings
from virustotal.platform.tool_version import tool_version
from virustotal.plugins import BUILTIN
from virustotal.testing import PluginError, hooks, obj, plugins

GIVEN = (Detection("Acme", "malicious", "Loader"), Detection("Umbrella", "suspicious"))


def nothing(_evidence: Any) -> Iterable[Any]:
    return ()


def module(**functions: Any) -> Any:
    """A plugin of functions, which become its hooks."""
    return SimpleNamespace(
        __name__="virustotal_mine", **{name: hookimpl(function) for name, function in functions.items()}
    )


def marking(mark: str) -> Callable[..., Any]:
    def virustotal_remap(detections: tuple[Detection, ...]) -> tuple[Detection, ...]:
        return tuple(evolve(detection, result=detection.result + mark) for detection in detections)

    return virustotal_remap


def judging(level: str | None) -> Callable[..., Any]:
    def virustotal_verdict(obj: Any) -> Verdict | None:
        return None if level is None else Verdict(level)  # type: ignore[arg-type]

    return virustotal_verdict


def test_remaps_are_folded_by_name_and_not_by_installation() -> None:
    loaded = load_modules(
        {"b": module(virustotal_remap=marking("b")), "a": module(virustotal_remap=marking("a"))}, Settings()
    )
    assert [detection.result for detection in loaded.begin(Settings()).remap(GIVEN)] == ["Loaderab", "ab"]


def test_a_remap_that_fails_is_stepped_over() -> None:
    def failing(detections: Any, settings: Any) -> Any:
        raise SystemExit(1)

    caller = load_modules(
        {
            "a": module(virustotal_remap=marking("a")),
            "b": module(virustotal_remap=failing),
            "c": module(virustotal_remap=marking("c")),
        },
        Settings(),
    ).begin(Settings())
    for _ in range(3):
        assert [detection.result for detection in caller.remap(GIVEN)] == ["Loaderac", "ac"]
    (failed,) = caller.failed
    assert (failed.analyzer, failed.provider, failed.error) == ("virustotal_remap", "b 0", "SystemExit: 1")


@pytest.mark.parametrize(
    ("levels", "expected"),
    [((None, "suspicious", "malicious"), "suspicious"), (("clean", "malicious"), "clean"), ((None, None), None)],
)
def test_the_first_verdict_wins(levels: tuple[str | None, ...], expected: str | None) -> None:
    modules = {f"plugin{place}": module(virustotal_verdict=judging(level)) for place, level in enumerate(levels)}
    asked = load_modules(modules, Settings()).begin(Settings())
    verdict = asked.decide(obj("file"), GIVEN)
    assert (verdict and verdict.level) == expected
    assert not asked.failed


def test_failures_are_those_of_one_task() -> None:
    loaded = load_modules({"a": module(virustotal_verdict=lambda obj: 1)}, Settings())
    first, second = loaded.begin(Settings()), loaded.begin(Settings())
    first.decide(obj("file"), ())
    assert len(first.failed) == 1
    assert not second.failed


def test_a_plugin_gets_its_settings_read_only() -> None:
    def virustotal_analyzers(settings: Any) -> Any:
        own = settings.plugin("mine")
        assert own["words"] == ("a",)
        with pytest.raises(TypeError):
            own["words"] = ()
        with pytest.raises(TypeError):
            own["deep"]["x"] = 2
        return ()

    plugins(module(virustotal_analyzers=virustotal_analyzers), {
        "plugins": {"settings": {"mine": {"words": ["a"], "deep": {"x": 1}}}}
    })  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": ""}, "a name and a kind"),
        ({"kind": None}, "`kind` of the analyser"),
        ({"kind": "File"}, "no such kind: 'File'; is file meant?"),
        ({"kind": "file_behaviour"}, "no such kind: 'file_behaviour'; there are file, url, domain, ip_address"),
        ({"order": "first"}, "`order` of the analyser"),
        ({"analyze": "x"}, "are functions"),
        ({"wanted": True}, "are functions"),
        ({"needs": ("a",)}, "is a Needs"),
        ({"needs": Needs(("a", None))}, "`needs.attributes` of the analyser 'mine' is a text, not NoneType"),  # type: ignore[arg-type]
        ({"needs": Needs(5)}, "`needs.attributes` of the analyser 'mine' is a tuple, not int"),  # type: ignore[arg-type]
        ({"needs": Needs("a")}, "is a tuple, not str"),  # type: ignore[arg-type]
        ({"needs": Needs(name for name in "ab")}, "is a tuple, not generator"),  # type: ignore[arg-type]
        ({"api": 99}, "written for plugin API 99; this service supports 1"),
    ],
)
def test_records_are_checked(changes: dict[str, Any], message: str) -> None:
    good = Analyzer("mine", "file", "comments", analyze=nothing)
    with pytest.raises(PluginError, match=message):
        plugins(module(virustotal_analyzers=lambda settings: [evolve(good, **changes)]))


def test_a_wish_that_cannot_be_asked_for_is_none(caplog: pytest.LogCaptureFixture) -> None:
    def failing(settings: Any) -> bool:
        raise SystemExit("no")

    def of(name: str, wanted: Any) -> Analyzer:
        return Analyzer(name, "file", name, analyze=nothing, wanted=wanted)

    given = (of("comments", failing), of("votes", lambda settings: True), of("graphs", lambda settings: False))
    loaded = plugins(module(virustotal_analyzers=lambda settings: given))
    assert loaded.begin(Settings()).registry.wanted("file", Settings()) == ("votes",)
    assert "`wanted` of comments of mine 0 failed:" in caplog.text
    assert "SystemExit: no" in caplog.text


@pytest.mark.parametrize(
    ("relationship", "warning"),
    [
        ("contacted_domain", "VirusTotal is not known to have contacted_domain of a file; is contacted_domains meant?"),
        ("brand_new", "VirusTotal is not known to have brand_new of a file."),
        ("contacted_domains", ""),
        ("", ""),
        ("*", ""),
    ],
)
def test_a_relationship_that_nobody_knows_is_warned_of(
    relationship: str, warning: str, caplog: pytest.LogCaptureFixture
) -> None:
    mine = Analyzer("mine", "file", relationship, analyze=nothing)
    loaded = plugins(module(virustotal_analyzers=lambda settings: [mine]))
    (row,) = loaded.listing[0].analyzers
    assert (row.state, row.reason, row.warning) == ("loaded", "", warning)
    logged = [
        record for record in caplog.records if record.name.endswith(".plugins.mine") and warning in record.message
    ]
    assert bool(logged) is bool(warning)
    lines = [line for plugin in loaded.listing for line in remarks(plugin)]
    assert any("warning: " + warning in line for line in lines) is bool(warning)
    assert as_json(loaded.listing)[0]["analyzers"][0]["warning"] == warning


def test_no_built_in_is_warned_of() -> None:
    assert not [row for plugin in load(BUILTIN, Settings()).listing for row in plugin.analyzers if row.warning]


def test_two_analysers_of_one_name_in_one_plugin() -> None:
    mine = Analyzer("mine", "file", analyze=nothing)
    with pytest.raises(PluginError, match="two of its analysers are named mine"):
        plugins(module(virustotal_analyzers=lambda settings: (mine, mine)))


def test_two_plugins_with_one_analyser_name() -> None:
    mine = module(virustotal_analyzers=lambda settings: [Analyzer("mine", "file", analyze=nothing)])
    also = module(virustotal_analyzers=lambda settings: [Analyzer("mine", "url", analyze=nothing)])
    loaded = load_modules({"b": mine, "a": also}, Settings())
    assert loaded.providers["mine"].name == "a"
    assert loaded.unloaded == (
        "b 0, analyser mine: refused: the name is taken by a 0 (not installed); this is b 0 (not installed)",
    )


def test_what_is_blocked_is_not_imported(on_path: Callable[[str], Broken]) -> None:
    on_path("exits-at-import")
    settings = service_settings({"plugins": {"disabled": ["exits-at-import"]}})
    (listed,) = [plugin for plugin in load((), settings).listing if plugin.external]
    assert (listed.state, listed.reason) == ("blocked", "named in plugins.disabled")
    assert "virustotal_exits_at_import" not in sys.modules


def test_distributions_with_broken_metadata(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "virustotal_half.py").write_text("raise OSError('half')")
    for name, points in {
        "half": "[virustotal.plugins]\nhalf = virustotal_half\n",
        "odd": "[virustotal.plugins]\nodd = :::\nother = no_such_module:thing\n",
        "binary": "[virustotal.plugins]\nbinary = x\n\udcff",
    }.items():
        (tmp_path / f"virustotal_{name}-1.dist-info").mkdir()
        content = points.encode("utf-8", "surrogateescape")
        (tmp_path / f"virustotal_{name}-1.dist-info" / "entry_points.txt").write_bytes(content)
    (tmp_path / "virustotal_odd-1.dist-info" / "METADATA").write_text("Name: virustotal-odd\nVersion: 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    listed = {plugin.name: plugin for plugin in load((), Settings()).listing if plugin.name in {"half", "odd", "other"}}
    assert {plugin.state for plugin in listed.values()} == {"failed"}
    assert (listed["half"].distribution, listed["half"].reason) == ("unknown", "OSError: half")
    assert len(listed) == 3


def test_a_name_that_blocks_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        load((), service_settings({"plugins": {"disabled": ["no-such-plugin"]}}))
    said = "plugins.disabled names no-such-plugin: no plugin, and no analyser of a plugin that loaded, has that name"
    assert said in caplog.text  # an analyser of a plugin that did not load is not known


def test_a_built_in_can_be_blocked_by_either_name() -> None:
    for name in ("av_remap", "virustotal.plugins.av_remap"):
        loaded = load(("virustotal.plugins.av_remap",), service_settings({"plugins": {"disabled": [name]}}))
        assert not loaded.hooks


def test_a_plugins_own_records_pass_through_its_logger(
    on_path: Callable[[str], Broken], caplog: pytest.LogCaptureFixture
) -> None:
    on_path("good")
    load(BUILTIN, Settings())
    own = logging.getLogger("virustotal_good")
    assert own.parent is logging.getLogger("assemblyline.service.virustotal.plugins.good")
    with caplog.at_level(logging.INFO, "assemblyline.service.virustotal.plugins.good"):
        own.info("something of its own")
    assert "something of its own" in caplog.text


def settings_of(**config: Any) -> Settings:
    return service_settings(config)


def digest(plugins: LoadedPlugins, settings: Settings) -> str:
    return tool_version(settings, plugins)


def test_the_digest_is_stable_and_short() -> None:
    first = digest(load(BUILTIN, Settings()), Settings())
    assert len(first.removeprefix(__version__)) <= 13
    assert digest(load(tuple(reversed(BUILTIN)), Settings()), Settings()) == first
    code = (
        "from virustotal.platform.tool_version import tool_version;"
        "from virustotal.core.plugin_host.manager import load;"
        "from virustotal.core.settings import Settings; from virustotal.plugins import BUILTIN;"
        "print(tool_version(Settings(), load(BUILTIN, Settings())))"
    )
    environment = {"PYTHONHASHSEED": "7", "SERVICE_MANIFEST_PATH": str(ROOT / "service_manifest.yml")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=environment)
    assert done.stdout.strip().splitlines()[-1:] == [first], done.stderr


@pytest.mark.parametrize(
    "config",
    [
        {"max_related": 41},
        {"av_config": {"hit_threshold": 3}},
        {"av_config": {"revised_sig_score_map": {"Acme.x": 1}}},
        {"plugins": {"settings": {"mine": {"revision": 2}}}},
        {"plugins": {"disabled": ["av_remap"]}},
    ],
)
def test_the_digest_changes_with_what_changes_results(config: dict[str, Any]) -> None:
    settings = settings_of(**config)
    assert digest(load(BUILTIN, settings), settings) != digest(load(BUILTIN, Settings()), Settings())


def test_the_digest_does_not_change_with_what_does_not() -> None:
    loaded = load(BUILTIN, Settings())
    same = settings_of(storage="/data", ca_bundle="/etc/ca.pem", api_key="k" * 64)
    assert digest(loaded, same) == digest(loaded, Settings())


def test_the_digest_changes_with_a_plugins_version(on_path: Callable[[str], Broken]) -> None:
    before = load(BUILTIN, Settings())
    on_path("good")
    after = load(BUILTIN, Settings())
    newer = LoadedPlugins(after.registry, tuple(
        evolve(plugin, version="1.3") if plugin.external else plugin for plugin in after.listing
    ))  # fmt: skip
    assert len({digest(plugins, Settings()) for plugins in (before, after, newer)}) == 3


def test_hooks_of_a_plugin_under_test() -> None:
    caller = hooks(module(virustotal_verdict=judging("malicious")))
    verdict = caller.decide(obj("domain"), ())
    assert verdict is not None
    assert verdict.level == "malicious"


@pytest.mark.parametrize(
    "name", ["remaps-to-odd-fields", "judges-by-odd-fields", "judges-by-a-text", "raises-when-asked"]
)
def test_the_contract_checks_find_what_hooks_answer_wrongly(name: str, on_path: Callable[[str], Broken]) -> None:
    broken = on_path(name)
    (problem,) = check_plugin(name, {}).problems
    assert broken.error in problem
