"""What language models wrote about the file (Code Insight): `crowdsourced_ai_results`.

Shown and never scored or tagged: the text is made of what is in the file, so that whoever wrote the file can steer it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from assemblyline_v4_service.common.result import ResultSection

from virustotal.core import Analyzer, Family, Finding, Points, Settings, hookimpl
from virustotal.core.readers import as_list, as_mapping, as_text, pairs
from virustotal.core.tables import listed
from virustotal.plugins.file_attributes._attribute_table import analyzer

WARNING = "Written by a language model about content that an attacker may control. Not scored."
#: Characters of one analysis, and analyses shown.
LONGEST, MOST = 5_000, 20


def analyses(value: Any) -> list[Mapping[str, Any]]:
    """Return the analyses of a list, of one mapping, or of a mapping of sources; a bare text is an analysis."""
    fields = as_mapping(value)
    if fields and "analysis" not in fields:
        return [{"source": name, **_analysis(entry)} for name, entry in pairs(fields)]
    return [_analysis(entry) for entry in as_list(value)]


def _analysis(entry: Any) -> Mapping[str, Any]:
    return as_mapping(entry) or {"analysis": entry}


def analyze(attributes: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield one section with a subsection for each analysis, its source and verdict in the title."""
    results = analyses(attributes.get("crowdsourced_ai_results"))
    shown = [below for entry in results[:MOST] if (below := _section(entry)) is not None]
    if not shown:
        return
    rest = f" {len(results) - MOST} more are not shown." if len(results) > MOST else ""
    section = ResultSection(f"Analyses by language models ({len(results)})", body=WARNING + rest)
    for below in shown:
        section.add_subsection(below)
    yield section
    yield Points(Family.AI, "ai_analysis", 0, "Language models assessed the file; not scored.", section)


def _section(entry: Mapping[str, Any]) -> ResultSection | None:
    facts = [(key, as_text(value) or listed(as_list(value))) for key, value in pairs(entry) if key != "analysis"]
    written = [f"{key}: {value}" for key, value in facts[:MOST] if value]
    analysis = as_text(entry.get("analysis"), LONGEST) or listed(as_list(entry.get("analysis")))
    if not analysis and not written:
        return None
    source, verdict = as_text(entry.get("source")) or "unnamed source", as_text(entry.get("verdict")) or "no verdict"
    body = "\n".join([analysis or "No text.", "", *written])
    return ResultSection(f"{source}: {verdict}", body=body, auto_collapse=True)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of Code Insight."""
    summary = "What language models wrote about the file; never scored."
    return (analyzer("ai", 63, summary, names=("crowdsourced_ai_results",), analyze=analyze),)
