"""What sandboxes saw of a file: what they concluded, the rules that matched, and all activity merged by kind."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from assemblyline_v4_service.common.result import ResultTextSection

from virustotal.core import Analyzer, Evidence, Finding, Related, Settings, hookimpl, tables
from virustotal.core.readers import as_text
from virustotal.plugins.sandbox import activity, records, sandbox_verdicts
from virustotal.plugins.sandbox.behaviour_tags import Noise, add, noise_of, of_noticed, of_verdicts
from virustotal.plugins.sandbox.ontology_parts import parts
from virustotal.plugins.sandbox.process_tree import tree_section
from virustotal.plugins.sandbox.sandboxes import HEAD, MOST_SANDBOXES, Sandbox, sandbox_name, sandboxes
from virustotal.plugins.sandbox.signatures import rule_findings
from virustotal.plugins.sandbox.techniques import group_techniques, technique_points, techniques_section

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
    objects = [obj for obj in related.items if not obj.error] if related.detailed else ()
    if reports := sandboxes(objects)[:MOST_SANDBOXES]:
        yield from _findings(evidence, related, reports)
        yield from chain.from_iterable(map(parts, reports))
    else:
        yield _names(related, evidence.settings)


def _findings(evidence: Evidence, related: Related, reports: Sequence[Sandbox]) -> Iterator[Finding]:
    subject = evidence.report.subject.attributes
    verdicts = list(map(sandbox_verdicts.verdict_of, reports))
    new = sandbox_verdicts.new_verdicts(verdicts, subject)
    closed = not any(verdict.bad for verdict in new)
    concluded = sandbox_verdicts.verdicts_section("Verdicts in reports of sandboxes", new, collapse=closed)
    rules = list(rule_findings(reports, subject))
    groups = group_techniques(reports)
    attack = techniques_section(groups)
    section = ResultTextSection(tables.counted("Sandbox activity", len(reports), related.total), auto_collapse=True)
    section.add_lines(list(_remarks(reports, related)))
    summary = sandbox_verdicts.reports_section(reports)
    add(summary, of_noticed(reports))
    minor = [table for table, _ in rules if table.auto_collapse]
    for part in filter(None, (summary, *_tables(reports, attack, minor, noise_of(evidence)))):
        section.add_subsection(part)
    add(section if concluded is None else concluded, of_verdicts(verdicts, subject))
    if concluded is not None:
        yield concluded
    yield from sandbox_verdicts.verdict_points(new, concluded)
    yield from (table for table, _ in rules if not table.auto_collapse)
    yield section
    yield from technique_points(groups, attack)
    yield from chain.from_iterable(points for _, points in rules)


def _tables(reports: Sequence[Sandbox], attack: Any, minor: Sequence[Any], noise: Noise) -> Iterator[Any]:
    """Yield the tables below the section of all activity, and None in place of those that are empty."""
    yield from (activity.activity_section(table, reports, noise) for table in activity.TABLES)
    yield tree_section(reports)
    yield attack
    yield from minor
    yield from (records.record_section(table, reports, noise) for table in records.RECORDS)
    yield tables.lines("Hosts file", records.hosts_file(reports), collapse=True)
    yield activity.activity_section(activity.other_observations(KNOWN), reports, noise)


def _names(related: Related, settings: Settings) -> Any:
    names = sorted({sandbox_name(obj) for obj in related.items}, key=str.casefold)
    title = tables.counted("Sandboxes that ran this file", len(names), related.total)
    section = ResultTextSection(title, auto_collapse=True)
    section.add_lines(names[: tables.MOST_ROWS])
    if not related.detailed:
        section.add_line(NAMES_ONLY if settings.analyze_relationship else HOW_TO_SEE)
    section.add_lines(list(_missing(related))[: tables.MOST_ROWS])
    if (further := tables.further_attributes(related.items, {"sandbox_name"})) is not None:
        section.add_subsection(further)
    return section


def _missing(related: Related) -> Iterator[str]:
    for obj in related.items:
        if obj.error:
            yield f"{sandbox_name(obj)}: VirusTotal has no report ({as_text(obj.error, 60)})."


def _remarks(reports: Sequence[Sandbox], related: Related) -> Iterator[str]:
    yield f"Reports of {', '.join(report.name for report in reports)}. Each observation is listed once."
    if not related.complete:
        yield "VirusTotal has more reports than were fetched."
    yield from _missing(related)
    if (left := sum(not obj.error for obj in related.items) - len(reports)) > 0:
        yield f"{left} more reports were left out."


def analyze_verdicts(evidence: Evidence) -> Iterator[Finding]:
    """Yield what the file's own report says of the verdicts of sandboxes, which it has without their reports."""
    subject = evidence.report.subject.attributes
    verdicts = sandbox_verdicts.of_subject(subject)
    section = sandbox_verdicts.verdicts_section("Verdicts of sandboxes", verdicts)
    if section is not None:
        add(section, of_verdicts(verdicts, subject))
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
