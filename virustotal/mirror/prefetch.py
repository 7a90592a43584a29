"""What the mirror was found to say of a request, kept until the request is made."""

import threading
import time
from collections.abc import Callable, Mapping

from attrs import define, field

from virustotal.api.source import Request
from virustotal.mirror.response_builder import Response
from virustotal.mirror.search_client import MirrorError

#: Seconds for which it is kept.
SECONDS = 30.0

#: What the mirror says: None for what it does not hold, the error where it could not be read.
Said = Response | MirrorError | None


@define(eq=False)
class PrefetchCache:
    """What the mirror says, by request. Thread-safe."""

    _kept: dict[Request, tuple[float, Said]] = field(factory=dict, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    def keep(self, said: Mapping[Request, Said]) -> None:
        """Keep these, and drop what was not asked for in time."""
        until = time.monotonic() + SECONDS
        with self._lock:
            self._kept = {request: kept for request, kept in self._kept.items() if kept[0] > until - SECONDS}
            self._kept |= {request: (until, each) for request, each in said.items()}

    def look(self, request: Request, read: Callable[[], Said]) -> Said:
        """Return what is kept, or else read and keep it."""
        with self._lock:
            until, said = self._kept.get(request, (0.0, None))
        if until <= time.monotonic():
            said = read()
            self.keep({request: said})
        return said

    def take(self, request: Request, read: Callable[[], Said]) -> Said:
        """Return what is kept and drop it, or else read it: whoever asks again wants to know anew."""
        with self._lock:
            until, said = self._kept.pop(request, (0.0, None))
        return said if until > time.monotonic() else read()
