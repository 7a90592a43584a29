"""Lists of files, hosts and URLs: bare ones as one table, detailed ones judged and most suspicious first."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from assemblyline_v4_service.common.result import ResultSection
from attrs import frozen

from virustotal.core import (
    About,
    Analyzer,
    Evidence,
    Family,
    Finding,
    Level,
    Needs,
    Object,
    Points,
    Ref,
    Related,
    Settings,
    relationships,
    tables,
)
from virustotal.core.relationships import Relationship
from virustotal.core.verdicts import COUNTED_ATTRIBUTES, NOT_ANALYSED, THRESHOLDS, verdict_word
from virustotal.plugins.relationships.columns import (
    COLUMNS,
    IDENTITY,
    LABELS,
    LINKS,
    Column,
    add,
    further_section,
    identity,
    is_noise,
    is_popular,
    read_by,
    tag_value,
    threat,
)
from virustotal.plugins.relationships.related_section import analyzer_of, heading, links, table_heading
from virustotal.plugins.relationships.related_verdicts import (
    JudgedObject,
    has_report,
    is_own_host,
    is_subject,
    judge_objects,
)

#: Flagged objects that are listed one by one.
MOST_FLAGGED = 200
#: What is said of the subject among the objects that lead back to it.
SUBJECT = "The subject itself: its detections are counted once."
_REASONS = {"NotFoundError": "No report on VirusTotal"}


def related_table_analyzer(entry: Relationship, order: int, tag: str) -> Analyzer:
    """Return the analyser of one relationship that leads to many files, hosts or URLs.

    Args:
        tag: The tag type of its objects, for what the subject does; empty where they are context and not tagged.
    """
    look = RelatedTable(entry, tag)
    return analyzer_of(entry, order, look.analyze, look.needs())


def further_judged(objs: Iterable[Object], columns: Iterable[Column], kind: str) -> ResultSection | None:
    """Return the closed text of what neither columns nor detections show of judged objects of a kind."""
    return further_section(objs, columns, *COUNTED_ATTRIBUTES, *IDENTITY.get(kind, ()))


@frozen
class RelatedTable:
    """How one relationship is shown."""

    entry: Relationship
    tag: str = ""

    @property
    def _kind(self) -> str:
        return self.entry.yields[0]

    @property
    def _scores(self) -> bool:
        """What the subject does scores; its context is listed alone."""
        return self.entry.family is relationships.Family.DOES

    @property
    def _columns(self) -> tuple[Column, ...]:
        return (*LINKS.get(self.entry.name, ()), *COLUMNS.get(self._kind, ()))

    def needs(self) -> Needs:
        """Return the attributes that the columns read."""
        return read_by(self._columns, *IDENTITY.get(self._kind, ()))

    def analyze(self, evidence: Evidence) -> Iterator[Finding]:
        """Yield the section of this relationship, and what it adds to the score."""
        related = evidence.related
        if related is None or not related.items:
            return
        if not related.detailed:
            yield from self._bare(related, evidence.settings)
            return
        judged_objects = judge_objects(evidence, filter(has_report, related.items))
        unknown = [obj for obj in related.items if not has_report(obj)]
        flagged = [
            judged
            for judged in judged_objects
            if judged.flagged and not is_subject(evidence, judged.obj) and not is_own_host(evidence, judged.obj)
        ]
        flagged, rest = flagged[:MOST_FLAGGED], flagged[MOST_FLAGGED:]
        section = ResultSection(
            heading(self.entry.title, related), body=_summary(judged_objects, unknown), auto_collapse=True
        )
        add(section, self._judged(judged_objects, evidence, {judged.obj.ref for judged in flagged}))
        add(section, self._unknown(unknown))
        add(section, further_judged(related.items, self._columns, self._kind))
        yield section
        yield from map(self._points, flagged)
        if amount := sum(judged.verdict.score for judged in rest) if self._scores else 0:
            reason = f"{self.entry.title}: {len(rest)} more flagged objects."
            yield Points(Family.RELATED, self.entry.name, amount, reason, section)

    def _bare(self, related: Related, settings: Settings) -> Iterator[ResultSection]:
        rows = [self._row(obj) for obj in related.items[: tables.MOST_ROWS]]
        section = self._table(self.entry.title, rows, (obj for obj in related.items if not is_noise(obj)))
        if section is not None:
            section.title_text = table_heading(self.entry.title, related)
            add(section, links(related.items, settings))
            add(section, further_section(related.items, self._columns, *IDENTITY.get(self._kind, ())))
            yield section

    def _judged(
        self, judged_objects: Sequence[JudgedObject], evidence: Evidence, elsewhere: Collection[Ref]
    ) -> ResultSection | None:
        """Return the table; the objects of `elsewhere` are tagged on the section of all flagged ones."""
        rows = [
            {
                "Level": verdict_word(judged.verdict),
                "Detections": judged.detections,
                **self._row(judged.obj),
                "Note": SUBJECT if is_subject(evidence, judged.obj) else judged.note,
            }
            for judged in judged_objects[: tables.MOST_ROWS]
        ]
        telling = (
            judged.obj
            for judged in judged_objects
            if judged.obj.ref not in elsewhere
            and not ((is_popular(judged.obj) or is_noise(judged.obj)) and judged.undetected(evidence.settings))
        )
        section = self._table("With a report", rows, telling, total=len(judged_objects))
        if section is not None:
            add(section, links((judged.obj for judged in judged_objects), evidence.settings))
        return section

    def _unknown(self, unknown: Sequence[Object]) -> ResultSection | None:
        rows = [
            {**self._row(obj), "Reason": _REASONS.get(obj.error, obj.error) or "no report"}
            for obj in unknown[: tables.MOST_ROWS]
        ]
        title = "Known by hash only" if self._kind == "file" else "Known by name only"
        telling = (obj for obj in unknown if not is_noise(obj))
        return self._table(title, rows, telling, total=len(unknown), collapse=True)

    def _row(self, obj: Object) -> dict[str, Any]:
        shown = identity(obj)
        return {
            LABELS[self._kind]: shown,
            "Id": "" if shown else obj.ref.id,
            "Kind": "" if obj.ref.kind in self.entry.yields else obj.ref.kind,
            **{column.label: column.cell(obj) for column in self._columns},
        }

    def _table(
        self, title: str, rows: Sequence[Mapping[str, Any]], tagged: Iterable[Object], **options: Any
    ) -> ResultSection | None:
        """Return the table of rows that have the same keys, with the tags of objects."""
        columns = tuple(rows[0]) if rows else ()
        section = tables.table(title, rows, columns, name=LABELS[self._kind], **options)
        if section is not None and self.tag:
            values = dict.fromkeys(tag_value(obj) for obj in tagged if obj.ref.kind == self._kind)
            values.pop("", None)
            section.set_tags({self.tag: list(values)} if values else {})
        return section

    def _points(self, flagged: JudgedObject) -> Points:
        """Return what one flagged object adds."""
        obj, shown = flagged.obj, identity(flagged.obj)
        about = About(
            obj.ref,
            tag_value(obj) or shown,
            self.entry.title,
            flagged.detections,
            threat(obj),
            self.tag if obj.ref.kind == self._kind else "",
            verdict_word(flagged.verdict),
        )
        reason = f"{self.entry.title}: {shown} is flagged ({flagged.detections or 'judged'})."
        return Points(
            Family.RELATED, self.entry.name, flagged.verdict.score if self._scores else 0, reason, about=about
        )


def _summary(judged_objects: Sequence[JudgedObject], unknown: Sequence[Object]) -> str:
    words = [verdict_word(judged.verdict) for judged in judged_objects]
    counts = (
        *((words.count(level.value), level.value) for _, level in THRESHOLDS),
        (words.count(""), "below the suspicious threshold"),
        (words.count(Level.CLEAN.value), "clean according to a trusted source"),
        (words.count(NOT_ANALYSED), NOT_ANALYSED),
        (sum(bool(obj.error) for obj in unknown), "known to VirusTotal by id only"),
        (sum(not obj.error for obj in unknown), "without a report"),
    )
    return ", ".join(f"{count} {what}" for count, what in counts if count) + "."
