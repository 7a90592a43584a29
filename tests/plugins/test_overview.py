"""What is known of the subject beside its engines."""

import json
from typing import Any

import pytest

from virustotal.plugins import overview
from virustotal.testing import evidence, run

ANALYZERS = {analyzer.kind: analyzer for analyzer in overview.virustotal_analyzers()}


def found(kind: str = "file", config: dict[str, Any] | None = None, **attributes: Any) -> list[Any]:
    return run(ANALYZERS[kind], evidence(kind, settings=config or {}, **attributes))


def facts(section: Any) -> dict[str, Any]:
    return dict(json.loads(section.body))


FILE = {
    "popular_threat_classification": {
        "suggested_threat_label": "trojan.example/test",
        "popular_threat_category": [{"value": "trojan", "count": 12}],
        "popular_threat_name": [["example", 9], ["test", 2]],
    },
    "threat_severity": {"threat_severity_level": "SEVERITY_HIGH", "level_description": "Because.", "version": "U3"},
    "first_submission_date": 1577836800,
    "last_submission_date": 1577836801,
    "last_analysis_date": 1577836802,
    "times_submitted": 4,
    "reputation": -7,
    "total_votes": {"harmless": 1, "malicious": 3},
    "names": ["a.exe", "b.exe", "", None, "a.exe"],
    "meaningful_name": "a.exe",
    "type_description": "Win32 EXE",
    "size": 1234,
    "md5": "0" * 32,
    "creation_date": 4246907690,
    "tags": ["peexe", "overlay"],
}


def test_facts_of_a_file() -> None:
    shown = facts(found(**FILE)[0])
    assert shown == {
        "Threat categories": "trojan (12)",
        "Threat severity": "high",
        "Threat severity reason": "Because.",
        "Times submitted": 4,
        "Reputation": -7,
        "Votes": "3 malicious, 1 harmless",
        "Names": "a.exe, b.exe",
        "Size in bytes": 1234,
        "MD5": "0" * 32,
        "Tags": "peexe, overlay",
    }


def test_many_names_are_bounded_and_said() -> None:
    shown = facts(found(names=[f"n{number}" for number in range(100)])[0])
    assert shown["Names"].endswith("n19 and 80 more")


@pytest.mark.parametrize("value", [None, [], "x", {}, 5, {"a": 1}, float("nan"), {"value": {"value": []}}, [[]], True])
def test_any_attribute_may_be_of_any_type(value: Any) -> None:
    known = {**FILE, "threat_names": [], "unique_sources": 1, "threat_verdict": "x"}
    for name in known:
        for section in found(**{**known, name: value}):
            assert section.title_text
