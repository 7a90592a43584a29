"""Subject + registry + settings -> Plan: which requests will be made at most, before any is made."""

import math
import re
from collections.abc import Collection, Mapping
from types import MappingProxyType

from attrs import evolve, frozen

from virustotal import api
from virustotal.api import relationships
from virustotal.api.relationships import ALIASES, Family
from virustotal.core.lookup import inline_attributes
from virustotal.core.lookup.licences import fallback_selections, is_unlicensed
from virustotal.core.models import Outcome, Ref, Related, Report, Status
from virustotal.core.plugin_host.registry import Registry
from virustotal.core.settings import DEFAULT_RELATIONSHIPS, Settings
from virustotal.util.readers import EMPTY

#: The longest list of names in one combined request; longer ones are split into several.
LONGEST_EMBED = 1500
#: Names outside the catalogue that one task asks for.
MOST_UNKNOWN = 10

_NAME = re.compile(r"[a-z0-9_]{1,64}", re.ASCII)
_FIRST = ("behaviours", "contacted_ips", "contacted_domains", "contacted_urls", "dropped_files")


@frozen
class Plan:
    """The requests for one subject.

    embed: names asked for as descriptors in the subject's own request. expand: one request for each page of whole
    objects, from the start or from where those in line ended. alone: names outside the catalogue, or of doubtful
    existence, never put into the combined request. named: names that are only named, since nothing asks for them
    without `analyze`. max_related: objects of each relationship at most. notes: sentences for the analyst.
    attributes: by the name of a relationship those that its analysers and verdicts read; without, whole objects are
    wanted.
    """

    subject: Ref
    embed: tuple[str, ...] = ()
    expand: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    analyze: bool = False
    max_related: int = api.PAGE
    notes: tuple[str, ...] = ()
    looked_up: bool = False
    attributes: Mapping[str, tuple[str, ...]] = EMPTY

    @property
    def batches(self) -> tuple[tuple[str, ...], ...]:
        """The names of each combined request; one request without names where there are none."""
        batches: list[list[str]] = [[]]
        for name in self.embed:
            if batches[-1] and len(",".join((*batches[-1], name))) > LONGEST_EMBED:
                batches.append([])
            batches[-1].append(name)
        return tuple(map(tuple, batches))

    @property
    def pages(self) -> int:
        """The pages of one relationship at most."""
        return max(1, math.ceil(self.max_related / api.PAGE))

    @property
    def fallbacks(self) -> int:
        """How often combined requests may be refused at most, and made again with less."""
        kind = self.subject.kind
        return sum(
            len(fallback_selections(kind, batch)) - 1 + bool(self.selections(batch)) for batch in self.batches if batch
        )

    def selections(self, names: tuple[str, ...]) -> inline_attributes.Pairs:
        """The query that asks for attributes in line with a combined request of these names."""
        return inline_attributes.selections(names, self.attributes) if self.analyze else ()

    @property
    def cost(self) -> int:
        """The requests still to be made at most: refused and repeated combined ones included, transport's not."""
        if self.looked_up:
            return self._paged(self.expand + self.alone)
        later = self._paged(self.embed + self.alone) if self.analyze else 0
        return len(self.batches) + self.fallbacks + later

    def _paged(self, names: tuple[str, ...]) -> int:
        """The pages of these, and one more for a server that refuses to shorten them."""
        return self.pages * len(names) + any(map(self.attributes.get, names))


def ordered(kind: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names with those first that tell most: a quota may end before the last one."""

    def rank(name: str) -> tuple[int, int]:
        entry = relationships.find(kind, name)
        does = entry is not None and entry.family is Family.DOES
        return (_FIRST.index(name) if name in _FIRST else len(_FIRST), 0 if does else 1)

    return tuple(sorted(dict.fromkeys(names), key=rank))


def plan(subject: Ref, registry: Registry, settings: Settings) -> Plan:
    """Return the plan's first stage: what the parameter asks for and what analysers want, what tells most first."""
    asked, notes = _understood(subject.kind, settings.relationships)
    requested = ordered(subject.kind, asked + registry.wanted(subject.kind, settings))
    names = tuple(name for name in requested if not registry.is_disabled(subject.kind, name))
    if len(names) < len(requested):
        left_out = ", ".join(name for name in requested if name not in names)
        notes += (f"Not requested, since plugins.disabled names the analyser: {left_out}.",)
    entries = {name: relationships.find(subject.kind, name) for name in names}
    embed = tuple(name for name, entry in entries.items() if entry is not None and not entry.doubtful)
    apart = tuple(name for name in names if name not in embed)
    alone, notes = _bounded(apart, notes) if settings.analyze_relationship else (apart, notes)
    if apart and not settings.analyze_relationship:
        notes += (
            f"{', '.join(apart)}: asked for only with analyze_relationship, since VirusTotal may not have such "
            "relationships.",
        )
    return Plan(
        subject,
        embed,
        alone=alone if settings.analyze_relationship else (),
        named=() if settings.analyze_relationship else apart,
        analyze=settings.analyze_relationship,
        max_related=settings.max_related,
        notes=notes,
        attributes=_attributes(subject.kind, embed, registry) if settings.inline else EMPTY,
    )


def _attributes(kind: str, names: tuple[str, ...], registry: Registry) -> Mapping[str, tuple[str, ...]]:
    attributes = {name: inline_attributes.attributes_read(kind, name, registry) for name in names}
    return MappingProxyType({name: read for name, read in attributes.items() if read})


def _understood(kind: str, names: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Sort out aliases, names that belong to other kinds of objects, and what cannot be a name."""
    asked: list[str] = []
    other = aliases(kind, names)
    notes = [f"{name} is understood as {own}." for name, own in other.items()]
    foreign = {name for _, name in relationships.CATALOGUE}
    for name in names:
        own = other.get(name, name)
        entry = relationships.find(kind, own)
        if entry is None and own in relationships.ENDPOINTS:
            notes.append(f"{own} is an endpoint of VirusTotal and no relationship; it is not asked for.")
        elif entry is not None or (own not in foreign and _NAME.fullmatch(own)):
            asked.append(own)
        elif own not in foreign:
            notes.append(f"{name[:64]!r} cannot be the name of a relationship; it is not asked for.")
    # The default is left out in silence: it was not chosen for this kind of object.
    chosen = set(names) != set(DEFAULT_RELATIONSHIPS)
    elsewhere = [name for name in names if chosen and other.get(name, name) in foreign.difference(asked)]
    if elsewhere:
        notes.append(f"Not asked for, since a {kind} has no such relationships: {', '.join(elsewhere)}.")
    return tuple(dict.fromkeys(asked)), tuple(dict.fromkeys(notes))


def aliases(kind: str, names: tuple[str, ...]) -> Mapping[str, str]:
    """Return the names of other tools among the names, each with VirusTotal's own."""
    understood = {name: ALIASES[name] for name in names if name in ALIASES and relationships.find(kind, name) is None}
    return MappingProxyType(understood)


def _bounded(names: tuple[str, ...], notes: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if len(names) <= MOST_UNKNOWN:
        return names, notes
    return names[:MOST_UNKNOWN], (
        *notes,
        f"Not asked for, as there are more than {MOST_UNKNOWN} unknown names: {_listed(names[MOST_UNKNOWN:])}.",
    )


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:MOST_UNKNOWN])
    return shown if len(names) <= MOST_UNKNOWN else f"{shown} and {len(names) - MOST_UNKNOWN} more"


def expand(plan: Plan, report: Report) -> Plan:
    """Return the plan's second stage, after the object's own answer: pages of what that answer showed to be non-empty.

    A name that the combined request had to leave out, or that its answer does not mention, is asked alone.
    """
    if not plan.analyze or not report.outcome.found:
        return evolve(plan, expand=(), alone=(), looked_up=True)
    missing = tuple(name for name in plan.embed if name not in report.related)
    filled = tuple(name for name in plan.embed if name in report.related and _worth(plan, report.related[name]))
    return evolve(plan, expand=filled, alone=missing + plan.alone, looked_up=True)


def _worth(plan: Plan, related: Related) -> bool:
    if not related.outcome.found or not related.items:
        return False
    if in_line(plan, related):
        return not related.complete and len(related.items) < plan.max_related
    return not (related.complete and related.detailed and all(item.whole for item in related.items))


def in_line(plan: Plan, related: Related) -> bool:
    """True if all objects of a relationship came in line, with the attributes that were asked for."""
    asked = plan.attributes.get(related.relationship, ())
    return plan.analyze and bool(asked) and inline_attributes.has_requested(related, asked)


def drop_unlicensed(plan: Plan, refused: Mapping[str, Outcome]) -> tuple[Plan, Mapping[str, Outcome]]:
    """Return the second stage without the names that are known to be refused, and the outcome of each.

    Those are the names that the key does not cover, and those that VirusTotal does not know.

    Other names that a combined request was refused with may have been refused because of these: they are asked alone.
    """
    gone = {name: refused[name] for name in plan.expand + plan.alone if name in refused}
    gone = {name: outcome for name, outcome in gone.items() if _known_refusal(plan.subject.kind, name, outcome)}
    if not gone:
        return plan, EMPTY
    return without(plan, gone), MappingProxyType(gone)


def without(plan: Plan, names: Collection[str]) -> Plan:
    """Return the second stage without these names."""
    expand, alone = (tuple(name for name in stage if name not in names) for stage in (plan.expand, plan.alone))
    return evolve(plan, expand=expand, alone=alone)


def _known_refusal(kind: str, name: str, outcome: Outcome) -> bool:
    if is_unlicensed(kind, name, outcome):
        return True
    return outcome.status is Status.UNKNOWN and relationships.find(kind, name) is None


def requests_for(plan: Plan, name: str, related: Related | None) -> int:
    """Return the pages that a relationship has at most, by what the object's own answer told of its length."""
    if related is None or not (related.complete or related.total):
        return plan.pages
    counted = max(related.total or 0, len(related.items))
    return max(1, math.ceil(min(counted, plan.max_related) / api.PAGE))


def describe(plan: Plan) -> tuple[str, ...]:
    """Return the plan as lines for people, with its cost."""
    lines = [f"{plan.subject.kind} {plan.subject.id}: at most {plan.cost} request{'s' if plan.cost > 1 else ''}"]
    if not plan.looked_up:
        lines += [f"  1 request: the object{_with(plan, batch)}" for batch in plan.batches]
        if plan.fallbacks:
            lines.append(f"  up to {plan.fallbacks} more if VirusTotal refuses the combined request")
    many = "1 request" if plan.pages == 1 else f"up to {plan.pages} requests"
    lines += [f"  {many}, if it is not empty: {name}" for name in plan.embed if plan.analyze and not plan.looked_up]
    lines += [f"  {many}: {name}" for name in plan.expand]
    lines += [f"  {many}, asked alone: {name}" for name in plan.alone]
    paged = plan.expand + plan.alone if plan.looked_up else (plan.embed + plan.alone) * plan.analyze
    if any(map(plan.attributes.get, paged)):
        lines.append("  up to 1 more if VirusTotal refuses to shorten the pages")
    lines += [f"  no request: {name}" for name in plan.named]
    return (*lines, *(f"  note: {note}" for note in plan.notes))


def _with(plan: Plan, batch: tuple[str, ...]) -> str:
    lined = len(plan.selections(batch))
    wanted = f" and the attributes in line of {lined} of them" if lined else ""
    return f", with descriptors of {', '.join(batch)}{wanted}" if batch else ""
