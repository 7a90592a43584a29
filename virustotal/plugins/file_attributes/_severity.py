"""Crowdsourced rules by severity: their sections, and what a rule of each severity is worth."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from assemblyline_v4_service.common.result import ResultSection
from attrs import evolve

from virustotal.core import Family, Points
from virustotal.core.readers import as_list, as_mapping, as_mappings
from virustotal.core.tables import listed
from virustotal.plugins.file_attributes._attribute_table import SectionSpec, build
from virustotal.plugins.file_attributes._cell_readers import lower

#: Severity to points of one rule. `low` and `info` are seen on most clean files, and score nothing.
WORTH: Mapping[str, int] = {"critical": 100, "high": 40, "medium": 10, "low": 0, "info": 0, "informational": 0}
#: Severities whose rules are shown open.
SERIOUS = frozenset({"critical", "high"})
#: Rules of one sort below `high` that count: many of them match clean programs too.
MOST_MINOR = 5
_RANK = {level: rank for rank, level in enumerate(WORTH)}


def severity(value: Any) -> str:
    """Return a severity in lower case; one that is not known stays as it is written."""
    return str(lower(value))


def sort_by_severity(value: Any, key: str) -> list[Any]:
    """Return the entries of a list sorted by severity, the worst first; unknown ones and what is no mapping last."""
    return sorted(as_list(value), key=lambda row: _RANK.get(severity(as_mapping(row).get(key)), len(_RANK)))


def rule_sections(
    spec: SectionSpec, value: Any, level: str, kind: str, name: Callable[[Mapping[str, Any]], str]
) -> Iterator[tuple[ResultSection, Sequence[Any], tuple[Points, ...]]]:
    """Yield the open section of rules of SERIOUS severity and the closed one of the others, with rules and points.

    Args:
        spec: The table of rules; its title and whether it is closed are set here.
        value: The attribute, a list of matches.
        level: The key of the severity in a match.
        kind: `Sigma` or `IDS`.
        name: Returns what a rule is called.
    """
    matches = sort_by_severity(value, level)
    serious = [match for match in matches if severity(as_mapping(match).get(level)) in SERIOUS]
    minor = matches[len(serious) :]
    title = f"Crowdsourced {kind} rules"
    for heading, group in ((title, serious), (f"{title}, {'lower' if serious else 'no high'} severity", minor)):
        shape = evolve(spec, title=heading + _counts(group, level), collapse=group is minor)
        if (section := build(shape, group)) is not None:
            yield section, group, tuple(_points(kind, as_mappings(group), level, name, section))


def _counts(matches: Sequence[Any], key: str) -> str:
    levels = [severity(as_mapping(match).get(key)) for match in matches]
    counts = ", ".join(f"{levels.count(level)} {level}" for level in WORTH if level in levels)
    return f": {counts}" if counts else ""


def _points(
    kind: str,
    matches: Sequence[Mapping[str, Any]],
    key: str,
    name: Callable[[Mapping[str, Any]], str],
    section: ResultSection,
) -> Iterator[Points]:
    """One amount for each rule of another name whose severity scores; below `high` for MOST_MINOR of them."""
    for level, worth in WORTH.items():
        rules = list(dict.fromkeys(name(row) or "unnamed" for row in matches if severity(row.get(key)) == level))
        if worth and rules:
            counted = len(rules) if level in SERIOUS else min(len(rules), MOST_MINOR)
            plural = "rule matches" if len(rules) == 1 else "rules match"
            reason = f"{len(rules)} crowdsourced {kind} {plural} with severity {level}: {listed(rules, 5)}."
            if counted < len(rules):
                reason += f" {counted} of them count."
            signature = f"crowdsourced_{kind.lower()}_{level}"
            yield Points(Family.CROWDSOURCED, signature, worth * counted, reason, section)
