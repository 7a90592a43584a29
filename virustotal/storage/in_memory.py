"""The memory of this process, used while the store does not work. Answers are not kept there."""

import threading
import time
from collections.abc import Callable

from virustotal.storage import rate_windows
from virustotal.storage.interfaces import Permit, Quota, Remaining


class MemoryRateLimiter:
    """The windows of the requests of this process."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.now = clock
        self._states: dict[str, rate_windows.State] = {}
        self._lock = threading.Lock()

    def acquire(self, key: str, quota: Quota, now: float) -> Permit:
        """See `RateLimiter.acquire`."""
        with self._lock:
            return rate_windows.acquire(self._states.setdefault(key, {}), quota, now)

    def count(self, key: str, now: float) -> None:
        """Count a request that the store has permitted."""
        with self._lock:
            rate_windows.count(self._states.setdefault(key, {}), now)

    def release(self, key: str, now: float) -> None:
        """See `RateLimiter.release`."""
        with self._lock:
            rate_windows.release(self._states.setdefault(key, {}))

    def pause(self, key: str, seconds: float | None, now: float) -> float:
        """See `RateLimiter.pause`."""
        with self._lock:
            return rate_windows.pause(self._states.setdefault(key, {}), seconds, now)

    def remaining(self, key: str, quota: Quota, now: float) -> Remaining:
        """See `RateLimiter.remaining`."""
        with self._lock:
            return rate_windows.remaining(self._states.setdefault(key, {}), quota, now)


class MemoryKeyValues:
    """Small texts of this process. Counters are not kept."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._values: dict[tuple[str, str], tuple[float, str]] = {}
        self._clock = clock
        self._lock = threading.Lock()

    def get(self, key: str, name: str) -> str | None:
        """See `KeyValueStore.get`."""
        expires, value = self._values.get((key, name), (0.0, ""))
        return value if expires > self._clock() else None

    def put(self, key: str, name: str, value: str, seconds: float) -> None:
        """See `KeyValueStore.put`."""
        now = self._clock()
        with self._lock:
            self._values = {place: entry for place, entry in self._values.items() if entry[0] > now}
            self._values[key, name] = (now + seconds, value)
