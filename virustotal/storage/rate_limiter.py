"""Counts the requests of a key, known by its digest, in the windows of its quota."""

from collections.abc import Callable
from typing import TypeVar

from virustotal.storage import rate_windows
from virustotal.storage.interfaces import Permit, Quota, Remaining
from virustotal.storage.key_values import KeyValueStore

T = TypeVar("T")

#: Seconds after which the windows of a key that nobody uses are dropped: its longest window, and more.
QUOTA_SECONDS = 40 * 86_400.0
_NAME = "quota"


class RateLimiter:
    """Reads and changes the windows of a key as a whole, in one step with other processes.

    Args:
        values: Keeps the windows as JSON.
    """

    def __init__(self, values: KeyValueStore) -> None:
        self._values = values

    def now(self) -> float:
        """Return the time by the store's own clock, so that hosts whose clocks differ agree."""
        return self._values.now()

    def acquire(self, key: str, quota: Quota, now: float) -> Permit:
        """Count one request in all windows at once, unless one is full; take over a newer count of VirusTotal's."""
        return self._change(key, lambda state: rate_windows.acquire(state, quota, now))

    def release(self, key: str) -> None:
        """End a series of refusals: a request with a probing permit has succeeded."""
        self._change(key, rate_windows.release)

    def pause(self, key: str, seconds: float | None, now: float) -> float:
        """Let all requests pause after a 429, and return for how long: a day at most.

        Args:
            key: The key's digest.
            seconds: As VirusTotal says. None for a minute, then ten where that recurs; ten as well where shorter
                pauses recur too often.
            now: The store's time.
        """
        return self._change(key, lambda state: rate_windows.pause(state, seconds, now))

    def remaining(self, key: str, quota: Quota, now: float) -> Remaining:
        """Return what the windows leave."""
        return rate_windows.remaining(rate_windows.loads(self._values.get(key, _NAME)), quota, now)

    def _change(self, key: str, change: Callable[[rate_windows.State], T]) -> T:
        def change_text(text: str) -> tuple[T, str]:
            state = rate_windows.loads(text)
            return change(state), rate_windows.dumps(state)

        return self._values.change(key, _NAME, change_text, QUOTA_SECONDS)
