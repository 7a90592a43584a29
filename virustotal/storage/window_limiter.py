"""What the rate limiters of all stores share."""

import abc
from collections.abc import Callable
from typing import TypeVar

from virustotal.storage import rate_windows
from virustotal.storage.interfaces import Permit, Quota, Remaining

T = TypeVar("T")


class WindowLimiter(abc.ABC):
    """See `RateLimiter`. The stores read and change the windows of a key as a whole."""

    def acquire(self, key: str, quota: Quota, now: float) -> Permit:
        """See `RateLimiter.acquire`."""
        return self._change(key, lambda state: rate_windows.acquire(state, quota, now))

    def release(self, key: str, now: float) -> None:
        """See `RateLimiter.release`."""
        self._change(key, rate_windows.release)

    def pause(self, key: str, seconds: float | None, now: float) -> float:
        """See `RateLimiter.pause`."""
        return self._change(key, lambda state: rate_windows.pause(state, seconds, now))

    def remaining(self, key: str, quota: Quota, now: float) -> Remaining:
        """See `RateLimiter.remaining`."""
        return rate_windows.remaining(self._state(key), quota, now)

    @abc.abstractmethod
    def _state(self, key: str) -> rate_windows.State:
        """Return a copy of the windows of a key."""

    @abc.abstractmethod
    def _change(self, key: str, change: Callable[[rate_windows.State], T]) -> T:
        """Change the windows of a key in one step with others, and return what the change returns."""
