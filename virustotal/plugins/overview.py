"""What VirusTotal knows of the subject beside its engines: dates, votes, labels, hashes, names."""

from collections.abc import Iterator, Mapping
from typing import Any

from virustotal.core import Analyzer, Evidence, Finding, Object, hookimpl, tables
from virustotal.core.readers import as_mapping, as_text, as_texts, date, integer, named_counts
from virustotal.core.relationships import KINDS

#: Names that are listed; VirusTotal keeps a hundred.
MOST_NAMES = 20


@hookimpl
def virustotal_analyzers() -> tuple[Analyzer, ...]:
    """One analyser a kind of subject."""
    summary = "Dates, reputation, labels, hashes and names"
    names = {kind: "overview" if kind == "file" else f"{kind}_overview" for kind in KINDS}
    return tuple(Analyzer(name, kind, analyze=analyze, order=10, summary=summary) for kind, name in names.items())


def analyze(evidence: Evidence) -> Iterator[Finding]:
    """Yield the facts that the first section of the result does not have."""
    subject = evidence.report.subject
    facts = tables.key_values("Overview", _facts(subject), collapse=True)
    if facts is not None:
        yield facts


def _facts(subject: Object) -> Iterator[tuple[str, Any]]:
    attributes = subject.attributes
    threat = as_mapping(attributes.get("popular_threat_classification"))
    severity = as_mapping(attributes.get("threat_severity"))
    yield "Threat categories", _popular(threat.get("popular_threat_category"))
    yield "Threat names", tables.listed(as_texts(attributes.get("threat_names")))
    yield "Threat severity", as_text(severity.get("threat_severity_level")).removeprefix("SEVERITY_").lower()
    yield "Threat severity reason", as_text(severity.get("level_description"))
    yield "Threat verdict", as_text(attributes.get("threat_verdict")).removeprefix("VERDICT_").lower()
    yield "First seen in the wild", date(attributes.get("first_seen_itw_date"))
    yield "Last seen in the wild", date(attributes.get("last_seen_itw_date"))
    yield "Times submitted", integer(attributes.get("times_submitted"))
    yield "Sources", integer(attributes.get("unique_sources"))
    yield "Reputation", integer(attributes.get("reputation"))
    yield "Votes", _votes(as_mapping(attributes.get("total_votes")))
    yield "Record modified", date(attributes.get("last_modification_date"))
    yield "Can be downloaded", attributes.get("downloadable")
    yield "VirusTotal tools", tables.listed(as_texts(attributes.get("available_tools")))
    yield from _identity(attributes)


def _identity(attributes: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "Names", tables.listed(as_texts(attributes.get("names"), 200), MOST_NAMES)
    yield "Size in bytes", integer(attributes.get("size"))
    # Those by which other tools know the file; the others stand in its identification.
    yield "MD5", as_text(attributes.get("md5"))
    yield "SHA-1", as_text(attributes.get("sha1"))
    yield "SHA-256", as_text(attributes.get("sha256"))
    yield "Tags", tables.listed(as_texts(attributes.get("tags")), 40)


def _popular(value: Any) -> str:
    return tables.listed(f"{name} ({count})" for name, count in named_counts(value))


def _votes(votes: Mapping[str, Any]) -> str:
    counts = [(name, integer(votes.get(name))) for name in ("malicious", "harmless")]
    return ", ".join(f"{count} {name}" for name, count in counts if count is not None)
