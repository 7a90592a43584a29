"""What VirusTotal's answers about a key say: limits, its own count, privileges and the user."""

import time
from collections.abc import Mapping
from typing import Any

from virustotal.client.redaction import MASK
from virustotal.storage.interfaces import Limits, Used
from virustotal.util.readers import as_mapping, as_text, integer

#: Quotas of private scanning, by their names for people.
SCAN_QUOTAS: Mapping[str, str] = {
    "private scans, minute": "private_scans_per_minute",
    "private scans, month": "private_scans_monthly",
    "private URL scans, minute": "private_urlscans_per_minute",
    "private URL scans, month": "private_urlscans_monthly",
}

_LABELS = {"hour": "api_requests_hourly", "day": "api_requests_daily", "month": "api_requests_monthly"}


def read_quotas(payload: object) -> tuple[Limits, Used]:
    """Return limits and VirusTotal's own count; of user and group those that leave less.

    A limit that is missing, negative or 0 counts as unknown. The minute is a sixtieth of the hour.

    Args:
        payload: The answer to `/users/{id}/overall_quotas`.
    """
    limits: dict[str, int] = {}
    used: dict[str, int | None] = {}
    for window, label in _LABELS.items():
        if quota := _quota(payload, label):
            limits[window], used[window] = quota
    if "hour" in limits:
        limits["minute"] = max(1, limits["hour"] // 60)
    return Limits(**limits), Used(**used)


def read_scan_quotas(payload: object) -> Mapping[str, tuple[int, int | None]]:
    """Return what is allowed and used of private scans, by the names of `SCAN_QUOTAS`, where VirusTotal says so.

    A key without the licence is allowed none (https://docs.virustotal.com/docs/private-scanning).
    """
    data = as_mapping(as_mapping(payload).get("data"))
    return {
        name: _quota(payload, label) or (0, None) for name, label in SCAN_QUOTAS.items() if as_mapping(data.get(label))
    }


def _quota(payload: object, label: str) -> tuple[int, int | None] | None:
    """Return what is allowed and used, of user and group what leaves less; None where nothing is allowed."""
    quota = as_mapping(as_mapping(as_mapping(payload).get("data")).get(label))
    pairs = [_pair(quota.get(who)) for who in ("user", "group")]
    return min((pair for pair in pairs if pair[0] > 0), key=lambda pair: pair[0] - (pair[1] or 0), default=None)


def _pair(entry: object) -> tuple[int, int | None]:
    values = as_mapping(entry)
    count = integer(values.get("used"))
    return integer(values.get("allowed")) or 0, count if count is not None and count >= 0 else None


def licensed(user: Mapping[str, Any]) -> bool | None:
    """Return whether a user has any privilege, own or inherited; None where VirusTotal lists none.

    Which privilege opens which relationship is not published, so one that is granted says nothing; where there is
    none at all, no premium relationship is open.

    Args:
        user: The answer to `/users/{id}` (https://docs.virustotal.com/reference/user-object).
    """
    privileges = as_mapping(as_mapping(as_mapping(user.get("data")).get("attributes")).get("privileges"))
    if not privileges:
        return None
    return any(_granted(as_mapping(privilege)) for privilege in privileges.values())


def owner(user: Mapping[str, Any], api_key: str) -> str:
    """Return the identifier of a user, empty for none.

    Args:
        user: The answer to `/users/{id}`. A server may echo the key in its place, which the client then has masked.
        api_key: As it is.
    """
    identifier = as_text(as_mapping(user.get("data")).get("id"))
    return "" if identifier == api_key or MASK in identifier else identifier


def _granted(privilege: Mapping[str, Any]) -> bool:
    """A privilege that is not known to be refused counts as granted."""
    ends = integer(privilege.get("expiration_date"))
    return privilege.get("granted") is not False and (not ends or ends > time.time())
