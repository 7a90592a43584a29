"""Crowdsourced YARA rules that match: `crowdsourced_yara_results`."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from virustotal.core import Analyzer, Family, Finding, Points, Settings, hookimpl
from virustotal.core.readers import as_list, as_mappings, as_text
from virustotal.core.tables import listed
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import MOST_TAGS, FieldSpec, SectionSpec, analyzer, build

#: Points of one rule. Rules have no severity, and many only describe a format: so a little, and for a few of them.
WORTH, MOST_SCORED = 10, 5
# What YARA itself takes as the name of a rule; rule sets may have blanks.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}", re.ASCII)

RULES = SectionSpec("crowdsourced_yara_results", "Crowdsourced YARA rules").include(
    FieldSpec("rule_name", "Rule"),
    FieldSpec("ruleset_name", "Rule set"),
    FieldSpec("author"),
    FieldSpec("source", detail=True),
    FieldSpec("description"),
    FieldSpec("match_in_subfile", "In a contained file"),
    FieldSpec("match_date", "Matched", read.day),
    FieldSpec("ruleset_id", "Rule set id", detail=True),
    FieldSpec("ruleset_version", "Rule set version", detail=True),
)


def rule_tag(row: Mapping[str, Any]) -> str:
    """Return `RULESET.RULE`, or the rule alone where the rule set has no plain name; empty for what is no rule."""
    rule, ruleset = as_text(row.get("rule_name")), as_text(row.get("ruleset_name"))
    if not _NAME.fullmatch(rule):
        return ""
    return f"{ruleset}.{rule}" if _NAME.fullmatch(ruleset) else rule


def analyze(attributes: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield the rules that match, tagged, and few points for each of another name."""
    value = attributes.get(RULES.key)
    section = build(RULES, value)
    if section is None:
        return
    rows = as_mappings(as_list(value))
    for tag in list(dict.fromkeys(filter(None, map(rule_tag, rows))))[:MOST_TAGS]:
        section.add_tag("file.rule.yara", tag)
    yield section
    rules = list(dict.fromkeys(filter(None, (as_text(row.get("rule_name")) for row in rows))))
    if rules:
        plural = "rule matches" if len(rules) == 1 else "rules match"
        reason = f"{len(rules)} crowdsourced YARA {plural}: {listed(rules, 5)}."
        yield Points(Family.CROWDSOURCED, "crowdsourced_yara", WORTH * min(len(rules), MOST_SCORED), reason, section)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of crowdsourced YARA results."""
    return (analyzer("yara", 60, "Crowdsourced YARA rules that match.", RULES, analyze=analyze),)
