"""The subject's plugins over every recorded object, and over objects of which one attribute is broken."""

import random
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from assemblyline.odm.models.ontology.results.antivirus import Antivirus

from tests.conftest import load, report_files
from virustotal.core.analyzer import Evidence
from virustotal.core.findings import OntologyPart, Points
from virustotal.core.models import Object, Ref, Report
from virustotal.core.scoring.heuristics import CAPS
from virustotal.core.scoring.verdicts import VERDICT_ATTRIBUTES, counters, judge
from virustotal.core.scoring.words import ANSWERED
from virustotal.core.settings import Settings
from virustotal.plugins import assessment, detections, overview

SETTINGS = Settings()
ANALYZERS = [each for module in (detections, overview, assessment) for each in module.virustotal_analyzers()]
KINDS = {each.kind for each in ANALYZERS}
#: What an attribute is replaced by; the first stands for its absence.
BROKEN: tuple[Any, ...] = (..., None, [], {}, "", "x", 0, -1, 2**70, 1e308, True, [None], {"": None}, [[]], "\x00")


def objects(value: Any) -> Iterator[Object]:
    if isinstance(value, dict):
        if str(value.get("type")) in KINDS and isinstance(value.get("attributes"), dict):
            yield Object(Ref(value["type"], str(value.get("id", ""))), value["attributes"])
        for entry in value.values():
            yield from objects(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from objects(entry)


@cache
def everything() -> tuple[Object, ...]:
    return tuple(each for path in report_files(".") for each in objects(load(path)))


def check(given: Object) -> None:
    evidence = Evidence(Report(given), None, SETTINGS, lambda each: judge(each, SETTINGS))
    found = [
        finding for analyzer in ANALYZERS if analyzer.kind == given.ref.kind for finding in analyzer.analyze(evidence)
    ]
    verdict = evidence.judge(given)
    answered = sum(1 for each in verdict.detections if each.category in ANSWERED)
    stats = counters(given)
    if answered or any(stats.get(name) for name in ANSWERED):
        assert found[0].title_text.startswith(("Detections: ", "All engines ("))
    for each in found:
        if isinstance(each, OntologyPart):
            Antivirus({**each.data, "objectid": {"tag": "x", "ontology_id": "y"}})
        elif isinstance(each, Points):
            assert 0 <= each.amount <= CAPS[each.family]
            assert each.reason
        else:
            assert each.title_text
            assert each.body is None or isinstance(each.body, str)


def broken(given: Object, name: str, value: Any) -> Object:
    attributes = {key: entry for key, entry in given.attributes.items() if key != name}
    return Object(given.ref, attributes if value is ... else {**attributes, name: value})


def test_every_recorded_object(reports: object) -> None:
    found = everything()
    assert len(found) > 100
    for each in found:
        check(each)


def test_a_sample_with_one_broken_attribute(reports: object) -> None:
    picks = random.Random(4)  # the same sample in every run
    found = everything()
    for _ in range(500):
        each = picks.choice(found)
        names = sorted({*each.attributes, *VERDICT_ATTRIBUTES})
        check(broken(each, picks.choice(names), picks.choice(BROKEN)))


class Recording(dict[str, Any]):
    """Attributes that remember which of them were read."""

    def __init__(self, given: Any) -> None:
        super().__init__(given)
        self.read: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.read.add(key)
        return super().get(key, default)


@pytest.mark.slow
def test_each_attribute_of_each_object_broken(reports: object) -> None:
    for each in everything():
        attributes = Recording(each.attributes)
        check(Object(each.ref, attributes))
        for name in attributes.read & attributes.keys():
            for value in BROKEN:
                check(broken(each, name, value))
