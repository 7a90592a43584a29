"""Signatures of the sandboxes, Sigma rules and IDS rules that matched: tables by severity, details, and points."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from attrs import evolve, frozen

from virustotal.core import Family, Points, tables
from virustotal.core.assemblyline import known_ids
from virustotal.core.readers import as_list, as_mappings, as_text, as_texts, clean, pairs
from virustotal.plugins.sandbox.cell_text import LONGEST_CELL, described
from virustotal.plugins.sandbox.long_values import LongValues
from virustotal.plugins.sandbox.sandboxes import Sandbox
from virustotal.plugins.sandbox.severity import (
    IDS,
    MOST_MINOR,
    ORDER,
    SCORED_IN_FILE,
    SERIOUS,
    SIGMA,
    SIGNATURE,
    rank,
    severity,
    worse,
)
from virustotal.plugins.sandbox.techniques import technique_ids, techniques

#: Rules of one sort that score; the table has more.
MOST_SCORED = 100
#: Matches of one sort in one report that are looked at, and contexts of one match that are kept.
MOST_MATCHES, MOST_CONTEXTS = 2_000, 20
#: Characters of one context of a match.
LONGEST_CONTEXT = 1_000
#: Characters of one field of an event; a longer one is in the file of long values.
LONGEST_FIELD = 500

_FORMATS = {
    "SIG_FORMAT_YARA": "YARA",
    "SIG_FORMAT_SIGMA": "Sigma",
    "SIG_FORMAT_CAPA": "capa",
    "SIG_FORMAT_OPENIOC": "OpenIOC",
}
_CONTEXT = ("url", "hostname", "dest_ip", "dest_port", "src_ip", "src_port", "proto", "protocol", "ja3", "ja3s")


@frozen
class Match:
    """One rule that matched, in one sandbox or in several.

    key: What makes it the same rule.
    id: As VirusTotal has it, or empty.
    format: Of a signature, such as `YARA`.
    context: What it matched on.
    attack_ids: Techniques that Assemblyline knows.
    texts: Those of id and name that can be tags: texts, and ids that are numbers.
    """

    key: str
    name: str
    severity: str
    sandboxes: tuple[str, ...]
    id: str = ""
    description: str = ""
    format: str = ""
    author: str = ""
    source: str = ""
    category: str = ""
    context: tuple[str, ...] = ()
    attack_ids: tuple[str, ...] = ()
    texts: frozenset[str] = frozenset()


def _matches(sandbox: Sandbox, *attributes: str) -> Iterator[Mapping[str, Any]]:
    entries = (entry for attribute in attributes for entry in sandbox.entries(attribute))
    return islice((entry for entry in entries if isinstance(entry, Mapping)), MOST_MATCHES)


def signatures(sandbox: Sandbox) -> Iterator[Match]:
    """Yield `signature_matches`. In some sandboxes ids count matches: the name makes two the same."""
    attacks: dict[str, list[str]] = {}
    for technique in techniques(sandbox):
        for id in technique.signatures:
            attacks.setdefault(id, []).append(technique.given)
    for fields in _matches(sandbox, "signature_matches"):
        id, name, description = (as_text(fields.get(field), 300) for field in ("id", "name", "description"))
        shown = name or description or id
        if not shown:
            continue
        format = as_text(fields.get("format"), 60)
        yield Match(
            shown[:150],
            shown,
            severity(fields.get("severity")),
            (sandbox.name,),
            id,
            description if description != shown else "",
            _FORMATS.get(format, as_text(format.removeprefix("SIG_FORMAT_").replace("UNKNOWN", "").capitalize(), 40)),
            tables.listed(as_texts(fields.get("authors")) or as_texts(fields.get("author")), 5),
            as_text(fields.get("rule_src"), 300),
            context=_contexts(as_list(fields.get("match_data")) or as_list(fields.get("events"))),
            attack_ids=known_ids((*attacks.get(id, ()), *technique_ids(fields))),
            texts=_texts(fields, "name", "description", "id"),
        )


def sigma(sandbox: Sandbox) -> Iterator[Match]:
    """Yield `sigma_analysis_results`; the context is a list of `{values}`, or a single one."""
    for fields in _matches(sandbox, "sigma_analysis_results"):
        id, title = as_text(fields.get("rule_id"), 200), as_text(fields.get("rule_title"), 300)
        if not (id or title):
            continue
        yield Match(
            id or title,
            title or id,
            severity(fields.get("rule_level")),
            (sandbox.name,),
            id,
            as_text(fields.get("rule_description"), 300),
            author=tables.listed(as_texts(fields.get("rule_author")), 5),
            source=as_text(fields.get("rule_source"), 300),
            context=_contexts(
                [event.get("values") or event for event in as_mappings(_first(fields.get("match_context")))]
            ),
            attack_ids=known_ids(technique_ids(fields)),
            texts=_texts(fields, "rule_title", "rule_id"),
        )


def ids(sandbox: Sandbox) -> Iterator[Match]:
    """Yield `ids_alerts` (some pages say `ids_results`); the context is a mapping or a list of them."""
    for fields in _matches(sandbox, "ids_alerts", "ids_results"):
        id, message = as_text(fields.get("rule_id"), 100), as_text(fields.get("rule_msg"), 300)
        if not (id or message):
            continue
        yield Match(
            id or message,
            message or id,
            severity(fields.get("alert_severity")),
            (sandbox.name,),
            id,
            source=as_text(fields.get("rule_source"), 200),
            category=as_text(fields.get("rule_category"), 200),
            context=tuple(filter(None, map(alert_context, as_mappings(_first(fields.get("alert_context")))))),
            texts=_texts(fields, "rule_msg", "rule_id"),
        )


def _first(value: Any) -> Any:
    return value[:MOST_CONTEXTS] if isinstance(value, list) else value


def _contexts(entries: Sequence[Any]) -> tuple[str, ...]:
    return tuple(filter(None, (described(entry, LONGEST_CONTEXT) for entry in entries[:MOST_CONTEXTS])))


def _texts(fields: Mapping[str, Any], *names: str) -> frozenset[str]:
    texts = [value for name in names if isinstance(value := fields.get(name), str)]
    number = fields.get("rule_id")
    texts += [as_text(number)] if isinstance(number, int) and not isinstance(number, bool) else []
    return frozenset(as_text(value, 300) for value in texts)


def alert_context(context: Mapping[str, Any]) -> str:
    """Return the context of an alert: what is known first, then whatever else it has."""
    known = {("protocol" if key == "proto" else key): context[key] for key in _CONTEXT if context.get(key)}
    rest = {key: value for key, value in context.items() if key not in _CONTEXT}
    return described({**known, **rest}, LONGEST_CONTEXT)


def merged(matches: Iterable[Match]) -> tuple[Match, ...]:
    """Return each rule once, with all sandboxes, worst first."""
    rules: dict[str, Match] = {}
    for match in matches:
        first = rules.get(match.key)
        rules[match.key] = match if first is None else _joined(first, match)
    return tuple(sorted(rules.values(), key=lambda rule: (rank(rule.severity), -len(rule.sandboxes), rule.name)))


def _joined(first: Match, second: Match) -> Match:
    return evolve(
        first,
        severity=worse(first.severity, second.severity),
        sandboxes=tuple(dict.fromkeys((*first.sandboxes, *second.sandboxes))),
        context=tuple(dict.fromkeys((*first.context, *second.context)))[:MOST_CONTEXTS],
        attack_ids=tuple(dict.fromkeys((*first.attack_ids, *second.attack_ids))),
    )


@frozen
class Sort:
    """One sort of rule: how it is read, titled, named in points and valued.

    in_file: Of rules that the file's own report may score too, its attribute and the keys of title and severity in it.
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


@frozen
class RuleFindings:
    """What one sort of rule comes to: the open section of serious rules, the closed ones of the others and of details.

    sections: Each scored section with its rules.
    """

    sort: Sort
    serious: tuple[Any, Sequence[Match]] | None
    minor: tuple[Any, Sequence[Match]] | None
    details: Any | None
    points: tuple[Points, ...]

    @property
    def sections(self) -> tuple[tuple[Any, Sequence[Match]], ...]:
        """The sections that have rules, with their rules."""
        return tuple(filter(None, (self.serious, self.minor)))


def rule_findings(
    sandboxes: Sequence[Sandbox], subject: Mapping[str, Any], long_values: LongValues
) -> Iterator[RuleFindings]:
    """Yield tables, details and points for each sort of rule that matched.

    Args:
        sandboxes: The reports.
        subject: The file's own attributes; rules of the same sort that score there do not score again.
        long_values: Takes what a cell cuts.
    """
    _keep_long_events(sandboxes, long_values)
    for sort in SORTS:
        rules = merged(match for sandbox in sandboxes for match in sort.read(sandbox))
        if not rules:
            continue
        serious = [rule for rule in rules if rule.severity in SERIOUS]
        minor = rules[len(serious) :]
        top = _section(sort, f"{sort.title} in sandboxes", serious, long_values, collapse=False)
        title = f"{sort.title} in sandboxes, " + ("lower severity" if serious else "none of high severity")
        low = _section(sort, title, minor, long_values, collapse=True)
        sections = tuple(pair for pair in ((top, serious), (low, minor)) if pair[0] is not None)
        scored = sort.scored_in_file(subject)
        yield RuleFindings(
            sort,
            (top, serious) if top is not None else None,
            (low, minor) if low is not None else None,
            _details(sort, rules),
            tuple(points for section, part in sections for points in _points(sort, part, section, scored)),
        )


def _keep_long_events(sandboxes: Sequence[Sandbox], long_values: LongValues) -> None:
    """Keep the fields of Sigma events that are too long to be written out, such as scripts."""
    for sandbox in sandboxes:
        for fields in _matches(sandbox, "sigma_analysis_results"):
            for event in as_mappings(_first(fields.get("match_context"))):
                for name, value in pairs(event.get("values") or event):
                    if isinstance(value, str) and len(value) > LONGEST_FIELD:
                        long_values.cut(f"{name} of an event of a Sigma rule", value)


def _section(sort: Sort, title: str, rules: Sequence[Match], long_values: LongValues, *, collapse: bool) -> Any | None:
    rows = [
        {
            "Severity": rule.severity,
            sort.rule: long_values.cut(sort.rule, None, rule.name),
            "Description": long_values.cut("Description", None, rule.description),
            "Category": long_values.cut("Category", None, rule.category),
            "Format": rule.format,
            "Sandboxes": tables.listed(rule.sandboxes, 5),
        }
        for rule in rules[: tables.MOST_ROWS]
    ]
    columns = ("Severity", sort.rule, "Description", "Category", "Format", "Sandboxes")
    return tables.table(f"{title}{_counts(rules)}", rows, columns, total=len(rules), collapse=collapse)


def _counts(rules: Sequence[Match]) -> str:
    counts = {word: sum(rule.severity == word for rule in rules) for word in ORDER[:-2]}
    parts = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    return f": {parts}" if parts else ""


def _details(sort: Sort, rules: Sequence[Match]) -> Any | None:
    """What the tables leave out of the rules: ids, authors, sources, contexts, and long descriptions."""
    return tables.details(f"{sort.title}: details", ((rule.name, list(_lines(rule))) for rule in rules))


def _lines(rule: Match) -> Iterator[str]:
    for name, text in (("Description", rule.description), ("Category", rule.category)):
        if len(text) > LONGEST_CELL:
            yield f"{name}: {text}"
    for name, text in (("Id", rule.id), ("Author", rule.author), ("Source", rule.source)):
        if text and text != rule.name:
            yield f"{name}: {' '.join(text.split())}"
    yield from (f"Matched: {context}" for context in rule.context)


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
                amount, reason = 0, f"{reason}; of rules below high the first {MOST_MINOR} count"
        # The techniques of the rules stand in the one table of techniques.
        yield Points(Family.BEHAVIOUR, clean(f"{sort.prefix}.{rule.name}", 110), amount, reason, section)
