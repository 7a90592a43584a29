"""Relationships through the emulator and the framework's own task handler, into results that Assemblyline takes."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from assemblyline_v4_service.common.base import ServiceBase

from tests.conftest import REPORTS, load, report_files, requests_of
from virustotal.api import relationships
from virustotal.api.relationships import CATALOGUE
from virustotal.emulator.facts import RELATIONSHIPS
from virustotal.emulator.server import Emulator
from virustotal.emulator.store import Store
from virustotal.local.run_task import Target, TaskOutcome, run_task, started_service
from virustotal.local.targets import bare_target, digest_target, uri_target


@pytest.fixture(scope="module")
def world() -> Iterator[tuple[Emulator, ServiceBase]]:
    """The invented world, and a service that asks it with a key that may read everything."""
    with Emulator() as emulator, started_service({"host": emulator.url, "api_key": "gti-key"}) as service:
        yield emulator, service


@pytest.fixture(scope="module")
def recorded(reports: Path) -> Iterator[tuple[Emulator, ServiceBase]]:
    """The recorded answers, in the same way."""
    with Emulator(reports) as emulator, started_service({"host": emulator.url, "api_key": "gti-key"}) as service:
        yield emulator, service


def target(store: Store, kind: str, id: str, folder: Path) -> Target:
    if kind == "file":
        return digest_target(id)
    return uri_target(store.attributes("url", id)["url"], folder) if kind == "url" else bare_target(id, folder)


def flat(outcome: TaskOutcome) -> dict[str, Mapping[str, Any]]:
    """All sections by title; what failed would be one of them."""
    assert not outcome.error, outcome.message
    found = {section["title_text"]: section for section in outcome.sections}
    assert not [title for title in found if title.startswith(("Analysers that failed", "Plugins that did not load"))]
    return found


def shows(found: Mapping[str, Any], kind: str, name: str) -> bool:
    return any(title.startswith(CATALOGUE[kind, name].title) for title in found)


def richest(store: Store, kind: str) -> list[str]:
    """The objects of a kind that have most relationships, as few as show all of them."""
    covered: set[str] = set()
    chosen = []
    for id in sorted(store.identities(kind), key=lambda each: -len(store.names(kind, each))):
        if set(store.names(kind, id)) - covered and store.attributes(kind, id):
            covered.update(store.names(kind, id))
            chosen.append(id)
    return chosen


@pytest.mark.parametrize("analyze", ["false", "true"])
@pytest.mark.parametrize("kind", ["file", "url", "domain"])  # the world's addresses are reserved: never looked up
def test_every_relationship_of_the_invented_world(
    kind: str, analyze: str, world: tuple[Emulator, ServiceBase], tmp_path: Path
) -> None:
    store, service = world[0].store, world[1]
    names = [entry.name for entry in relationships.of_kind(kind) if entry.name in RELATIONSHIPS[kind]]
    for id in richest(store, kind):
        parameters = {"relationships": ",".join(names), "analyze_relationship": analyze}
        rows = flat(run_task(service, target(store, kind, id, tmp_path), parameters))
        for name in store.names(kind, id):
            entry = relationships.find(kind, name)
            asked = entry is not None and name != "behaviours" and (analyze == "true" or not entry.doubtful)
            if asked and store.related(kind, id, name)[1]:
                assert shows(rows, kind, name), (id, name, list(rows))


def below(outcome: TaskOutcome, title: str) -> str:
    """What stands in the sections of a title and in all below them."""
    texts: list[str] = []
    depth: int | None = None
    for section in outcome.sections:
        if depth is None or section["depth"] <= depth:
            depth = section["depth"] if section["title_text"].startswith(title) else None
        if depth is not None:
            texts.append(f"{section['title_text']}\n{section.get('body') or ''}")
    return "\n".join(texts)


def has_reports(store: Store, items: Any) -> bool:
    return any(store.get(item["type"], item["id"]) for item in (items if isinstance(items, list) else [items]) if item)


@pytest.mark.parametrize("kind", ["file", "url", "domain"])
def test_an_invented_attribute_of_any_object_reaches_the_result(kind: str, tmp_path: Path) -> None:
    with Emulator() as emulator:
        store = emulator.store
        for each in {*relationships.KINDS, *(yields for entry in CATALOGUE.values() for yields in entry.yields)}:
            for id in store.identities(each):
                (store.get(each, id) or {})["attributes"]["invented_fact"] = "zebra-4711"
        id = richest(store, kind)[0]
        names = [name for name in store.names(kind, id) if has_reports(store, store.related(kind, id, name)[1])]
        parameters = {"relationships": ",".join(names), "analyze_relationship": "true"}
        with started_service({"host": emulator.url, "api_key": "gti-key", "inline": False}) as service:
            outcome = run_task(service, target(store, kind, id, tmp_path), parameters)
    flat(outcome)
    assert "zebra-4711" in below(outcome, "Further attributes")
    for name in names:
        title = {"behaviours": "Sandbox activity"}.get(name) or CATALOGUE[kind, name].title
        assert "zebra-4711" in below(outcome, title), name
    assert names


def collections() -> dict[tuple[str, str], list[str]]:
    """Kind and id to the relationships of which recorded collections exist."""
    found: dict[tuple[str, str], list[str]] = {}
    for path in report_files("rel_file", "rel_url", "rel_domain", "rel_ip_address"):
        *_, id, name = load(path)["links"]["self"].partition("?")[0].split("/")
        found.setdefault((path.parent.name.removeprefix("rel_"), id), []).append(name)
    return found


@pytest.mark.parametrize(("key", "names"), collections().items(), ids=lambda each: "-".join(each))
def test_recorded_collections(
    key: tuple[str, str], names: list[str], recorded: tuple[Emulator, ServiceBase], tmp_path: Path
) -> None:
    store, service = recorded[0].store, recorded[1]
    kind, id = key
    if not store.attributes(kind, id):
        store.put({"type": kind, "id": id, "attributes": {"last_analysis_results": {}}})
    for analyze in ("false", "true"):
        parameters = {"relationships": ",".join(names), "analyze_relationship": analyze}
        rows = flat(run_task(service, target(store, kind, id, tmp_path), parameters))
        for name in names:
            assert shows(rows, kind, name) is bool(store.related(kind, id, name)[1]), (name, list(rows))


@pytest.mark.parametrize("path", report_files("feed_file"), ids=lambda path: path.stem)
def test_recorded_feeds(path: Path, recorded: tuple[Emulator, ServiceBase]) -> None:
    data = load(path)["data"]
    names = list(data["relationships"])
    for analyze in ("false", "true"):
        parameters = {"relationships": ",".join(names), "analyze_relationship": analyze}
        rows = flat(run_task(recorded[1], digest_target(data["id"]), parameters))
        for name in names:
            assert shows(rows, "file", name) is bool(data["relationships"][name]["data"]), (name, list(rows))


def test_recorded_answers_are_there_or_nothing_is_claimed() -> None:
    assert bool(collections()) is REPORTS.is_dir()


@pytest.fixture
def crowded(world: tuple[Emulator, ServiceBase]) -> Iterator[tuple[Emulator, ServiceBase, Target]]:
    """A file with 95 contacted domains and five other relationships, of which nothing was asked yet."""
    emulator, service = world
    domains = [
        {"type": "domain", "id": f"n{place}.example.net", "attributes": {"last_analysis_results": {}, "tld": "net"}}
        for place in range(95)
    ]
    others = [{"type": "file", "id": f"{place:064x}", "attributes": {"size": place}} for place in range(3)]
    emulator.store.put(
        {"type": "file", "id": CROWDED, "attributes": {"size": 1}},
        {"contacted_domains": domains, **dict.fromkeys(FIVE, others)},
    )
    emulator.requests.clear()
    yield emulator, service, digest_target(CROWDED)
    emulator.clear()


CROWDED = "9" * 64
FIVE = ("bundled_files", "dropped_files", "execution_parents", "pe_resource_children", "pe_resource_parents")


@pytest.mark.parametrize(
    ("parameters", "deep", "title", "requests"),
    [
        ({}, False, "Contacted domains (40 of 95)", 2),
        ({"max_related": "95"}, False, "Contacted domains (95)", 4),
        ({"max_related": "41"}, False, "Contacted domains (41 of 95)", 3),
        ({}, True, "Contacted domains (95)", 4),
        ({"analyze_relationship": "false"}, False, "Contacted domains (", 1),
    ],
)
def test_ninety_five_related_domains(
    parameters: dict[str, str],
    deep: bool,
    title: str,
    requests: int,
    crowded: tuple[Emulator, ServiceBase, Target],
) -> None:
    emulator, service, target = crowded
    given = {"relationships": "contacted_domains", "analyze_relationship": "true", **parameters}
    rows = flat(run_task(service, target, given, deep_scan=deep, ignore_cache=True))
    assert [row for row in rows if row.startswith(title)]
    assert len(requests_of(emulator)) == requests
    if "95" in title and "of" not in title:
        assert len(json.loads(rows["With a report (95)"]["body"])) == 95


def test_one_forbidden_relationship_of_six(crowded: tuple[Emulator, ServiceBase, Target]) -> None:
    emulator, service, target = crowded
    emulator.fault(f"GET /files/{CROWDED}/execution_parents", status=403)
    parameters = {"relationships": ",".join((*FIVE, "contacted_domains")), "analyze_relationship": "true"}
    rows = flat(run_task(service, target, parameters))
    for name in (*FIVE, "contacted_domains"):
        assert shows(rows, "file", name)  # of the sixth the identifiers that came with the file
    (coverage,) = [section for title, section in rows.items() if title.startswith("Coverage: what")]
    (row,) = [row for row in json.loads(coverage["body"]) if "premium" in row["result"]]
    assert row["relationship"] == "execution_parents"
