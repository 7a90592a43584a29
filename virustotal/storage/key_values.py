"""Small texts that replicas share: the interface, and the memory of this process for when a store does not work."""

import abc
import random
import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class KeyValueStore(abc.ABC):
    """Keeps small texts for a while: quota windows, receipts, leases, counts, what VirusTotal says of a key."""

    @abc.abstractmethod
    def now(self) -> float:
        """Return the time by the store's own clock, so that hosts whose clocks differ agree."""

    @abc.abstractmethod
    def get(self, key: str, name: str) -> str | None:
        """Return a text, unless it has expired."""

    @abc.abstractmethod
    def put(self, key: str, name: str, value: str, seconds: float) -> None:
        """Keep a text for so long."""

    @abc.abstractmethod
    def swap(self, key: str, name: str, before: str, after: str, seconds: float) -> bool:
        """Replace a text, and return True, unless it is another one by now. An empty text stands for none.

        Args:
            key: The first half of its name.
            name: The second half.
            before: What it was.
            after: What it becomes.
            seconds: How long it is kept.
        """

    def change(self, key: str, name: str, change: Callable[[str], tuple[T, str]], seconds: float) -> T:
        """Read, change and write a text in one step with others. An empty text stands for none.

        Args:
            key: The first half of its name.
            name: The second half.
            change: Takes the text, and returns a result with the new text. Called again where others were faster.
            seconds: How long the new text is kept.
        """
        while True:
            before = self.get(key, name) or ""
            result, after = change(before)
            if after == before or self.swap(key, name, before, after, seconds):
                return result
            time.sleep(random.uniform(0.0, 0.01))  # noqa: S311 - no secret


class MemoryKeyValues(KeyValueStore):
    """Small texts of this process."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._values: dict[tuple[str, str], tuple[float, str]] = {}
        self._clock = clock
        self._lock = threading.Lock()

    def now(self) -> float:
        """See `KeyValueStore.now`."""
        return self._clock()

    def get(self, key: str, name: str) -> str | None:
        """See `KeyValueStore.get`."""
        expires, value = self._values.get((key, name), (0.0, ""))
        return value if expires > self._clock() else None

    def put(self, key: str, name: str, value: str, seconds: float) -> None:
        """See `KeyValueStore.put`."""
        with self._lock:
            self._put(key, name, value, seconds)

    def swap(self, key: str, name: str, before: str, after: str, seconds: float) -> bool:
        """See `KeyValueStore.swap`."""
        with self._lock:
            same = (self.get(key, name) or "") == before
            if same:
                self._put(key, name, after, seconds)
            return same

    def _put(self, key: str, name: str, value: str, seconds: float) -> None:
        now = self._clock()
        self._values = {place: entry for place, entry in self._values.items() if entry[0] > now}
        self._values[key, name] = (now + seconds, value)
