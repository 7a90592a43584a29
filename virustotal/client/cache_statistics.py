"""How often the cache had the answer: two counters a day, for all replicas and keys."""

import threading
import time

from attrs import frozen

from virustotal.storage.interfaces import Stores

#: The days that count, today included.
DAYS = 7
#: Requests, or seconds, after which counts are written: one write for each would cost more than it tells.
REQUESTS, SECONDS = 25, 5.0

_KEY, _DAY = "statistics", 86_400


@frozen
class Statistics:
    """How often the cache was asked for what may be kept, and how often it had the answer."""

    asked: int = 0
    answered: int = 0


def statistics(stores: Stores) -> Statistics:
    """Return the counts of the last days."""
    today = int(stores.answers.now() // _DAY)
    days = range(today - DAYS + 1, today + 1)
    return Statistics(
        *(sum(_number(stores.values.get(_KEY, f"{name}:{day}")) for day in days) for name in ("asked", "answered"))
    )


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 0


class HitCounter:
    """Counts the requests of this process. Thread-safe."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._asked = self._answered = 0
        self._written = time.monotonic()
        self._lock = threading.Lock()

    def count(self, *, hit: bool) -> None:
        """Count one request."""
        with self._lock:
            self._asked, self._answered = self._asked + 1, self._answered + hit
            due = self._asked >= REQUESTS or time.monotonic() - self._written >= SECONDS
        if due:
            self.write()

    def write(self) -> None:
        """Add what is counted to today's counters."""
        with self._lock:
            counts = {"asked": self._asked, "answered": self._answered}
            self._asked, self._answered, self._written = 0, 0, time.monotonic()
        day = int(self._stores.answers.now() // _DAY)
        for name, number in counts.items():
            if number:
                self._stores.values.add(_KEY, f"{name}:{day}", number, DAYS * _DAY)
