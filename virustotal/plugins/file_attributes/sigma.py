"""Sigma rules that match in a sandbox: `sigma_analysis_results`, `_stats`, `_summary`."""

from collections.abc import Iterator, Mapping
from typing import Any

from virustotal.core import Analyzer, Finding, Settings, hookimpl
from virustotal.core.readers import as_mapping, as_mappings, as_text
from virustotal.core.tables import brief
from virustotal.plugins.file_attributes._attribute_table import (
    FieldSpec,
    SectionSpec,
    analyzer,
    build_sections,
    field_specs,
)
from virustotal.plugins.file_attributes._severity import rule_sections, severity

#: Events of one rule that are written out.
MOST_EVENTS = 3


def events(value: Any) -> str:
    """Return the first events of `match_context`, which is a list of `{values: {…}}` or one mapping."""
    contexts = [as_mapping(entry.get("values")) or entry for entry in as_mappings(value)]
    rest = len(contexts) - MOST_EVENTS
    written = " | ".join(str(brief(entry)) for entry in contexts[:MOST_EVENTS])
    return f"{as_text(written, 900)} and {rest} more" if rest > 0 else written or str(brief(value))


RULES = SectionSpec("sigma_analysis_results", "Rules").include(
    FieldSpec("rule_level", "Level", severity),
    FieldSpec("rule_title", "Rule"),
    FieldSpec("rule_source", "Source"),
    FieldSpec("rule_author", "Author", detail=True),
    FieldSpec("rule_description", "Description"),
    FieldSpec("rule_id", detail=True),
    FieldSpec("match_context", "Events", events, detail=True),
)
STATISTICS = SectionSpec("sigma_analysis_stats", "Sigma rules: VirusTotal's statistics")
SUMMARY = SectionSpec("sigma_analysis_summary", "Sigma rules: statistics by rule set", name="Rule set").include(
    *field_specs("critical", "high", "medium", "low")
)


def title(row: Mapping[str, Any]) -> str:
    """Return what a rule is called."""
    return as_text(row.get("rule_title")) or as_text(row.get("rule_id"))


def analyze(attributes: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield the rules, the worst first, VirusTotal's statistics, and points of each severity."""
    for section, _, points in rule_sections(RULES, attributes.get(RULES.key), "rule_level", "Sigma", title):
        yield section
        yield from points
    yield from build_sections(attributes, STATISTICS, SUMMARY)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of Sigma results."""
    return (analyzer("sigma", 61, "Sigma rules matched in a sandbox.", RULES, STATISTICS, SUMMARY, analyze=analyze),)
