"""The memory of this process, used while the store does not work. Answers are not kept there."""

import copy
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from virustotal.storage import rate_windows
from virustotal.storage.window_limiter import WindowLimiter

T = TypeVar("T")


class MemoryRateLimiter(WindowLimiter):
    """The windows of the requests of this process."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.now = clock
        self._states: dict[str, rate_windows.State] = {}
        self._lock = threading.Lock()

    def count(self, key: str, now: float) -> None:
        """Count a request that the store has permitted."""
        self._change(key, lambda state: rate_windows.count(state, now))

    def _state(self, key: str) -> rate_windows.State:
        return self._change(key, copy.deepcopy)

    def _change(self, key: str, change: Callable[[rate_windows.State], T]) -> T:
        with self._lock:
            return change(self._states.setdefault(key, {}))


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
