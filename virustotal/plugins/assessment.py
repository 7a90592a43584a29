"""Google Threat Intelligence's assessment, where the licence has it: shown and scored beside the engines."""

from collections.abc import Iterator, Mapping
from typing import Any

from virustotal.core import Analyzer, Evidence, Family, Finding, Points, hookimpl, tables
from virustotal.core.readers import as_mapping, as_text, as_texts, integer, pairs
from virustotal.core.relationships import KINDS
from virustotal.core.verdicts import analyst_verdict

#: Points of a malicious verdict by severity, before the family's cap. Other severities count as the lowest.
MALICIOUS_POINTS: Mapping[str, int] = {"high": 500, "medium": 400, "low": 300}
SUSPICIOUS_POINTS = 100
#: Points of an analyst's malicious verdict, whatever engines and machines say.
ANALYST_POINTS = 1000
#: Severities that say nothing.
_NO_SEVERITY = frozenset({"", "none", "unknown"})


@hookimpl
def virustotal_analyzers() -> tuple[Analyzer, ...]:
    """One analyser a kind of subject."""
    summary = "Google Threat Intelligence's assessment"
    return tuple(
        Analyzer(
            "assessment" if kind == "file" else f"{kind}_assessment", kind, analyze=analyze, order=20, summary=summary
        )
        for kind in KINDS
    )


def analyze(evidence: Evidence) -> Iterator[Finding]:
    """Yield the assessment and its points: a human analyst's verdict goes before the machines' one."""
    attributes = evidence.report.subject.attributes
    assessment = as_mapping(attributes.get("gti_assessment"))
    verdict, severity = _word(assessment, "verdict", "VERDICT_"), _word(assessment, "severity", "SEVERITY_")
    threat_score = integer(_value(assessment.get("threat_score")))
    section = tables.key_values(
        "Google Threat Intelligence",
        (
            ("Verdict", verdict),
            ("Severity", severity),
            ("Threat score (0 to 100)", threat_score),
            ("Description", as_text(assessment.get("description"))),
            ("Indicator confidence (0 to 100)", integer(attributes.get("mandiant_ic_score"))),
            *_factors(as_mapping(assessment.get("contributing_factors"))),
        ),
    )
    if section is None:
        return
    yield section
    analyst = analyst_verdict(evidence.report.subject)
    if analyst == "malicious":
        reason = "Rated malicious by a Mandiant analyst."
        yield Points(Family.ANALYST, "analyst.malicious", ANALYST_POINTS, reason, section)
        return
    amount = _points(verdict, severity)
    if amount:
        grade = "" if severity in _NO_SEVERITY else f", {severity} severity"
        reason = f"Google Threat Intelligence: {verdict}{grade}."
        if analyst == "benign":
            amount, reason = 0, f"{reason} Not counted: rated benign by a Mandiant analyst."
        yield Points(Family.ASSESSMENT, f"assessment.{verdict}", amount, reason, section)


def _points(verdict: str, severity: str) -> int:
    if verdict == "malicious":
        return MALICIOUS_POINTS.get(severity, min(MALICIOUS_POINTS.values()))
    return SUSPICIOUS_POINTS if verdict == "suspicious" else 0


def _value(entry: Any) -> Any:
    return entry.get("value") if isinstance(entry, Mapping) else entry


def _word(assessment: Mapping[str, Any], key: str, prefix: str) -> str:
    return as_text(_value(assessment.get(key)), 60).upper().removeprefix(prefix).lower()


def _factors(factors: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What contributed: those that are true by name alone, the others with their value."""
    names = [name.replace("_", " ") for name, value in pairs(factors) if value is True]
    yield "Contributing factors", tables.listed(names)
    for name, value in pairs(factors):
        if not isinstance(value, bool):
            yield name.replace("_", " ").capitalize(), tables.listed(as_texts(value))
