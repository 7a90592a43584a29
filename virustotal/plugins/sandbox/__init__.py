"""What sandboxes saw of a file: merged on top, then each sandbox with all that it reports."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from assemblyline_v4_service.common.result import ResultTextSection

from virustotal.core import Analyzer, Evidence, Finding, Points, Related, Settings, hookimpl, tables
from virustotal.core.readers import as_mapping, as_text
from virustotal.plugins.sandbox import merged_view, signatures, tags, techniques, verdicts
from virustotal.plugins.sandbox.attribute_sections import KINDS, kind_section, other_section
from virustotal.plugins.sandbox.ontology import parts
from virustotal.plugins.sandbox.process_tree import tree_sections
from virustotal.plugins.sandbox.sandbox_section import sandbox_section
from virustotal.plugins.sandbox.sandboxes import MOST_SANDBOXES, Sandbox, sandbox_name, sandboxes

HOW_TO_SEE = "Set the parameter analyze_relationship to see what each of them saw."
NAMES_ONLY = "Only the names came: the coverage table says why their reports did not."


def analyze(evidence: Evidence) -> Iterator[Finding]:
    """Yield the merged view, one section a sandbox, points, and the ontology; the names alone of bare descriptors."""
    related = evidence.related
    if related is None or not related.items:
        return
    if not related.detailed:
        yield _listing(related, NAMES_ONLY if evidence.settings.analyze_relationship else HOW_TO_SEE)
        return
    known = [obj for obj in related.items if not obj.error]
    found = sandboxes(known)[:MOST_SANDBOXES]
    if not found:
        yield _listing(related)
        return
    subject = as_mapping(evidence.report.subject.attributes)
    merged, points = _merged(found, related, subject, tags.harmless_hosts(evidence))
    yield merged
    for sandbox in found:
        yield _one(sandbox)
    yield from points
    for sandbox in found:
        yield from parts(sandbox, merged.classification)


def _listing(related: Related, remark: str = "") -> Any:
    names = sorted({sandbox_name(obj) for obj in related.items}, key=str.casefold)
    total = related.total if related.total is not None else len(names)
    section = ResultTextSection(tables.counted("Sandboxes that ran this file", len(names), total))
    section.add_lines(names[: tables.MOST_ROWS])
    if remark:
        section.add_line(remark)
    for obj in related.items[: tables.MOST_ROWS]:
        if obj.error:
            section.add_line(f"{sandbox_name(obj)}: VirusTotal has no report of it ({as_text(obj.error, 60)}).")
    return section


def _merged(
    found: Sequence[Sandbox], related: Related, subject: Any, harmless: frozenset[str]
) -> tuple[Any, list[Points]]:
    section = ResultTextSection(tables.counted("What the sandboxes saw", len(found), related.total))
    section.add_lines(_remarks(found, related))
    points: list[Points] = []
    for part, more in chain(
        _verdicts(found, subject),
        _techniques(found),
        _rules(found, subject),
        _things(found, harmless),
        _network(found, harmless),
    ):
        section.add_subsection(part)
        points += more
    return section, points


Part = tuple[Any, Iterable[Points]]


def _remarks(found: Sequence[Sandbox], related: Related) -> list[str]:
    remarks = ["Each thing once, with the sandboxes that saw it; what most of them saw comes first."]
    if not related.complete:
        remarks.append("VirusTotal has more reports than were fetched.")
    for obj in related.items:
        if obj.error:
            remarks.append(f"{sandbox_name(obj)}: VirusTotal has no report ({as_text(obj.error, 60)}).")
    if (left := sum(not obj.error for obj in related.items) - len(found)) > 0:
        remarks.append(f"{left} more reports were left out.")
    return remarks


def _verdicts(found: Sequence[Sandbox], subject: Any) -> Iterator[Part]:
    section = verdicts.section_of(found)
    if section is not None:
        tags.add(section, tags.of_verdicts(found))
        yield section, verdicts.points_of(found, subject, section)


def _techniques(found: Sequence[Sandbox]) -> Iterator[Part]:
    groups = techniques.grouped(chain.from_iterable(map(techniques.techniques, found)))
    section = techniques.section_of(groups)
    if section is not None:
        yield section, techniques.points_of(groups, section)


def _rules(found: Sequence[Sandbox], subject: Any) -> Iterator[Part]:
    for prefix, section, matches, points in signatures.findings(found, subject):
        tags.add(section, tags.of_rules(prefix, matches))
        yield section, points


def _things(found: Sequence[Sandbox], harmless: frozenset[str]) -> Iterator[Part]:
    for merge in merged_view.MERGES:
        seen = merged_view.things(merge.read, found)
        section = merged_view.merge_section(merge, seen)
        if section is not None:
            tags.add(section, tags.of_things(merge.name, seen, harmless))
            yield section, ()


def _network(found: Sequence[Sandbox], harmless: frozenset[str]) -> Iterator[Part]:
    pairs = tuple(dict.fromkeys(tags.of_network(found)))
    rows = [(type.rpartition(".")[2].replace("_", " "), value) for type, value in pairs if value]
    grouped: dict[str, list[str]] = {}
    for name, value in rows:
        grouped.setdefault(name, []).append(value)
    section = tables.key_values("Network fingerprints", [(name, tables.listed(grouped[name])) for name in grouped])
    if section is not None:
        tags.add(section, tags.of_network(found, harmless))
        yield section, ()


def _one(sandbox: Sandbox) -> Any:
    section = sandbox_section(sandbox)
    candidates = chain(
        tree_sections(sandbox),
        (kind_section(sandbox, kind) for kind in KINDS),
        (other_section(sandbox),),
    )
    for part in candidates:
        if part is not None:
            section.add_subsection(part)
    return section


def analyze_verdicts(evidence: Evidence) -> Iterator[Finding]:
    """Yield what the file's own report says of the verdicts of sandboxes, which it has without their reports."""
    found = verdicts.of_subject(evidence.report.subject.attributes)
    section = verdicts.subject_section(found)
    if section is not None:
        tags.add(section, tags.of_labels(found))
        yield section
        yield from verdicts.subject_points(found, section)


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
            summary="What each sandbox saw, and what they agree on",
        ),
    )
