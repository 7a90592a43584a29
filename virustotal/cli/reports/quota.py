"""What `virustotal-service quota` shows: each window of a key by VirusTotal's count and by the ledger's."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from attrs import asdict, evolve, frozen

from virustotal.client import digest_of
from virustotal.client.account import Account, account
from virustotal.core.errors import AuthenticationError
from virustotal.core.settings import Credentials, QuotaConfig, Settings
from virustotal.storage import Stores, rate_windows
from virustotal.storage.interfaces import Left, Limits, RateLimiter

NAMES = ("minute", "hour", "day", "month")
#: Stands for a window that is never full, so that what is left of it tells what is used.
_ENDLESS = 10**12


@frozen
class Window:
    """One window. allowed: requests, 0 where nobody knows; by: who says so, `VirusTotal`, `config` or empty.

    virustotal, ledger: what each counts as used, None where it does not say. resets: in Unix seconds when it begins
    anew, None for a window that slides, which each request leaves by itself.
    """

    name: str
    allowed: int = 0
    by: str = ""
    virustotal: int | None = None
    ledger: int | None = None
    resets: float | None = None


@frozen
class Quotas:
    """All windows of a key. place: of the ledger. held: seconds for which all replicas wait after a 429.

    notes: a sentence for each part that could not be asked.
    """

    place: str
    windows: tuple[Window, ...]
    held: float = 0.0
    notes: tuple[str, ...] = ()


def quotas(settings: Settings, credentials: Credentials, stores: Stores, broken: list[str]) -> Quotas:
    """Return the windows of a key; nothing is charged for that. ConfigurationError, AuthenticationError for the key.

    broken: filled by the guard of the stores; a ledger that cannot be read has counted nothing that is known.
    """
    told = account(settings, credentials)
    if isinstance(told.error, AuthenticationError):
        raise told.error
    why = told.error or ("" if told.limits != Limits() else "its answer names no window.")
    notes = (f"VirusTotal does not tell the quota: {why}",) if why else ()
    digest, ledger = digest_of(settings, credentials), stores.ledger
    now = ledger.now()
    rows, held = _windows(told, settings.quota, ledger, digest, now), _held(ledger, digest, now)
    if broken:
        rows = tuple(evolve(row, ledger=None) for row in rows)
    return Quotas(stores.place, rows, held, (*notes, *broken))


def _windows(
    told: Account, configured: QuotaConfig, ledger: RateLimiter, digest: str, now: float
) -> tuple[Window, ...]:
    _, _, day_ends, month_ends = rate_windows.periods(now)
    ends = {"day": day_ends, "month": month_ends}
    rows = []
    for name in NAMES:
        left = ledger.left(digest, Limits(**{name: _ENDLESS}), now)
        said, own = getattr(told.limits, name), getattr(configured, name)
        by = "VirusTotal" if said else "config" if own else ""
        counted = getattr(told.used, name, None)
        rows.append(Window(name, said or own, by, counted, _used(left), ends.get(name)))
    return tuple(rows)


def _used(left: Left) -> int | None:
    remaining = left.longer if left.longer is not None else left.minute
    return None if remaining is None else _ENDLESS - remaining


def _held(ledger: RateLimiter, digest: str, now: float) -> float:
    return ledger.left(digest, Limits(), now).held


def as_json(found: Quotas) -> Mapping[str, Any]:
    """Return the quotas as JSON; times in UTC."""
    rows = [{**asdict(each), "resets": when(each.resets) or None} for each in found.windows]
    return {"store": found.place, "held_seconds": round(found.held, 1), "windows": rows, "notes": list(found.notes)}


def when(moment: float | None) -> str:
    """Return a time of Unix seconds in UTC, as ISO 8601; empty for None."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}" if moment is not None else ""
