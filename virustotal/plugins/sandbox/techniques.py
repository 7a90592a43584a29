"""ATT&CK techniques of the sandboxes: as the platform knows them, with tactic, severity, evidence and sandbox."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from attrs import define, field, frozen

from virustotal.core import Family, Points, tables
from virustotal.core.assemblyline import attack_name, current_id, tactics
from virustotal.core.readers import as_list, as_mapping, as_mappings, as_text, pairs
from virustotal.plugins.sandbox.sandboxes import Sandbox
from virustotal.plugins.sandbox.severity import ORDER, TECHNIQUE, rank, severity

#: Techniques that are named to the heuristics; VirusTotal's matrix has some seven hundred.
MOST_SCORED = 200

_TECHNIQUE = re.compile(r"T\d{4}(\.\d{3})?", re.ASCII)


@frozen
class Technique:
    """One technique in one sandbox.

    Attributes:
        id: As VirusTotal has it.
        evidence: The sandbox's description.
        signatures: The ids of the signatures that name the technique.
    """

    id: str
    severity: str
    evidence: str = ""
    signatures: tuple[str, ...] = ()


@define
class Group:
    """One technique in all sandboxes, under the id that Assemblyline has for it.

    Attributes:
        in_attack: True if Assemblyline knows the id.
        signed: True if a signature names it.
        reported: The ids as VirusTotal has them; they, evidence and sandboxes are keys, each once in their order.
    """

    id: str
    in_attack: bool
    severity: str = ORDER[-1]
    signed: bool = False
    reported: dict[str, None] = field(factory=dict)
    evidence: dict[str, None] = field(factory=dict)
    sandboxes: dict[str, None] = field(factory=dict)


def techniques(sandbox: Sandbox) -> Iterator[Technique]:
    """Yield the techniques of a report: of `mitre_attack_techniques`, those that signatures and Sigma rules name, and
    of the summary's `attack_techniques`."""
    for entry in sandbox.entries("mitre_attack_techniques"):
        fields = as_mapping(entry)
        if reported := as_text(fields.get("id") if fields else entry, 40):
            signed = [
                as_text(ref.get("value"), 100)
                for ref in as_mappings(fields.get("refs"))
                if ref.get("ref") == "#signature_matches"
            ]
            evidence = as_text(fields.get("signature_description"))
            yield Technique(reported, severity(fields.get("severity")), evidence, tuple(filter(None, signed)))
    for name, key, title in (
        ("signature_matches", "severity", "name"),
        ("sigma_analysis_results", "rule_level", "rule_title"),
    ):
        for fields in sandbox.matches(name):
            evidence = as_text(fields.get(title) or fields.get("description"))
            for id in technique_ids(fields):
                yield Technique(id, severity(fields.get(key)), evidence, (evidence or name,))
    for reported, entries in pairs(sandbox.attributes.get("attack_techniques")):
        for fields in as_mappings(entries) or ({},):
            yield Technique(reported, severity(fields.get("severity")), as_text(fields.get("description")))


def technique_ids(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the technique ids that a signature or Sigma match names itself: in its tags and references."""
    words: list[str] = []
    for name in ("tags", "rule_tags", "attack_ids", "mitre_attack_ids", "mitre_attack_techniques", "refs"):
        for value in as_list(entry.get(name)):
            words += [as_text(word, 60) for word in (value.values() if isinstance(value, Mapping) else (value,))]
    candidates = (word.removeprefix("attack.").upper() for word in words)
    return tuple(dict.fromkeys(word for word in candidates if _TECHNIQUE.fullmatch(word)))


def group_techniques(sandboxes: Iterable[Sandbox]) -> Sequence[Group]:
    """Return the techniques by the platform's id, agreement of sandboxes first, then severity."""
    groups: dict[str, Group] = {}
    for sandbox in sandboxes:
        for technique in techniques(sandbox):
            id, in_attack = current_id(technique.id)
            group = groups.setdefault(id, Group(id, in_attack))
            group.severity = min(group.severity, technique.severity, key=rank)
            group.signed = group.signed or bool(technique.signatures)
            group.reported[technique.id] = None
            group.sandboxes[sandbox.name] = None
            if technique.evidence:
                group.evidence[technique.evidence] = None
    return sorted(groups.values(), key=lambda group: (-len(group.sandboxes), rank(group.severity), group.id))


def techniques_section(groups: Sequence[Group]) -> Any | None:
    """Return the closed table of techniques, or None where there are none."""
    rows = [
        {
            "Technique": _name(group),
            "Tactics": ", ".join(tactics(group.id)),
            "Severity": group.severity,
            "Evidence": tables.listed(group.evidence, 5),
            "Sandboxes": tables.listed(group.sandboxes),
        }
        for group in groups[: tables.MOST_ROWS]
    ]
    columns = ("Technique", "Tactics", "Severity", "Evidence", "Sandboxes")
    return tables.table("ATT&CK techniques in sandboxes", rows, columns, total=len(groups), collapse=True)


def _name(group: Group) -> str:
    """Id and name, and the id as VirusTotal has it where ATT&CK revoked that."""
    name = attack_name(group.id) or ("" if group.in_attack else "(not known to Assemblyline)")
    revoked = tables.listed(id for id in group.reported if id != group.id)
    return " ".join(filter(None, (group.id, name, f"(reported as {revoked})" if revoked else "")))


def technique_points(groups: Sequence[Group], section: Any) -> Iterator[Points]:
    """Yield the points of techniques that the platform knows.

    One that was concluded from a signature adds nothing, since the signature is scored.
    """
    for group in [group for group in groups if group.in_attack][:MOST_SCORED]:
        amount = 0 if group.signed else TECHNIQUE.get(group.severity, 0)
        sandboxes = tables.listed(group.sandboxes, 5)
        reason = f"{group.id} {attack_name(group.id)}: severity {group.severity}, seen by {sandboxes}"
        yield Points(Family.BEHAVIOUR, f"attack.{group.id}", amount, reason, section, (group.id,))
