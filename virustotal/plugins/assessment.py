"""Google Threat Intelligence's assessment, where the licence has it: shown and scored beside the engines."""

from collections.abc import Iterator, Mapping
from typing import Any

from virustotal.core import Analyzer, Evidence, Family, Finding, Points, hookimpl, tables
from virustotal.core.readers import as_mapping, as_text, as_texts, integer, pairs

#: Points of a malicious verdict by severity, before the family's cap. Other severities count as the lowest.
MALICIOUS_POINTS: Mapping[str, int] = {"high": 500, "medium": 400, "low": 300}
SUSPICIOUS_POINTS = 100


@hookimpl
def virustotal_analyzers() -> tuple[Analyzer, ...]:
    """One analyser a kind of subject."""
    summary = "Google Threat Intelligence's assessment"
    return (
        Analyzer("assessment", "file", analyze=analyze, order=20, summary=summary),
        *(
            Analyzer(f"{kind}_assessment", kind, analyze=analyze, order=20, summary=summary)
            for kind in ("url", "domain", "ip_address")
        ),
    )


def analyze(evidence: Evidence) -> Iterator[Finding]:
    """Yield the assessment and its points. Whatever it says, the engines' verdict stays as it is."""
    known = evidence.report.subject.attributes
    found = as_mapping(known.get("gti_assessment"))
    verdict, severity = _word(found, "verdict", "VERDICT_"), _word(found, "severity", "SEVERITY_")
    threat_score = integer(_value(found.get("threat_score")))
    section = tables.key_values(
        "Google Threat Intelligence",
        (
            ("Verdict", verdict),
            ("Severity", severity),
            ("Threat score (0 to 100)", threat_score),
            ("Description", as_text(found.get("description"))),
            ("Indicator confidence (0 to 100)", integer(known.get("mandiant_ic_score"))),
            *_factors(as_mapping(found.get("contributing_factors"))),
        ),
    )
    if section is None:
        return
    yield section
    amount = _points(verdict, severity)
    if amount:
        said = f" with {severity} severity" if severity else ""
        reason = f"Google Threat Intelligence holds it to be {verdict}{said}."
        yield Points(Family.ASSESSMENT, f"assessment.{verdict}", amount, reason, section)


def _points(verdict: str, severity: str) -> int:
    if verdict == "malicious":
        return MALICIOUS_POINTS.get(severity, min(MALICIOUS_POINTS.values()))
    return SUSPICIOUS_POINTS if verdict == "suspicious" else 0


def _value(entry: Any) -> Any:
    return entry.get("value") if isinstance(entry, Mapping) else entry


def _word(found: Mapping[str, Any], key: str, prefix: str) -> str:
    return as_text(_value(found.get(key)), 60).upper().removeprefix(prefix).lower()


def _factors(factors: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What contributed: those that are true by name alone, the others with their value."""
    true = [name.replace("_", " ") for name, value in pairs(factors) if value is True]
    yield "Because of", tables.listed(true)
    for name, value in pairs(factors):
        if not isinstance(value, bool):
            shown = tables.listed(as_texts(value))
            yield name.replace("_", " ").capitalize(), shown
