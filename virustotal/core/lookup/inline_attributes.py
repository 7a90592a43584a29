"""Attributes in line: what is requested beside the descriptors of a relationship, and whether the answer has it.

`relationship_attributes[NAME]` and `attributes` are not documented for every key, so the answer is checked. A bare item
of an answer in which others have attributes is one that VirusTotal knows by its identifier alone; where all are bare,
each relationship is fetched as if its attributes had never been requested.
"""

import re
from collections.abc import Iterable, Mapping

from attrs import evolve

from virustotal.api import relationships
from virustotal.core.models import Object, Related
from virustotal.core.plugin_host.registry import Registry
from virustotal.core.scoring.verdicts import VERDICT_ATTRIBUTES

Pairs = tuple[tuple[str, str], ...]

#: Characters that the attributes in line may add to one request: with its names it stays below what proxies take.
LONGEST_SELECTION = 6000

#: The error of an item that came bare among others with attributes.
KNOWN_BY_ID = "NotFoundError"

_NAME = re.compile(r"[A-Za-z0-9_]{1,64}", re.ASCII)

#: Attributes that every object of a kind has: where one was asked for and is not there, the object did not come whole.
ALWAYS_PRESENT: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(relationships.KINDS, ("last_analysis_results", "last_analysis_stats")),
    "url": ("last_analysis_results", "last_analysis_stats", "url"),
    "analysis": ("date", "stats", "status"),
    "attack_technique": ("name",),
    "collection": ("name", "creation_date"),
    "comment": ("date", "text"),
    "graph": ("graph_data",),
    "resolution": ("date", "resolver"),
    "screenshot": ("link",),
    "ssl_cert": ("subject", "validity"),
    "submission": ("date",),
    "vote": ("date", "verdict"),
    "whois": ("whois_map",),
}


def attributes_read(kind: str, name: str, registry: Registry) -> tuple[str, ...]:
    """Return the attributes that the analysers of a relationship and verdicts read.

    Empty where one of them wants whole objects, where a plugin judges objects, and for names outside the catalogue.
    """
    entry = relationships.find(kind, name)
    needs = [analyzer.needs.attributes for analyzer in registry.find(kind, name)]
    if entry is None or registry.judges or not needs or not all(needs):
        return ()
    judged = (attribute for attribute, kinds in VERDICT_ATTRIBUTES.items() if {*kinds} & {*entry.yields})
    read = tuple(dict.fromkeys((*judged, *sorted(attribute for names in needs for attribute in names))))
    return read if all(map(_NAME.fullmatch, read)) else ()


def selections(names: Iterable[str], attributes: Mapping[str, tuple[str, ...]]) -> Pairs:
    """Return the query that asks for attributes in line, the shortest first: of as many names as there is room for."""
    pairs = [(_parameter(name), ",".join(attributes[name])) for name in names if attributes.get(name)]
    chosen: list[tuple[str, str]] = []
    room = LONGEST_SELECTION
    for pair in sorted(pairs, key=_length):
        room -= _length(pair)
        if room >= 0:
            chosen.append(pair)
    return tuple(chosen)


def _parameter(name: str) -> str:
    return f"relationship_attributes[{name}]"


def _length(pair: tuple[str, str]) -> int:
    return sum(map(len, pair)) + len("%5B%5D&=")


def has_requested(related: Related, asked: tuple[str, ...]) -> bool:
    """True if every object of a relationship came with what was asked for."""
    return related.detailed and all(item.error or _is_as_requested(item, asked) for item in related.items)


def mark_known_by_id(related: Mapping[str, Related], query: Pairs) -> Mapping[str, Related]:
    """Return relationships with their bare items marked as known by identifier alone, where others came as asked for.

    A server that gives what was asked for in one relationship of an answer does so in all of them. An object of a kind
    of which nothing is always present proves that for its own relationship alone: it may have come reduced, unasked.

    Args:
        related: The relationships of one answer, by name.
        query: What was asked for in line (`selections`).
    """
    asked = {name: tuple(value.split(",")) for name in related for key, value in query if key == _parameter(name)}
    kinds_with_attributes = {
        name: {item.ref.kind for item in related[name].items if _is_as_requested(item, names)}
        for name, names in asked.items()
    }
    taken = any(kinds.intersection(ALWAYS_PRESENT) for kinds in kinds_with_attributes.values())
    marked = {name for name in asked if taken or kinds_with_attributes[name]}
    return {name: _marked(relationship) if name in marked else relationship for name, relationship in related.items()}


def _marked(related: Related) -> Related:
    if not related.items:
        return related
    items = tuple(item if item.attributes or item.error else evolve(item, error=KNOWN_BY_ID) for item in related.items)
    return evolve(related, items=items, detailed=True)


def _is_as_requested(item: Object, asked: tuple[str, ...]) -> bool:
    always = set(asked).intersection(ALWAYS_PRESENT.get(item.ref.kind, ()))
    return always <= item.attributes.keys() and any(name in item.attributes for name in asked)


def mark_partial(items: Iterable[Object], asked: tuple[str, ...]) -> tuple[Object, ...]:
    """Return the objects of a page, those that have nothing but what was asked for as not whole."""
    read = set(asked)
    return tuple(
        evolve(item, whole=False) if asked and not item.error and item.attributes.keys() <= read else item
        for item in items
    )
