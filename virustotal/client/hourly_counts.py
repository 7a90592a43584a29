"""Counters by the hour, of all replicas: what the cache answered, and what a key asked, waited and was refused."""

import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping

from attrs import frozen

from virustotal.storage.key_values import KeyValueStore
from virustotal.storage.stores import Stores

#: Hours for which counts are kept, and those that `quota` and `cache` list one by one.
KEPT_HOURS, SHOWN_HOURS = 7 * 24, 24
#: Counts, or seconds, after which they are written: a write for each would cost too much.
COUNTS, SECONDS = 25, 30.0
#: Where the cache's counts stand in the store: they are those of all keys.
CACHE = "statistics"
#: The counters of the cache: requests to it, and those that it answered.
CACHE_COUNTERS = ("asked", "answered")
#: The counters of a key: requests sent, refused by VirusTotal for the quota, and never sent since no window opened in
#: time; milliseconds that requests waited, all of them together.
KEY_COUNTERS = ("requests", "refused", "dropped", "waited_ms")

_HOUR = 3600


@frozen
class Hour:
    """The counts of one hour.

    Args:
        begins: When it begins, in Unix seconds.
        counts: By counter.
    """

    begins: float
    counts: Mapping[str, int]


def last_hours(values: KeyValueStore, key: str, names: Iterable[str], hours: int, now: float) -> tuple[Hour, ...]:
    """Return the counts of the last hours, this one included and first.

    Args:
        values: The store.
        key: Whose counts: `CACHE`, or a key's digest.
        names: The counters.
        hours: How many hours.
        now: The store's time.
    """
    current = int(now // _HOUR)
    return tuple(
        Hour(hour * _HOUR, {name: _number(values.get(key, f"{name}:{hour}")) for name in names})
        for hour in range(current, current - hours, -1)
    )


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 0


class HourlyCounter:
    """Counts for this process, and adds to the store now and then. Thread-safe.

    Args:
        stores: Where the counts of all replicas are.
        key: Whose counts: `CACHE`, or a key's digest.
    """

    def __init__(self, stores: Stores, key: str) -> None:
        self._values = stores.values
        self._key = key
        self._counts: Counter[str] = Counter()
        self._calls = 0
        self._written = time.monotonic()
        self._lock = threading.Lock()

    def count(self, **numbers: int) -> None:
        """Add these numbers to the counters of their names."""
        with self._lock:
            self._counts.update(numbers)
            self._calls += 1
            due = self._calls >= COUNTS or time.monotonic() - self._written >= SECONDS
        if due:
            self.write()

    def write(self) -> None:
        """Add what is counted to the counters of this hour."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
            self._calls, self._written = 0, time.monotonic()
        hour = int(self._values.now() // _HOUR) if counts else 0
        for name, number in counts.items():
            if number:
                self._add(f"{name}:{hour}", number)

    def _add(self, name: str, number: int) -> None:
        self._values.change(self._key, name, lambda text: (None, str(_number(text) + number)), KEPT_HOURS * _HOUR)
