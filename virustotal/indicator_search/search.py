"""The exhaustive search: what earlier services tagged, looked up side by side, and shown in one table."""

from collections.abc import Callable, Collection, Iterator
from typing import Any

from attrs import frozen

from virustotal import api
from virustotal.api.source import Request, Source, ask_many, has_fallback, holds, remaining_quota
from virustotal.core import tables
from virustotal.core.findings import Family, Finding, Points
from virustotal.core.lookup.fetch import look_up_all
from virustotal.core.models import Object, Outcome, Report, Status, Verdict
from virustotal.core.plugin_host.finding_collector import FindingCollector
from virustotal.core.plugin_host.output import AnalyzerOutput
from virustotal.core.scoring.verdicts import ANSWERED, BAD, counters
from virustotal.core.scoring.words import THRESHOLDS, verdict_word
from virustotal.core.settings import MOST_IOCS
from virustotal.indicator_search.already_known import Place
from virustotal.indicator_search.plan import Ioc, IocPlan, fitting
from virustotal.util.readers import clean

NAME = "exhaustive_search"
#: Rows of what was not looked up.
MOST_REFUSED = 200

_KINDS = {"url": "URL", "domain": "domain", "ip_address": "IP address"}
_STATUS_ORDER = tuple(Status)


@frozen
class Answered:
    """One tagged host or URL and how its look-up ended. origin: who answered, where it was not VirusTotal itself."""

    ioc: Ioc
    report: Report
    origin: str = ""


def search(plan: IocPlan, source: Source, deadline: float) -> tuple[Answered, ...]:
    """Ask for each wanted one, one request each, as far as the quota goes. Raises AuthenticationError.

    What the source knows at once (a mirror), and what was kept from before, is no matter of the quota. What was cut off
    keeps its outcome.
    """
    requests = [api.object_request(each.ref) for each in plan.wanted]
    answers = ask_many(source, requests, deadline) if requests else ()
    at_once = {request: answer for request, answer in zip(requests, answers, strict=True) if answer is not None}
    plan = _affordable(plan, source, at_once, deadline)
    reports = look_up_all([each.ref for each in plan.wanted], source, deadline, known=at_once)
    asked = (Answered(ioc, report) for ioc, report in zip(plan.wanted, reports, strict=True))
    known = (Answered(ioc, ioc.report) for ioc in plan.known if ioc.report)
    cut = (Answered(ioc, Report(Object(ioc.ref), outcome=outcome)) for ioc, outcome in plan.cut)
    return (*asked, *known, *cut)


def _affordable(plan: IocPlan, source: Source, known: Collection[Request], deadline: float) -> IocPlan:
    """Cut the plan to what the quota leaves."""
    if len(known) == len(plan.wanted):
        return plan
    left = remaining_quota(source, deadline)
    if left.requests is None:
        return plan
    asked = {each.ref: api.object_request(each.ref) for each in plan.wanted}
    free = {ref for ref, each in asked.items() if each in known or holds(source, each)}
    cut = fitting(plan, left, free)
    instead = {each.ref for each, _ in cut.cut if each.ref in asked and has_fallback(source, asked[each.ref])}
    return fitting(plan, left, free | instead) if instead else cut


def contribution(
    plan: IocPlan,
    answered: tuple[Answered, ...],
    judge: Callable[[Object], Verdict],
    provider: str,
    scored: Collection[Place] = (),
) -> AnalyzerOutput:
    """Return the table of all, most suspicious first, what they add to the score, and what may not be looked up.

    scored: the relationships that added to the score; what counts there does not count again. Nothing of it is tagged:
    it stands in the tags already.
    """
    intake = FindingCollector()
    for finding in _findings(plan, answered, judge, scored):
        intake.take(finding)
    return intake.contribution(NAME, provider, "")


@frozen
class _Row:
    answered: Answered
    verdict: Verdict

    @property
    def order(self) -> tuple[int, int, int]:
        found = self.answered.report.outcome.found
        rank = self.verdict.level.rank if found else -1
        return -rank, -self.verdict.score, _STATUS_ORDER.index(self.answered.report.outcome.status)

    @property
    def flagged(self) -> bool:
        return self.verdict.score > 0

    @property
    def detections(self) -> str:
        """How many engines of those that answered found something, such as `3/90`."""
        counts = counters(self.answered.report.subject)
        named = [each for each in self.verdict.detections if each.category in ANSWERED]
        if named:
            return f"{sum(each.category in BAD and not each.ignored_because for each in named)}/{len(named)}"
        total = sum(counts.get(name, 0) for name in ANSWERED)
        return f"{sum(counts.get(name, 0) for name in BAD)}/{total}" if total else ""

    def cells(self) -> dict[str, Any]:
        ioc, outcome = self.answered.ioc, self.answered.report.outcome
        return {
            "Level": verdict_word(self.verdict) if outcome.found else "",
            "Detections": self.detections if outcome.found else "",
            "Kind": _KINDS[ioc.ref.kind],
            "Value": ioc.label,
            "Tagged as": ", ".join(ioc.tags),
            "Result": outcome.status.value,
            "Note": " ".join(filter(None, self.notes)),
            "Answered by": self.answered.origin,
        }

    @property
    def notes(self) -> Iterator[str]:
        """Where it is known from, and why it is scored as it is, or how it ended."""
        ioc, outcome = self.answered.ioc, self.answered.report.outcome
        if ioc.standing and ioc.report:
            yield ioc.standing.where
        yield from self.verdict.reasons[1:] if outcome.found else (_said(outcome),)


def _said(outcome: Outcome) -> str:
    return "" if outcome.status is Status.UNKNOWN else outcome.detail


_COLUMNS = ("Level", "Detections", "Kind", "Value", "Tagged as", "Result", "Note", "Answered by")


def _findings(
    plan: IocPlan, answered: tuple[Answered, ...], judge: Callable[[Object], Verdict], scored: Collection[Place]
) -> Iterator[Finding]:
    rows = sorted((_judged(each, judge) for each in answered), key=lambda row: row.order)
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
    yield section
    for row in rows:
        if row.flagged and row.verdict.score > 0:
            yield _points(row, section, scored)


def _points(row: _Row, section: Any, scored: Collection[Place]) -> Points:
    ioc = row.answered.ioc
    elsewhere = ioc.standing.counted(scored) if ioc.standing else ""
    reason = f"{_KINDS[ioc.ref.kind]} {ioc.label}, tagged as {', '.join(ioc.tags)}: {row.detections or 'judged'}."
    reason = f"{reason} {elsewhere}" if elsewhere else reason
    amount = 0 if elsewhere else row.verdict.score
    return Points(Family.TAGGED, f"{NAME}.{row.verdict.level.value}", amount, reason, section)


def _judged(each: Answered, judge: Callable[[Object], Verdict]) -> _Row:
    return _Row(each, judge(each.report.subject) if each.report.outcome.found else Verdict())


def _title(rows: list[_Row], refused: int) -> str:
    words = [verdict_word(row.verdict) for row in rows if row.answered.report.outcome.found]
    outcomes = [row.answered.report.outcome.status for row in rows]
    counts = [(words.count(level.value), level.value) for _, level in THRESHOLDS]
    counts += [(outcomes.count(status), status.value) for status in Status]
    shown = f" ({MOST_IOCS} of them shown)" if len(rows) > MOST_IOCS else ""
    counts.append((refused, "not to be looked up"))
    return f"{len(rows) + refused} tagged{shown}, " + ", ".join(f"{count} {what}" for count, what in counts if count)


def _refused(given: tuple[tuple[str, str, Outcome], ...]) -> Any | None:
    rows = [
        {"Tagged as": tag_type, "Value": clean(what, 200), "Result": outcome.status.value, "Note": outcome.detail}
        for tag_type, what, outcome in given[:MOST_REFUSED]
    ]
    title, columns = "Tagged, and not looked up", ("Tagged as", "Value", "Result", "Note")
    return tables.table(title, rows, columns, total=len(given), collapse=True)
