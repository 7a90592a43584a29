"""The result of an exhaustive search: one table, most suspicious first, and what it adds to the score."""

from collections.abc import Callable, Collection, Iterator
from typing import Any

from attrs import evolve, field, frozen

from virustotal.core import tables
from virustotal.core.findings import Family, Points
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
_COLUMNS = ("Level", "Detections", "Kind", "Value", "Tagged as", "Result", "Note", "Answered by")


@frozen
class IocLookup:
    """How the look-up of one tagged host or URL ended: a row of the table.

    Args:
        ioc: What was tagged.
        report: Its report.
        origin: Who answered, where it was not VirusTotal itself.
        verdict: What is judged of it, where it was found.
    """

    ioc: Ioc
    report: Report
    origin: str = ""
    verdict: Verdict = field(factory=Verdict)

    @property
    def order(self) -> tuple[int, int, int]:
        """What sorts the most suspicious first."""
        rank = self.verdict.level.rank if self.report.outcome.found else -1
        return -rank, -self.verdict.score, _STATUS_ORDER.index(self.report.outcome.status)

    @property
    def detections(self) -> str:
        """The engines that detect it, such as `3/90`."""
        return detection_ratio(self.report.subject, self.verdict)

    def cells(self) -> dict[str, Any]:
        """Return its row."""
        ioc, outcome = self.ioc, self.report.outcome
        return {
            "Level": verdict_word(self.verdict) if outcome.found else "",
            "Detections": self.detections if outcome.found else "",
            "Kind": NOUNS[ioc.ref.kind],
            "Value": ioc.label,
            "Tagged as": ", ".join(ioc.tags),
            "Result": outcome.status.value,
            "Note": " ".join(filter(None, self._notes())),
            "Answered by": self.origin,
        }

    def _notes(self) -> Iterator[str]:
        """Yield where it is known from, and why it is scored as it is, or how it ended."""
        outcome = self.report.outcome
        if self.ioc.indicator and self.ioc.report:
            yield self.ioc.indicator.where
        if outcome.found:
            yield from self.verdict.reasons[1:]
        elif outcome.status is not Status.UNKNOWN:
            yield outcome.detail


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
    judged = (
        evolve(lookup, verdict=judge(lookup.report.subject)) if lookup.report.outcome.found else lookup
        for lookup in lookups
    )
    rows = sorted(judged, key=lambda row: row.order)
    collector, refused = FindingCollector(), _refused(plan.refused)
    section = tables.table("Tagged", [row.cells() for row in rows], _COLUMNS, most=MOST_IOCS)
    if section is not None:
        section.title_text = f"Exhaustive search: {_title(rows, len(plan.refused))}"
        subjects = (row.report.subject for row in rows)
        further = tables.further_attributes(subjects, {*COUNTED_ATTRIBUTES, "url"}, {"url"})
        for below in filter(None, (refused, further)):
            section.add_subsection(below)
        collector.add(section)
    elif refused is not None:
        refused.title_text = f"Exhaustive search: {len(plan.refused)} tagged, none of them to be looked up"
        collector.add(refused)
    for row in rows:
        if row.verdict.score > 0:
            collector.add(_points(row, section, scored))
    return collector.output(NAME, provider)


def _points(row: IocLookup, section: Any, scored: Collection[Place]) -> Points:
    ioc = row.ioc
    elsewhere = ioc.indicator.counted(scored) if ioc.indicator else ""
    reason = f"{NOUNS[ioc.ref.kind]} {ioc.label}, tagged as {', '.join(ioc.tags)}: {row.detections or 'judged'}."
    reason = f"{reason} {elsewhere}" if elsewhere else reason
    amount = 0 if elsewhere else row.verdict.score
    return Points(Family.TAGGED, f"{NAME}.{row.verdict.level.value}", amount, reason, section)


def _title(rows: list[IocLookup], refused: int) -> str:
    words = [verdict_word(row.verdict) for row in rows if row.report.outcome.found]
    outcomes = [row.report.outcome.status for row in rows]
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
