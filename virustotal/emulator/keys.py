"""Keys, their tiers, and the quotas per minute, hour, day and month, by a clock that a test may set."""

import time
from collections import Counter, deque
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from attrs import Factory, define, evolve, field, validators

from virustotal.emulator.errors import ApiError
from virustotal.emulator.switches import Switches

TIERS = ("public", "premium", "gti")
ACCESS = {"public": "EU", "premium": "EUP?", "gti": "EUP?T"}
"""Tier -> the access letters of :mod:`virustotal.emulator.facts` that it covers."""

_LIMITS = {"public": (4, 240, 500, 15_500)}
_NO_LIMITS = (1_000_000, 60_000_000, 1_000_000_000, 1_000_000_000)


class Clock:
    """Seconds since the epoch: the real time until a test sets it, which also stops it."""

    def __init__(self) -> None:
        self._fixed: float | None = None

    def now(self) -> float:
        """Return the time in seconds since the epoch."""
        return time.time() if self._fixed is None else self._fixed

    def set(self, seconds: float | None) -> None:
        """Stop the clock at ``seconds``; None lets it follow the real time again."""
        self._fixed = seconds

    def advance(self, seconds: float) -> None:
        """Stop the clock that much later than now."""
        self._fixed = self.now() + seconds


@define
class Key:
    """One API key: its tier, whether it may fetch captures and scan privately, and the requests of each window.

    ``scans``: private scans of files, and as many of URLs, that it may make in a month.
    """

    name: str
    tier: str = field(default="premium", validator=validators.in_(TIERS))
    artefacts: bool = field(default=Factory(lambda self: self.tier != "public", takes_self=True))
    private: bool = field(default=Factory(lambda self: self.tier == "gti", takes_self=True))
    minute: int = 0
    hour: int = 0
    day: int = 0
    month: int = 0
    scans: int = field(default=Factory(lambda self: 1000 if self.private else 0, takes_self=True))
    active: bool = True
    _recent: deque[float] = field(factory=deque, init=False)
    _days: Counter[str] = field(factory=Counter, init=False)
    _endpoints: dict[str, Counter[str]] = field(factory=dict, init=False)
    _scans: Counter[tuple[str, str]] = field(factory=Counter, init=False)

    def __attrs_post_init__(self) -> None:
        allowed = _LIMITS.get(self.tier, _NO_LIMITS)
        for window, limit in zip(("minute", "hour", "day", "month"), allowed, strict=True):
            setattr(self, window, getattr(self, window) or limit)

    @classmethod
    def parse(cls, name: str, text: str) -> "Key":
        """Build a key from ``tier[:option…]``: ``-artefacts``, ``-private``, ``minute=4``, ``hour=``, ``scans=``…"""
        tier, *options = text.split(":")
        if tier not in TIERS:
            raise ValueError(f"no such tier of a key: {tier!r}; there are {', '.join(TIERS)}")
        values: dict[str, Any] = {}
        for option in options:
            window, _, number = option.partition("=")
            if number.isdecimal() and window in ("minute", "hour", "day", "month", "scans"):
                values[window] = int(number)
            elif option[:1] in "+-" and option[1:] in ("artefacts", "private"):
                values[option[1:]] = option[0] == "+"
            else:
                raise ValueError(f"no such option of a key: {option!r}")
        return cls(name, tier, **values)

    def may(self, access: str) -> bool:
        """Return whether the tier covers an access letter."""
        return access in ACCESS[self.tier]

    def used(self, now: float) -> dict[str, int]:
        """Return the requests counted in each window: the last 60 and 3600 seconds, this UTC day, this UTC month."""
        while self._recent and self._recent[0] <= now - 3600:
            self._recent.popleft()
        today = _day(now)
        return {
            "minute": sum(moment > now - 60 for moment in self._recent),
            "hour": len(self._recent),
            "day": self._days[today],
            "month": sum(count for day, count in self._days.items() if day[:7] == today[:7]),
        }

    def charge(self, now: float, endpoint: str, switches: Switches) -> None:
        """Count one request under the endpoint's name, or raise the 429 of an exhausted window."""
        used = self.used(now)
        if any(used[window] >= getattr(self, window) for window in used):
            raise _exhausted(switches)
        self._recent.append(now)
        self._days[_day(now)] += 1
        self._endpoints.setdefault(_day(now), Counter())[endpoint] += 1

    def charge_scan(self, now: float, kind: str, switches: Switches) -> None:
        """Count one private scan of a file or URL, or raise the 429 of an exhausted month."""
        if self._scans[kind, _month(now)] >= self.scans:
            raise _exhausted(switches)
        self._scans[kind, _month(now)] += 1

    def overall_quotas(self, now: float) -> dict[str, Any]:
        """Return ``data`` of ``/users/{id}/overall_quotas``."""
        used = self.used(now)
        windows = {"hourly": "hour", "daily": "day", "monthly": "month"}
        quotas = {
            f"api_requests_{label}": {"user": {"allowed": getattr(self, window), "used": used[window]}}
            for label, window in windows.items()
        }
        for kind, name in (("file", "private_scans"), ("url", "private_urlscans")):
            count = self._scans[kind, _month(now)]
            quotas[f"{name}_monthly"] = {"user": {"allowed": self.scans, "used": count}}
            quotas[f"{name}_per_minute"] = {"user": {"allowed": 30, "used": 0}}
        return quotas

    def api_usage(self, first: str, last: str) -> dict[str, Any]:
        """Return ``data`` of ``/users/{id}/api_usage`` between two days (``YYYY-MM-DD``, both included)."""
        daily = {day: dict(counts) for day, counts in sorted(self._endpoints.items()) if first <= day <= last}
        total: Counter[str] = Counter()
        for counts in daily.values():
            total.update(counts)
        return {"daily": daily, "total": dict(total)}


def _exhausted(switches: Switches) -> ApiError:
    message = "Quota exceeded" if switches.quota_code == "QuotaExceededError" else "Too many requests"
    return ApiError(switches.quota_code, message)


def _month(now: float) -> str:
    return _day(now)[:7]


def _day(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d")


DEMO_KEYS: Mapping[str, str] = {"public-key": "public", "premium-key": "premium", "gti-key": "gti"}
"""The keys of an emulator that was given none."""


def parse_keys(keys: Mapping[str, "str | Key"] | None) -> dict[str, Key]:
    """Return new keys by their text; a value is a tier with options (:meth:`Key.parse`) or a :class:`Key`."""
    keys_by_name = DEMO_KEYS if keys is None else keys
    return {name: evolve(key) if isinstance(key, Key) else Key.parse(name, key) for name, key in keys_by_name.items()}
