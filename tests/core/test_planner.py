"""Which requests a task makes at most, and in what order."""

import re
from typing import Any

import pytest
from attrs import evolve, frozen

from virustotal.api import relationships
from virustotal.api.source import Answer, RemainingQuota, Request, Source
from virustotal.core import ANY
from virustotal.core.analyzer import Analyzer, Needs
from virustotal.core.lookup import planner, quota_fit
from virustotal.core.lookup.planner import Plan, describe, names_to_page, plan
from virustotal.core.models import Object, Outcome, Ref, Related, Report, Status
from virustotal.core.plugin_host.registry import Registry
from virustotal.core.settings import DEFAULT_RELATIONSHIPS, Settings

FILE = Ref("file", "a" * 64)
URL = Ref("url", "b" * 64)
NONE = Registry()


def planned(*names: str, ref: Ref = FILE, analyze: bool = False, registry: Registry = NONE, **settings: Any) -> Plan:
    return plan(ref, registry, Settings(relationships=names, analyze_relationship=analyze, **settings))


def related(name: str, count: int, **changes: Any) -> Related:
    items = tuple(Object(Ref("file", f"{each:064x}"), whole=False) for each in range(count))
    return evolve(Related(name, items, detailed=False), **changes)


def report(*entries: Related, outcome: Outcome | None = None) -> Report:
    return Report(Object(FILE), {entry.relationship: entry for entry in entries}, outcome or Outcome(Status.FOUND))


def test_the_default_costs_one_request_and_what_tells_most_comes_first() -> None:
    found = planned(*DEFAULT_RELATIONSHIPS)

    assert found.embed == ("behaviours", "contacted_ips", "contacted_domains", "contacted_urls", "dropped_files")
    assert found.alone == ()
    assert found.cost == 1 + 1  # refused together, they are left out


def test_nothing_asked_is_one_request() -> None:
    assert planned().cost == 1
    assert planned(analyze=True).cost == 1


@pytest.mark.parametrize(("most", "pages"), [(1, 1), (40, 1), (41, 2), (95, 3), (200, 5)])
def test_analysis_costs_the_pages_of_each(most: int, pages: int) -> None:
    found = planned("behaviours", "dropped_files", analyze=True, max_related=most)

    assert found.cost == 1 + 1 + 2 * pages
    assert names_to_page(found, report(related("behaviours", 1), related("dropped_files", 0))) == ("behaviours",)


def test_order_of_worth() -> None:
    found = planned("comments", "votes", "dropped_files", "contacted_urls", "contacted_ips", "behaviours", "graphs")

    assert found.embed == (
        "behaviours",
        "contacted_ips",
        "contacted_urls",
        "dropped_files",
        "comments",
        "votes",
        "graphs",
    )


@pytest.mark.parametrize("analyze", [True, False])
def test_names_outside_the_catalogue(analyze: bool) -> None:
    found = planned("votes", "brand_new", analyze=analyze)

    assert found.embed == ("votes",)
    assert found.alone == ("brand_new",)
    assert found.cost == (4 if analyze else 2)
    assert any("brand_new" in note for note in found.notes) != analyze


def test_doubtful_names_are_never_embedded() -> None:
    doubtful = tuple(entry.name for entry in relationships.of_kind("file") if entry.doubtful)

    assert doubtful
    assert planned(*doubtful, analyze=True).embed == ()
    assert planned(*doubtful).cost == 1


def test_aliases_are_understood_and_said() -> None:
    found = planned("contacted_hosts", "contacted_ips")

    assert found.embed == ("contacted_ips",)
    assert found.notes == ("contacted_hosts is understood as contacted_ips.",)


def test_names_of_other_kinds_of_objects_do_not_apply_which_is_said() -> None:
    found = planned("dropped_files", "contacted_ips", "subdomains", ref=URL, analyze=True)

    assert (found.embed, found.alone) == (("contacted_ips",), ())
    assert found.notes == ("Not asked for, since a url has no such relationships: dropped_files, subdomains.",)


def test_a_default_name_of_another_kind_is_told_where_it_was_chosen_and_silent_in_the_default() -> None:
    assert "behaviours" in planned("behaviours", ref=URL).notes[0]
    assert not planned(*DEFAULT_RELATIONSHIPS, ref=URL).notes


@pytest.mark.parametrize("name", sorted(relationships.ENDPOINTS))
def test_an_endpoint_is_never_asked_for_as_a_relationship(name: str) -> None:
    plan = planned(name, analyze=True)
    assert (plan.embed, plan.alone) == ((), ())
    assert f"{name} is an endpoint" in plan.notes[0]


@pytest.mark.parametrize("name", ["a b", "../x", "a" * 65, "votes?x", "\u00fc"])
def test_what_cannot_be_a_name_is_not_asked(name: str) -> None:
    found = planned(name, analyze=True)

    assert found.cost == 1
    assert "cannot be the name" in found.notes[0]


@pytest.mark.parametrize(("count", "alone"), [(9, 9), (10, 10), (11, 10), (15, 10)])
def test_unknown_names_are_bounded_and_said(count: int, alone: int) -> None:
    found = planned(*(f"new_{place}" for place in range(count)), analyze=True)

    assert len(found.alone) == alone
    assert any(f"new_{count - 1}" in note for note in found.notes) is (count > alone)


def test_what_an_analyser_wants_is_added() -> None:
    wanting = Registry(
        (
            Analyzer(
                "pcap", "file", "behaviours", analyze=lambda _: (), wanted=lambda settings: settings.download_pcap
            ),
            Analyzer("plain", "file", ANY, analyze=lambda _: (), wanted=lambda _: True),
            Analyzer("urls", "url", "votes", analyze=lambda _: (), wanted=lambda _: True),
        )
    )

    assert planned("votes", registry=wanting, download_pcap=True).embed == ("behaviours", "votes")
    assert planned("votes", "behaviours", registry=wanting, download_pcap=True).embed == ("behaviours", "votes")
    assert planned("votes", registry=wanting).embed == ("votes",)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (related("votes", 3), ("votes",)),
        (related("votes", 0), ()),
        (related("votes", 3, detailed=True), ("votes",)),
        (related("votes", 0, outcome=Outcome(Status.FORBIDDEN)), ()),
        (Related("votes", (Object(FILE),)), ()),
        (Related("votes", (Object(FILE),), complete=False), ("votes",)),
    ],
)
def test_only_what_is_worth_it_is_expanded(entry: Related, expected: tuple[str, ...]) -> None:
    assert names_to_page(planned("votes", analyze=True), report(entry)) == expected


def test_what_the_answer_left_out_is_asked_alone() -> None:
    plan = planned("votes", "comments", "brand_new", analyze=True)

    assert names_to_page(plan, report(related("votes", 1))) == ("votes", "comments", "brand_new")


def test_the_plan_can_be_printed() -> None:
    first = planned("votes", "similar_files", "brand_new", analyze=True, max_related=95)

    assert describe(first) == (
        f"file {FILE.id}: at most 12 requests",
        "  1 request: the object, with descriptors of votes, similar_files",
        "  up to 2 more if VirusTotal refuses the combined request",
        "  up to 3 requests, if it is not empty: votes",
        "  up to 3 requests, if it is not empty: similar_files",
        "  up to 3 requests, asked alone: brand_new",
    )
    assert describe(planned("brand_new"))[-2:] == (
        "  no request: brand_new",
        f"  note: {planned('brand_new').notes[0]}",
    )


@pytest.mark.parametrize(
    ("before", "most", "requests"),
    [
        (None, 200, 5),  # nothing is known of it
        (related("votes", 3, complete=True), 200, 1),
        (related("votes", 20, complete=False), 200, 5),
        (related("votes", 20, total=21, complete=False), 200, 1),
        (related("votes", 20, total=95, complete=False), 200, 3),
        (related("votes", 20, total=9000, complete=False), 200, 5),
        (related("votes", 20, total=9000, complete=False), 40, 1),
        (related("votes", 20, total=0, complete=False), 80, 2),
    ],
)
def test_what_a_relationship_costs_at_most_is_told_by_its_length(
    before: Related | None, most: int, requests: int
) -> None:
    given = Plan(FILE, embed=("votes",), analyze=True, max_related=most)
    assert planner.requests_for(given, "votes", before) == requests


@frozen
class Budgeted(Source):
    """A source that has so many requests left, and of whose answers some stand in for VirusTotal's."""

    left: RemainingQuota
    fallbacks: frozenset[str] = frozenset()

    def ask(self, request: Request, deadline: float) -> Answer:
        raise AssertionError("nothing is asked")

    def remaining(self, deadline: float, *, for_subject: bool = False) -> RemainingQuota:
        return self.left

    def has_fallback(self, request: Request) -> bool:
        return request.path in self.fallbacks


def test_what_stands_in_for_virustotal_is_taken_where_no_request_is_left() -> None:
    requests = {name: Request("GET", f"/{name}") for name in "abc"}
    source = Budgeted(RemainingQuota(1), frozenset({"/b"}))
    assert set(quota_fit.fit(requests, dict.fromkeys("abc", 1), source, 0.0)) == {"c"}


@pytest.mark.parametrize(
    ("room", "kept"), [(0, "d"), (1, "bd"), (2, "ad"), (3, "abd"), (4, "abd"), (6, "abcd"), (None, "abcd")]
)
def test_what_tells_more_is_asked_for_first_and_no_request_is_left_over(room: int | None, kept: str) -> None:
    requests = {name: Request("GET", f"/{name}") for name in "abcd"}
    source = Budgeted(RemainingQuota(room, "So it is."))
    skipped = quota_fit.fit(requests, {"a": 2, "b": 1, "c": 3, "d": 0}, source, 0.0)
    assert "".join(skipped) == "".join(name for name in "abcd" if name not in kept)
    said = (
        "No request left"
        if not room
        else f"{room} request{'s' if room > 1 else ''} left, used for more informative ones"
    )
    assert {each.detail for each in skipped.values()} <= {f"{said}. So it is."}


@pytest.mark.parametrize("analyze", [True, False])
@pytest.mark.parametrize(
    "names", [(), ("contacted_ips",), ("contacted_ips", "itw_urls", "reports", "brand_new", "clues")]
)
@pytest.mark.parametrize("most", [40, 100])
def test_the_lines_of_a_plan_add_up(analyze: bool, names: tuple[str, ...], most: int) -> None:
    lined = Analyzer("a", "file", "contacted_ips", analyze=lambda _: (), needs=Needs(("country",)))
    for registry in (Registry(), Registry((lined,))):
        given = plan(FILE, registry, Settings(relationships=names, analyze_relationship=analyze, max_related=most))
        head, *lines = describe(given)
        counted = sum(
            int(match[1]) for line in lines if (match := re.match(r"  (?:up to )?(\d+) (?:request|more)", line))
        )
        assert head.endswith(f"at most {counted} request{'s' if counted > 1 else ''}")
