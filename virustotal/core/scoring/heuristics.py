"""Points to heuristics: what each family may add over the whole result, and where it shows (docs/scoring.md)."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from assemblyline_v4_service.common.result import Heuristic
from attrs import field, frozen

from virustotal.al_types.attack import current_id
from virustotal.core.findings import MOST_ATTACK_IDS, Family, Points
from virustotal.util.readers import as_text, integer

#: Plugins have three heuristics, by what their points in one section add up to.
PLUGIN_INFORMATIONAL, PLUGIN_SUSPICIOUS, PLUGIN_MALICIOUS = 2011, 2012, 2013
#: Points in one section from which on a plugin's finding counts as malicious.
PLUGIN_MALICIOUS_FROM = 300

#: Family to heuristic id, cap and title. The platform keeps statistics by id, so an id never changes its meaning.
#: Below 2000: what CybercentreCanada's own VirusTotal service has too, under its id. From 2001 on: what it has not.
_FAMILIES: Mapping[Family, tuple[int, int, str]] = MappingProxyType(
    {
        Family.ENGINES: (1, 1000, "Engines"),
        Family.NETWORK: (2, 1000, "Engines"),
        Family.CAPABILITY: (1000, 0, "Capabilities"),
        Family.AI: (1001, 0, "AI analysis"),
        Family.CONFIGURATION: (1002, 500, "Malware configuration"),
        Family.ASSESSMENT: (2001, 500, "Google Threat Intelligence"),
        Family.ANALYST: (2002, 1000, "Mandiant analyst"),
        Family.CROWDSOURCED: (2003, 500, "Crowdsourced rules"),
        Family.STATIC: (2004, 200, "Structure"),
        Family.BEHAVIOUR: (2005, 500, "Behaviour"),
        Family.RELATED: (2006, 300, "Related objects"),
        Family.TAGGED: (2007, 300, "Tagged hosts and URLs"),
        Family.PLUGIN: (PLUGIN_INFORMATIONAL, 500, "Plugins"),
    }
)
#: Heuristic ids of service_manifest.yml.
HEURISTICS: Mapping[Family, int] = MappingProxyType({family: row[0] for family, row in _FAMILIES.items()})
#: The most that each family adds to a result, over all of its sections: `max_score` of its heuristic.
CAPS: Mapping[Family, int] = MappingProxyType({family: row[1] for family, row in _FAMILIES.items()})
#: What an analyst reads for each family.
TITLES: Mapping[Family, str] = MappingProxyType({family: row[2] for family, row in _FAMILIES.items()})

#: Longest name of a signature.
LONGEST_NAME = 120


@frozen
class ReportedPoints:
    """Points as an analyser reported them.

    Args:
        section: The section that they colour, told apart by identity; None for a section of their own.
        subject: The subject that they are about, by its name in the result.
        external: Whether the plugin is not a built-in one.
        void_because: Why nothing of them counts, whatever the cap leaves; empty where they count.
    """

    points: Points
    section: Any | None = field(default=None, eq=False)
    subject: str = ""
    external: bool = False
    void_because: str = ""


@frozen
class Score:
    """One point of the explanation: what was reported, and what of it counts.

    Args:
        name: The signature's, at most `LONGEST_NAME` characters.
        amount: As reported, and not below 0.
        counted: What counts of the amount.
        section: As in `ReportedPoints`.
        attack_ids: Those that Assemblyline knows, revoked ones replaced.
        unknown_ids: The others; shown, and not part of the heuristic.
    """

    family: Family
    name: str
    amount: int
    counted: int
    reason: str
    section: Any | None = field(default=None, eq=False)
    subject: str = ""
    attack_ids: tuple[str, ...] = ()
    unknown_ids: tuple[str, ...] = ()


def family_of(entry: ReportedPoints) -> Family:
    """Return the family that points count in: external plugins and unknown names count as `plugin`."""
    if entry.external:
        return Family.PLUGIN
    try:
        return Family(entry.points.family)
    except ValueError:
        return Family.PLUGIN


def apply_caps(entries: Iterable[ReportedPoints]) -> tuple[Score, ...]:
    """Return all points in order, each with what its family's cap leaves of it. No amount is below zero."""
    remaining = dict(CAPS)
    scores = []
    for entry in entries:
        family = family_of(entry)
        amount = max(0, integer(entry.points.amount) or 0)
        counted = 0 if entry.void_because else min(amount, remaining[family])
        remaining[family] -= counted
        known_ids, unknown_ids = attack_ids(entry.points.attack_ids)
        scores.append(
            Score(
                family=family,
                name=as_text(entry.points.name, LONGEST_NAME) or family.value,
                amount=amount,
                counted=counted,
                reason=_reason(entry, amount, counted),
                section=entry.section,
                subject=entry.subject,
                attack_ids=known_ids,
                unknown_ids=unknown_ids,
            )
        )
    return tuple(scores)


def _reason(entry: ReportedPoints, amount: int, counted: int) -> str:
    reason = as_text(entry.points.reason) or "No reason was given"
    reason = reason if reason.endswith((".", "!", "?", "…")) else f"{reason}."
    if entry.void_because:
        return f"{reason} {entry.void_because}" if amount else reason
    return f"{reason} Capped: {counted} of {amount} points counted." if counted < amount else reason


def attack_ids(entries: Iterable[object]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the ATT&CK ids that Assemblyline knows, revoked ones replaced by their successors, and the others."""
    ids = dict(current_id(as_text(entry)) for entry in entries)
    known, unknown = ([id for id, is_known in ids.items() if id and is_known is wanted] for wanted in (True, False))
    return tuple(known)[:MOST_ATTACK_IDS], tuple(unknown)[:MOST_ATTACK_IDS]


def group_by_section(scores: Sequence[Score]) -> Mapping[tuple[int, Family], tuple[Score, ...]]:
    """Return the points by (identity of the section, family), in order; a heuristic is made of each group."""
    groups: dict[tuple[int, Family], list[Score]] = {}
    for score in scores:
        groups.setdefault((id(score.section), score.family), []).append(score)
    return {key: tuple(group) for key, group in groups.items()}


def heuristic_id(family: Family, total: int) -> int:
    """Return the id of the heuristic for what one family adds in one section."""
    if family is not Family.PLUGIN or total <= 0:
        return HEURISTICS[family]
    return PLUGIN_MALICIOUS if total >= PLUGIN_MALICIOUS_FROM else PLUGIN_SUSPICIOUS


def heuristic(group: Sequence[Score]) -> Heuristic:
    """Return the heuristic of points of one family in one section: its score is the sum of what counts of them.

    Each point is a signature of frequency 1 with a score of its own, which is how both the framework and the platform
    add up (assemblyline.common.heuristics).
    """
    signatures: dict[str, int] = {}
    next_number: dict[str, int] = {}
    for score in group:
        name = score.name
        while name in signatures:
            next_number[score.name] = next_number.get(score.name, 1) + 1
            name = f"{score.name} ({next_number[score.name]})"
        signatures[name] = score.counted
    total = sum(signatures.values())
    ids = list(dict.fromkeys(attack_id for score in group for attack_id in score.attack_ids))
    return Heuristic(
        heuristic_id(group[0].family, total),
        attack_ids=ids,
        signatures=dict.fromkeys(signatures, 1),
        score_map=dict(signatures),
    )
