"""Rules of sandboxes that matched, by sort: tables by severity, and points."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from assemblyline_v4_service.common.result import ResultSection
from attrs import frozen

from virustotal.core import Family, Points, tables
from virustotal.core.readers import as_mappings, as_text, clean
from virustotal.plugins.sandbox.behaviour_tags import add, of_rules
from virustotal.plugins.sandbox.rule_matches import MOST_CONTEXTS, Match, ids, merge, sigma, signatures
from virustotal.plugins.sandbox.sandboxes import Sandbox
from virustotal.plugins.sandbox.severity import IDS, MOST_MINOR, ORDER, SCORED_IN_FILE, SERIOUS, SIGMA, SIGNATURE

#: Rules of one sort that score; the table has more.
MOST_SCORED = 100


@frozen
class Sort:
    """One sort of rule: how it is read, titled, named in points and valued.

    Attributes:
        in_file: Of rules that the file's own report may score too, its attribute and the keys of title and severity
            in it.
    """

    read: Callable[[Sandbox], Iterator[Match]]
    title: str
    rule: str
    prefix: str
    worth: Mapping[str, int]
    in_file: tuple[str, str, str] | None = None

    def scored_in_file(self, subject: Mapping[str, Any]) -> frozenset[str]:
        """Return the ids, or the titles of those without one, of the rules that the file's own report scores."""
        if self.in_file is None:
            return frozenset()
        attribute, title, level = self.in_file
        rules = as_mappings(subject.get(attribute))
        scored = [rule for rule in rules if as_text(rule.get(level), 60).lower() in SCORED_IN_FILE]
        names = (as_text(rule.get("rule_id"), 200) or as_text(rule.get(title), 300) for rule in scored)
        return frozenset(filter(None, names))


SORTS = (
    Sort(ids, "IDS alerts", "Rule", "ids", IDS, ("crowdsourced_ids_results", "rule_msg", "alert_severity")),
    Sort(sigma, "Sigma rules", "Rule", "sigma", SIGMA, ("sigma_analysis_results", "rule_title", "rule_level")),
    Sort(signatures, "Signatures", "Signature", "signature", SIGNATURE),
)


def rule_findings(
    sandboxes: Sequence[Sandbox], subject: Mapping[str, Any]
) -> Iterator[tuple[ResultSection, tuple[Points, ...]]]:
    """Yield a tagged table and its points for each sort of rule that matched: the serious rules open, others closed.

    Args:
        sandboxes: The reports.
        subject: The file's own attributes; rules of the same sort that score there do not score again.
    """
    for sort in SORTS:
        rules = merge(sandboxes, sort.read)
        serious = [rule for rule in rules if rule.severity in SERIOUS]
        minor = rules[len(serious) :]
        scored = sort.scored_in_file(subject)
        for title, part in (
            (f"{sort.title} in sandboxes", serious),
            (f"{sort.title} in sandboxes, {'lower' if serious else 'no high'} severity", minor),
        ):
            section = _section(sort, title, part, collapse=part is minor)
            if section is not None:
                add(section, of_rules(sort.prefix, part))
                yield section, tuple(_points(sort, part, section, scored))


def _section(sort: Sort, title: str, rules: Sequence[Match], *, collapse: bool) -> Any | None:
    """The table of rules; ids, authors, sources and contexts stand below it."""
    rows = [
        {
            "Severity": rule.severity,
            sort.rule: rule.name,
            "Description": rule.description,
            "Category": rule.category,
            "Format": rule.format,
            "Sandboxes": tables.listed(rule.sandboxes, 5),
            "Id": "" if rule.id == rule.name else rule.id,
            "Author": rule.author,
            "Source": rule.source,
            **{f"Match {number}": context for number, context in enumerate(rule.context, 1)},
        }
        for rule in rules[: tables.MOST_ROWS]
    ]
    # The title says which severity it is where there is one.
    severity = ("Severity",) if len({rule.severity for rule in rules}) > 1 else ()
    columns = (*severity, sort.rule, "Description", "Category", "Format", "Sandboxes")
    detail = ("Id", "Author", "Source", *(f"Match {number}" for number in range(1, MOST_CONTEXTS + 1)))
    title = f"{title}{_counts(rules)}"
    return tables.table(title, rows, (*columns, *detail), total=len(rules), collapse=collapse, detail=detail)


def _counts(rules: Sequence[Match]) -> str:
    counts = {word: sum(rule.severity == word for rule in rules) for word in ORDER[:-1]}
    parts = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    return f": {parts}" if parts else ""


def _points(sort: Sort, rules: Sequence[Match], section: Any, scored_in_file: frozenset[str]) -> Iterator[Points]:
    """One point a rule that scores; of those below high MOST_MINOR count."""
    minor = 0
    for rule in [rule for rule in rules if sort.worth.get(rule.severity)][:MOST_SCORED]:
        amount = sort.worth[rule.severity]
        reason = (
            f"{sort.title.removesuffix('s')} {rule.name}: severity {rule.severity}, {tables.listed(rule.sandboxes, 5)}"
        )
        if {rule.id, rule.name} & scored_in_file:
            amount, reason = 0, f"{reason}; counted in the file's own report"
        elif rule.severity not in SERIOUS:
            minor += 1
            if minor > MOST_MINOR:
                amount, reason = 0, f"{reason}; only the first {MOST_MINOR} rules below high count"
        # The techniques of the rules stand in the one table of techniques.
        yield Points(Family.BEHAVIOUR, clean(f"{sort.prefix}.{rule.name}", 110), amount, reason, section)
