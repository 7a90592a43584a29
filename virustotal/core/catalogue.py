"""Every relationship VirusTotal has, per kind: what it yields, licence, title and family."""

import enum
from collections.abc import Mapping
from types import MappingProxyType

from attrs import frozen


class Family(enum.StrEnum):
    """What the objects of a relationship are evidence of. It decides what is scored and tagged."""

    DOES = "does"
    ORIGIN = "origin"
    CONTAINS = "contains"
    PEOPLE = "people"
    HISTORY = "history"


class Licence(enum.StrEnum):
    """Which keys may read a relationship. What no source states is UNCONFIRMED, and 403 is tolerated."""

    PUBLIC = "public"
    PREMIUM = "premium"
    UNCONFIRMED = "unconfirmed"


@frozen
class Relationship:
    """One relationship of one kind of object (VirusTotal's API reference, relationships of each object).

    yields: the kinds of its objects; empty where no source says.
    one: True where it leads to a single object.
    title: in plain words, for a section's title.
    doubtful: it may have been withdrawn, so it is asked alone and never in the combined request.
    """

    kind: str
    name: str
    yields: tuple[str, ...]
    title: str
    licence: Licence
    family: Family
    one: bool = False
    doubtful: bool = False


_ENTRIES: tuple[Relationship, ...] = (
    Relationship("file", "contacted_domains", ("domain",), "Contacted domains", Licence.PUBLIC, Family.DOES),
    Relationship("file", "contacted_ips", ("ip_address",), "Contacted IP addresses", Licence.PUBLIC, Family.DOES),
    Relationship("file", "contacted_urls", ("url",), "Contacted URLs", Licence.PUBLIC, Family.DOES),
    Relationship("file", "dropped_files", ("file",), "Dropped files", Licence.PUBLIC, Family.DOES),
    Relationship("file", "behaviours", ("file_behaviour",), "Sandbox behaviours", Licence.PUBLIC, Family.DOES),
)

#: (kind, name) to relationship.
CATALOGUE: Mapping[tuple[str, str], Relationship] = MappingProxyType({(e.kind, e.name): e for e in _ENTRIES})

#: Names that other tools use, by the name that VirusTotal has.
ALIASES: Mapping[str, str] = MappingProxyType({"contacted_hosts": "contacted_ips"})


def find(kind: str, name: str) -> Relationship | None:
    """Return the catalogue's entry of an exact name, or None for a name that it does not know."""
    return CATALOGUE.get((kind, name))


def of_kind(kind: str) -> tuple[Relationship, ...]:
    """Return all relationships of one kind of object, by name."""
    return tuple(sorted((entry for entry in CATALOGUE.values() if entry.kind == kind), key=lambda entry: entry.name))
