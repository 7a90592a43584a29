"""Recorded reports with values deleted, nulled and retyped: through the service, into a valid result."""

import itertools
import json
import random
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPORTS, load, report_files
from tests.service.conftest import titles
from virustotal.api.identifiers import url_id
from virustotal.api.source import Answer, Request, Source
from virustotal.local.run_task import run_task, started_service
from virustotal.local.targets import digest_target, target_of
from virustotal.util.readers import as_mapping

#: Mutations that the ordinary run takes; all of them are `slow`.
SAMPLE = 100
#: Reports of which every fifth value, at any depth, is replaced at once.
NESTED_SAMPLE = 80
#: Entries of one list that are replaced.
MOST_ENTRIES = 6

DELETED = object()
RETYPED: tuple[Any, ...] = (
    DELETED,
    None,
    "text",
    "",
    7,
    -1.5,
    2**70,
    True,
    [],
    ["text", None, 3],
    {},
    {"": 1, "a b": {"c": []}},
)
HOSTILE: tuple[Any, ...] = (
    *RETYPED[1:],
    float("nan"),
    float("inf"),
    1e18,
    "\ud800x",
    "gpj.\u202eexe",
    "zero\u200bwidth",
    "\x1b[31mred\x00",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "A" * 3_000,
    ["\ud800"],
    {"\u202ekey": "value"},
    [[[[]]]],
)

pytestmark = pytest.mark.skipif(not REPORTS.is_dir(), reason="no recorded answers beside this checkout")


class Prepared(Source):
    """A source that answers with one report."""

    def __init__(self) -> None:
        self.data: Mapping[str, Any] = {}

    def ask(self, request: Request, deadline: float) -> Answer:
        return Answer({"data": self.data})

    def close(self) -> None:
        """Nothing is open."""


def recorded() -> list[tuple[str, dict[str, Any]]]:
    found: dict[str, dict[str, Any]] = {}
    for path in report_files("file"):
        data = as_mapping(as_mapping(load(path)).get("data"))
        if data.get("type") == "file" and data.get("attributes"):
            found[data["id"]] = dict(data["attributes"])
    return list(found.items())


def mutations() -> list[tuple[str, str, Any]]:
    return [
        (identifier, name, value)
        for identifier, attributes in recorded()
        for name, value in itertools.product(attributes, RETYPED)
    ]


def mutated(attributes: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    left = {key: entry for key, entry in attributes.items() if key != name}
    return left if value is DELETED else {**left, name: value}


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    source = Prepared()
    monkeypatch.setattr("virustotal.sources.build", lambda *_args, **_more: source)
    with ExitStack() as stack:
        service = stack.enter_context(started_service({"api_key": "any", "storage": str(tmp_path / "store.sqlite3")}))

        def run(identifier: str, attributes: Mapping[str, Any]) -> Any:
            source.data = {"type": "file", "id": identifier, "attributes": attributes}
            return run_task(service, digest_target(identifier), {"relationships": ""})

        yield run


def check(prepared: Any, chosen: list[tuple[str, str, Any]]) -> None:
    reports = dict(recorded())
    for identifier, name, value in chosen:
        outcome = prepared(identifier, mutated(reports[identifier], name, value))
        what = (identifier, name, "deleted" if value is DELETED else value)
        assert not outcome.error, (what, outcome.message)
        text = "\n".join(titles(outcome))
        assert "Analysers that failed" not in text, what
        engines = reports[identifier].get("last_analysis_results")
        if engines and name not in {"last_analysis_results", "last_analysis_stats"}:
            assert "Detections: " in text or "All engines" in text, what


def test_a_sample_of_all_mutations(prepared: Any) -> None:
    chosen = random.Random(20240229).sample(mutations(), SAMPLE)
    check(prepared, chosen)


@pytest.mark.slow
def test_all_mutations(prepared: Any) -> None:
    check(prepared, mutations())


def all_recorded() -> list[tuple[str, str, dict[str, Any]]]:
    """Return what to look up, the id and the attributes of every recorded file, URL, domain and address."""
    objects: dict[str, tuple[str, str, dict[str, Any]]] = {}
    for kind in ("file", "url", "domain", "ip_address"):
        for path in report_files(kind):
            data = as_mapping(as_mapping(load(path)).get("data"))
            attributes = data.get("attributes")
            if data.get("type") == kind and attributes:
                objects[data["id"]] = (attributes["url"] if kind == "url" else data["id"], kind, dict(attributes))
    return list(objects.values())


def with_hostile(value: Any, chance: random.Random) -> Any:
    """Return the value with one in five of what lies in it replaced."""
    if isinstance(value, dict):
        return {
            key: chance.choice(HOSTILE) if chance.random() < 0.2 else with_hostile(entry, chance)
            for key, entry in value.items()
        }
    if isinstance(value, list):
        return [
            chance.choice(HOSTILE) if chance.random() < 0.2 else with_hostile(entry, chance)
            for entry in value[:MOST_ENTRIES]
        ]
    return value


def test_values_at_any_depth(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    source = Prepared()
    monkeypatch.setattr("virustotal.sources.build", lambda *_args, **_more: source)
    chance = random.Random(20)
    reports = all_recorded()
    with started_service({"api_key": "any", "storage": str(tmp_path / "store.sqlite3")}) as service:
        for _ in range(NESTED_SAMPLE):
            what, kind, attributes = chance.choice(reports)
            target = target_of(what, tmp_path)
            identifier = url_id(what) if kind == "url" else what
            hostile = {name: with_hostile(value, chance) for name, value in attributes.items()}
            source.data = {"type": kind, "id": identifier, "attributes": hostile}
            outcome = run_task(service, target, {"relationships": ""})
            assert not outcome.error, (what, outcome.message)
            failed = [section["body"] for section in outcome.sections if "that failed" in section["title_text"]]
            assert not failed, (what, failed)
            assert json.dumps(outcome.handed, allow_nan=False)
