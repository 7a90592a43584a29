"""Threat objects of VirusTotal (`collection`): their kinds, and vulnerabilities that are exploited in the wild.

They inform and never score (https://gtidocs.virustotal.com/reference/vulnerability-object and its neighbours).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from virustotal.core.models import Object, Report
from virustotal.util.readers import as_list, as_mapping, as_text, moment

__all__ = [
    "ACTOR",
    "CAMPAIGN",
    "FAMILY",
    "REPORT",
    "THREAT_KINDS",
    "TOOLKIT",
    "VULNERABILITY",
    "cve_id",
    "exploitation",
    "exploited",
    "threat_kind",
]

#: The kinds of threats, as `threat_kind` writes them.
VULNERABILITY, ACTOR, FAMILY = "vulnerability", "threat-actor", "malware-family"
TOOLKIT, CAMPAIGN, REPORT = "software-toolkit", "campaign", "report"
THREAT_KINDS = frozenset({VULNERABILITY, ACTOR, FAMILY, TOOLKIT, CAMPAIGN, REPORT})
#: Vulnerabilities that a headline names.
MOST_NAMED = 3

_CVE = re.compile(r"CVE-\d{4}-\d{4,9}", re.ASCII | re.IGNORECASE)
_EXPLOITED = frozenset({"confirmed", "wide", "widespread"})


def threat_kind(obj: Object) -> str:
    """Return the kind of a collection in one spelling: `threat_actor` is `threat-actor`, a plain list `collection`."""
    kind = as_text(obj.attributes.get("collection_type"), 60) or obj.ref.kind
    kind = kind.lower().replace("_", "-").replace(" ", "-")
    return kind.removesuffix("s") if kind.removesuffix("s") in THREAT_KINDS else kind


def cve_id(obj: Object) -> str:
    """Return the CVE of a vulnerability, of its own attribute or its name; empty where neither is one."""
    for name in ("cve_id", "name"):
        value = as_text(obj.attributes.get(name), 40)
        if _CVE.fullmatch(value):
            return value.upper()
    return ""


def exploitation(obj: Object) -> tuple[str, ...]:
    """Return what says that a vulnerability is exploited in the wild; nothing where nothing does."""
    return tuple(_exploitation(obj.attributes))


def _exploitation(attributes: Mapping[str, Any]) -> Iterator[str]:
    state = as_text(attributes.get("exploitation_state"), 60)
    if state.lower() in _EXPLOITED:
        yield f"state {state}"
    if attributes.get("cisa_known_exploited"):
        yield "listed by CISA"
    # What is no moment, such as `unknown`, says nothing.
    if first := moment(as_mapping(attributes.get("exploitation")).get("first_exploitation"))[:10]:
        yield f"first exploited {first}"
    if "observed_in_the_wild" in as_list(attributes.get("tags")):
        yield "observed in the wild"


def exploited(report: Report) -> str:
    """Return a headline's words for the vulnerabilities of a report that are exploited in the wild; empty without."""
    names = dict.fromkeys(
        cve_id(obj) or as_text(obj.attributes.get("name"), 60) or as_text(obj.ref.id, 60)
        for related in report.related.values()
        for obj in related.items
        if obj.ref.kind == "collection" and threat_kind(obj) == VULNERABILITY and exploitation(obj)
    )
    if not names:
        return ""
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"exploited in the wild: {', '.join(list(names)[:MOST_NAMED])}{more}"
