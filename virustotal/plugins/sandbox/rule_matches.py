"""The rules of sandboxes that matched: signatures, Sigma rules and IDS rules, each once."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from attrs import define, field

from virustotal.core import tables
from virustotal.core.assemblyline import known_ids
from virustotal.core.readers import as_list, as_mappings, as_text, as_texts
from virustotal.plugins.sandbox.cell_text import describe, plain_text
from virustotal.plugins.sandbox.sandboxes import Sandbox
from virustotal.plugins.sandbox.severity import rank, severity
from virustotal.plugins.sandbox.techniques import technique_ids, techniques

#: Contexts of one match that are kept, and characters of one.
MOST_CONTEXTS, LONGEST_CONTEXT = 20, 1_000

_FORMATS = {
    "SIG_FORMAT_YARA": "YARA",
    "SIG_FORMAT_SIGMA": "Sigma",
    "SIG_FORMAT_CAPA": "capa",
    "SIG_FORMAT_OPENIOC": "OpenIOC",
}
_CONTEXT = ("url", "hostname", "dest_ip", "dest_port", "src_ip", "src_port", "proto", "protocol", "ja3", "ja3s")


@define
class Match:
    """One rule that matched, in one sandbox; `merge` adds the others to the first.

    Attributes:
        key: What makes it the same rule.
        id: As VirusTotal has it, or empty.
        format: The format of a signature, such as `YARA`.
        context: What it matched on.
        attack_ids: Techniques that Assemblyline knows.
        texts: Those of id and name that can be tags: texts, and ids that are numbers.
        sandboxes: Their names as keys, which `merge` sets.
    """

    key: str
    name: str
    severity: str
    id: str = ""
    description: str = ""
    format: str = ""
    author: str = ""
    source: str = ""
    category: str = ""
    context: tuple[str, ...] = ()
    attack_ids: tuple[str, ...] = ()
    texts: frozenset[str] = frozenset()
    sandboxes: dict[str, None] = field(factory=dict)


def signatures(sandbox: Sandbox) -> Iterator[Match]:
    """Yield `signature_matches`. In some sandboxes ids count matches: the name makes two the same."""
    attacks: dict[str, list[str]] = {}
    for technique in techniques(sandbox):
        for id in technique.signatures:
            attacks.setdefault(id, []).append(technique.id)
    for fields in sandbox.matches("signature_matches"):
        id, name, description = (as_text(fields.get(key)) for key in ("id", "name", "description"))
        shown = name or description or id
        if not shown:
            continue
        format = as_text(fields.get("format"), 60)
        yield Match(
            shown[:150],
            shown,
            severity(fields.get("severity")),
            id,
            description if description != shown else "",
            _FORMATS.get(format, as_text(format.removeprefix("SIG_FORMAT_").replace("UNKNOWN", "").capitalize(), 40)),
            tables.listed(as_texts(fields.get("authors")) or as_texts(fields.get("author")), 5),
            as_text(fields.get("rule_src")),
            context=_contexts(as_list(fields.get("match_data")) or as_list(fields.get("events"))),
            attack_ids=known_ids((*attacks.get(id, ()), *technique_ids(fields))),
            texts=_texts(fields, "name", "description", "id"),
        )


def sigma(sandbox: Sandbox) -> Iterator[Match]:
    """Yield `sigma_analysis_results`; the context is a list of `{values}`, or a single one."""
    matches = sandbox.matches("sigma_analysis_results")
    return _rules(matches, "rule_title", "rule_level", "match_context", lambda event: event.get("values") or event)


def ids(sandbox: Sandbox) -> Iterator[Match]:
    """Yield `ids_alerts` (some pages say `ids_results`); the context is a mapping or a list of them."""
    matches = sandbox.matches("ids_alerts", "ids_results")
    return _rules(matches, "rule_msg", "alert_severity", "alert_context", _main_fields_first)


def _rules(
    matches: Iterable[Mapping[str, Any]],
    title: str,
    level: str,
    context: str,
    read: Callable[[Mapping[str, Any]], Any],
) -> Iterator[Match]:
    """Yield the rules of `rule_id`.

    Args:
        matches: Those of the report.
        title: The key of the title.
        level: The key of the severity.
        context: The key of what the rule matched on.
        read: Returns what is shown of one entry of the context.
    """
    for fields in matches:
        id, name = as_text(fields.get("rule_id"), 200), as_text(fields.get(title))
        if not (id or name):
            continue
        yield Match(
            id or name,
            name or id,
            severity(fields.get(level)),
            id,
            as_text(fields.get("rule_description")),
            author=tables.listed(as_texts(fields.get("rule_author")), 5),
            source=as_text(fields.get("rule_source")),
            category=as_text(fields.get("rule_category")),
            context=_contexts([read(entry) for entry in as_mappings(as_list(fields.get(context))[:MOST_CONTEXTS])]),
            attack_ids=known_ids(technique_ids(fields)),
            texts=_texts(fields, title, "rule_id"),
        )


def _contexts(entries: Sequence[Any]) -> tuple[str, ...]:
    return tuple(filter(None, (describe(entry, LONGEST_CONTEXT) for entry in entries[:MOST_CONTEXTS])))


def _texts(fields: Mapping[str, Any], *names: str) -> frozenset[str]:
    number = fields.get("rule_id")
    texts = [as_text(number)] if isinstance(number, int) and not isinstance(number, bool) else []
    return frozenset((*texts, *(plain_text(fields.get(name)) for name in names)))


def _main_fields_first(context: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the context of an alert: what is known first, then whatever else it has."""
    known = {("protocol" if key == "proto" else key): context[key] for key in _CONTEXT if context.get(key)}
    return {**known, **{key: value for key, value in context.items() if key not in _CONTEXT}}


def merge(sandboxes: Iterable[Sandbox], read: Callable[[Sandbox], Iterator[Match]]) -> Sequence[Match]:
    """Return each rule that `read` finds once, with all sandboxes, worst first."""
    rules: dict[str, Match] = {}
    for sandbox in sandboxes:
        for match in read(sandbox):
            rule = rules.setdefault(match.key, match)
            rule.sandboxes[sandbox.name] = None
            if rule is not match:
                rule.severity = min(rule.severity, match.severity, key=rank)
                rule.context = tuple(dict.fromkeys((*rule.context, *match.context)))[:MOST_CONTEXTS]
    return sorted(rules.values(), key=lambda rule: (rank(rule.severity), -len(rule.sandboxes), rule.name))
