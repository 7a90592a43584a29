"""What replicas share, as small interfaces. Each method may raise StoreError; every time is in Unix seconds."""

from typing import Protocol

from attrs import frozen

#: Part of every name in every store: what an older or newer version wrote under its own is not seen.
VERSION = 2
#: The key of the leases in a `KeyValueStore`.
LEASE = "lease"


@frozen
class Limits:
    """How many requests each window allows; 0 if that is unknown."""

    minute: int = 0
    hour: int = 0
    day: int = 0
    month: int = 0


@frozen
class Used:
    """How many requests VirusTotal counts in each window; None if that is unknown."""

    hour: int | None = None
    day: int | None = None
    month: int | None = None


@frozen
class Quota:
    """What a key may request.

    Args:
        limits: Of its windows.
        used: VirusTotal's own count of it, which others may share.
        moment: When VirusTotal gave that count, in Unix seconds; 0 for never.
        reserve: The share of hour and day, from 0 to 1, that is kept for more important requests.
    """

    limits: Limits = Limits()
    used: Used = Used()
    moment: float = 0.0
    reserve: float = 0.0


@frozen
class Permit:
    """Whether a request may be made.

    Args:
        granted: Whether it may.
        window: The window that is full, `pause` where all requests pause.
        wait: Seconds after which that may have changed.
        probing: VirusTotal refused a request before this one: `RateLimiter.release` ends that if this one succeeds.
        reserved: What is left of the window is reserved for more important requests.
    """

    granted: bool
    window: str = ""
    wait: float = 0.0
    probing: bool = False
    reserved: bool = False


@frozen
class Remaining:
    """How many requests the windows leave.

    Args:
        minute: Within the minute; None without a limit.
        longer: At most until the hour, day or month ends; None without a limit.
        window: The one of these that leaves least.
        frees: Seconds until that one ends.
        pause: Seconds that all requests must wait.
    """

    minute: int | None = None
    longer: int | None = None
    window: str = ""
    frees: float = 0.0
    pause: float = 0.0


@frozen
class Entry:
    """One cached answer.

    Args:
        body: As `cache.packed` makes it.
        moment: When VirusTotal gave it.
        expires: When it no longer counts.
    """

    body: bytes
    moment: float
    expires: float


@frozen
class Size:
    """How much is cached: the objects that answers are about, and the answers' bytes."""

    objects: int
    size: int


class AnswerCache(Protocol):
    """Keeps answers, by the digest of the key that got them and of the object that they are about."""

    def get(self, key: str, group: str, names: tuple[str, ...], now: float) -> Entry | None:
        """Return the first of the named answers that is there and has not expired."""
        ...

    def put(
        self, key: str, group: str, name: str, entry: Entry, drop: str = "", lease: tuple[str, str] = ("", "")
    ) -> bool:
        """Keep an answer, drop another one and give a lease back, in one step; return whether the answer was kept.

        The answers that expire first make room. Not kept: what is larger than the store, or older than the last
        `forget` of its object.

        Args:
            key: The key's digest.
            group: The object's digest.
            name: The request's digest.
            entry: The answer.
            drop: The name of an answer that this one replaces.
            lease: Name and token of one's own lease, a text under the key `LEASE`.
        """
        ...

    def forget(self, key: str, group: str) -> None:
        """Drop all answers about an object, and those that are on their way."""
        ...

    def clear(self) -> None:
        """Drop all answers of all keys."""
        ...

    def size(self) -> Size:
        """Return how much there is."""
        ...
