"""ATT&CK techniques of the sandboxes: as the platform knows them, with tactic, severity, evidence and sandbox."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from attrs import field, frozen

from virustotal.core import Family, Points, tables
from virustotal.core.assemblyline import attack_name, current_id, tactics
from virustotal.core.readers import as_list, as_mapping, as_mappings, as_text, pairs
from virustotal.plugins.sandbox.sandboxes import Sandbox
from virustotal.plugins.sandbox.severity import ORDER, TECHNIQUE, rank, severity, worse

#: Techniques that are named to the heuristics; VirusTotal's matrix has some seven hundred.
MOST_SCORED = 200

_TECHNIQUE = re.compile(r"T\d{4}(\.\d{3})?", re.ASCII)


@frozen
class Technique:
    """One technique in one sandbox.

    given: the id as VirusTotal has it. evidence: what the sandbox says of it. signatures: the ids of the signatures
    that it was concluded from.
    """

    given: str
    sandbox: str
    severity: str
    evidence: str = ""
    signatures: tuple[str, ...] = ()


@frozen
class Group:
    """One technique in all sandboxes, under the id that Assemblyline has for it."""

    id: str
    known: bool
    given: tuple[str, ...]
    severity: str
    evidence: tuple[str, ...]
    sandboxes: tuple[str, ...]
    signed: bool = field(kw_only=True)


def techniques(sandbox: Sandbox) -> Iterator[Technique]:
    """Yield the techniques of a report: of `mitre_attack_techniques`, those that signatures and Sigma rules name, and
    of the summary's `attack_techniques`."""
    for entry in sandbox.entries("mitre_attack_techniques"):
        known = as_mapping(entry)
        if given := as_text(known.get("id") if known else entry, 40):
            signed = [
                as_text(ref.get("value"), 100)
                for ref in as_mappings(known.get("refs"))
                if ref.get("ref") == "#signature_matches"
            ]
            evidence = as_text(known.get("signature_description"), 300)
            yield Technique(given, sandbox.name, severity(known.get("severity")), evidence, tuple(filter(None, signed)))
    for name, level, title in (
        ("signature_matches", "severity", "name"),
        ("sigma_analysis_results", "rule_level", "rule_title"),
    ):
        for known in as_mappings(sandbox.entries(name)):
            evidence = as_text(known.get(title) or known.get("description"), 300)
            for id in technique_ids(known):
                yield Technique(id, sandbox.name, severity(known.get(level)), evidence, (evidence or name,))
    for given, entries in pairs(sandbox.attributes.get("attack_techniques")):
        for known in as_mappings(entries) or ({},):
            yield Technique(
                given, sandbox.name, severity(known.get("severity")), as_text(known.get("description"), 300)
            )


def technique_ids(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the technique ids that a signature or Sigma match names itself: in its tags and references."""
    words: list[str] = []
    for name in ("tags", "rule_tags", "attack_ids", "mitre_attack_ids", "mitre_attack_techniques", "refs"):
        for each in as_list(entry.get(name)):
            words += [
                as_text(value, 60) for value in (as_mapping(each).values() if isinstance(each, Mapping) else (each,))
            ]
    candidates = (word.removeprefix("attack.").upper() for word in words)
    return tuple(dict.fromkeys(word for word in candidates if _TECHNIQUE.fullmatch(word)))


def grouped(found: Iterable[Technique]) -> tuple[Group, ...]:
    """Return the techniques by the platform's id, agreement of sandboxes first, then severity."""
    groups: dict[str, list[Technique]] = {}
    for each in found:
        groups.setdefault(current_id(each.given)[0], []).append(each)
    return tuple(
        sorted(
            (_group(id, members) for id, members in groups.items()),
            key=lambda each: (-len(each.sandboxes), rank(each.severity), each.id),
        )
    )


def _group(id: str, members: Sequence[Technique]) -> Group:
    worst = ORDER[-1]
    for each in members:
        worst = worse(worst, each.severity)
    return Group(
        id,
        current_id(id)[1],
        tuple(dict.fromkeys(each.given for each in members)),
        worst,
        tuple(dict.fromkeys(each.evidence for each in members if each.evidence)),
        tuple(dict.fromkeys(each.sandbox for each in members)),
        signed=any(each.signatures for each in members),
    )


def section_of(groups: Sequence[Group]) -> Any | None:
    """Return the table of techniques, or None where there are none."""
    rows = [
        {
            "Technique": group.id,
            "Name": attack_name(group.id) or ("not known to Assemblyline" if not group.known else ""),
            "Tactics": ", ".join(tactics(group.id)),
            "Severity": group.severity,
            "Sandboxes": tables.listed(group.sandboxes),
            "Evidence": tables.listed(group.evidence, 5),
            "Given as": ", ".join(each for each in group.given if each != group.id),
        }
        for group in groups[: tables.MOST_ROWS]
    ]
    columns = ("Technique", "Name", "Tactics", "Severity", "Sandboxes", "Evidence", "Given as")
    return tables.table("ATT&CK techniques", rows, columns, total=len(groups))


def points_of(groups: Sequence[Group], section: Any) -> Iterator[Points]:
    """Yield the points of techniques that the platform knows.

    One that was concluded from a signature adds nothing, since the signature is scored.
    """
    known = [group for group in groups if group.known]
    for group in known[:MOST_SCORED]:
        amount = 0 if group.signed else TECHNIQUE.get(group.severity, 0)
        reason = f"{group.id} {attack_name(group.id)}: severity {group.severity}, seen by {_by(group.sandboxes)}"
        yield Points(Family.BEHAVIOUR, f"attack.{group.id}", amount, reason, section, (group.id,))


def _by(names: Sequence[str]) -> str:
    return tables.listed(names, 5)
