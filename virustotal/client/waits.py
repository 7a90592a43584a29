"""How long was waited, by all threads together."""

import contextlib
import threading
from collections.abc import Callable, Iterator


class Waits:
    """Counts the seconds in which at least one thread waited: what waits at the same time counts once. Thread-safe.

    clock: returns seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._waiting = 0
        self._since = 0.0
        self._ended = 0.0
        self._lock = threading.Lock()

    @property
    def seconds(self) -> float:
        """The seconds so far, those of a wait that has not ended yet included."""
        with self._lock:
            return self._ended + (self._clock() - self._since if self._waiting else 0.0)

    @contextlib.contextmanager
    def one(self) -> Iterator[None]:
        """Count what is done within as a wait."""
        with self._lock:
            if not self._waiting:
                self._since = self._clock()
            self._waiting += 1
        try:
            yield
        finally:
            with self._lock:
                self._waiting -= 1
                if not self._waiting:
                    self._ended += self._clock() - self._since
