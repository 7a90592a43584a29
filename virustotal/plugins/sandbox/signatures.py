"""Signatures of the sandboxes, Sigma rules and IDS rules that matched: rule, author, severity, source, context."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from attrs import evolve, frozen

from virustotal.core import Family, Points, tables
from virustotal.core.assemblyline import known_ids
from virustotal.core.readers import as_list, as_mappings, as_text, as_texts
from virustotal.plugins.sandbox.cell_text import described
from virustotal.plugins.sandbox.sandboxes import Sandbox
from virustotal.plugins.sandbox.severity import IDS, ORDER, SCORED_IN_FILE, SIGMA, SIGNATURE, rank, severity, worse
from virustotal.plugins.sandbox.techniques import technique_ids, techniques

#: Rules of one sort that score; the table has more.
MOST_SCORED = 100

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

    key: what makes it the same rule. id: as VirusTotal has it, or empty. format: of a signature, such as `YARA`.
    context: what it matched on. attack_ids: techniques that Assemblyline knows.
    given: those of id and name that can be tags: texts, and ids that are numbers.
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
    given: frozenset[str] = frozenset()


def signatures(sandbox: Sandbox) -> Iterator[Match]:
    """Yield `signature_matches`. In some sandboxes ids count matches: the name makes two the same."""
    attacks: dict[str, list[str]] = {}
    for technique in techniques(sandbox):
        for id in technique.signatures:
            attacks.setdefault(id, []).append(technique.given)
    for known in as_mappings(sandbox.entries("signature_matches")):
        id, name, description = (as_text(known.get(field), 300) for field in ("id", "name", "description"))
        shown = name or description or id
        if not shown:
            continue
        format = as_text(known.get("format"), 60)
        yield Match(
            shown[:150],
            shown,
            severity(known.get("severity")),
            (sandbox.name,),
            id,
            description if description != shown else "",
            _FORMATS.get(format, as_text(format.removeprefix("SIG_FORMAT_").replace("UNKNOWN", ""), 40)),
            tables.listed(as_texts(known.get("authors")) or as_texts(known.get("author")), 5),
            as_text(known.get("rule_src"), 300),
            context=tuple(described(each, 300) for each in as_list(known.get("match_data"))[:20]),
            attack_ids=known_ids((*attacks.get(id, ()), *technique_ids(known))),
            given=_given(known, "name", "description", "id"),
        )


def sigma(sandbox: Sandbox) -> Iterator[Match]:
    """Yield `sigma_analysis_results`; the context is a list of `{values}`, or a single one."""
    for known in as_mappings(sandbox.entries("sigma_analysis_results")):
        id, title = as_text(known.get("rule_id"), 200), as_text(known.get("rule_title"), 300)
        if not (id or title):
            continue
        yield Match(
            id or title,
            title or id,
            severity(known.get("rule_level")),
            (sandbox.name,),
            id,
            as_text(known.get("rule_description"), 300),
            author=tables.listed(as_texts(known.get("rule_author")), 5),
            source=as_text(known.get("rule_source"), 300),
            context=tuple(
                described(each.get("values") or each, 300) for each in as_mappings(known.get("match_context"))[:20]
            ),
            attack_ids=known_ids(technique_ids(known)),
            given=_given(known, "rule_title", "rule_id"),
        )


def ids(sandbox: Sandbox) -> Iterator[Match]:
    """Yield `ids_alerts` (some pages say `ids_results`); the context is a mapping or a list of them."""
    for known in as_mappings((*sandbox.entries("ids_alerts"), *sandbox.entries("ids_results"))):
        id, message = as_text(known.get("rule_id"), 100), as_text(known.get("rule_msg"), 300)
        if not (id or message):
            continue
        yield Match(
            id or message,
            message or id,
            severity(known.get("alert_severity")),
            (sandbox.name,),
            id,
            source=as_text(known.get("rule_source"), 200),
            category=as_text(known.get("rule_category"), 200),
            context=tuple(filter(None, map(alert_context, as_mappings(known.get("alert_context"))[:20]))),
            given=_given(known, "rule_msg", "rule_id"),
        )


def _given(known: Mapping[str, Any], *names: str) -> frozenset[str]:
    found = [value for name in names if isinstance(value := known.get(name), str)]
    number = known.get("rule_id")
    found += [as_text(number)] if isinstance(number, int) and not isinstance(number, bool) else []
    return frozenset(as_text(value, 300) for value in found)


def alert_context(context: Mapping[str, Any]) -> str:
    """Return the context of an alert: what is known first, then whatever else it has."""
    known = {("protocol" if key == "proto" else key): context[key] for key in _CONTEXT if context.get(key)}
    rest = {key: value for key, value in context.items() if key not in _CONTEXT}
    return described({**known, **rest}, 300)


def merged(found: Iterable[Match]) -> tuple[Match, ...]:
    """Return each rule once, with all sandboxes, worst first."""
    rules: dict[str, Match] = {}
    for each in found:
        known = rules.get(each.key)
        rules[each.key] = each if known is None else _joined(known, each)
    return tuple(sorted(rules.values(), key=lambda each: (rank(each.severity), -len(each.sandboxes), each.name)))


def _joined(first: Match, second: Match) -> Match:
    return evolve(
        first,
        severity=worse(first.severity, second.severity),
        sandboxes=tuple(dict.fromkeys((*first.sandboxes, *second.sandboxes))),
        context=tuple(dict.fromkeys((*first.context, *second.context)))[:20],
        attack_ids=tuple(dict.fromkeys((*first.attack_ids, *second.attack_ids))),
    )


def _table(title: str, found: Sequence[Match], rule: str) -> Any | None:
    rows = [
        {
            rule: each.name,
            "Severity": each.severity,
            "Sandboxes": tables.listed(each.sandboxes),
            "Description": each.description,
            "Category": each.category,
            "Format": each.format,
            "ATT&CK": ", ".join(each.attack_ids),
            "Author": each.author,
            "Source": each.source,
            "Id": each.id,
            "Context": tables.listed(each.context, 5),
        }
        for each in found[: tables.MOST_ROWS]
    ]
    columns = ("Severity", rule, "Sandboxes", "Description", "Category", "Format", "ATT&CK", "Author", "Source", "Id")
    return tables.table(f"{title}{_counts(found)}", rows, (*columns, "Context"), total=len(found))


def _counts(found: Sequence[Match]) -> str:
    counts = {word: sum(each.severity == word for each in found) for word in ORDER[:-2]}
    said = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    return f": {said}" if said else ""


def _scored(
    found: Sequence[Match], section: Any, prefix: str, what: str, worth: Mapping[str, int], elsewhere: frozenset[str]
) -> Iterator[Points]:
    for each in [each for each in found if worth.get(each.severity)][:MOST_SCORED]:
        twice = bool({each.id, each.name} & elsewhere)
        reason = f"{what} {each.name}: severity {each.severity}, {tables.listed(each.sandboxes, 5)}"
        if twice:
            reason += "; the file's own report has it too, and counts it"
        amount = 0 if twice else worth.get(each.severity, 0)
        yield Points(Family.BEHAVIOUR, f"{prefix}.{each.key}"[:110], amount, reason, section, each.attack_ids)


@frozen
class Sort:
    """One sort of rule: how it is read, titled, named in points and valued.

    in_file: of rules that the file's own report may score too, its attribute and the keys of title and severity in it.
    """

    read: Callable[[Sandbox], Iterator[Match]]
    title: str
    rule: str
    prefix: str
    worth: Mapping[str, int]
    in_file: tuple[str, str, str] | None = None

    def elsewhere(self, subject: Mapping[str, Any]) -> frozenset[str]:
        """Return the ids, or the titles of those without one, of the rules that the file's own report scores."""
        if self.in_file is None:
            return frozenset()
        attribute, title, level = self.in_file
        rules = as_mappings(subject.get(attribute))
        scored = [each for each in rules if as_text(each.get(level), 60).lower() in SCORED_IN_FILE]
        names = (as_text(each.get("rule_id"), 200) or as_text(each.get(title), 300) for each in scored)
        return frozenset(filter(None, names))


SORTS = (
    Sort(ids, "IDS alerts", "Rule", "ids", IDS, ("crowdsourced_ids_results", "rule_msg", "alert_severity")),
    Sort(sigma, "Sigma rules", "Rule", "sigma", SIGMA, ("sigma_analysis_results", "rule_title", "rule_level")),
    Sort(signatures, "Signatures", "Signature", "signature", SIGNATURE),
)


def findings(
    found: Sequence[Sandbox], subject: Mapping[str, Any]
) -> Iterator[tuple[str, Any, tuple[Match, ...], tuple[Points, ...]]]:
    """Yield the prefix, a table, its rules and their points for each sort of rule that matched.

    subject: the file's own attributes; rules of the same sort that score there do not score again.
    """
    for sort in SORTS:
        rules = merged(match for sandbox in found for match in sort.read(sandbox))
        section = _table(sort.title, rules, sort.rule)
        if section is not None:
            what = sort.title.removesuffix("s")
            points = tuple(_scored(rules, section, sort.prefix, what, sort.worth, sort.elsewhere(subject)))
            yield sort.prefix, section, rules, points


__all__ = ["MOST_SCORED", "SORTS", "Match", "Sort", "findings", "ids", "merged", "sigma", "signatures"]
