"""Plan to report, over real HTTP against the emulator, with the requests counted; and with a source that misbehaves."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from virustotal.api.source import Answer, Request, Source
from virustotal.client.http_client import HttpClient
from virustotal.client.retry import RetryPolicy
from virustotal.core import errors
from virustotal.core.lookup import executor, planner
from virustotal.core.lookup.fetch import expand_report
from virustotal.core.lookup.key_capabilities import KeyCapabilities
from virustotal.core.lookup.object_request import look_up
from virustotal.core.models import Outcome, Ref, Report, Status
from virustotal.core.plugin_host.registry import Registry
from virustotal.core.settings import DEFAULT_RELATIONSHIPS, Credentials, Settings
from virustotal.emulator.server import Emulator

SHA = "c" * 64
FILE = Ref("file", SHA)
PACE = RetryPolicy(first=0.01, longest=0.02)
SIX = ("behaviours", "contacted_ips", "contacted_domains", "contacted_urls", "dropped_files", "votes")


def soon(seconds: float = 10.0) -> float:
    return time.monotonic() + seconds


def domains(count: int) -> list[dict[str, Any]]:
    return [
        {"type": "domain", "id": f"d{place}.example.com", "attributes": {"reputation": place}} for place in range(count)
    ]


def files(count: int) -> list[dict[str, Any]]:
    return [{"type": "file", "id": f"{place + 1:064x}", "attributes": {"size": place}} for place in range(count)]


@pytest.fixture(scope="module")
def running() -> Iterator[Emulator]:
    with Emulator({}, keys={"public": "public:minute=1000", "premium": "premium", "four": "public"}) as emulator:
        yield emulator


@pytest.fixture
def emulator(running: Emulator) -> Emulator:
    running.clear()
    running.store.put(
        {"type": "file", "id": SHA, "attributes": {"size": 3}},
        {"contacted_domains": domains(3), "dropped_files": files(2), "votes": [], "similar_files": files(1)},
    )
    return running


class Task:
    """One task against the emulator."""

    def __init__(self, emulator: Emulator, *names: str, key: str = "premium", analyze: bool = True, **settings: Any):
        self.settings = Settings(host=emulator.url, relationships=names, analyze_relationship=analyze, **settings)
        self.client = HttpClient(self.settings, Credentials(key), policy=PACE)
        self.plan = planner.plan(FILE, Registry(), self.settings)

    def run(self, memory: KeyCapabilities | None = None, seconds: float = 10.0) -> Report:
        deadline = soon(seconds)
        try:
            report = look_up(self.plan, self.client, deadline, capabilities=memory)
            if self.plan.analyze:
                report = expand_report(self.plan, report, self.client, deadline)
        finally:
            self.client.close()
        assert self.client.usage.requests <= self.plan.cost
        return report


def statuses(report: Report) -> dict[str, str]:
    return {name: entry.outcome.status.value for name, entry in report.related.items()}


def test_a_known_file_costs_one_request(emulator: Emulator) -> None:
    report = Task(emulator, *DEFAULT_RELATIONSHIPS, analyze=False).run()

    assert len(emulator.requests) == 1
    assert len(report.related["contacted_domains"].items) == 3
    assert not report.related["contacted_domains"].detailed
    assert report.related["contacted_ips"].items == ()
    assert report.subject.whole


def test_analysis_costs_one_more_for_each_that_is_not_empty(emulator: Emulator) -> None:
    emulator.switches.latency = 0.1
    report = Task(emulator, *DEFAULT_RELATIONSHIPS, "votes").run()

    assert len(emulator.requests) == 1 + 2
    assert emulator.requests.peak == 2
    assert report.related["contacted_domains"].items[1].attributes == {"reputation": 1}
    assert report.related["contacted_domains"].detailed
    assert statuses(report) == dict.fromkeys(SIX, "found")


@pytest.mark.parametrize(
    ("most", "shown", "requests", "complete"),
    [(95, 95, 3, True), (40, 40, 1, False), (50, 50, 2, False), (200, 95, 3, True), (7, 7, 1, False)],
)
@pytest.mark.parametrize("count", ["present", "absent", "wrong"])
def test_pages(emulator: Emulator, most: int, shown: int, requests: int, complete: bool, count: str) -> None:
    emulator.switches.count = count
    emulator.store.put({"type": "file", "id": SHA}, {"contacted_domains": domains(95)})

    relationship = Task(emulator, "contacted_domains", max_related=most).run().related["contacted_domains"]

    assert len(emulator.requests) == 1 + requests
    assert (len(relationship.items), relationship.complete) == (shown, complete)
    assert len({item.ref for item in relationship.items}) == shown
    if count == "present":
        assert relationship.total == 95
    assert relationship.total is None or relationship.total >= shown


def test_short_pages_never_cost_more_than_the_plan(emulator: Emulator) -> None:
    emulator.switches.short_pages = True
    emulator.store.put({"type": "file", "id": SHA}, {"contacted_domains": domains(95)})

    relationship = Task(emulator, "contacted_domains", max_related=95).run().related["contacted_domains"]

    assert (len(relationship.items), relationship.complete, relationship.total) == (60, False, 95)


def test_a_repeated_cursor_ends_the_list_and_is_said(emulator: Emulator) -> None:
    emulator.switches.cursor_repeats = True
    emulator.store.put({"type": "file", "id": SHA}, {"contacted_domains": domains(200)})

    relationship = Task(emulator, "contacted_domains", max_related=200).run().related["contacted_domains"]

    assert len(emulator.requests) <= 4
    assert relationship.outcome.found
    assert "repeated" in relationship.outcome.detail
    assert not relationship.complete


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"status": 403}, "forbidden"),
        ({"status": 404}, "unknown"),
        ({"status": 400}, "invalid"),
        ({"status": 400, "code": "NotAvailableYet"}, "pending"),
        ({"status": 503}, "failed"),
        ({"status": 502, "body": "html"}, "failed"),
        ({"kind": "garbage"}, "failed"),
        ({"kind": "reset"}, "failed"),
    ],
)
def test_one_relationship_that_fails_costs_itself(emulator: Emulator, fault: dict[str, Any], status: str) -> None:
    for place, name in enumerate(SIX):
        emulator.store.put({"type": "file", "id": SHA}, {name: files(place + 1)})
    emulator.fault("GET /files/*/dropped_files", **fault)
    task = Task(emulator, *SIX)

    deadline = soon()
    report = look_up(task.plan, task.client, deadline)
    report = expand_report(task.plan, report, task.client, deadline)
    task.client.close()

    assert statuses(report) == dict.fromkeys(SIX, "found") | {"dropped_files": status}
    assert len(report.related["dropped_files"].items) == 5  # the descriptors stay
    assert not report.related["dropped_files"].detailed


def test_a_page_that_fails_keeps_those_before(emulator: Emulator) -> None:
    emulator.store.put({"type": "file", "id": SHA}, {"contacted_domains": domains(95)})
    emulator.fault("GET /files/*/contacted_domains", status=403, skip=1)

    relationship = Task(emulator, "contacted_domains", max_related=95).run().related["contacted_domains"]

    assert (
        len(relationship.items),
        relationship.detailed,
        relationship.complete,
        relationship.total,
    ) == (40, True, False, 95)
    assert relationship.outcome.status is Status.FORBIDDEN


@pytest.mark.parametrize("switch", ["404", "400"])
def test_a_bad_name_is_asked_alone_and_costs_itself(emulator: Emulator, switch: str) -> None:
    emulator.switches.unknown_relationship = switch

    report = Task(emulator, "contacted_domains", "brand_new").run()

    assert statuses(report) == {
        "contacted_domains": "found",
        "brand_new": "unknown" if switch == "404" else "invalid",
    }
    assert "brand_new" not in emulator.requests[0].query


@pytest.mark.parametrize(("switch", "first", "second"), [("403", 2, 1), ("400", 2, 1), ("left-out", 1, 1)])
def test_premium_names_on_a_public_key(emulator: Emulator, switch: str, first: int, second: int) -> None:
    emulator.switches.inline_forbidden = switch
    memory = KeyCapabilities()
    names = ("contacted_domains", "similar_files", "votes")
    report = Task(emulator, *names, key="public", analyze=False).run(memory)

    assert len(emulator.requests) == first
    refused = {"403": "forbidden", "400": "invalid", "left-out": "unknown"}[switch]
    assert statuses(report) == {"contacted_domains": "found", "similar_files": refused, "votes": "found"}

    emulator.requests.clear()
    again = Task(emulator, *names, key="public", analyze=False).run(memory)
    assert len(emulator.requests) == second
    assert statuses(again) == statuses(report)


@pytest.mark.parametrize(("switch", "requests"), [("403", 3), ("400", 4), ("left-out", 3)])
def test_premium_names_on_a_public_key_analysed(emulator: Emulator, switch: str, requests: int) -> None:
    emulator.switches.inline_forbidden = switch

    report = Task(emulator, "contacted_domains", "similar_files", key="public").run()

    assert statuses(report) == {"contacted_domains": "found", "similar_files": "forbidden"}
    assert len(emulator.requests) == requests


@pytest.mark.parametrize("analyze", [True, False])
def test_combined_requests_that_are_never_taken(emulator: Emulator, analyze: bool) -> None:
    ask = _Scripted({"relationships": errors.InvalidError("no")}, plain={"data": {"type": "file", "id": SHA}})
    settings = Settings(relationships=("votes", "similar_files"), analyze_relationship=analyze)
    plan, memory = planner.plan(FILE, Registry(), settings), KeyCapabilities()

    report = look_up(plan, ask, soon(), capabilities=memory)

    assert [request.query for request in ask.asked] == [
        (("relationships", "votes,similar_files"),),
        (("relationships", "votes"),),
        (),
    ]
    assert report.outcome.found
    assert statuses(report) == ({} if analyze else {"votes": "failed", "similar_files": "failed"})
    assert planner.names_to_page(plan, report) == (("votes", "similar_files") if analyze else ())
    assert len(ask.asked) <= plan.cost
    assert not memory.refused("file"), "what every key may read is refused by a passing fault alone"


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"status": 404}, "unknown"),
        ({"status": 403}, "forbidden"),
        ({"status": 400}, "invalid"),
        ({"status": 503}, "failed"),
        ({"status": 429}, "quota"),
        ({"kind": "garbage"}, "failed"),
    ],
)
@pytest.mark.parametrize("names", [(), ("votes", "similar_files")])
def test_outcomes_of_the_subject(emulator: Emulator, fault: Any, status: str, names: tuple[str, ...]) -> None:
    emulator.fault("GET /files/*", **fault)
    task = Task(emulator, *names)

    report = look_up(task.plan, task.client, soon())
    task.client.close()

    assert report.outcome.status.value == status
    assert (report.subject.ref, dict(report.subject.attributes), dict(report.related)) == (FILE, {}, {})


@pytest.mark.parametrize("pattern", ["GET /files/*", "GET /files/*/votes"])
def test_a_wrong_key_leaves_at_once(emulator: Emulator, pattern: str) -> None:
    for name in SIX:
        emulator.store.put({"type": "file", "id": SHA}, {name: files(1)})
    emulator.fault(pattern, status=401)

    with pytest.raises(errors.AuthenticationError):
        Task(emulator, *SIX).run()


def test_a_used_up_quota_ends_all_and_keeps_what_is_known(emulator: Emulator) -> None:
    for name in SIX:
        emulator.store.put({"type": "file", "id": SHA}, {name: files(1)})
    emulator.clock.set(1_735_700_000)
    task = Task(emulator, *SIX, key="four")
    deadline = soon()

    report = look_up(task.plan, task.client, deadline)
    report = expand_report(task.plan, report, task.client, deadline)
    task.client.close()

    names_of_statuses = list(statuses(report).values())
    assert sorted(names_of_statuses) == ["found"] * 3 + ["quota"] * 3
    assert all(entry.items for entry in report.related.values())
    assert len(emulator.requests) <= 7 + 3


class _Scripted(Source):
    """A source that answers by what a request asks for."""

    def __init__(self, errors_: Mapping[str, Exception], plain: Mapping[str, Any]) -> None:
        self.errors, self.plain = errors_, plain
        self.asked: list[Request] = []

    def ask(self, request: Request, deadline: float) -> Answer:
        self.asked.append(request)
        for word, error in self.errors.items():
            if word in dict(request.query) or request.path.endswith(word):
                raise error
        return Answer(self.plain)

    def close(self) -> None:
        """Nothing to close."""


def blocks(*names: str) -> dict[str, Any]:
    related = {name: {"data": [{"type": "file", "id": SHA}]} for name in names}
    return {"data": {"type": "file", "id": SHA, "relationships": related}}


def staged(source: _Scripted, *names: str, deadline: float) -> Report:
    plan = planner.plan(FILE, Registry(), Settings(relationships=names, analyze_relationship=True))
    report = look_up(plan, source, soon())
    return expand_report(plan, report, source, deadline)


def test_after_the_deadline_all_is_skipped() -> None:
    source = _Scripted({}, blocks(*SIX))
    report = staged(source, *SIX, deadline=time.monotonic())

    assert set(statuses(report).values()) == {"skipped"}
    assert len(source.asked) == 1


def test_after_a_quota_error_the_rest_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor, "WORKERS", 1)
    source = _Scripted({"behaviours": errors.QuotaError("used up")}, blocks(*SIX))
    report = staged(source, *SIX, deadline=soon())

    assert set(statuses(report).values()) == {"quota"}
    assert len(source.asked) == 2


@pytest.mark.parametrize("error", [RuntimeError("broken link"), KeyError("x"), RecursionError()])
def test_a_source_that_breaks_costs_its_step(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    source = _Scripted({"votes": error}, blocks(*SIX))
    report = staged(source, *SIX, deadline=soon())

    assert report.related["votes"].outcome == Outcome(
        Status.FAILED, f"An unexpected error in a source of answers ({type(error).__name__})."
    )
    assert [status for name, status in statuses(report).items() if name != "votes"] == ["found"] * 5
    assert "unexpected" in caplog.text


def test_a_source_that_breaks_on_the_subject() -> None:
    report = staged(_Scripted({SHA: ValueError("x")}, {}), "votes", deadline=soon())

    assert report.outcome.status is Status.FAILED


@pytest.mark.parametrize("payload", [{"data": None}, {"data": [1]}, {"data": {"type": "url", "id": SHA}}])
def test_an_answer_of_something_else(payload: dict[str, Any]) -> None:
    assert staged(_Scripted({}, payload), "votes", deadline=soon()).outcome.status is Status.FAILED


def test_a_relationship_to_one_object_that_is_left_out_is_empty() -> None:
    plan = planner.plan(Ref("url", SHA), Registry(), Settings(relationships=("network_location",)))
    source = _Scripted({}, {"data": {"type": "url", "id": SHA}})

    relationship = look_up(plan, source, soon()).related["network_location"]

    assert (relationship.outcome.found, relationship.items, relationship.total) == (True, (), 0)


@pytest.mark.parametrize("absent", ["null", "missing", "404"])
def test_relationships_to_one_object(emulator: Emulator, absent: str) -> None:
    emulator.switches.absent_one = absent
    emulator.store.put({"type": "domain", "id": "www.example.com"}, {"parent": {"type": "domain", "id": "example.com"}})
    emulator.store.put({"type": "domain", "id": "example.com"}, {})
    settings = Settings(host=emulator.url, relationships=("parent", "immediate_parent"), analyze_relationship=True)
    plan = planner.plan(Ref("domain", "www.example.com"), Registry(), settings)
    client = HttpClient(settings, Credentials("premium"), policy=PACE)

    report = look_up(plan, client, soon())
    report = expand_report(plan, report, client, soon())
    client.close()

    assert [item.ref.id for item in report.related["parent"].items] == ["example.com"]
    assert statuses(report) == {"parent": "found", "immediate_parent": "found"}


def test_two_subjects_side_by_side(emulator: Emulator) -> None:
    emulator.store.put({"type": "domain", "id": "example.com"}, {})
    settings = Settings(host=emulator.url)
    client = HttpClient(settings, Credentials("premium"), policy=PACE)
    found: list[Report] = []

    def run(ref: Ref) -> Callable[[], None]:
        return lambda: found.append(look_up(planner.plan(ref, Registry(), settings), client, soon()))

    threads = [threading.Thread(target=run(ref)) for ref in (FILE, Ref("domain", "example.com"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    client.close()

    assert sorted(report.subject.ref.kind for report in found) == ["domain", "file"]
    assert all(report.outcome.found for report in found)
