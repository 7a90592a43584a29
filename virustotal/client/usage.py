"""What the requests with one API key cost: their number, and the seconds that they waited for the quota."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator


class Usage:
    """Counts for all sources of one key. Thread-safe.

    Args:
        clock: Returns seconds; that of the deadlines.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._requests = 0
        self._waiting = 0
        self._since = 0.0
        self._ended = 0.0

    @property
    def requests(self) -> int:
        """The requests that reached VirusTotal, repeated and redirected ones included; not those about the key."""
        return self._requests

    def count_request(self) -> None:
        """Count one request."""
        with self._lock:
            self._requests += 1

    @property
    def waited(self) -> float:
        """The seconds in which at least one thread waited, those of a wait that has not ended yet included."""
        with self._lock:
            return self._ended + (self._clock() - self._since if self._waiting else 0.0)

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Count what is done within as a wait. Simultaneous waits count once."""
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
