"""Points to heuristics: what each family may add over the whole result, and where it shows (docs/scoring.md)."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from assemblyline.common.attack_map import attack_map, group_map, revoke_map, software_map
from assemblyline_v4_service.common.result import Heuristic
from attrs import field, frozen

from virustotal.core.findings import Family, Points
from virustotal.core.plugin_host.output import Section
from virustotal.util.readers import as_text, integer

#: The most that each family adds to a result, over all of its sections: `max_score` of its heuristic.
CAPS: Mapping[Family, int] = MappingProxyType(
    {
        Family.ENGINES: 1000,
        Family.ASSESSMENT: 500,
        Family.CROWDSOURCED: 500,
        Family.CONFIGURATION: 500,
        Family.STATIC: 200,
        Family.BEHAVIOUR: 500,
        Family.RELATED: 300,
        Family.TAGGED: 200,
        Family.PLUGIN: 500,
    }
)

#: Heuristic ids of service_manifest.yml. Plugins have three, by what they add up to in one section.
HEURISTICS: Mapping[Family, int] = MappingProxyType(
    {
        Family.ENGINES: 1,
        Family.ASSESSMENT: 2,
        Family.CROWDSOURCED: 3,
        Family.CONFIGURATION: 4,
        Family.STATIC: 5,
        Family.BEHAVIOUR: 6,
        Family.RELATED: 7,
        Family.TAGGED: 11,
    }
)
PLUGIN_INFORMATIONAL, PLUGIN_SUSPICIOUS, PLUGIN_MALICIOUS = 8, 9, 10
#: Points in one section from which on a plugin's finding counts as malicious.
PLUGIN_MALICIOUS_FROM = 300

#: Longest name of a signature.
LONGEST_NAME = 120
#: ATT&CK ids of one point; there are fewer techniques than that.
MOST_ATTACK_IDS = 2000


@frozen
class Given:
    """Points as an analyser gave them, and the section that they colour (None for a section of their own)."""

    points: Points
    section: Section | None = field(default=None, eq=False)
    provider: str = ""
    subject: str = ""
    external: bool = False
    #: Why nothing of it counts, whatever the cap leaves; empty where it counts.
    void_because: str = ""


@frozen
class Score:
    """One point of the explanation: what was given, and what of it counts.

    attack_ids: those that Assemblyline knows, revoked ones replaced. unknown_ids: the others; shown, never raised.
    """

    family: Family
    name: str
    amount: int
    counted: int
    reason: str
    section: Section | None = field(default=None, eq=False)
    provider: str = ""
    subject: str = ""
    attack_ids: tuple[str, ...] = ()
    unknown_ids: tuple[str, ...] = ()


def family_of(given: Given) -> Family:
    """Return the family that points count in: external plugins and unknown names count as `plugin`."""
    if given.external:
        return Family.PLUGIN
    try:
        return Family(given.points.family)
    except ValueError:
        return Family.PLUGIN


def capped(given: Iterable[Given]) -> tuple[Score, ...]:
    """Return all points in order, each with what its family's cap leaves of it. No amount is below zero."""
    left = dict(CAPS)
    found = []
    for each in given:
        family = family_of(each)
        amount = max(0, integer(each.points.amount) or 0)
        counted = 0 if each.void_because else min(amount, left[family])
        left[family] -= counted
        known, unknown = attack_ids(each.points.attack_ids)
        found.append(
            Score(
                family=family,
                name=as_text(each.points.name, LONGEST_NAME) or family.value,
                amount=amount,
                counted=counted,
                reason=_reason(each, amount, counted),
                section=each.section,
                provider=each.provider,
                subject=each.subject,
                attack_ids=known,
                unknown_ids=unknown,
            )
        )
    return tuple(found)


def _reason(each: Given, amount: int, counted: int) -> str:
    reason = as_text(each.points.reason) or "No reason was given"
    reason = reason if reason.endswith((".", "!", "?", "…")) else f"{reason}."
    if each.void_because:
        return f"{reason} {each.void_because}" if amount else reason
    return f"{reason} The cap of the family leaves {counted} of {amount} points." if counted < amount else reason


def attack_ids(given: Iterable[object]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the ATT&CK ids that Assemblyline knows, revoked ones replaced by their successors, and the others."""
    known: dict[str, None] = {}
    unknown: dict[str, None] = {}
    for entry in given:
        name = as_text(entry, 40).upper()
        name = str(revoke_map.get(name, name))
        if name in attack_map or name in software_map or name in group_map:
            known[name] = None
        elif name:
            unknown[name] = None
    return tuple(known)[:MOST_ATTACK_IDS], tuple(unknown)[:MOST_ATTACK_IDS]


def by_section(scores: Sequence[Score]) -> Mapping[tuple[int, Family], tuple[Score, ...]]:
    """Return the points by (identity of the section, family), in order; a heuristic is made of each group."""
    found: dict[tuple[int, Family], list[Score]] = {}
    for score in scores:
        found.setdefault((id(score.section), score.family), []).append(score)
    return {key: tuple(group) for key, group in found.items()}


def heuristic_id(family: Family, total: int) -> int:
    """Return the id of the heuristic for what one family adds in one section."""
    if family is not Family.PLUGIN:
        return HEURISTICS[family]
    if total <= 0:
        return PLUGIN_INFORMATIONAL
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
