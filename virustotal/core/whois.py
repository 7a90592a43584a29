"""Facts of WHOIS texts, WHOIS maps and RDAP in VirusTotal's form, bounded."""

from collections.abc import Iterator, Mapping
from typing import Any

from virustotal.util.readers import as_mapping, as_mappings, as_text, as_texts, clean, date, pairs

__all__ = ["rdap_facts", "whois_facts", "whois_map_facts"]

#: Lines of a WHOIS text that are read, keys that are shown, and characters of one value.
MOST_LINES, MOST_KEYS, LONGEST_VALUE = 2_000, 60, 500
_COMMENTS = ("%", "#", ">", "*")


def whois_facts(whois: Any) -> Iterator[tuple[str, str]]:
    """Yield the keys of a WHOIS text with their values; a key that repeats comes once, with all its values.

    A text without any `Key: value` line, such as an error of VirusTotal's own query, is yielded as `Text`.
    """
    raw = whois if isinstance(whois, str) else ""
    values_by_key: dict[str, list[str]] = {}
    for line in raw[: MOST_LINES * 200].splitlines()[:MOST_LINES]:
        key, colon, value = line.strip().partition(":")
        if colon and value.strip() and key.strip() and len(key) <= 60 and not key.startswith(_COMMENTS):
            values_by_key.setdefault(as_text(key), []).append(as_text(value))
    if not values_by_key:
        yield "Text", as_text(raw, LONGEST_VALUE)
    yield from _bounded(values_by_key)


def whois_map_facts(whois: Any) -> Iterator[tuple[str, str]]:
    """Yield the keys of a `whois_map`, whose repeated values VirusTotal joins with ` | `."""
    yield from _bounded({key: as_text(value, 4_000).split(" | ") for key, value in pairs(whois)})


def _bounded(values_by_key: Mapping[str, list[str]]) -> Iterator[tuple[str, str]]:
    for key in list(values_by_key)[:MOST_KEYS]:
        yield key, clean(", ".join(dict.fromkeys(filter(None, values_by_key[key]))), LONGEST_VALUE)
    if len(values_by_key) > MOST_KEYS:
        yield "Left out", f"{len(values_by_key) - MOST_KEYS} more keys"


def rdap_facts(rdap: Any) -> Iterator[tuple[str, Any]]:
    """Yield what RDAP says in short: names, the range, dates, and the names of those who registered it."""
    fields = as_mapping(rdap)
    for key, label in _RDAP:
        yield label, as_texts(fields.get(key))
    for event in as_mappings(fields.get("events"))[:10]:
        yield as_text(event.get("event_action"), 60).capitalize(), date(event.get("event_date"))
    yield "Name servers", as_texts([as_text(entry.get("ldh_name")) for entry in as_mappings(fields.get("nameservers"))])
    for entity in as_mappings(fields.get("entities"))[:10]:
        yield _roles(entity), _name(entity)


_RDAP = (
    ("ldh_name", "Domain"),
    ("name", "Network name"),
    ("handle", "Handle"),
    ("type", "Type"),
    ("start_address", "First address"),
    ("end_address", "Last address"),
    ("country", "Country"),
    ("status", "Status"),
)


def _roles(entity: Mapping[str, Any]) -> str:
    return ", ".join(as_texts(entity.get("roles"), 40)[:5]).capitalize() or "Entity"


def _name(entity: Mapping[str, Any]) -> str:
    """The formatted name (`fn`) of an entity's vCard, else its handle."""
    for entry in as_mappings(entity.get("vcard_array")):
        if entry.get("name") == "fn" and (name := ", ".join(as_texts(entry.get("values")))):
            return name
    return as_text(entity.get("handle"))
