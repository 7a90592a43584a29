"""docs/relationships.md has a row for each relationship, and each has an analyser among the built-in plugins."""

import runpy

import pytest

from tests.conftest import ROOT, of_each
from virustotal.api.relationships import ALIASES, CATALOGUE, KINDS, Family
from virustotal.core import ANY
from virustotal.core.plugin_host.manager import load
from virustotal.core.plugin_host.plugin import Plugin, State
from virustotal.core.settings import PluginConfig, Settings
from virustotal.plugins import BUILTIN
from virustotal.plugins.relationships.objects import tag_of

TOOL = runpy.run_path(str(ROOT / "tools" / "relationships.py"))


PLUGINS = load(BUILTIN, Settings(plugins=PluginConfig(external=False)))
OWN = [each for each in PLUGINS.listing if each.name.startswith(("relations", "subjects"))]


def test_the_page_is_what_the_tool_writes() -> None:
    assert TOOL["main"](["--check"]) == 0, "run `python tools/relationships.py`"


@of_each(sorted(CATALOGUE))
def test_each_relationship_has_a_row(kind: str, name: str) -> None:
    titles = {"file": "File", "url": "URL", "domain": "Domain", "ip_address": "IP address"}
    page = (ROOT / "docs" / "relationships.md").read_text(encoding="utf-8")
    part = page.partition(f"\n## {titles[kind]} (")[2].partition("\n## ")[0]
    (row,) = [line for line in part.splitlines() if line.startswith(f"| `{name}` |")]
    assert CATALOGUE[kind, name].title in row
    assert f"`{CATALOGUE[kind, name].family.value}`" in row


def test_each_relationship_has_an_analyser_by_what_it_leads_to() -> None:
    exact = {(analyzer.kind, analyzer.relationship) for analyzer in PLUGINS.registry.analyzers}
    assert {(kind, ANY) for kind in KINDS} <= exact
    assert not {CATALOGUE[key].yields for key in exact & set(CATALOGUE)} & {
        CATALOGUE[key].yields for key in set(CATALOGUE) - exact
    }


@pytest.mark.parametrize(
    "plugin", [each for each in PLUGINS.listing if each.name.startswith(("relations", "subjects"))]
)
def test_every_plugin_of_relationships_and_subjects_loads_whole(plugin: Plugin) -> None:
    assert (plugin.state, plugin.reason) == (State.LOADED, "")
    assert {analyzer.state for analyzer in plugin.analyzers} == {State.LOADED}


def test_what_is_tagged_is_said() -> None:
    tags = {key: tag for key, entry in CATALOGUE.items() if (tag := tag_of(entry))}
    assert all(CATALOGUE[key].family is Family.DOES for key in tags)
    assert (
        tags.items()
        >= {
            ("file", "contacted_domains"): "network.dynamic.domain",
            ("file", "contacted_ips"): "network.dynamic.ip",
            ("file", "contacted_urls"): "network.dynamic.uri",
            ("url", "contacted_domains"): "network.dynamic.domain",
            ("url", "contacted_ips"): "network.dynamic.ip",
            ("url", "redirects_to"): "network.static.uri",
        }.items()
    )


def test_aliases_are_documented() -> None:
    page = (ROOT / "docs" / "relationships.md").read_text(encoding="utf-8")
    assert not [alias for alias in ALIASES if f"| `{alias}` | `{ALIASES[alias]}` |" not in page]
