"""What the tests of relationships share."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from assemblyline_v4_service.common.result import ResultSection

from virustotal.core.analyzer import Analyzer
from virustotal.core.findings import Download, Finding, Points
from virustotal.core.tables import FURTHER


def engines(malicious: int, harmless: int = 10, suspicious: int = 0) -> dict[str, Any]:
    """`last_analysis_results` of so many engines each."""
    found = {}
    for category, count in (("malicious", malicious), ("suspicious", suspicious), ("harmless", harmless)):
        for place in range(count):
            name = f"{category}-{place}"
            found[name] = {"engine_name": name, "category": category, "result": f"{category} thing"}
    return found


def by_name(analyzers: Iterable[Analyzer], kind: str, relationship: str) -> Analyzer:
    """The one analyser of a relationship."""
    (found,) = [analyzer for analyzer in analyzers if (analyzer.kind, analyzer.relationship) == (kind, relationship)]
    return found


def sections(findings: Iterable[Finding]) -> Iterator[ResultSection]:
    """All sections, also those inside others."""
    for finding in findings:
        if isinstance(finding, ResultSection):
            yield finding
            yield from sections(finding.subsections)


def titled(findings: Iterable[Finding], start: str) -> ResultSection:
    """The one section whose title starts so, but for the details of tables."""
    (found,) = [
        section
        for section in sections(findings)
        if section.title_text.startswith(start) and not section.title_text.endswith(": details")
    ]
    return found


def without_further(findings: Iterable[Finding]) -> list[Finding]:
    """The findings without the sections of attributes that no column shows."""
    found = list(findings)
    for section in list(sections(found)):
        section._subsections = [subsection for subsection in section.subsections if subsection.title_text != FURTHER]
    return found


def details(findings: Iterable[Finding]) -> str:
    """What stands below tables."""
    return "\n".join(str(section.body) for section in sections(findings) if section.title_text.endswith(": details"))


def rows(section: ResultSection) -> list[Mapping[str, Any]]:
    """The rows of a table section."""
    body = section.section_body._data
    assert isinstance(body, list)
    return body


def facts(section: ResultSection) -> dict[str, Any]:
    """The entries of a section of key-values."""
    body = section.section_body._data
    assert isinstance(body, list)
    return dict(body)


def tags(findings: Iterable[Finding]) -> dict[str, set[str]]:
    """All tags of all sections."""
    found: dict[str, set[str]] = {}
    for section in sections(findings):
        for kind, values in section.tags.items():
            found.setdefault(kind, set()).update(values)
    return found


def points(findings: Iterable[Finding]) -> list[Points]:
    return [finding for finding in findings if isinstance(finding, Points)]


def downloads(findings: Iterable[Finding]) -> list[Download]:
    return [finding for finding in findings if isinstance(finding, Download)]
