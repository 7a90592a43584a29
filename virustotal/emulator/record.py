"""What the emulator saw: every request, every complete upload, and every key that went where it must not."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from attrs import Factory, asdict, define, field, frozen

KEPT_HEADERS = ("accept-encoding", "content-length", "content-type", "host", "user-agent", "x-tool")


@define
class Request:
    """One request to the API, and how it was answered. Times are of ``time.monotonic()``, in seconds."""

    method: str
    path: str
    """Percent-encoded, as sent, with ``/api/v3``."""
    query: str
    headers: dict[str, str]
    key: str | None
    """The key sent, whether valid or not."""
    started: float = Factory(time.monotonic)
    ended: float | None = None
    status: int | None = None
    """None while it is being answered, and when the connection was cut before a status line."""
    charged: bool = False
    """True when it counted against the key's quota."""
    fault: str | None = None
    """The kind of the fault that answered it."""


@frozen
class Leak:
    """A request to another host (upload, download, picture) that carried the API key."""

    method: str
    path: str
    key: str


@define
class Record:
    """A log that any thread may read."""

    _lock: threading.Lock = field(factory=threading.Lock)
    _requests: list[Request] = field(factory=list)
    elsewhere: list[Request] = field(factory=list)
    """Every request to the other host; its paths start with ``/other``."""
    leaks: list[Leak] = field(factory=list)
    uploads: Counter[str] = field(factory=Counter)
    """SHA-256 -> how often its bytes arrived completely, however the upload was answered."""
    passwords: dict[str, str] = field(factory=dict)
    """SHA-256 -> ``password`` field of its last upload."""
    names: dict[str, str] = field(factory=dict)
    """SHA-256 -> file name of its last upload."""

    def add(self, request: Request) -> Request:
        """Append one request and return it."""
        with self._lock:
            self._requests.append(request)
        return request

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._requests.clear()
        for counter in (self.elsewhere, self.leaks, self.uploads, self.passwords, self.names):
            counter.clear()

    def __iter__(self) -> Iterator[Request]:
        with self._lock:
            return iter(list(self._requests))

    def __len__(self) -> int:
        return len(self._requests)

    def __getitem__(self, index: int) -> Request:
        with self._lock:
            return self._requests[index]

    @property
    def charged(self) -> int:
        """How many requests counted against a quota."""
        return sum(request.charged for request in self)

    def paths(self) -> list[str]:
        """Return ``METHOD /path`` of every request, without ``/api/v3`` and without the query."""
        return [f"{request.method} {request.path.removeprefix('/api/v3')}" for request in self]

    @property
    def peak(self) -> int:
        """The largest number of requests that were being answered at one time."""
        moments = [(request.started, 1) for request in self]
        moments += [(request.ended, -1) for request in self if request.ended is not None]
        most = now = 0
        for _, step in sorted(moments):
            now += step
            most = max(most, now)
        return most

    def as_json(self) -> list[dict[str, Any]]:
        """Return the requests as plain values."""
        return [asdict(request) for request in self]
