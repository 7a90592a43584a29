"""What sandboxes saw of a file: what they concluded, the rules that matched, and all activity merged by kind."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from assemblyline_v4_service.common.result import ResultSection, ResultTextSection

from virustotal.core import Analyzer, Evidence, Finding, Points, Related, Settings, hookimpl, tables
from virustotal.core.readers import as_text
from virustotal.plugins.sandbox import activity, behaviour_tags, records, sandbox_verdicts
from virustotal.plugins.sandbox.ontology_parts import parts
from virustotal.plugins.sandbox.process_tree import tree_section
from virustotal.plugins.sandbox.sandboxes import HEAD, MOST_SANDBOXES, Sandbox, sandbox_name, sandboxes
from virustotal.plugins.sandbox.signatures import rule_findings
from virustotal.plugins.sandbox.techniques import group_techniques, technique_points, techniques, techniques_section

HOW_TO_SEE = "Set the parameter analyze_relationship to see their reports."
NAMES_ONLY = "Names only. The coverage table says why the reports are missing."

#: Attributes that are shown in one of the sections.
KNOWN = HEAD | activity.ATTRIBUTES | records.ATTRIBUTES


def analyze(evidence: Evidence) -> Iterator[Finding]:
    """Yield verdicts and serious rules open, all activity closed, points and ontology.

    Bare descriptors give a list of names.
    """
    related = evidence.related
    if related is None or not related.items:
        return
    if not related.detailed:
        yield _names(related, NAMES_ONLY if evidence.settings.analyze_relationship else HOW_TO_SEE)
        return
    reports = sandboxes([obj for obj in related.items if not obj.error])[:MOST_SANDBOXES]
    if not reports:
        yield _names(related)
        return
    classification = ""
    for finding in _findings(evidence, related, reports):
        if isinstance(finding, ResultSection):
            classification = classification or finding.classification
        yield finding
    for report in reports:
        yield from parts(report, classification)


def _findings(evidence: Evidence, related: Related, reports: Sequence[Sandbox]) -> Iterator[Finding]:
    subject = evidence.report.subject.attributes
    verdicts = list(map(sandbox_verdicts.verdict_of, reports))
    attribution = list(behaviour_tags.of_verdicts(verdicts, subject))
    new = sandbox_verdicts.new_verdicts(verdicts, subject)
    closed = not any(verdict.bad for verdict in new)
    concluded = sandbox_verdicts.verdicts_section("Verdicts in reports of sandboxes", new, collapse=closed)
    if concluded is not None:
        behaviour_tags.add(concluded, attribution)
        yield concluded
        yield from sandbox_verdicts.verdict_points(new, concluded)
    rules = list(rule_findings(reports, subject))
    for finding in rules:
        behaviour_tags.add(finding.section, behaviour_tags.of_rules(finding.sort.prefix, finding.rules))
        if finding.serious:
            yield finding.section
    minor = [finding.section for finding in rules if not finding.serious]
    section, points = _activity(reports, related, minor, behaviour_tags.noise_of(evidence))
    if concluded is None:
        behaviour_tags.add(section, attribution)
    yield section
    yield from points
    for finding in rules:
        yield from finding.points


def _names(related: Related, remark: str = "") -> Any:
    names = sorted({sandbox_name(obj) for obj in related.items}, key=str.casefold)
    total = related.total if related.total is not None else len(names)
    section = ResultTextSection(tables.counted("Sandboxes that ran this file", len(names), total), auto_collapse=True)
    section.add_lines(names[: tables.MOST_ROWS])
    if remark:
        section.add_line(remark)
    section.add_lines(list(_missing(related))[: tables.MOST_ROWS])
    if (further := tables.further_attributes(related.items, {"sandbox_name"})) is not None:
        section.add_subsection(further)
    return section


def _missing(related: Related) -> Iterator[str]:
    for obj in related.items:
        if obj.error:
            yield f"{sandbox_name(obj)}: VirusTotal has no report ({as_text(obj.error, 60)})."


def _activity(
    reports: Sequence[Sandbox], related: Related, minor: Sequence[Any], noise: behaviour_tags.Noise
) -> tuple[Any, list[Points]]:
    """The closed section with all tables of activity below it, and the points of the techniques in it."""
    section = ResultTextSection(tables.counted("Sandbox activity", len(reports), related.total), auto_collapse=True)
    section.add_lines(list(_remarks(reports, related)))
    groups = group_techniques(chain.from_iterable(map(techniques, reports)))
    attack = techniques_section(groups)
    summary = sandbox_verdicts.reports_section(reports)
    behaviour_tags.add(summary, behaviour_tags.of_noticed(map(sandbox_verdicts.verdict_of, reports)))
    sections = (
        (summary,),
        (activity.activity_section(table, reports, noise) for table in activity.TABLES),
        (tree_section(reports), attack),
        minor,
        (records.record_section(table, reports, noise) for table in records.RECORDS),
        (tables.lines("Hosts file", records.hosts_file(reports), collapse=True),),
        (activity.activity_section(activity.other_observations(KNOWN), reports, noise),),
    )
    for part in filter(None, chain(*sections)):
        section.add_subsection(part)
    return section, [] if attack is None else list(technique_points(groups, attack))


def _remarks(reports: Sequence[Sandbox], related: Related) -> Iterator[str]:
    yield f"Reports of {', '.join(report.name for report in reports)}. Each observation is listed once."
    if not related.complete:
        yield "VirusTotal has more reports than were fetched."
    yield from _missing(related)
    if (left := sum(not obj.error for obj in related.items) - len(reports)) > 0:
        yield f"{left} more reports were left out."


def analyze_verdicts(evidence: Evidence) -> Iterator[Finding]:
    """Yield what the file's own report says of the verdicts of sandboxes, which it has without their reports."""
    verdicts = sandbox_verdicts.of_subject(evidence.report.subject.attributes)
    section = sandbox_verdicts.verdicts_section("Verdicts of sandboxes", verdicts)
    if section is not None:
        behaviour_tags.add(section, behaviour_tags.of_verdicts(verdicts, evidence.report.subject.attributes))
        yield section
        yield from sandbox_verdicts.verdict_points(verdicts, section)


@hookimpl
def virustotal_analyzers(settings: Settings) -> Iterable[Analyzer]:
    """The two analysers of sandboxes: their reports, and their verdicts in the file's own report."""
    return (
        Analyzer(
            "sandbox_verdicts",
            "file",
            analyze=analyze_verdicts,
            order=99,
            summary="Verdicts of sandboxes in the file's own report",
        ),
        Analyzer(
            "behaviours",
            "file",
            "behaviours",
            analyze=analyze,
            order=100,
            summary="Sandbox verdicts and activity",
        ),
    )
