"""Attributes in line: one request where the server gives them, and no more than before where it does not."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from attrs import evolve

from virustotal.api.relationships import CATALOGUE
from virustotal.api.source import RemainingQuota
from virustotal.client.http_client import HttpClient
from virustotal.client.retry import RetryPolicy
from virustotal.core.analyzer import Analyzer, Needs
from virustotal.core.lookup import inline_attributes, planner
from virustotal.core.lookup.fetch import expand_report
from virustotal.core.lookup.key_capabilities import KeyCapabilities, Parameter
from virustotal.core.lookup.object_request import look_up
from virustotal.core.models import Object, Ref, Related, Report, Status
from virustotal.core.plugin_host.manager import load
from virustotal.core.plugin_host.registry import Registry
from virustotal.core.settings import Credentials, PluginConfig, Settings
from virustotal.emulator.server import Emulator
from virustotal.plugins import BUILTIN

FILE = Ref("file", "c" * 64)
TEN = tuple(
    name
    for name in (
        *("contacted_domains", "contacted_ips", "contacted_urls", "dropped_files", "bundled_files", "embedded_domains"),
        *("embedded_ips", "embedded_urls", "execution_parents", "pe_resource_parents"),
    )
)
ENGINES = {
    "last_analysis_results": {"One": {"category": "undetected", "engine_name": "One", "result": None}},
    "last_analysis_stats": {"undetected": 1},
}
REGISTRY = load(BUILTIN, Settings(plugins=PluginConfig(external=False))).registry
PUBLIC = "public"


def objects(name: str, count: int) -> list[dict[str, Any]]:
    (kind,) = CATALOGUE["file", name].yields
    ids = {
        "file": lambda place: f"{place + 1:064x}",
        "url": lambda place: f"{place + 1:064x}",
        "domain": lambda place: f"d{place}.example.com",
        "ip_address": lambda place: f"192.0.2.{place}",
    }
    own = {"url": {"url": "http://example.com/"}, "file": {"size": 3}}.get(kind, {})
    attributes = {**ENGINES, **own, "reputation": 7}
    return [{"type": kind, "id": ids[kind](place), "attributes": attributes} for place in range(count)]


@pytest.fixture(scope="module")
def running() -> Iterator[Emulator]:
    with Emulator({}, keys={"premium": "premium", PUBLIC: "public:minute=1000"}) as emulator:
        yield emulator


@pytest.fixture
def emulator(running: Emulator) -> Emulator:
    running.clear()
    put(running)
    return running


def put(emulator: Emulator, count: int = 10, names: tuple[str, ...] = TEN) -> None:
    emulator.store.put(
        {"type": "file", "id": FILE.id, "attributes": {"size": 3}}, {name: objects(name, count) for name in names}
    )


def run(
    emulator: Emulator,
    *names: str,
    capabilities: KeyCapabilities | None = None,
    key: str = "premium",
    registry: Registry = REGISTRY,
    **settings: Any,
) -> Report:
    wanted = Settings(host=emulator.url, relationships=names or TEN, analyze_relationship=True, **settings)
    client = HttpClient(wanted, Credentials(key), policy=RetryPolicy(first=0.01))
    plan = planner.plan(FILE, registry, wanted)
    capabilities = capabilities or KeyCapabilities()
    emulator.requests.clear()
    try:
        report = look_up(plan, client, time.monotonic() + 20, capabilities=capabilities)
        report = expand_report(plan, report, client, time.monotonic() + 20, capabilities=capabilities)
    finally:
        client.close()
    assert client.usage.requests <= plan.cost
    return report


def counts(report: Report) -> set[tuple[int, bool, bool]]:
    return {(len(each.items), each.detailed, each.complete) for each in report.related.values()}


@pytest.mark.parametrize(
    ("switch", "requests"), [("honoured", 1), ("ignored", 1 + 10), ("half", 1), ("400", 1 + 1 + 10)]
)
def test_ten_relationships_of_ten_objects(emulator: Emulator, switch: str, requests: int) -> None:
    emulator.switches.set(relationship_attributes=switch)

    report = run(emulator)

    assert len(emulator.requests) == requests
    assert counts(report) == {(10, True, True)}
    whole = switch in {"ignored", "400"}
    assert {item.whole for each in report.related.values() for item in each.items} == {whole}


@pytest.mark.parametrize("switch", ["honoured", "ignored", "400"])
def test_pages_are_shortened_where_the_server_does_that(emulator: Emulator, switch: str) -> None:
    emulator.switches.set(attributes=switch)
    capabilities = KeyCapabilities()

    report = run(emulator, capabilities=capabilities)

    assert len(emulator.requests) == 1 + 10 + (switch == "400")
    assert counts(report) == {(10, True, True)}
    items = [item for each in report.related.values() for item in each.items]
    assert {item.whole for item in items} == {switch != "honoured"}
    assert {"reputation" in item.attributes for item in items} == {switch != "honoured"}
    run(emulator, capabilities=capabilities)
    assert len(emulator.requests) == 1 + 10


def test_a_refused_parameter_is_not_sent_again(emulator: Emulator) -> None:
    emulator.switches.set(relationship_attributes="400")
    capabilities = KeyCapabilities()

    assert run(emulator, capabilities=capabilities).outcome.found
    assert capabilities.takes(Parameter.INLINE) is False
    run(emulator, capabilities=capabilities)
    assert len(emulator.requests) == 1 + 10


def test_switched_off_nothing_of_it_is_sent(emulator: Emulator) -> None:
    emulator.switches.set(relationship_attributes="400", attributes="400")

    run(emulator, inline=False)

    assert len(emulator.requests) == 1 + 10
    assert not any("attributes" in request.query for request in emulator.requests)


@pytest.mark.parametrize(
    ("count", "most", "requests", "shown"),
    [(20, 40, 1, 20), (30, 40, 2, 30), (30, 20, 1, 20), (30, 5, 1, 5), (50, 40, 2, 40), (100, 200, 3, 100)],
)
def test_a_longer_list_goes_on_where_it_ended(
    emulator: Emulator, count: int, most: int, requests: int, shown: int
) -> None:
    emulator.switches.set(relationship_attributes="honoured", attributes="honoured")
    put(emulator, count, ("contacted_domains",))

    relationship = run(emulator, "contacted_domains", max_related=most).related["contacted_domains"]

    assert len(emulator.requests) == requests
    assert [item.ref.id for item in relationship.items] == [f"d{place}.example.com" for place in range(shown)]
    assert (relationship.complete, relationship.detailed) == (shown == count, True)
    assert all("cursor=" in request.query for request in emulator.requests[1:])


def test_a_cursor_that_does_not_work_keeps_what_came_and_is_not_used_again(emulator: Emulator) -> None:
    emulator.switches.set(relationship_attributes="honoured")
    put(emulator, 30, ("contacted_domains",))
    emulator.fault(f"GET /files/{FILE.id}/contacted_domains", status=400, times=1)
    capabilities = KeyCapabilities()

    relationship = run(emulator, "contacted_domains", capabilities=capabilities).related["contacted_domains"]
    assert (len(relationship.items), relationship.outcome.status, relationship.complete) == (
        20,
        Status.INVALID,
        False,
    )

    relationship = run(emulator, "contacted_domains", capabilities=capabilities).related["contacted_domains"]
    assert (len(relationship.items), relationship.outcome.status, len(emulator.requests)) == (
        30,
        Status.FOUND,
        2,
    )


def test_whole_objects_are_fetched_for_those_who_want_them(emulator: Emulator) -> None:
    emulator.switches.set(relationship_attributes="honoured")
    own = Analyzer("own", "file", "dropped_files", analyze=lambda _: ())

    report = run(emulator, registry=Registry((*REGISTRY.analyzers, own), frozenset({"own"})))

    assert len(emulator.requests) == 1 + 1
    assert all(item.whole for item in report.related["dropped_files"].items)
    run(emulator, registry=evolve(REGISTRY, judges=True))
    assert len(emulator.requests) == 1 + 10


@pytest.mark.parametrize("refusal", ["403", "400"])
@pytest.mark.parametrize("switch", ["honoured", "ignored", "400"])
def test_a_public_key_learns_its_names_and_the_parameter_apart(emulator: Emulator, refusal: str, switch: str) -> None:
    emulator.switches.set(relationship_attributes=switch, inline_forbidden=refusal)
    capabilities = KeyCapabilities()

    for _ in range(3):
        report = run(
            emulator, "contacted_domains", "dropped_files", "embedded_domains", capabilities=capabilities, key=PUBLIC
        )
        assert report.related["embedded_domains"].outcome.status in {Status.FORBIDDEN, Status.INVALID}
        assert len(report.related["contacted_domains"].items) == 10

    assert capabilities.takes(Parameter.INLINE) is (switch != "400")
    assert len([request for request in emulator.requests if "embedded_domains" not in request.path]) == (
        1 if switch == "honoured" else 3
    )


def test_what_the_quota_does_not_leave_room_for_is_skipped_from_the_end(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HttpClient, "remaining", lambda *_, **__: RemainingQuota(5))
    report = run(emulator)

    assert len(emulator.requests) == 1 + 5
    skipped = [each for each in report.related.values() if each.outcome.status is Status.SKIPPED]
    assert len(skipped) == 5
    assert all("5 requests left" in each.outcome.detail and each.items for each in skipped)


def test_one_request_stays_below_what_proxies_take() -> None:
    names = tuple(name for kind, name in CATALOGUE if kind == "file")
    plan = planner.plan(FILE, REGISTRY, Settings(relationships=names, analyze_relationship=True))

    pairs = plan.selections(plan.embed)
    assert len(pairs) > 20
    assert sum(len(name) + len(value) + 8 for name, value in pairs) <= inline_attributes.LONGEST_SELECTION
    assert len(",".join(plan.embed)) <= 1500


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        (ENGINES, True),
        ({**ENGINES, "size": None}, True),
        ({"last_analysis_stats": {}}, False),
        ({"size": 3}, False),
        ({}, False),
    ],
)
def test_what_counts_as_come(attributes: dict[str, Any], expected: bool) -> None:
    asked = inline_attributes.attributes_read("file", "dropped_files", REGISTRY)
    items = (Object(FILE, {**ENGINES}), Object(FILE, attributes, whole=False))

    assert inline_attributes.has_requested(Related("dropped_files", items), asked) is expected


def test_a_reduced_collection_that_nobody_asked_for_is_fetched() -> None:
    asked = inline_attributes.attributes_read("file", "collections", REGISTRY)
    reduced = Object(Ref("collection", "a"), {"name": "A", "collection_type": "collection"}, whole=False)

    assert not inline_attributes.has_requested(Related("collections", (reduced,)), asked)


def test_names_that_are_none_are_never_sent() -> None:
    own = Analyzer("own", "file", "dropped_files", analyze=lambda _: (), needs=Needs(("a&b=c",)))

    assert inline_attributes.attributes_read("file", "dropped_files", Registry((own,))) == ()


@pytest.mark.parametrize("bare", [0, 1, 5, 9])
def test_bare_items_among_items_with_attributes_cost_no_second_request(emulator: Emulator, bare: int) -> None:
    emulator.switches.set(relationship_attributes="honoured")
    known = objects("dropped_files", 10)
    items = [{"type": "file", "id": f"{place:062x}ff"} if place < bare else item for place, item in enumerate(known)]
    emulator.store.put({"type": "file", "id": FILE.id, "attributes": {"size": 3}}, {"dropped_files": items})

    related = run(emulator, "dropped_files").related["dropped_files"]

    assert len(emulator.requests) == 1
    assert (len(related.items), related.complete, related.detailed) == (10, True, True)
    assert [bool(item.error) for item in related.items].count(True) == bare


@pytest.mark.parametrize(
    ("switch", "beside", "requests"),
    [("honoured", "contacted_domains", 1), ("honoured", "", 2), ("ignored", "contacted_domains", 3)],
)
def test_a_relationship_of_bare_items_alone_costs_a_request_only_where_nothing_came_in_line(
    emulator: Emulator, switch: str, beside: str, requests: int
) -> None:
    emulator.switches.set(relationship_attributes=switch)
    bare = [{"type": "file", "id": f"{place:062x}ff"} for place in range(3)]
    others = {beside: objects(beside, 2)} if beside else {}
    emulator.store.put({"type": "file", "id": FILE.id, "attributes": {"size": 3}}, {"dropped_files": bare, **others})

    related = run(emulator, "dropped_files", *others).related["dropped_files"]

    assert len(emulator.requests) == requests
    assert (len(related.items), related.complete, related.detailed) == (3, True, True)
    assert {item.error for item in related.items} == {"NotFoundError"}


def test_an_object_that_came_reduced_unasked_proves_nothing_of_other_relationships() -> None:
    query = inline_attributes.selections(("dropped_files", "a"), {"dropped_files": ("size",), "a": ("name",)})
    bare = Related("dropped_files", (Object(FILE, whole=False),), detailed=False)
    reduced = Related("a", (Object(Ref("threat_actor", "x"), {"name": "X"}, whole=False),))

    related = inline_attributes.mark_known_by_id({"dropped_files": bare, "a": reduced}, query)

    assert related["dropped_files"] == bare


@pytest.mark.parametrize("switch", ["honoured", "ignored"])
def test_the_empty_file_is_no_finding(emulator: Emulator, switch: str) -> None:
    emulator.switches.set(relationship_attributes=switch)
    empty = {"type": "file", "id": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}
    emulator.store.put(
        {"type": "file", "id": FILE.id, "attributes": {"size": 3}},
        {"dropped_files": [*objects("dropped_files", 2), empty], "bundled_files": [empty]},
    )

    report = run(emulator, "dropped_files", "bundled_files")

    assert {name: len(related.items) for name, related in report.related.items()} == {
        "dropped_files": 2,
        "bundled_files": 0,
    }
    assert all(related.outcome.found and related.complete for related in report.related.values())
    assert len(emulator.requests) == (1 if switch == "honoured" else 2)


def test_a_mistyped_relationship_costs_one_request_for_one_file(emulator: Emulator) -> None:
    emulator.switches.set(relationship_attributes="honoured")
    capabilities = KeyCapabilities()

    for requests in (2, 1, 1):
        report = run(emulator, "contacted_domains", "contacted_domainz", capabilities=capabilities)
        assert len(emulator.requests) == requests
        assert report.related["contacted_domainz"].outcome.status is Status.UNKNOWN
        assert report.related["contacted_domains"].outcome.found


def test_a_thousand_unknown_names_cost_ten_requests_and_then_none(emulator: Emulator) -> None:
    emulator.switches.set(relationship_attributes="honoured")
    capabilities = KeyCapabilities()

    for requests in (11, 1):
        run(emulator, *(f"new_{place}" for place in range(1_000)), capabilities=capabilities, max_related=400)
        assert len(emulator.requests) == requests
