"""What VirusTotal knows of the subject beside its engines: dates, votes, labels, hashes, names."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from assemblyline_v4_service.common.result import ResultURLSection

from virustotal.core import Analyzer, Evidence, Finding, Object, Settings, hookimpl, tables
from virustotal.core.readers import as_mapping, as_text, as_texts, date, integer, named_counts
from virustotal.core.verdicts import stale_days

#: Names that are listed; VirusTotal keeps a hundred.
MOST_NAMES = 20


@hookimpl
def virustotal_analyzers() -> tuple[Analyzer, ...]:
    """One analyser a kind of subject."""
    summary = "Dates, reputation, labels, hashes and names"
    return (
        Analyzer("overview", "file", analyze=analyze, order=10, summary=summary),
        *(
            Analyzer(f"{kind}_overview", kind, analyze=analyze, order=10, summary=summary)
            for kind in ("url", "domain", "ip_address")
        ),
    )


def analyze(evidence: Evidence) -> Iterator[Finding]:
    """Yield the facts with a link to VirusTotal's page."""
    subject = evidence.report.subject
    facts = tables.key_values("Overview", _facts(subject, evidence.settings, datetime.now(UTC)))
    link = _link(subject, evidence.settings)
    if facts is not None and link is not None:
        facts.add_subsection(link)
    if facts is not None or link is not None:
        yield facts if facts is not None else link


def _link(subject: Object, settings: Settings) -> Any | None:
    address = tables.page(subject.ref, settings)
    if not address:
        return None
    section = ResultURLSection("VirusTotal's page")
    section.add_url(address, name="Open on VirusTotal")
    return section


def _facts(subject: Object, settings: Settings, now: datetime) -> Iterator[tuple[str, Any]]:
    known = subject.attributes
    threat = as_mapping(known.get("popular_threat_classification"))
    severity = as_mapping(known.get("threat_severity"))
    yield "Threat label", as_text(threat.get("suggested_threat_label"))
    yield "Threat categories", _popular(threat.get("popular_threat_category"))
    yield "Threat families", _popular(threat.get("popular_threat_name"))
    yield "Threat names", tables.listed(as_texts(known.get("threat_names")))
    yield "Threat severity", as_text(severity.get("threat_severity_level")).removeprefix("SEVERITY_").lower()
    yield "Threat severity, why", as_text(severity.get("level_description"))
    yield "Threat verdict", as_text(known.get("threat_verdict")).removeprefix("VERDICT_").lower()
    yield "First seen", date(known.get("first_submission_date"))
    yield "Last seen", date(known.get("last_submission_date"))
    yield "First seen in the wild", date(known.get("first_seen_itw_date"))
    yield "Last seen in the wild", date(known.get("last_seen_itw_date"))
    yield "Last analysis", _analysed(subject, settings, now)
    yield "Times submitted", integer(known.get("times_submitted"))
    yield "Sources", integer(known.get("unique_sources"))
    yield "Reputation", integer(known.get("reputation"))
    yield "Votes", _votes(as_mapping(known.get("total_votes")))
    yield from _identity(known)


def _identity(known: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "Name", as_text(known.get("meaningful_name"))
    yield "Names", tables.listed(as_texts(known.get("names"), 200), MOST_NAMES)
    yield "Type", as_text(known.get("type_description"))
    yield "Size in bytes", integer(known.get("size"))
    for key, title in _HASHES.items():
        yield title, as_text(known.get(key))
    yield "Tags", tables.listed(as_texts(known.get("tags")), 40)


#: Those by which other tools know the file; the others stand in its identification.
_HASHES: Mapping[str, str] = {
    "md5": "MD5",
    "sha1": "SHA-1",
    "sha256": "SHA-256",
}


def _popular(value: Any) -> str:
    return tables.listed(f"{name} ({count})" for name, count in named_counts(value))


def _analysed(subject: Object, settings: Settings, now: datetime) -> str:
    shown = date(subject.attributes.get("last_analysis_date"))
    days = stale_days(subject, settings, now)
    return shown if days is None else f"{shown}, stale: {days} days old"


def _votes(votes: Mapping[str, Any]) -> str:
    counts = [(name, integer(votes.get(name))) for name in ("malicious", "harmless")]
    return ", ".join(f"{count} {name}" for name, count in counts if count is not None)
