"""Google Threat Intelligence beside the engines."""

import json
from typing import Any

import pytest

from virustotal.plugins import assessment
from virustotal.testing import evidence, run

ANALYZERS = {analyzer.kind: analyzer for analyzer in assessment.virustotal_analyzers()}


def gti(verdict: Any = "VERDICT_MALICIOUS", severity: Any = "SEVERITY_HIGH", **more: Any) -> dict[str, Any]:
    return {"verdict": {"value": verdict}, "severity": {"value": severity}, **more}


def found(given: Any, kind: str = "file", **attributes: Any) -> list[Any]:
    return run(ANALYZERS[kind], evidence(kind, gti_assessment=given, **attributes))


@pytest.mark.parametrize("kind", sorted(ANALYZERS))
@pytest.mark.parametrize(
    ("verdict", "severity", "amount"),
    [
        ("VERDICT_MALICIOUS", "SEVERITY_HIGH", 500),
        ("VERDICT_MALICIOUS", "SEVERITY_MEDIUM", 400),
        ("VERDICT_MALICIOUS", "SEVERITY_LOW", 300),
        ("VERDICT_MALICIOUS", "SEVERITY_UNKNOWN", 300),
        ("VERDICT_MALICIOUS", None, 300),
        ("verdict_malicious", "high", 500),
        ("VERDICT_SUSPICIOUS", "SEVERITY_HIGH", 100),
        ("VERDICT_UNDETECTED", "SEVERITY_NONE", 0),
        ("VERDICT_BENIGN", "SEVERITY_HIGH", 0),
        ("VERDICT_UNKNOWN", "SEVERITY_UNKNOWN", 0),
        ("VERDICT_NOBODY_KNOWS", "SEVERITY_HIGH", 0),
    ],
)
def test_points(kind: str, verdict: Any, severity: Any, amount: int) -> None:
    section, *points = found(gti(verdict, severity), kind)
    assert [point.amount for point in points] == ([amount] if amount else [])
    assert all(point.family == "assessment" and point.section is section for point in points)


@pytest.mark.parametrize("severity", [None, "SEVERITY_NONE", "SEVERITY_UNKNOWN"])
def test_a_severity_that_says_nothing_is_left_out_of_the_reason(severity: Any) -> None:
    (_, points) = found(gti("VERDICT_MALICIOUS", severity))
    assert points.reason == "Google Threat Intelligence: malicious."


def test_what_is_shown() -> None:
    factors = {
        "gavs_detections": 3,
        "matched_malicious_yara": True,
        "associated_actor": False,
        "gavs_categories": ["a", "b"],
    }
    (section, _) = found(
        gti(threat_score={"value": 80}, description="Text.", contributing_factors=factors), mandiant_ic_score=77
    )
    assert dict(json.loads(section.body)) == {
        "Verdict": "malicious",
        "Severity": "high",
        "Threat score (0 to 100)": 80,
        "Description": "Text.",
        "Indicator confidence (0 to 100)": 77,
        "Contributing factors": "matched malicious yara",
        "Gavs detections": "3",
        "Gavs categories": "a, b",
    }


@pytest.mark.parametrize("given", [None, {}, [], "x", {"verdict": None}, {"contributing_factors": [1]}])
def test_nothing_known_nothing_shown(given: Any) -> None:
    assert found(given) == []


def test_values_that_are_not_nested() -> None:
    _, points = found({"verdict": "VERDICT_MALICIOUS", "severity": "SEVERITY_HIGH", "threat_score": "80"})
    assert points.amount == 500
