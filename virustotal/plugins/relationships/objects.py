"""Relationships that lead to files, hosts and URLs: one analyser for each of them that VirusTotal has."""

from collections.abc import Iterable, Mapping

from virustotal.core import Analyzer, Settings, hookimpl, relationships
from virustotal.core.relationships import KINDS, Family, Relationship
from virustotal.plugins.relationships.related_object import related_object_analyzer
from virustotal.plugins.relationships.related_table import related_table_analyzer

#: The place of hosts and URLs, and of files, in the result of a file, by what they are evidence of.
_ORDER: Mapping[Family, tuple[int, int]] = {
    Family.DOES: (200, 210),
    Family.CONTAINS: (310, 320),
    Family.ORIGIN: (310, 330),
}
#: The place of files in the result of a host or URL.
_FILES_OF_HOST = 300
#: Places that differ from these.
_PLACES: Mapping[tuple[str, str], int] = {
    ("file", "carbonblack_children"): 211,
    ("file", "hash_collisions"): 340,
    ("file", "similar_files"): 340,
    ("file", "parent_resource_urls"): 345,
    ("file", "urls_for_embedded_js"): 345,
    ("url", "network_location"): 300,
    ("url", "last_serving_ip_address"): 301,
    ("url", "embedded_js_files"): 305,
    ("url", "http_response_contents"): 305,
    ("domain", "parent"): 330,
    ("domain", "immediate_parent"): 331,
    **{("domain", name): 335 for name in ("siblings", "subdomains")},
    **{("domain", f"{record}_records"): 340 for record in ("caa", "cname", "mx", "ns", "soa")},
}
#: The tag of what an object does, by what the relationship leads to. No tag type is for the hash of a dropped file.
_TAGS: Mapping[str, str] = {
    "domain": "network.dynamic.domain",
    "ip_address": "network.dynamic.ip",
    "url": "network.dynamic.uri",
}


def _order(entry: Relationship) -> int:
    if place := _PLACES.get((entry.kind, entry.name)):
        return place
    to_files = entry.yields == ("file",)
    if to_files and entry.kind != "file":
        return _FILES_OF_HOST
    return _ORDER.get(entry.family, _ORDER[Family.ORIGIN])[to_files]


def tag_of(entry: Relationship) -> str:
    """Return the tag type of the objects of a relationship; empty where they are context or a single object."""
    if entry.one or entry.family is not Family.DOES:
        return ""
    # Where a URL leads is part of what it does, and was not seen in a sandbox.
    return "network.static.uri" if entry.name == "redirects_to" else _TAGS.get(entry.yields[0], "")


def _analyzer(entry: Relationship) -> Analyzer:
    if entry.one:
        return related_object_analyzer(entry, _order(entry))
    return related_table_analyzer(entry, _order(entry), tag_of(entry))


@hookimpl
def virustotal_analyzers(settings: Settings) -> Iterable[Analyzer]:
    """Return the analysers of relationships that lead to files, hosts and URLs."""
    entries = relationships.CATALOGUE.values()
    return (_analyzer(entry) for entry in entries if entry.yields and set(entry.yields) <= set(KINDS))
