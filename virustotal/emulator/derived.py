"""Relationships that follow from an object itself, used where the world has no collection of them."""

import base64
import binascii
import re
from typing import Any

from virustotal.emulator.ids import host_of
from virustotal.emulator.store import Store, item_of

_URL_ANALYSIS = re.compile(r"u-([0-9a-f]{64})-\d+")


def derive(store: Store, kind: str, identifier: str, name: str) -> tuple[bool, Any]:
    """Return (whether it follows, items) for one relationship of one object."""
    match kind, name:
        case "url", "network_location":
            return _network_location(store, identifier)
        case "file_behaviour", "file":
            return True, {"type": "file", "id": identifier.partition("_")[0]}
        case "file_behaviour", "attack_techniques":
            return _techniques(store, identifier)
        case "screenshot", "analysed_file_sha256":
            return True, {"type": "file", "id": identifier[:64]}
        case (("comment" | "vote"), "item"):
            about = item_of(kind, identifier)
            return about is not None, about and {"type": about[0], "id": about[1]}
        case "analysis", "item":
            return _analysed(store, identifier)
        case "domain", "immediate_parent":
            above = identifier.partition(".")[2]
            return "." in above, {"type": "domain", "id": above}
    return False, None


def _network_location(store: Store, identifier: str) -> tuple[bool, Any]:
    url = store.attributes("url", identifier).get("url")
    host = host_of(url) if isinstance(url, str) else None
    return host is not None, host and {"type": host[0], "id": host[1]}


def _techniques(store: Store, identifier: str) -> tuple[bool, Any]:
    techniques = store.attributes("file_behaviour", identifier).get("mitre_attack_techniques")
    items: dict[str, dict[str, Any]] = {}
    for technique in techniques if isinstance(techniques, list) else []:
        if not isinstance(technique, dict) or not isinstance(technique.get("id"), str):
            continue
        name = technique["id"]
        item = items.setdefault(
            name, {"type": "attack_technique", "id": name, "context_attributes": {"signatures": []}}
        )
        item["context_attributes"]["signatures"].append(
            {
                "severity": str(technique.get("severity", "UNKNOWN")).removeprefix("IMPACT_SEVERITY_"),
                "description": technique.get("signature_description", ""),
            }
        )
    return bool(items), list(items.values())


def _analysed(store: Store, identifier: str) -> tuple[bool, Any]:
    matched = _URL_ANALYSIS.fullmatch(identifier)
    if matched:
        return True, {"type": "url", "id": matched[1]}
    try:
        md5 = base64.b64decode(identifier, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return False, None
    return True, {"type": "file", "id": store.resolve("file", md5)}
