"""The result of an exhaustive search: one table, most suspicious first, and what it adds to the score."""

from collections.abc import Callable, Collection, Iterator
from typing import Any

from attrs import frozen

from virustotal.core import tables
from virustotal.core.findings import Family, Finding, Points
from virustotal.core.models import Object, Outcome, Report, Status, Verdict
from virustotal.core.plugin_host.finding_collector import FindingCollector
from virustotal.core.plugin_host.output import AnalyzerOutput
from virustotal.core.scoring.verdicts import COUNTED_ATTRIBUTES, detection_ratio
from virustotal.core.scoring.words import THRESHOLDS, verdict_word
from virustotal.core.settings import MOST_IOCS
from virustotal.indicator_search.already_known import Place
from virustotal.indicator_search.plan import Ioc, IocPlan
from virustotal.result.subject_header import NOUNS
from virustotal.util.readers import clean

NAME = "exhaustive_search"
#: Rows of what was not looked up.
MOST_REFUSED = 200

_STATUS_ORDER = tuple(Status)


@frozen
class IocLookup:
    """How the look-up of one tagged host or URL ended.

    Args:
        ioc: What was tagged.
        report: Its report.
        origin: Who answered, where it was not VirusTotal itself.
    """

    ioc: Ioc
    report: Report
    origin: str = ""


def search_output(
    plan: IocPlan,
    lookups: tuple[IocLookup, ...],
    judge: Callable[[Object], Verdict],
    provider: str,
    scored: Collection[Place] = (),
) -> AnalyzerOutput:
    """Return the table of all, most suspicious first, what they add to the score, and what may not be looked up.

    Nothing of it is tagged: it stands in the tags already.

    Args:
        plan: What was tagged.
        lookups: How each look-up ended.
        judge: Returns the verdict of an object.
        provider: Shown as the section's source.
        scored: The relationships that added to the score; what counts there does not count again.
    """
    collector = FindingCollector()
    for finding in _findings(plan, lookups, judge, scored):
        collector.add(finding)
    return collector.output(NAME, provider)


@frozen
class _Row:
    lookup: IocLookup
    verdict: Verdict

    @property
    def order(self) -> tuple[int, int, int]:
        outcome = self.lookup.report.outcome
        rank = self.verdict.level.rank if outcome.found else -1
        return -rank, -self.verdict.score, _STATUS_ORDER.index(outcome.status)

    @property
    def flagged(self) -> bool:
        return self.verdict.score > 0

    @property
    def detections(self) -> str:
        return detection_ratio(self.lookup.report.subject, self.verdict)

    def cells(self) -> dict[str, Any]:
        ioc, outcome = self.lookup.ioc, self.lookup.report.outcome
        return {
            "Level": verdict_word(self.verdict) if outcome.found else "",
            "Detections": self.detections if outcome.found else "",
            "Kind": NOUNS[ioc.ref.kind],
            "Value": ioc.label,
            "Tagged as": ", ".join(ioc.tags),
            "Result": outcome.status.value,
            "Note": " ".join(filter(None, self.notes)),
            "Answered by": self.lookup.origin,
        }

    @property
    def notes(self) -> Iterator[str]:
        """Where it is known from, and why it is scored as it is, or how it ended."""
        ioc, outcome = self.lookup.ioc, self.lookup.report.outcome
        if ioc.indicator and ioc.report:
            yield ioc.indicator.where
        if outcome.found:
            yield from self.verdict.reasons[1:]
        elif outcome.status is not Status.UNKNOWN:
            yield outcome.detail


_COLUMNS = ("Level", "Detections", "Kind", "Value", "Tagged as", "Result", "Note", "Answered by")


def _findings(
    plan: IocPlan, lookups: tuple[IocLookup, ...], judge: Callable[[Object], Verdict], scored: Collection[Place]
) -> Iterator[Finding]:
    rows = sorted((_judged(lookup, judge) for lookup in lookups), key=lambda row: row.order)
    section = tables.table("Tagged", [row.cells() for row in rows], _COLUMNS, most=MOST_IOCS)
    refused = _refused(plan.refused)
    if section is None:
        if refused is not None:
            refused.title_text = f"Exhaustive search: {len(plan.refused)} tagged, none of them to be looked up"
            yield refused
        return
    section.title_text = f"Exhaustive search: {_title(rows, len(plan.refused))}"
    if refused is not None:
        section.add_subsection(refused)
    subjects = (row.lookup.report.subject for row in rows)
    if (further := tables.further_attributes(subjects, {*COUNTED_ATTRIBUTES, "url"}, {"url"})) is not None:
        section.add_subsection(further)
    yield section
    for row in rows:
        if row.flagged and row.verdict.score > 0:
            yield _points(row, section, scored)


def _points(row: _Row, section: Any, scored: Collection[Place]) -> Points:
    ioc = row.lookup.ioc
    elsewhere = ioc.indicator.counted(scored) if ioc.indicator else ""
    reason = f"{NOUNS[ioc.ref.kind]} {ioc.label}, tagged as {', '.join(ioc.tags)}: {row.detections or 'judged'}."
    reason = f"{reason} {elsewhere}" if elsewhere else reason
    amount = 0 if elsewhere else row.verdict.score
    return Points(Family.TAGGED, f"{NAME}.{row.verdict.level.value}", amount, reason, section)


def _judged(lookup: IocLookup, judge: Callable[[Object], Verdict]) -> _Row:
    return _Row(lookup, judge(lookup.report.subject) if lookup.report.outcome.found else Verdict())


def _title(rows: list[_Row], refused: int) -> str:
    words = [verdict_word(row.verdict) for row in rows if row.lookup.report.outcome.found]
    outcomes = [row.lookup.report.outcome.status for row in rows]
    counts = [(words.count(level.value), level.value) for _, level in THRESHOLDS]
    counts += [(outcomes.count(status), status.value) for status in Status]
    shown = f" ({MOST_IOCS} of them shown)" if len(rows) > MOST_IOCS else ""
    counts.append((refused, "not to be looked up"))
    return f"{len(rows) + refused} tagged{shown}, " + ", ".join(f"{count} {what}" for count, what in counts if count)


def _refused(refused: tuple[tuple[str, str, Outcome], ...]) -> Any | None:
    rows = [
        {"Tagged as": tag_type, "Value": clean(what, 200), "Result": outcome.status.value, "Note": outcome.detail}
        for tag_type, what, outcome in refused[:MOST_REFUSED]
    ]
    title, columns = "Tagged, and not looked up", ("Tagged as", "Value", "Result", "Note")
    return tables.table(title, rows, columns, total=len(refused), collapse=True)
