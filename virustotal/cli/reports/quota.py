"""Report of `virustotal-service quota`: each window of a key by VirusTotal's count and by the ledger's."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from attrs import asdict, evolve, frozen

from virustotal.client.account import Account, account
from virustotal.client.hourly_counts import KEY_COUNTERS, SHOWN_HOURS, Hour, last_hours
from virustotal.client.key_account import last_known
from virustotal.core.errors import AuthenticationError
from virustotal.core.settings import Credentials, QuotaConfig, Settings
from virustotal.sources import digest_of
from virustotal.storage import Stores, rate_windows
from virustotal.storage.interfaces import Limits, Quota, Remaining
from virustotal.storage.rate_limiter import RateLimiter

NAMES = ("minute", "hour", "day", "month")
#: Size of a window that is never full: what remains of it tells what is used.
_ENDLESS = 10**12


@frozen
class Window:
    """One window.

    Args:
        name: `minute`, `hour`, `day` or `month`, or a window of private scans.
        allowed: Its limit.
        by: The limit's source: `VirusTotal`, `config`, or empty for unknown.
        virustotal: Requests used by VirusTotal's count; None for unknown.
        ledger: Requests used by the store's count; None for unknown.
        resets: When it resets, in Unix seconds; None for a sliding window.
        told: When VirusTotal gave the limit, in Unix seconds; None where it did not.
    """

    name: str
    allowed: int = 0
    by: str = ""
    virustotal: int | None = None
    ledger: int | None = None
    resets: float | None = None
    told: float | None = None


@frozen
class Quotas:
    """All windows of a key.

    Args:
        place: That of the ledger.
        windows: See `Window`.
        held: Seconds that all replicas wait after a 429.
        notes: A sentence for each part that did not answer.
        hours: Counts of the last hours, this one first.
    """

    place: str
    windows: tuple[Window, ...]
    held: float = 0.0
    notes: tuple[str, ...] = ()
    hours: tuple[Hour, ...] = ()


def quotas(settings: Settings, credentials: Credentials, stores: Stores, broken: list[str]) -> Quotas:
    """Return the windows of a key; this costs no quota.

    Args:
        settings: Checked before.
        credentials: Checked before.
        stores: The configured ones.
        broken: Gets a line if the stores fail; the ledger's counts are then unknown.

    Raises:
        AuthenticationError: The key is refused.
        ConfigurationError: A proxy or certificate cannot work.
    """
    answer = account(settings, credentials)
    if isinstance(answer.error, AuthenticationError):
        raise answer.error
    digest, limiter = digest_of(settings, credentials), stores.rate_limiter
    now = limiter.now()
    reason = answer.error or ("" if answer.limits != Limits() else "its answer names no window.")
    notes = (f"VirusTotal does not tell the quota: {reason}",) if reason else ()
    limits, moment = answer.limits, now
    if limits == Limits():
        account_before = last_known(stores.values, digest)
        limits, moment = account_before.limits or limits, account_before.moment
    rows = _windows(evolve(answer, limits=limits), moment, settings.quota, limiter, digest, now)
    hours = last_hours(stores.values, digest, KEY_COUNTERS, SHOWN_HOURS, now)
    if broken:
        rows = tuple(evolve(row, ledger=None) for row in rows)
    return Quotas(stores.place, rows, limiter.remaining(digest, Quota(), now).pause, (*notes, *broken), hours)


def _windows(
    answer: Account, moment: float, configured: QuotaConfig, limiter: RateLimiter, digest: str, now: float
) -> tuple[Window, ...]:
    _, _, day_ends, month_ends = rate_windows.periods(now)
    ends = {"day": day_ends, "month": month_ends}
    rows = []
    for name in NAMES:
        remaining = limiter.remaining(digest, Quota(Limits(**{name: _ENDLESS})), now)
        limit, configured_limit = getattr(answer.limits, name), getattr(configured, name)
        by = "VirusTotal" if limit else "config" if configured_limit else ""
        count, told = getattr(answer.used, name, None), moment if limit else None
        rows.append(Window(name, limit or configured_limit, by, count, _used(remaining), ends.get(name), told))
    scans = (
        Window(name, allowed, "VirusTotal", count, resets=ends.get(name.rpartition(" ")[2]), told=now)
        for name, (allowed, count) in answer.scans.items()
        if answer.scans_licensed
    )
    return (*rows, *scans)


def _used(remaining: Remaining) -> int | None:
    requests = remaining.longer if remaining.longer is not None else remaining.minute
    return None if requests is None else _ENDLESS - requests


def as_json(report: Quotas) -> Mapping[str, Any]:
    """Return the quotas as JSON; times in UTC."""
    rows = [
        {**asdict(window), "resets": when(window.resets) or None, "told": when(window.told) or None}
        for window in report.windows
    ]
    return {
        "store": report.place,
        "held_seconds": round(report.held, 1),
        "windows": rows,
        "hours": [_hour(hour) for hour in report.hours],
        "notes": list(report.notes),
    }


def _hour(hour: Hour) -> Mapping[str, Any]:
    counts = dict(hour.counts)
    waited = counts.pop("waited_ms", 0) / 1000
    return {"hour": when(hour.begins), **counts, "waited_seconds": round(waited, 1)}


def when(moment: float | None) -> str:
    """Return a time of Unix seconds in UTC, as ISO 8601; empty for None."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}" if moment is not None else ""
