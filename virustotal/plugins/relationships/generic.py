"""Relationships of which nobody says what they hold, and those that VirusTotal may add tomorrow. Never scored."""

from collections.abc import Iterable, Iterator

from virustotal.core import ANY, Analyzer, Evidence, Finding, Settings, hookimpl, relationships
from virustotal.core.readers import as_text
from virustotal.core.relationships import KINDS
from virustotal.plugins.relationships.columns import ID, Column, identity
from virustotal.plugins.relationships.record_table import record_table

_COLUMNS = (
    Column("Kind", lambda obj: as_text(obj.ref.kind)),
    ID,
    Column("Address", lambda obj: identity(obj) if obj.ref.kind == "url" else ""),
)


def analyze(evidence: Evidence) -> Iterator[Finding]:
    """Yield one table of whatever a relationship holds."""
    related = evidence.related
    if related is None:
        return
    entry = relationships.find(evidence.report.subject.ref.kind, related.relationship)
    title = entry.title if entry is not None else as_text(related.relationship.replace("_", " "), 80).capitalize()
    section = record_table(title or "Relationship without a name", related, _COLUMNS)
    if section is not None:
        yield section


@hookimpl
def virustotal_analyzers(settings: Settings) -> Iterable[Analyzer]:
    """Return the plain analysers."""
    summary = "Relationships that no other analyser knows"
    return (Analyzer(f"plain_{kind}", kind, ANY, analyze=analyze, order=395, summary=summary) for kind in KINDS)
