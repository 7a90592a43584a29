import subprocess
import sys

import pytest

from tests.conftest import ROOT
from virustotal.api import relationships
from virustotal.api.relationships import ALIASES, CATALOGUE, KINDS, Family, Licence
from virustotal.emulator import facts

LICENCES = {
    "E": Licence.PUBLIC,
    "U": Licence.PUBLIC,
    "P": Licence.PREMIUM,
    "T": Licence.THREATS,
    "?": Licence.UNCONFIRMED,
}
#: What raises a score and is tagged: a change here changes results.
DOES = {
    "file": {
        "attack_techniques",
        "behaviours",
        "carbonblack_children",
        "contacted_domains",
        "contacted_ips",
        "contacted_urls",
        "dropped_files",
        "screenshots",
        "sigma_analysis",
    },
    "url": {"contacted_domains", "contacted_ips", "downloaded_files", "redirects_to"},
    "domain": set(),
    "ip_address": set(),
}


def test_no_row_overwrites_another() -> None:
    entries = list(relationships._entries(relationships._TABLE))
    assert len(entries) == len(CATALOGUE)


def test_agrees_with_the_facts_that_the_emulator_enforces() -> None:
    for (kind, name), entry in CATALOGUE.items():
        if fact := facts.RELATIONSHIPS[kind].get(name):  # a new row needs none there
            assert (entry.yields, entry.one) == (fact.types, not fact.many), (kind, name)
            assert entry.licence is LICENCES[fact.access], (kind, name)
            assert entry.doubtful is (not fact.types or "O" in fact.sources), (kind, name)


@pytest.mark.parametrize("kind", KINDS)
def test_what_an_object_does(kind: str) -> None:
    known = [entry for entry in relationships.of_kind(kind) if entry.name in facts.RELATIONSHIPS[kind]]
    assert {entry.name for entry in known if entry.family is Family.DOES} == DOES[kind]  # a new row needs none there


def test_titles_are_plain_words() -> None:
    for (kind, name), entry in CATALOGUE.items():
        assert entry.title[0].isupper(), (kind, name)
        assert "_" not in entry.title, (kind, name)
        assert not entry.title.endswith("."), (kind, name)


@pytest.mark.parametrize(("alias", "name"), ALIASES.items())
def test_aliases_lead_to_a_relationship_and_hide_none(alias: str, name: str) -> None:
    names = {known for _, known in CATALOGUE}
    assert name in names
    assert alias not in names


def test_only_exact_names_are_found() -> None:
    assert relationships.find("file", "contacted_ips") is not None
    assert relationships.find("file", "contacted_ip") is None
    assert relationships.find("domain", "contacted_ips") is None


ONE_ROW = """
from virustotal.api import relationships
row = "invented_files  file  does  E---  .  Invented files"
relationships._TABLE += row
relationships.CATALOGUE = {**relationships.CATALOGUE, **{(e.kind, e.name): e for e in relationships._entries(row)}}

from virustotal.testing import obj
import time
from virustotal.api.source import Answer, Source
from virustotal.core.lookup import fetch, object_request, planner
from virustotal.core.plugin_host.manager import load
from virustotal.core.settings import PluginConfig, Settings
from virustotal.plugins import BUILTIN

settings = Settings(relationships=("invented_files",), analyze_relationship=True, plugins=PluginConfig(external=False))
registry = load(BUILTIN, settings).registry
item = {"type": "file", "id": "ab" * 32, "attributes": {"last_analysis_stats": {}, "last_analysis_results": {}}}
subject = obj("file").ref

class Canned(Source):
    def ask(self, request, deadline):
        if request.path.endswith("/invented_files"):
            return Answer({"data": [item]})
        related = {"invented_files": {"data": [{"type": "file", "id": item["id"]}]}}
        return Answer({"data": {"type": "file", "id": subject.id, "attributes": {}, "relationships": related}})

plan = planner.plan(subject, registry, settings)
assert plan.embed == ("invented_files",), plan
report = object_request.look_up(plan, Canned(), time.monotonic() + 9)
report = fetch.expand_report(plan, report, Canned(), time.monotonic() + 9)
assert [item.ref.id for item in report.related["invented_files"].items] == ["ab" * 32], report
assert [each.name for each in registry.find("file", "invented_files")], "nothing shows it"
from tools import relationships as page
assert "| `invented_files` | Invented files | `file` | public | `does` |" in page.page()
"""


def test_one_row_is_a_relationship_that_is_asked_for_shown_and_documented() -> None:
    done = subprocess.run([sys.executable, "-c", ONE_ROW], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
