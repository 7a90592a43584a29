"""The plan of one subject: which requests will be made at most, before any is made."""

import math
from collections.abc import Mapping

from attrs import frozen

from virustotal.api import endpoints, relationships
from virustotal.api.relationships import ALIASES, Family
from virustotal.core.lookup import inline_attributes
from virustotal.core.models import Ref, Related, Report
from virustotal.core.plugin_host.registry import Registry
from virustotal.core.settings import DEFAULT_RELATIONSHIPS, Settings
from virustotal.util.readers import EMPTY, quantity

#: Names outside the catalogue that one task asks for.
MOST_UNKNOWN = 10

_FIRST = ("behaviours", "contacted_ips", "contacted_domains", "contacted_urls", "dropped_files")


@frozen
class Plan:
    """The requests for one subject.

    Args:
        subject: The object.
        embed: Relationships requested as descriptors in the subject's own request.
        alone: Relationships outside the catalogue, or of doubtful existence, never put into that request: without
            `analyze` they are only named in the result.
        analyze: Whether whole objects are fetched, in pages.
        max_related: Objects of each relationship at most.
        notes: Sentences for the analyst.
        attributes: By the name of a relationship those that its analysers and verdicts read; without, whole objects
            are wanted. None without `analyze`.
    """

    subject: Ref
    embed: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()
    analyze: bool = False
    max_related: int = endpoints.PAGE
    notes: tuple[str, ...] = ()
    attributes: Mapping[str, tuple[str, ...]] = EMPTY

    @property
    def names(self) -> tuple[str, ...]:
        """All relationships, requested or only named."""
        return self.embed + self.alone

    @property
    def pages(self) -> int:
        """The pages of one relationship at most."""
        return max(1, math.ceil(self.max_related / endpoints.PAGE))

    @property
    def fallbacks(self) -> int:
        """How often the combined request may be refused at most, and made again with less."""
        licences = {*relationships.licences(self.subject.kind, self.embed).values()}
        return len(licences) + bool(self.selections(self.embed))

    def selections(self, names: tuple[str, ...]) -> inline_attributes.Pairs:
        """The query that asks for attributes in line with a combined request of these names."""
        return inline_attributes.selections(names, self.attributes) if self.attributes else ()

    @property
    def cost(self) -> int:
        """The requests at most: refused and repeated combined ones included, transport's not."""
        paged = self.names if self.analyze else ()
        # One more for a server that refuses to shorten pages.
        return 1 + self.fallbacks + self.pages * len(paged) + any(map(self.attributes.get, paged))


def ordered(kind: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names, the most informative first: a quota may end before the last one."""

    def rank(name: str) -> tuple[int, int]:
        entry = relationships.find(kind, name)
        does = entry is not None and entry.family is Family.DOES
        return (_FIRST.index(name) if name in _FIRST else len(_FIRST), 0 if does else 1)

    return tuple(sorted(dict.fromkeys(names), key=rank))


def plan(subject: Ref, registry: Registry, settings: Settings) -> Plan:
    """Return what is requested of a subject: what the parameter names and what analysers want."""
    asked, notes = _understood(subject.kind, settings.relationships)
    requested = ordered(subject.kind, asked + registry.wanted(subject.kind, settings))
    names = tuple(name for name in requested if not registry.is_disabled(subject.kind, name))
    if disabled := [name for name in requested if name not in names]:
        notes += (f"Not requested, since plugins.disabled names the analyser: {', '.join(disabled)}.",)
    entries = {name: relationships.find(subject.kind, name) for name in names}
    embed = tuple(name for name, entry in entries.items() if entry is not None and not entry.doubtful)
    apart = tuple(name for name in names if name not in embed)
    analyze = settings.analyze_relationship
    alone = apart[:MOST_UNKNOWN] if analyze else apart
    if alone and not analyze:
        notes += (
            f"{', '.join(alone)}: asked for only with analyze_relationship, since VirusTotal may not have such "
            "relationships.",
        )
    elif left_out := apart[len(alone) :]:
        notes += (f"Not asked for, as there are more than {MOST_UNKNOWN} unknown names: {', '.join(left_out)}.",)
    return Plan(
        subject,
        embed,
        alone=alone,
        analyze=analyze,
        max_related=settings.max_related,
        notes=notes,
        attributes=_attributes(subject.kind, embed, registry) if analyze and settings.inline else EMPTY,
    )


def _attributes(kind: str, names: tuple[str, ...], registry: Registry) -> Mapping[str, tuple[str, ...]]:
    attributes = {name: inline_attributes.attributes_read(kind, name, registry) for name in names}
    return {name: read for name, read in attributes.items() if read}


def _understood(kind: str, names: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Sort out aliases, names that belong to other kinds of objects, and what cannot be a name."""
    understood: list[str] = []
    aliased = aliases(kind, names)
    notes = [f"{name} is understood as {actual}." for name, actual in aliased.items()]
    all_names = {name for _, name in relationships.CATALOGUE}
    for name in names:
        actual = aliased.get(name, name)
        entry = relationships.find(kind, actual)
        if entry is None and actual in relationships.ENDPOINTS:
            notes.append(f"{actual} is an endpoint of VirusTotal and no relationship; it is not asked for.")
        elif entry is not None or (actual not in all_names and endpoints.NAME.fullmatch(actual)):
            understood.append(actual)
        elif actual not in all_names:
            notes.append(f"{name[:64]!r} cannot be the name of a relationship; it is not asked for.")
    # The default is left out in silence: it was not chosen for this kind of object.
    chosen = set(names) != set(DEFAULT_RELATIONSHIPS)
    elsewhere = [name for name in names if chosen and aliased.get(name, name) in all_names.difference(understood)]
    if elsewhere:
        notes.append(f"Not asked for, since a {kind} has no such relationships: {', '.join(elsewhere)}.")
    return tuple(dict.fromkeys(understood)), tuple(dict.fromkeys(notes))


def aliases(kind: str, names: tuple[str, ...]) -> Mapping[str, str]:
    """Return the names of other tools among the names, each with VirusTotal's own."""
    understood = {name: ALIASES[name] for name in names if name in ALIASES and relationships.find(kind, name) is None}
    return understood


def names_to_page(plan: Plan, report: Report) -> tuple[str, ...]:
    """Return the relationships whose pages are fetched after the object's own answer, the most informative first.

    A name that the combined request had to leave out, or that its answer does not mention, is requested alone.
    """
    filled = tuple(name for name in plan.embed if name in report.related and _worth(plan, report.related[name]))
    missing = tuple(name for name in plan.embed if name not in report.related)
    return filled + missing + plan.alone


def _worth(plan: Plan, related: Related) -> bool:
    if not related.outcome.found or not related.items:
        return False
    if in_line(plan, related):
        return not related.complete and len(related.items) < plan.max_related
    return not (related.complete and related.detailed and all(item.whole for item in related.items))


def in_line(plan: Plan, related: Related) -> bool:
    """True if all objects of a relationship came in line, with the attributes that were asked for."""
    asked = plan.attributes.get(related.relationship, ())
    return bool(asked) and inline_attributes.has_requested(related, asked)


def requests_for(plan: Plan, name: str, related: Related | None) -> int:
    """Return the pages that a relationship has at most, by what the object's own answer told of its length."""
    if related is None or not (related.complete or related.total):
        return plan.pages
    counted = max(related.total or 0, len(related.items))
    return max(1, math.ceil(min(counted, plan.max_related) / endpoints.PAGE))


def describe(plan: Plan) -> tuple[str, ...]:
    """Return the plan as lines for people, with its cost."""
    lines = [
        f"{plan.subject.kind} {plan.subject.id}: at most {quantity(plan.cost, 'request')}",
        f"  1 request: the object{_with(plan)}",
    ]
    if plan.fallbacks:
        lines.append(f"  up to {plan.fallbacks} more if VirusTotal refuses the combined request")
    many = "1 request" if plan.pages == 1 else f"up to {plan.pages} requests"
    lines += [f"  {many}, if it is not empty: {name}" for name in plan.embed if plan.analyze]
    lines += [f"  {f'{many}, asked alone' if plan.analyze else 'no request'}: {name}" for name in plan.alone]
    if any(map(plan.attributes.get, plan.names)):
        lines.append("  up to 1 more if VirusTotal refuses to shorten the pages")
    return (*lines, *(f"  note: {note}" for note in plan.notes))


def _with(plan: Plan) -> str:
    in_line = len(plan.selections(plan.embed))
    attributes = f" and the attributes in line of {in_line} of them" if in_line else ""
    return f", with descriptors of {', '.join(plan.embed)}{attributes}" if plan.embed else ""
