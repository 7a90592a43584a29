"""Findings to the final sections: order, headings, caps, tags, coverage and errors."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import accumulate, chain
from typing import Any

from assemblyline_v4_service.common.result import ResultSection, ResultTextSection
from attrs import evolve, frozen

from virustotal.core.models import Level
from virustotal.core.plugin_host.output import AnalyzerOutput, Section
from virustotal.core.scoring.heuristics import ReportedPoints, Score, apply_caps, group_by_section
from virustotal.core.scoring.safelist import NO_SAFELIST, Safelist
from virustotal.core.scoring.verdicts import HOST_KINDS, exemption
from virustotal.core.scoring.words import score_word
from virustotal.core.settings import Settings
from virustotal.core.tables import listed
from virustotal.result.coverage import coverage_section
from virustotal.result.final_sections import errors, explanation, notes_section
from virustotal.result.flagged import flagged_section
from virustotal.result.models import Layout, SubjectResult
from virustotal.result.partial import failures, partial_reasons
from virustotal.result.section_builder import Builder
from virustotal.result.subject_header import name_of, subject_header
from virustotal.util.readers import EMPTY, as_text, clean

__all__ = ["Layout", "SubjectResult", "compose"]

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
#: The built-in analyser whose table stands below the screenshots themselves.
SCREENSHOTS = "screenshots"
#: Characters of the title of the section of all closed ones, which names them.
LONGEST_NAMES = 100


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

    Args:
        results: One for each subject, in the order in which they are shown.
        beside: Findings of the task itself; they are shown after those of the subjects.
        notes: Sentences about the task: parameters not understood, subjects that were refused, the safelist.
        volatile: Why the result depends on what the platform's result cache does not know, such as the metadata.
        unloaded: Plugins that did not load, one line each; they are listed and do not make the result partial.
        pictures: Sections of pictures by the analyser whose first section they belong under; screenshots under "".
        now: The moment by which an analysis is stale; the current one where it is not given.
    """
    now = now or datetime.now(UTC)
    results = [evolve(result, contributions=tuple(map(_with_anchors, result.contributions))) for result in results]
    beside = tuple(map(_with_anchors, beside))
    entries = (*_given(results, safelist), *_points(beside))
    flagged: Section | None = None
    if any(entry.points.about is not None for entry in entries):
        flagged, entries = flagged_section(entries)
    scores = apply_caps(entries)
    builder, left = Builder(group_by_section(scores), settings, safelist), dict(pictures)
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
        explanation(scores, results),
        coverage_section(results),
        errors(everything, unloaded),
        notes_section(everything, notes, builder.dropped),
    )
    total = sum(score.counted for score in scores)
    screenshots = [left.pop("")] if "" in left else []
    sections = (
        *_ordered(trees, first, screenshots, total),
        *besides,
        *(section for section in ends if section is not None),
        *left.values(),
    )
    reasons = (*partial_reasons(results), *failures(beside), *volatile)
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
            if output.analyzer == SCREENSHOTS and "" in pictures:
                shown.title_text = f"{shown.title_text.partition(' (')[0]}: details"
                pictures[""].add_subsection(shown)
                continue
            if (picture := pictures.pop(output.analyzer, None)) is not None:
                shown.add_subsection(picture, on_top=True)
                is_closed = False
            (closed if is_closed else opened).append(shown)
        if (picture := pictures.pop(output.analyzer, None)) is not None:
            opened.append(picture)
    if len(closed) < 2:
        return opened, closed
    names = dict.fromkeys(re.split(r" ?[:(,]", section.title_text)[0] for section in closed)
    lengths = accumulate(len(as_text(name)) + len(", ") for name in names)
    shown_names = max(1, sum(length <= LONGEST_NAMES for length in lengths))
    group = ResultSection(f"Details: {listed(names, shown_names)}")
    group.auto_collapse = True
    for section in closed:
        group.add_subsection(section)
    return opened, [group]


def _points_below(section: Any) -> int:
    own = section.heuristic.score if section.heuristic is not None else 0
    return int(own) + sum(map(_points_below, section.subsections))


# --- points ----------------------------------------------------------------------------------------------------------


def _with_anchors(output: AnalyzerOutput) -> AnalyzerOutput:
    """Give points without a section of the analyser's own its first section, or a new one where it has none."""
    if all(points.about is not None for points, _ in output.scored):
        return output
    sections = output.sections or (Section(title=clean(output.analyzer, 200) or "Points"),)
    own = {id(section) for top in sections for section in top.walk()}
    scored = tuple(
        (points, section if section is not None and id(section) in own else sections[0])
        for points, section in output.scored
    )
    return evolve(output, sections=sections, scored=scored)


def _given(results: Sequence[SubjectResult], safelist: Safelist) -> Iterator[ReportedPoints]:
    clean_url = any(_is_clean_url(result) for result in results)
    for result in results:
        void = exemption(result.report.subject, safelist)
        if not void and clean_url and result.report.subject.ref.kind in HOST_KINDS:
            void = "Not counted: the URL itself is clean, and its host may be shared."
        yield from _points(result.contributions, name_of(result), void)


def _points(contributions: Iterable[AnalyzerOutput], subject: str = "", void: str = "") -> Iterator[ReportedPoints]:
    for output in contributions:
        for points, section in output.scored:
            yield ReportedPoints(
                points,
                section,
                subject=subject,
                external=output.external,
                void_because="" if output.external else void,
            )


def _is_clean_url(result: SubjectResult) -> bool:
    """A URL in which no engine found anything, and that nothing scores: its host does not condemn it."""
    subject, verdict = result.report.subject, result.verdict
    if subject.ref.kind != "url" or verdict.counts.hits or verdict.level not in {Level.CLEAN, Level.INFORMATIONAL}:
        return False
    return not any(points.amount > 0 for output in result.contributions for points, _ in output.scored)
