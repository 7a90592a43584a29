"""What replicas share, as small interfaces. Each method may raise StoreError; every time is in Unix seconds."""

import enum
from collections.abc import Callable
from typing import Protocol

from attrs import frozen

from virustotal.core.submission.receipts import Receipts

#: Part of every name in every store: what an older or newer version wrote under its own is not seen.
VERSION = 1


@frozen
class Limits:
    """How many requests each window allows; 0 where nobody knows."""

    minute: int = 0
    hour: int = 0
    day: int = 0
    month: int = 0


@frozen
class Used:
    """How many requests VirusTotal counts in each window; None where it does not say."""

    hour: int | None = None
    day: int | None = None
    month: int | None = None


@frozen
class Permit:
    """Whether a request may be made.

    slot: where it is counted, for `RateLimiter.settle`. window, wait: what is full (`held`: nothing is, all wait), and
    after how many seconds that may have changed. born: when this ledger was begun, or 0 for one of this process alone.
    own: where this process counts it as well.
    """

    granted: bool
    slot: int = 0
    window: str = ""
    wait: float = 0.0
    born: float = 0.0
    own: int = 0


@frozen
class Left:
    """What may still be asked: now, within the minute; and at most until the hour, day or month ends (None: no bound).

    window: the one of these that leaves least. frees: seconds until that one ends. held: seconds that all must wait.
    """

    minute: int | None = None
    longer: int | None = None
    window: str = ""
    frees: float = 0.0
    held: float = 0.0


class RateLimiter(Protocol):
    """Counts the requests of a key. key: its digest, never itself."""

    def now(self) -> float:
        """Return the time by the store's own clock, so that hosts whose clocks differ agree."""
        ...

    def take(self, key: str, limits: Limits, now: float, born: float = 0.0) -> Permit:
        """Count one request in all windows at once, unless one is full.

        born: of an earlier permit: where the store has lost what it knew since, a minute is waited for.
        """
        ...

    def settle(self, key: str, permit: Permit, now: float, worked: bool) -> None:
        """Say that the request has ended: it reached VirusTotal by now at the latest. worked: not with a 429.

        One that was permitted before midnight counts for both days.
        """
        ...

    def hold(self, key: str, seconds: float | None, now: float) -> float:
        """Hold everybody back after a 429, and return for how long: a day at most.

        None for a minute, then ten where that recurs; ten as well where shorter ones recur too often.
        """
        ...

    def rebase(self, key: str, used: Used, now: float) -> None:
        """Take over VirusTotal's own count: others may use the key as well."""
        ...

    def left(self, key: str, limits: Limits, now: float) -> Left:
        """Return what the windows leave."""
        ...


@frozen
class Entry:
    """One kept answer. moment: when VirusTotal gave it; expires: when it no longer counts."""

    body: bytes
    moment: float
    expires: float


class Lease(enum.Enum):
    """TAKEN: this one is to do the work. HELD: another one does. FAILED: another one just failed to."""

    TAKEN = enum.auto()
    HELD = enum.auto()
    FAILED = enum.auto()


@frozen
class Size:
    """How much is kept: the objects that answers are about, and the answers' bytes."""

    objects: int
    size: int


class AnswerCache(Protocol):
    """Keeps answers. key: the digest of the key that they were given to. group: the object that they are about."""

    def now(self) -> float:
        """Return the time by the store's own clock."""
        ...

    def get(self, key: str, group: str, names: tuple[str, ...], now: float) -> Entry | None:
        """Return the first of the named answers that is there and has not expired."""
        ...

    def put(self, key: str, group: str, name: str, entry: Entry, drop: str = "") -> None:
        """Keep an answer and drop another one, in one step; the ones that expire first make room."""
        ...

    def forget(self, key: str, group: str) -> None:
        """Drop all answers about an object."""
        ...

    def clear(self) -> None:
        """Drop all answers of all keys."""
        ...

    def size(self) -> Size:
        """Return how much there is."""
        ...

    def lease(self, name: str, token: str, seconds: float) -> Lease:
        """Take a lease for so long. To ask again for one's own is no harm."""
        ...

    def extend(self, name: str, token: str, seconds: float) -> None:
        """Let one's own lease last for so long from now; one that was given back or has ended stays so."""
        ...

    def release(self, name: str, token: str, failed: bool) -> None:
        """Give one's own lease back. failed: those who wait for it need not wait for each other."""
        ...


@frozen
class Count:
    """How often the cache was asked for what may be kept, and how often it had the answer."""

    asked: int = 0
    answered: int = 0


class CacheStatistics(Protocol):
    """Counts for all replicas and keys how well the cache serves."""

    def add(self, count: Count, now: float) -> None:
        """Add to today's count."""
        ...

    def read(self, now: float) -> Count:
        """Return the count of the last days."""
        ...


class KeyValueStore(Protocol):
    """Keeps small texts for a while, such as what was learnt of a key."""

    def fact(self, key: str, name: str) -> str | None:
        """Return a text, unless it has expired."""
        ...

    def keep(self, key: str, name: str, value: str, seconds: float) -> None:
        """Keep a text for so long."""
        ...


@frozen
class Stores:
    """All that one place keeps. place: as a person may read it, without a password. close: gives connections back."""

    place: str
    ledger: RateLimiter
    answers: AnswerCache
    facts: KeyValueStore
    receipts: Receipts
    tally: CacheStatistics
    close: Callable[[], None]
