"""What became of a subject, in one line and a few sentences: found is never said like not looked up."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from assemblyline_v4_service.common.result import ResultTextSection

from virustotal.core.models import Status
from virustotal.core.scoring.opinions import headline
from virustotal.core.scoring.verdicts import stale_days
from virustotal.core.settings import Settings
from virustotal.core.tables import page
from virustotal.result.models import SubjectResult
from virustotal.util.readers import clean, date

KINDS: Mapping[str, str] = {"file": "File", "url": "URL", "domain": "Domain", "ip_address": "IP address"}
_NOUNS: Mapping[str, str] = {"file": "file", "url": "URL", "domain": "domain", "ip_address": "IP address"}

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
    state, sentence = STATES[outcome.status]
    noun = _NOUNS.get(subject.ref.kind, "object")
    lines = [sentence.format(noun=noun)]
    if outcome.detail:
        lines.append(clean(outcome.detail))
    if outcome.found:
        state = headline(subject, result.verdict, score)
        lines += [clean(reason) for reason in result.verdict.reasons]
        lines += _age(result, settings, now)
    origin = result.origins.get("")
    lines += [f"Answered by {origin}."] if origin else []
    lines += [clean(note) for note in result.notes]
    address = page(subject.ref, settings)
    lines += [f"VirusTotal's page: {address}"] if address else []
    section = ResultTextSection(f"{name_of(result)}: {state}")
    section.add_lines(lines)
    return section


def _age(result: SubjectResult, settings: Settings, now: datetime) -> list[str]:
    shown = date(result.report.subject.attributes.get("last_analysis_date"))
    if not shown:
        return ["VirusTotal does not say when the engines last analysed it."]
    days = stale_days(result.report.subject, settings, now)
    if days is None:
        return [f"Last analysis: {shown}."]
    return [f"Last analysis: {shown}. It is stale: {days} days old, more than the {settings.stale_after_days} allowed."]
