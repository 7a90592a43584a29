"""The built-ins load, under names of their own, and keep the contract over the emulator's world."""

import pytest

from virustotal.core.plugin_host.manager import load
from virustotal.core.plugin_host.plugin import State
from virustotal.core.plugin_host.runner import due
from virustotal.core.settings import PluginConfig, Settings
from virustotal.plugins import BUILTIN
from virustotal.testing import check, examples, found

PLUGINS = load(BUILTIN, Settings(plugins=PluginConfig(external=False)))


def test_all_load() -> None:
    assert not PLUGINS.unloaded
    assert {plugin.state for plugin in PLUGINS.listing if not plugin.external} == {State.LOADED}
    assert len(BUILTIN) == len(set(BUILTIN))
    assert list(BUILTIN) == sorted(BUILTIN)


def test_each_has_a_summary_for_the_listing() -> None:
    assert not [analyzer.name for analyzer in PLUGINS.registry.analyzers if not analyzer.summary]


def test_none_gives_a_verdict_before_other_plugins() -> None:
    # Hooks are asked in the order of the listing; the built-in verdict is that of `judge`, which asks them all first.
    assert "virustotal_verdict" not in {hook.hook for hook in PLUGINS.hooks}


@pytest.mark.parametrize("kind", ["file", "url", "domain", "ip_address"])
def test_the_contract_over_the_world(kind: str) -> None:
    broken = []
    for report in (report for report in examples((kind,)) if report.related):
        for analyzer, related in due(report, PLUGINS.registry):
            broken += check(analyzer, found(report, related.relationship if related else ""))
    assert broken == []
