"""The combined request: possible refusals count against the quota before it is made."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from attrs import define, field

from tests.core.test_key_capabilities import Kept, licence
from virustotal.api import relationships
from virustotal.api.source import Answer, RemainingQuota, Request, Source
from virustotal.core.analyzer import Analyzer, Needs
from virustotal.core.errors import AuthenticationError, ForbiddenError, InvalidError, QuotaError
from virustotal.core.lookup import planner
from virustotal.core.lookup.fetch import expand_report
from virustotal.core.lookup.key_capabilities import KeyCapabilities, Parameter
from virustotal.core.lookup.object_request import look_up
from virustotal.core.models import Object, Outcome, Ref, Report, Status
from virustotal.core.plugin_host.registry import Registry
from virustotal.core.settings import Settings

FILE = Ref("file", "c" * 64)
SOON = 1e9
NEEDS = Needs(attributes=("last_analysis_results", "reputation"))
REGISTRY = Registry(
    [
        Analyzer(name, "file", name, analyze=lambda evidence: (), needs=NEEDS)
        for name in ("contacted_domains", "embedded_domains")
    ]
)


@define(eq=False)
class Metered(Source):
    """A source with a quota that refuses what it is told to, and keeps what it was asked.

    refuse: takes the parameters of a request, and returns the error that it ends with. held: whether all is kept.
    """

    left: int | None
    refuse: Callable[[Mapping[str, str]], Exception | None] = lambda query: None
    held: bool = False
    learns: Callable[[], None] = lambda: None
    asked: list[Request] = field(factory=list)
    rooms: int = 0

    def ask(self, request: Request, deadline: float) -> Answer:
        if self.left is not None:
            if not self.left:
                raise QuotaError("Used up.", code="LocalQuotaHeld")
            self.left -= 1
        self.asked.append(request)
        error = self.refuse(dict(request.query))
        if error is not None:
            raise error
        return Answer({"data": {"type": "file", "id": FILE.id, "attributes": {"size": 1}, "relationships": {}}})

    def remaining(self, deadline: float, *, for_subject: bool = False) -> RemainingQuota:
        self.rooms += 1
        self.learns()
        return RemainingQuota(self.left, "" if self.left is None else "The API key has 500 requests a day.")

    def holds(self, request: Request) -> bool:
        return self.held


@define(eq=False)
class Offline(Metered):
    """A source with an answer of its own to each request, whatever is left of the quota."""

    def ask(self, request: Request, deadline: float) -> Answer:
        self.left = 1
        return super().ask(request, deadline)


def no_premium(query: Mapping[str, str]) -> Exception | None:
    """Refuse a combined request with a premium name."""
    names = filter(None, query.get("relationships", "").split(","))
    licences = {entry.licence for name in names if (entry := relationships.find("file", name))}
    return None if licences <= {relationships.Licence.PUBLIC} else ForbiddenError("No licence.", code="ForbiddenError")


def no_threats(query: Mapping[str, str]) -> Exception | None:
    """Refuse a combined request with a name that needs threat intelligence."""
    threats = {"related_threat_actors", "related_references"} & set(query.get("relationships", "").split(","))
    return ForbiddenError("No licence.", code="ForbiddenError") if threats else None


def not_in_line(query: Mapping[str, str]) -> Exception | None:
    """Refuse to give attributes in line."""
    return InvalidError("No such parameter.") if any("[" in name for name in query) else None


def run(source: Metered, *names: str, capabilities: KeyCapabilities | None = None, analyze: bool = True) -> Report:
    plan = planner.plan(FILE, REGISTRY, Settings(relationships=names, analyze_relationship=analyze))
    report = look_up(plan, source, SOON, capabilities=capabilities)
    return expand_report(plan, report, source, SOON, capabilities=capabilities)


def asked_first(source: Metered) -> tuple[str, bool]:
    """The names of the first request, and whether it asked in line."""
    query = dict(source.asked[0].query)
    return query.get("relationships", ""), any("[" in name for name in query)


BOTH, PUBLIC = "contacted_domains,embedded_domains", "contacted_domains"


@pytest.mark.parametrize(
    ("left", "names", "in_line"),
    [
        (None, BOTH, True),  # no bound is known
        (9, BOTH, True),
        (3, BOTH, True),  # the last one for the object alone, should both be refused
        (2, PUBLIC, True),
        (1, PUBLIC, False),
    ],
)
def test_what_may_be_refused_is_asked_for_as_far_as_the_quota_goes(left: int | None, names: str, in_line: bool) -> None:
    source = Metered(left)
    report = run(source, "contacted_domains", "embedded_domains")
    assert asked_first(source) == (names, in_line)
    assert report.outcome.found
    if names == PUBLIC:
        outcome = report.related["embedded_domains"].outcome
        assert outcome.status is Status.SKIPPED
        plural = "s" if left != 1 else ""
        assert outcome.detail == (
            f"{left} request{plural} left, used for more informative ones. The API key has 500 requests a day."
        )
        assert not any("embedded_domains" in request.path for request in source.asked)


@pytest.mark.parametrize("left", [0, 1])
def test_the_quota_changes_no_request_that_cannot_be_refused_in_line(left: int) -> None:
    capabilities = KeyCapabilities()
    capabilities.tried(Parameter.INLINE, taken=True)
    source = Offline(left)
    report = run(source, "contacted_domains", "embedded_domains", capabilities=capabilities)
    assert asked_first(source) == (PUBLIC, True)  # what the last request of a day gave is kept under this one
    assert report.outcome.found


@pytest.mark.parametrize("left", [1, 2, 3])
@pytest.mark.parametrize("refuse", [no_premium, not_in_line])
@pytest.mark.parametrize("analyze", [True, False])
def test_a_refusal_never_costs_the_last_request(
    left: int, refuse: Callable[[Mapping[str, str]], Exception | None], analyze: bool
) -> None:
    report = run(Metered(left, refuse), "contacted_domains", "embedded_domains", analyze=analyze)
    assert report.outcome.found
    assert report.subject.attributes["size"] == 1


def test_where_only_premium_names_are_asked_for_the_object_remains() -> None:
    source = Metered(1, no_premium)
    report = run(source, "embedded_domains", "itw_urls")
    assert [request.query for request in source.asked] == [()]
    assert report.outcome.found
    assert {each.outcome.status for each in report.related.values()} == {Status.SKIPPED}


def test_what_cannot_be_refused_needs_no_look_at_the_quota() -> None:
    source, capabilities = Metered(9), KeyCapabilities()
    capabilities.tried(Parameter.INLINE, True)
    look_up(planner.plan(FILE, REGISTRY, Settings(relationships=(PUBLIC,))), source, SOON, capabilities=capabilities)
    assert source.rooms == 0


def test_what_is_kept_needs_no_look_at_the_quota() -> None:
    source = Metered(1, held=True)
    look_up(planner.plan(FILE, REGISTRY, Settings(relationships=(PUBLIC, "embedded_domains"))), source, SOON)
    assert asked_first(source) == (BOTH, False)
    assert source.rooms == 0


def test_a_licence_learnt_of_before_the_first_request_spares_the_refusal() -> None:
    kept = Kept()
    source = Metered(9, no_premium, learns=lambda: kept.values.update(licence(Status.FORBIDDEN)))
    report = run(
        source, "contacted_domains", "embedded_domains", "ciphered_parents", capabilities=KeyCapabilities(kept)
    )
    assert asked_first(source) == (PUBLIC, True)
    assert report.related["embedded_domains"].outcome.status is Status.FORBIDDEN
    assert report.related["ciphered_parents"].outcome.status is Status.FORBIDDEN
    assert not any("embedded" in request.path or "ciphered" in request.path for request in source.asked)


def test_nothing_is_asked_once_the_time_is_up() -> None:
    source = Metered(None)
    plan = planner.plan(FILE, REGISTRY, Settings(relationships=("contacted_domains",)))
    report = look_up(plan, source, time.monotonic())
    assert report.outcome == Outcome(Status.SKIPPED, "The time for this task is used up.")
    assert not source.asked  # a mirror counts what it has no time for as a failure, and rests


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.FOUND])
def test_an_object_that_was_not_found_costs_nothing_more(status: Status) -> None:
    plan = planner.plan(FILE, REGISTRY, Settings(relationships=("votes", "brand_new"), analyze_relationship=True))
    report, source = Report(Object(FILE), outcome=Outcome(status)), Metered(9)
    assert expand_report(plan, report, source, SOON) is report
    assert source.asked == []


def test_a_wrong_key_leaves_from_the_look_at_the_quota() -> None:
    def wrong() -> Any:
        raise AuthenticationError("Wrong API key.")

    with pytest.raises(AuthenticationError):
        run(Metered(9, learns=wrong), "embedded_domains")


ALL = ("contacted_domains", "embedded_domains", "itw_urls", "related_threat_actors", "related_references", "reports")


@pytest.mark.parametrize(
    ("names", "refuse", "requests", "outcomes"),
    [
        (ALL, no_threats, 2, {"related_threat_actors": Status.FORBIDDEN, "related_references": Status.FORBIDDEN}),
        (
            ALL,
            no_premium,
            4,
            {
                "embedded_domains": Status.FORBIDDEN,
                "itw_urls": Status.FORBIDDEN,
                "related_threat_actors": Status.FORBIDDEN,
                "related_references": Status.FORBIDDEN,
                "reports": Status.INVALID,
            },
        ),
        (("contacted_domains", "reports"), no_premium, 2, {"reports": Status.FORBIDDEN}),
        (("contacted_domains", "reports", "clues"), no_premium, 2, {"reports": Status.FORBIDDEN}),  # clues: asked alone
        (("reports", "vulnerabilities"), no_premium, 2, {"reports": Status.INVALID, "vulnerabilities": Status.INVALID}),
    ],
)
def test_a_refusal_is_held_against_what_it_is_about(
    names: tuple[str, ...],
    refuse: Callable[[Mapping[str, str]], Exception | None],
    requests: int,
    outcomes: dict[str, Status],
) -> None:
    source, capabilities = Metered(None, refuse), KeyCapabilities()
    plan = planner.plan(FILE, Registry(), Settings(relationships=names))
    related = look_up(plan, source, SOON, capabilities=capabilities).related
    assert len(source.asked) == requests
    said = {name: each.outcome.status for name, each in related.items() if each.outcome.status is not Status.UNKNOWN}
    assert said == outcomes
    assert {name: each.status for name, each in capabilities.refused("file").items()} == outcomes
    look_up(plan, source, SOON, capabilities=capabilities)
    assert len(source.asked) == requests + 1  # what was learnt is not tried again


@pytest.mark.parametrize(
    ("licences", "in_line", "requests"),
    [
        ("public premium unconfirmed threats", True, (1, 1)),
        ("public premium unconfirmed threats", False, (2, 1)),
        ("public premium unconfirmed", True, (2, 1)),
        ("public premium unconfirmed", False, (3, 2)),
        ("public premium", True, (3, 1)),
        ("public premium", False, (4, 2)),
        ("public", True, (4, 1)),
        ("public", False, (5, 2)),
    ],
)
def test_each_licence_costs_as_many_requests(licences: str, in_line: bool, requests: tuple[int, int]) -> None:
    """The first task of a key learns what it may read, one refusal for each licence that it lacks."""

    def refuse(query: Mapping[str, str]) -> Exception | None:
        names = filter(None, query.get("relationships", "").split(","))
        if any("[" in name for name in query) and not in_line:
            return InvalidError("No such parameter.")
        needed = set(relationships.licences("file", names).values())
        return ForbiddenError("No licence.") if needed - set(licences.split()) else None

    capabilities = KeyCapabilities()
    plan = planner.plan(FILE, REGISTRY, Settings(relationships=ALL, analyze_relationship=True))
    for count in requests:
        source = Metered(None, refuse)
        assert look_up(plan, source, SOON, capabilities=capabilities).outcome.found
        assert len(source.asked) == count


@pytest.mark.parametrize(
    ("name", "error", "status", "learnt"),
    [
        (PUBLIC, ForbiddenError("No."), Status.FORBIDDEN, False),  # every key may read it: it is about something else
        ("embedded_domains", QuotaError("No."), Status.QUOTA, False),
        ("embedded_domains", ForbiddenError("No."), Status.FORBIDDEN, True),
        ("embedded_domains", None, Status.FOUND, False),
    ],
)
def test_of_a_page_only_what_will_be_refused_again_is_learnt(
    name: str, error: Exception | None, status: Status, learnt: bool
) -> None:
    capabilities, source = KeyCapabilities(), Metered(None)
    source.refuse = lambda query: error if source.asked[-1].path.endswith(f"/{name}") else None
    plan = planner.plan(FILE, REGISTRY, Settings(relationships=(name,), analyze_relationship=True))
    report = expand_report(
        plan, Report(Object(FILE), outcome=Outcome(Status.FOUND)), source, SOON, capabilities=capabilities
    )
    assert report.related[name].outcome.status is status
    assert (name in capabilities.refused("file")) is learnt


def test_what_was_refused_together_is_asked_for_alone_and_learnt_there() -> None:
    """A relationship that is refused alone, whoever may read it by the catalogue, is not paid for again."""

    def alone(query: Mapping[str, str]) -> Exception | None:
        return None if query.get("relationships", "") in {"", PUBLIC} else ForbiddenError("No licence.")

    source, capabilities = Metered(None, alone), KeyCapabilities()
    source.refuse = lambda query: (
        alone(query) or (ForbiddenError("No.") if source.asked[-1].path.endswith("/reports") else None)
    )
    names = (PUBLIC, "reports", "vulnerabilities")
    related = run(source, *names, capabilities=capabilities).related
    assert related["reports"].outcome.status is Status.FORBIDDEN
    assert related["vulnerabilities"].outcome.found
    before = len(source.asked)
    assert run(source, *names, capabilities=capabilities).related["reports"].outcome.status is Status.FORBIDDEN
    paths = [request.path.rpartition("/")[2] for request in source.asked[before:]]
    assert "reports" not in paths
    assert "vulnerabilities" in paths
