"""ATT&CK as Assemblyline knows it: revoked ids are mapped, unknown ones stay what they are."""

import re
from collections.abc import Iterable

from assemblyline.common.attack_map import attack_map, group_map, revoke_map, software_map

from virustotal.util.readers import as_mapping, as_text

_ID = re.compile(r"T\d{4}(?:\.\d{3})?|[SG]\d{4}", re.ASCII)


def current_id(given: str) -> tuple[str, bool]:
    """Return the id that Assemblyline has for a technique, software or group, and whether it has one."""
    id = as_text(given, 40).upper()
    id = revoke_map.get(id, id) if _ID.fullmatch(id) else id
    return id, id in attack_map or id in software_map or id in group_map


def known_ids(given: Iterable[str]) -> tuple[str, ...]:
    """Return the ids among these that Assemblyline knows, current and without duplicates."""
    current_ids = (current_id(id) for id in given)
    return tuple(dict.fromkeys(id for id, is_known in current_ids if is_known))


def attack_name(id: str) -> str:
    """Return the name of a current id, or an empty text."""
    return as_text(as_mapping(attack_map.get(id) or software_map.get(id) or group_map.get(id)).get("name"))


def tactics(id: str) -> tuple[str, ...]:
    """Return the tactics of a technique as Assemblyline writes them, such as `lateral-movement`."""
    return tuple(as_text(category) for category in as_mapping(attack_map.get(id)).get("categories", ()))
