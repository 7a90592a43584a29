"""The first section of a subject: its verdict or why there is none, its main facts, and the link to VirusTotal."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from assemblyline_v4_service.common.result import ResultMultiSection, TextSectionBody, URLSectionBody

from virustotal.core.models import Status
from virustotal.core.scoring.opinions import headline
from virustotal.core.scoring.verdicts import stale_days
from virustotal.core.scoring.words import NOT_ANALYSED
from virustotal.core.settings import Settings
from virustotal.core.tables import key_values, listed, page
from virustotal.core.threats import exploited
from virustotal.result.models import SubjectResult
from virustotal.util.readers import as_mapping, as_text, clean, day, named_counts

KINDS: Mapping[str, str] = {"file": "File", "url": "URL", "domain": "Domain", "ip_address": "IP address"}
NOUNS: Mapping[str, str] = {"file": "file", "url": "URL", "domain": "domain", "ip_address": "IP address"}

#: Status to the end of the title, and the sentence below it.
STATES: Mapping[Status, tuple[str, str]] = {
    Status.FOUND: ("found", "VirusTotal knows this {noun}."),
    Status.UNKNOWN: ("unknown to VirusTotal", "VirusTotal does not know this {noun}. That does not make it clean."),
    Status.PENDING: ("analysis pending", "VirusTotal has not finished its analysis of this {noun}. Look again later."),
    Status.FORBIDDEN: ("forbidden", "The API key may not read this {noun}. Nothing is known about it."),
    Status.QUOTA: ("quota used up", "The quota of the API key is used up. This {noun} was not looked up."),
    Status.INVALID: ("not looked up", "VirusTotal cannot look this {noun} up."),
    Status.SKIPPED: ("not looked up", "This {noun} was not looked up."),
    Status.FAILED: ("look-up failed", "The look-up of this {noun} failed. Nothing is known about it."),
}
#: In place of "not analysed" for a private scan, which no engine takes part in.
PRIVATE = "scanned privately, no engines"


def name_of(result: SubjectResult) -> str:
    """Return how the analyst knows a subject, such as `URL https://example.com/`."""
    ref = result.report.subject.ref
    return f"{KINDS.get(ref.kind, clean(ref.kind, 60))} {clean(result.label or ref.id, 200)}".strip()


def subject_header(result: SubjectResult, settings: Settings, now: datetime, score: int) -> Any:
    """Return the section that says what became of the subject; empty of findings.

    Args:
        score: The points beside which the title stands; the platform's word for them begins it.
    """
    subject, outcome = result.report.subject, result.report.outcome
    address = page(subject.ref, settings) if result.linked else ""
    if outcome.found:
        words = headline(subject, result.verdict, score)
        words = words.replace(NOT_ANALYSED, PRIVATE, 1) if result.headline else words
        section = ResultMultiSection(_title(result, "; ".join(filter(None, (words, exploited(result.report))))))
        notes = _notes(result)
    else:
        state, sentence = STATES[outcome.status]
        section = ResultMultiSection(f"{name_of(result)}: {state}")
        notes = [sentence.format(noun=NOUNS.get(subject.ref.kind, "object")), *_notes(result)]
    if result.headline:
        section.add_section_part(TextSectionBody(body=result.headline))
    if outcome.found and (facts := key_values("", _facts(result, settings, now))):
        section.add_section_part(facts.section_body)
    if notes:
        section.add_section_part(TextSectionBody(body="\n".join(notes)))
    if address:
        link = URLSectionBody()
        link.add_url(address, name="Open on VirusTotal")
        section.add_section_part(link)
    return section


def _title(result: SubjectResult, state: str) -> str:
    """Return the title of a subject that was found; a file's has the name of its threat."""
    if result.report.subject.ref.kind != "file":
        return f"{name_of(result)}: {state}"
    words, separator, rest = state.partition("; ")
    label = as_text(_threat(result).get("suggested_threat_label"), 80)
    shown = ", ".join(filter(None, (words, label)))
    return f"VirusTotal: {shown}{separator}{rest}"


def _threat(result: SubjectResult) -> Mapping[str, Any]:
    return as_mapping(result.report.subject.attributes.get("popular_threat_classification"))


def _facts(result: SubjectResult, settings: Settings, now: datetime) -> Iterator[tuple[str, Any]]:
    attributes = result.report.subject.attributes
    families = named_counts(_threat(result).get("popular_threat_name"))
    yield "Threat families", listed((f"{name} ({count})" for name, count in families), 5)
    yield "Name", as_text(attributes.get("meaningful_name"), 200)
    yield "Type", as_text(attributes.get("type_description"))
    seen = [day(attributes.get(f"{moment}_submission_date")) for moment in ("first", "last")]
    yield "Seen", " to ".join(dict.fromkeys(filter(None, seen)))
    yield "Last analysis", _age(result, settings, now)


def _notes(result: SubjectResult) -> list[str]:
    detail, origin = clean(result.report.outcome.detail), result.origins.get("")
    return [*filter(None, (detail, f"Answered by {origin}." if origin else "")), *map(clean, result.notes)]


def _age(result: SubjectResult, settings: Settings, now: datetime) -> str:
    shown = day(result.report.subject.attributes.get("last_analysis_date"))
    days = stale_days(result.report.subject, settings, now)
    if not shown:
        return "unknown"
    return shown if days is None else f"{shown}. Stale: {days} days ago (limit {settings.stale_after_days})."
