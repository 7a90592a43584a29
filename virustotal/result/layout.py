"""Findings to the final sections: order, headings, caps, tags, coverage and errors."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from assemblyline_v4_service.common.result import ResultSection, ResultTextSection
from attrs import evolve, frozen

from virustotal.core.models import Level, Outcome, Status
from virustotal.core.plugin_host.output import AnalyzerOutput, Section
from virustotal.core.scoring.heuristics import Given, Score, by_section, capped
from virustotal.core.scoring.safelist import NO_SAFELIST, Safelist
from virustotal.core.scoring.verdicts import BAD, HOST_KINDS, counters, exempt
from virustotal.core.scoring.words import score_word
from virustotal.core.settings import Settings
from virustotal.core.tables import lines, listed, table
from virustotal.result.coverage import coverage_section
from virustotal.result.flagged import flagged_section
from virustotal.result.models import Layout, SubjectResult
from virustotal.result.section_builder import TITLES, Builder
from virustotal.result.subject_header import name_of, subject_header
from virustotal.util.readers import EMPTY, as_text, clean

__all__ = ["Layout", "SubjectResult", "compose", "partial_reasons"]

#: Titles of the sections at the end.
EXPLANATION, FAILED = "How this score came about", "Analysers that failed"
UNLOADED, NOTES = "Plugins that did not load", "Notes"
_KINDS = ("url_", "domain_", "ip_address_", "")
#: Built-in analysers whose sections are open at first, where they aren't closed themselves; those of others are where
#: they count from so many points on.
OPEN = frozenset(
    (
        *(f"{kind}{name}" for kind in _KINDS for name in ("detections", "assessment")),
        *("malware_config", "sigma", "ids", "sandbox_verdicts", "behaviours"),
    )
)
OPEN_FROM = 100
#: Characters of the title of the section of all closed ones, which names them.
LONGEST_TITLE = 110
#: Rows of the explanation; points that count nothing are the first to be left out.
MOST_SCORES = 500
#: Reasons that count nothing and are shown.
MOST_UNCOUNTED = 20
#: Notes of analysers that are shown.
MOST_NOTES = 200


def compose(
    results: Sequence[SubjectResult],
    settings: Settings,
    safelist: Safelist = NO_SAFELIST,
    *,
    beside: Sequence[AnalyzerOutput] = (),
    notes: Sequence[str] = (),
    volatile: Sequence[str] = (),
    unloaded: Sequence[str] = (),
    pictures: Mapping[str, Any] = EMPTY,
    now: datetime | None = None,
) -> Layout:
    """Return the result of a task.

    results: one a subject, in the order in which they are shown.
    beside: what belongs to the task and to none of its subjects; it is shown after them.
    notes: sentences about the task: parameters not understood, subjects that were refused, the safelist.
    volatile: why the result depends on what the platform's result cache does not know, such as the metadata.
    unloaded: plugins that did not load, one line each; they are listed and do not make the result partial.
    pictures: sections of pictures by the analyser whose first section they belong under; those of the service under "".
    now: the moment by which an analysis is stale; the current one where it is not given.
    """
    now = now or datetime.now(UTC)
    results = tuple(evolve(result, contributions=_anchored(result.contributions)) for result in results)
    beside = _anchored(beside)
    flagged, given = flagged_section((*_given(results, safelist), *_points(beside)))
    scores = capped(given)
    builder, left = Builder(by_section(scores), settings, safelist), dict(pictures)
    trees = [
        _Tree(
            subject_header(result, settings, now, _total(scores, result, results)),
            *_built(result.contributions, builder, left),
            f"{name_of(result)}: {_total(scores, result, results)} points",
        )
        for result in results
    ]
    if len(trees) > 1:
        for tree, result in zip(trees, results, strict=True):
            _name_scored((*tree.opened, *tree.closed), name_of(result))
    besides = list(chain(*_built(beside, builder, left)))
    first = [builder.build(flagged)] if flagged is not None else []
    everything = (*(output for result in results for output in result.contributions), *beside)
    ends = (
        _explanation(scores, results),
        coverage_section(results),
        _errors(everything, unloaded),
        _notes(everything, notes, builder.dropped),
    )
    total = sum(score.counted for score in scores)
    screenshots = [left.pop("")] if "" in left else []
    sections = (
        *_ordered(trees, first, screenshots, total),
        *besides,
        *(section for section in ends if section is not None),
        *left.values(),
    )
    reasons = (*partial_reasons(results), *_failures(beside), *volatile)
    return Layout(sections, total, bool(reasons), reasons)


def _total(scores: Iterable[Score], result: SubjectResult, results: Sequence[SubjectResult]) -> int:
    """Return what counts of one subject's points; all of the task's where it is the only one."""
    own = name_of(result)
    return sum(score.counted for score in scores if len(results) == 1 or score.subject == own)


@frozen
class _Tree:
    """The sections of one subject: its header, the open ones, and the closed ones; and its points as a line."""

    head: Any
    opened: list[Any]
    closed: list[Any]
    points: str


def _name_scored(sections: Iterable[Any], name: str) -> None:
    """Add the subject to the titles of scored sections: the Submission Report shows these alone."""
    for section in sections:
        if section.heuristic is not None:
            section.title_text = f"{section.title_text} ({name})"
        _name_scored(section.subsections, name)


def _ordered(trees: Sequence[_Tree], flagged: Sequence[Any], screenshots: Sequence[Any], total: int) -> Iterator[Any]:
    """One subject: its header, its detections, what is flagged, the rest. Several: the result first."""
    if len(trees) == 1:
        (tree,) = trees
        yield from (tree.head, *tree.opened[:1], *flagged, *tree.opened[1:], *screenshots, *tree.closed)
        return
    if trees:
        word = score_word(total)
        summary = ResultTextSection(f"Result: {f'{word}, ' if word else ''}{total} points")
        summary.add_lines([tree.points for tree in trees])
        yield summary
    yield from flagged
    for tree in trees:
        for section in (*tree.opened, *tree.closed):
            tree.head.add_subsection(section)
        yield tree.head
    yield from screenshots


def _built(
    contributions: Iterable[AnalyzerOutput], builder: Builder, pictures: dict[str, Any]
) -> tuple[list[Any], list[Any]]:
    """Build the sections: the open ones, those of plugins and of pictures; and one closed section of all others."""
    opened: list[Any] = []
    closed: list[Any] = []
    for output in contributions:
        for section in output.sections:
            shown = builder.build(section)
            points = _points_below(shown)
            if not output.external and output.analyzer not in OPEN and points < OPEN_FROM:
                shown.auto_collapse = True
            is_closed = shown.auto_collapse and points < OPEN_FROM and not output.external
            if (picture := pictures.pop(output.analyzer, None)) is not None:
                shown.add_subsection(picture, on_top=True)
                is_closed = False
            (closed if is_closed else opened).append(shown)
        if (picture := pictures.pop(output.analyzer, None)) is not None:
            opened.append(picture)
    if len(closed) < 2:
        return opened, closed
    names = [re.split(r" ?[:(,]", section.title_text)[0] for section in closed]
    group = ResultSection(as_text(f"Details: {listed(dict.fromkeys(names), len(names))}", LONGEST_TITLE))
    group.auto_collapse = True
    for section in closed:
        group.add_subsection(section)
    return opened, [group]


def _points_below(section: Any) -> int:
    own = section.heuristic.score if section.heuristic is not None else 0
    return int(own) + sum(map(_points_below, section.subsections))


# --- points ----------------------------------------------------------------------------------------------------------


def _anchored(contributions: Iterable[AnalyzerOutput]) -> tuple[AnalyzerOutput, ...]:
    return tuple(map(_with_anchors, contributions))


def _with_anchors(output: AnalyzerOutput) -> AnalyzerOutput:
    """Give points without a section of the analyser's own its first section, or a new one where it has none."""
    if all(points.about is not None for points, _ in output.scored):
        return output
    sections = output.sections or (Section(title=clean(output.analyzer, 200) or "Points"),)
    own = {id(section) for section in _walk(sections)}
    scored = tuple(
        (points, section if section is not None and id(section) in own else sections[0])
        for points, section in output.scored
    )
    return evolve(output, sections=sections, scored=scored)


def _walk(sections: Iterable[Section]) -> Iterator[Section]:
    for section in sections:
        yield section
        yield from _walk(section.subsections)


def _given(results: Sequence[SubjectResult], safelist: Safelist) -> Iterator[Given]:
    clean_url = any(_is_clean_url(result) for result in results)
    for result in results:
        void = exempt(result.report.subject, safelist)
        if not void and clean_url and result.report.subject.ref.kind in HOST_KINDS:
            void = "Not counted: the URL itself is clean, and its host may be shared."
        yield from _points(result.contributions, name_of(result), void)


def _points(contributions: Iterable[AnalyzerOutput], subject: str = "", void: str = "") -> Iterator[Given]:
    for output in contributions:
        for points, section in output.scored:
            yield Given(
                points,
                section,
                provider=output.provider,
                subject=subject,
                external=output.external,
                void_because="" if output.external else void,
            )


def _is_clean_url(result: SubjectResult) -> bool:
    """A URL in which no engine found anything, and that nothing scores: its host does not condemn it."""
    subject, verdict = result.report.subject, result.verdict
    if subject.ref.kind != "url" or verdict.level not in {Level.CLEAN, Level.INFORMATIONAL}:
        return False
    if any(detection.category in BAD and not detection.ignored_because for detection in verdict.detections):
        return False
    if not verdict.detections and any(map(counters(subject).get, BAD)):
        return False
    return not any(points.amount > 0 for output in result.contributions for points, _ in output.scored)


def _explanation(scores: Sequence[Score], results: Sequence[SubjectResult]) -> Any | None:
    several = len(results) > 1
    total = sum(score.counted for score in scores)
    counting = sorted((score for score in scores if score.counted), key=lambda score: -score.counted)
    rows = [
        {
            "family": TITLES[score.family],
            "name": score.name,
            "reason": score.reason,
            "points": score.amount,
            "counted": score.counted,
            "ATT&CK": ", ".join((*score.attack_ids, *(f"{id} (unknown)" for id in score.unknown_ids))),
            "subject": score.subject if several else "",
        }
        for score in counting[:MOST_SCORES]
    ]
    if rest := sum(score.counted for score in counting[MOST_SCORES:]):
        rows.append({"family": "All others", "reason": "Not listed one by one.", "points": rest, "counted": rest})
    columns = ("family", "reason", "counted", "points", "name", "ATT&CK", "subject")
    section = table("Points", rows, columns, most=len(rows), collapse=True, keep=("counted",))
    reasons = tuple(dict.fromkeys(score.reason for score in scores if not score.counted))
    uncounted = lines("Points that do not count", reasons, most=MOST_UNCOUNTED, collapse=True)
    if section is not None and uncounted is not None:
        section.add_subsection(uncounted)
    shown = section or uncounted
    if shown is not None:
        shown.title_text = f"{EXPLANATION}: {total} points"
    return shown


# --- errors, notes, and whether the result may be reused -------------------------------------------------------------


def _errors(contributions: Iterable[AnalyzerOutput], unloaded: Sequence[str]) -> Any | None:
    failed = [output for output in contributions if output.error]
    rows = [{"analyser": output.analyzer, "plugin": output.provider, "error": output.error} for output in failed]
    section = table(FAILED, rows, ("analyser", "plugin", "error"), collapse=True, keep=("plugin",))
    below = lines(UNLOADED, unloaded, collapse=True)
    if section is None or below is None:
        return section or below
    section.add_subsection(below)
    return section


def _notes(contributions: Iterable[AnalyzerOutput], notes: Sequence[str], dropped: int) -> Any | None:
    cut = [f"{output.analyzer}: {note}" for output in contributions for note in output.notes]
    left_out = f"Tags of safelisted values or of hosts that are not public, left out: {dropped}."
    below = lines("What was cut or left out", [*cut, *([left_out] if dropped else [])], most=MOST_NOTES, collapse=True)
    section = lines(NOTES, notes)
    if section is None or below is None:
        return section or below
    section.add_subsection(below)
    return section


_TRANSIENT = frozenset({Status.PENDING, Status.QUOTA, Status.SKIPPED, Status.FAILED})
_SUBJECT_PARTIAL = _TRANSIENT | {Status.UNKNOWN, Status.FORBIDDEN, Status.INVALID}


def partial_reasons(results: Sequence[SubjectResult]) -> tuple[str, ...]:
    """Return why the platform must not reuse this result for the same file, one sentence each; empty where it may.

    Whatever may be otherwise at the next look: a subject that is not known yet or was not looked up, what was skipped,
    failed or had no quota, an analyser that failed. What the licence does not cover stays so, and is no reason.
    """
    return tuple(dict.fromkeys(reason for result in results for reason in _reasons(result)))


def _reasons(result: SubjectResult) -> Iterator[str]:
    name, outcome = name_of(result), result.report.outcome
    if outcome.status in _SUBJECT_PARTIAL:
        yield f"{name}: {_said(outcome)}"
    for relationship, related in result.report.related.items():
        if related.outcome.status in _TRANSIENT:
            yield f"{name}, {clean(relationship, 120)}: {_said(related.outcome)}"
    for artefact in result.artefacts:
        if artefact.outcome.status in _TRANSIENT:
            yield f"{clean(artefact.download.name, 120)}: {_said(artefact.outcome)}"
    yield from _failures(result.contributions)


def _failures(contributions: Iterable[AnalyzerOutput]) -> Iterator[str]:
    for output in contributions:
        if output.error:
            yield f"The analyser {clean(output.analyzer, 120)} failed."


def _said(outcome: Outcome) -> str:
    return clean(outcome.detail) if outcome.detail else f"{outcome.status.value}."
