"""Relationships that lead to one object: its facts as ordered key-values."""

from collections.abc import Iterator
from typing import Any

from virustotal.core import Analyzer, Evidence, Finding, Object, tables
from virustotal.core.readers import as_text
from virustotal.core.relationships import Relationship
from virustotal.core.verdicts import verdict_word
from virustotal.plugins.relationships.columns import COLUMNS, LABELS, add, identity, read_by
from virustotal.plugins.relationships.related_section import analyzer_of, links
from virustotal.plugins.relationships.related_table import RelatedTable, further_judged
from virustotal.plugins.relationships.related_verdicts import JudgedObject, has_report


def related_object_analyzer(entry: Relationship, order: int) -> Analyzer:
    """Return the analyser of one relationship that leads to a single object, which is context and never scored."""
    url = ("url",) if "url" in entry.yields else ()
    needs = read_by((column for kind in entry.yields for column in COLUMNS.get(kind, ())), *url)

    def analyze(evidence: Evidence) -> Iterator[Finding]:
        related = evidence.related
        if related is None or not related.items:
            return
        if len(related.items) > 1:  # a list where VirusTotal promises one object
            yield from RelatedTable(entry).analyze(evidence)
            return
        yield from _section(entry.title, related.items[0], evidence)

    return analyzer_of(entry, order, analyze, needs)


def _section(title: str, obj: Object, evidence: Evidence) -> Iterator[Finding]:
    section = tables.key_values(title, _facts(obj, evidence))
    if section is not None:
        add(section, links((obj,), evidence.settings))
        add(section, further_judged((obj,), COLUMNS.get(obj.ref.kind, ()), obj.ref.kind))
        yield section


def _facts(obj: Object, evidence: Evidence) -> Iterator[tuple[str, Any]]:
    shown = identity(obj)
    yield LABELS.get(obj.ref.kind, "Id"), shown
    if not shown:
        yield "Id", as_text(obj.ref.id)
    if obj.error:
        yield "Reason", f"No VirusTotal report ({obj.error})"
    if has_report(obj):
        judged = JudgedObject(obj, evidence.judge(obj))
        yield "Level", verdict_word(judged.verdict)
        yield "Detections", judged.detections
        yield "Note", judged.note
        yield from ((column.label, column.cell(obj)) for column in COLUMNS.get(obj.ref.kind, ()))
