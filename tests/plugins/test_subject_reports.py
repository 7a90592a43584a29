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
ANALYZERS = [analyzer for module in (detections, overview, assessment) for analyzer in module.virustotal_analyzers()]
KINDS = {analyzer.kind for analyzer in ANALYZERS}
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


def check(obj: Object) -> None:
    evidence = Evidence(Report(obj), None, SETTINGS, lambda each: judge(each, SETTINGS))
    found = [
        finding for analyzer in ANALYZERS if analyzer.kind == obj.ref.kind for finding in analyzer.analyze(evidence)
    ]
    verdict = evidence.judge(obj)
    answered = sum(1 for detection in verdict.detections if detection.category in ANSWERED)
    stats = counters(obj)
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


def broken(obj: Object, name: str, value: Any) -> Object:
    attributes = {key: entry for key, entry in obj.attributes.items() if key != name}
    return Object(obj.ref, attributes if value is ... else {**attributes, name: value})


def test_every_recorded_object(reports: object) -> None:
    findings = everything()
    assert len(findings) > 100
    for finding in findings:
        check(finding)


def test_a_sample_with_one_broken_attribute(reports: object) -> None:
    picks = random.Random(4)  # the same sample in every run
    findings = everything()
    for _ in range(500):
        choice = picks.choice(findings)
        names = sorted({*choice.attributes, *VERDICT_ATTRIBUTES})
        check(broken(choice, picks.choice(names), picks.choice(BROKEN)))


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
    for finding in everything():
        attributes = Recording(finding.attributes)
        check(Object(finding.ref, attributes))
        for name in attributes.read & attributes.keys():
            for value in BROKEN:
                check(broken(finding, name, value))
