"""What is left where the store is broken: the memory of this process. Answers are not kept there."""

import threading
import time
from collections.abc import Callable

from virustotal.storage import rate_windows
from virustotal.storage.interfaces import Entry, Lease, Left, Limits, Permit, Size, Used


class MemoryRateLimiter:
    """The ledger of one process. Its permits have no `born`: there is nothing that it could have lost."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.now = clock
        self._states: dict[str, rate_windows.State] = {}
        self._lock = threading.Lock()

    def take(self, key: str, limits: Limits, now: float, born: float = 0.0) -> Permit:
        """See `Ledger.take`."""
        with self._lock:
            found = rate_windows.take(self._states.setdefault(key, {}), limits, now)
        return Permit(found.granted, found.slot, found.window, found.wait)

    def count(self, key: str, now: float) -> int:
        """Count a request that was permitted elsewhere, and return its slot."""
        with self._lock:
            return rate_windows.count(self._states.setdefault(key, {}), now)

    def wait(self, key: str, seconds: float, now: float) -> None:
        """Permit nothing for so long; no refusal led to that."""
        with self._lock:
            rate_windows.wait(self._states.setdefault(key, {}), now + seconds, now)

    def settle(self, key: str, permit: Permit, now: float, worked: bool) -> None:
        """See `Ledger.settle`."""
        with self._lock:
            rate_windows.settle(self._states.setdefault(key, {}), permit, now, worked)

    def hold(self, key: str, seconds: float | None, now: float) -> float:
        """See `Ledger.hold`."""
        with self._lock:
            return rate_windows.hold(self._states.setdefault(key, {}), seconds, now)

    def rebase(self, key: str, used: Used, now: float) -> None:
        """See `Ledger.rebase`."""
        with self._lock:
            state = self._states.setdefault(key, {})
            state.update(rate_windows.extras(state, used, now))

    def left(self, key: str, limits: Limits, now: float) -> Left:
        """See `Ledger.left`."""
        with self._lock:
            return rate_windows.left(self._states.get(key, {}), limits, now)


class MemoryFacts:
    """Facts of one process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._facts: dict[tuple[str, str], tuple[float, str]] = {}
        self._clock = clock
        self._lock = threading.Lock()

    def fact(self, key: str, name: str) -> str | None:
        """See `Facts.fact`."""
        expires, value = self._facts.get((key, name), (0.0, ""))
        return value if expires > self._clock() else None

    def keep(self, key: str, name: str, value: str, seconds: float) -> None:
        """See `Facts.keep`."""
        now = self._clock()
        with self._lock:
            self._facts = {place: kept for place, kept in self._facts.items() if kept[0] > now}
            self._facts[key, name] = (now + seconds, value)


class NoAnswers:
    """Keeps nothing: every answer is asked for, and every lease is free."""

    now = staticmethod(time.time)

    def get(self, key: str, group: str, names: tuple[str, ...], now: float) -> Entry | None:
        """See `AnswerCache.get`."""
        return None

    def put(self, key: str, group: str, name: str, entry: Entry, drop: str = "") -> None:
        """See `AnswerCache.put`."""

    def forget(self, key: str, group: str) -> None:
        """See `AnswerCache.forget`."""

    def clear(self) -> None:
        """See `AnswerCache.clear`."""

    def size(self) -> Size:
        """See `AnswerCache.size`."""
        return Size(0, 0)

    def lease(self, name: str, token: str, seconds: float) -> Lease:
        """See `AnswerCache.lease`."""
        return Lease.TAKEN

    def extend(self, name: str, token: str, seconds: float) -> None:
        """See `AnswerCache.extend`."""

    def release(self, name: str, token: str, failed: bool) -> None:
        """See `AnswerCache.release`."""
