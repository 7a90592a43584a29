"""Relationships on their way through the host: what was fetched before something failed is not lost."""

import time

import pytest

from virustotal.api.relationships import find
from virustotal.core.models import Object, Outcome, Ref, Related, Report, Status
from virustotal.core.plugin_host import runner
from virustotal.core.plugin_host.hooks import LoadedPlugins
from virustotal.core.plugin_host.plugin import Plugin
from virustotal.core.plugin_host.registry import Registry
from virustotal.core.scoring.verdicts import judge
from virustotal.core.settings import Settings
from virustotal.plugins.relationships import generic, objects
from virustotal.result.coverage import coverage_section
from virustotal.result.models import SubjectResult
from virustotal.testing import obj

SETTINGS = Settings()
REGISTRY = Registry((*objects.virustotal_analyzers(SETTINGS), *generic.virustotal_analyzers(SETTINGS)))
PLUGINS = LoadedPlugins(
    REGISTRY, providers=dict.fromkeys([analyzer.name for analyzer in REGISTRY.analyzers], Plugin("given"))
)


def analysed(related: Related) -> SubjectResult:
    report = Report(obj("file"), {related.relationship: related})
    outputs = runner.analyse(report, PLUGINS, SETTINGS, lambda each: judge(each, SETTINGS), time.monotonic() + 10)
    return SubjectResult(report, contributions=outputs)


@pytest.mark.parametrize("status", [Status.QUOTA, Status.FAILED, Status.SKIPPED])
def test_what_came_before_a_failure_is_shown(status: Status) -> None:
    items = tuple(Object(Ref("domain", f"{place}.example.net"), {"tld": "net"}) for place in range(40))
    result = analysed(Related("contacted_domains", items, Outcome(status, "why"), 95, complete=False))
    (contribution,) = result.contributions
    assert contribution.sections[0].title == "Contacted domains (40 of 95)"
    assert "shown 40 of 95, the rest: " in coverage_section([result]).body


def test_a_failure_with_nothing_before_it_is_no_section() -> None:
    result = analysed(Related("contacted_domains", (), Outcome(Status.FAILED), complete=False))
    assert result.contributions == ()


def test_a_name_outside_the_catalogue_reaches_the_plain_analyser() -> None:
    assert find("file", "gadgets") is None
    result = analysed(Related("gadgets", (obj("gadget", "g-1", size=1),)))
    (contribution,) = result.contributions
    assert (contribution.analyzer, contribution.sections[0].title) == ("plain_file", "Gadgets (1)")
