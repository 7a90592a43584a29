"""Look-ups that were read before their request is made."""

import threading
import time
from collections.abc import Callable, Mapping

from attrs import define, field

from virustotal.api.source import Request
from virustotal.mirror.response_builder import Response
from virustotal.mirror.search_answers import MirrorError

#: Lifetime of a prefetched look-up, in seconds.
SECONDS = 30.0

#: A look-up in the mirror: None for an object that is not stored, the error if it could not be read.
Lookup = Response | MirrorError | None


@define(eq=False)
class PrefetchCache:
    """Prefetched look-ups by request. Thread-safe."""

    _kept: dict[Request, tuple[float, Lookup]] = field(factory=dict, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    def keep(self, lookups: Mapping[Request, Lookup]) -> None:
        """Keep look-ups, and drop expired ones."""
        until = time.monotonic() + SECONDS
        with self._lock:
            self._kept = {request: kept for request, kept in self._kept.items() if kept[0] > until - SECONDS}
            self._kept |= {request: (until, lookup) for request, lookup in lookups.items()}

    def peek(self, request: Request, read: Callable[[], Lookup]) -> Lookup:
        """Return the prefetched look-up, or read and keep it."""
        with self._lock:
            until, lookup = self._kept.get(request, (0.0, None))
        if until <= time.monotonic():
            lookup = read()
            self.keep({request: lookup})
        return lookup

    def pop(self, request: Request, read: Callable[[], Lookup]) -> Lookup:
        """Return the prefetched look-up and drop it, or read it. A second request bypasses the prefetched value."""
        with self._lock:
            until, lookup = self._kept.pop(request, (0.0, None))
        return lookup if until > time.monotonic() else read()
