"""The leases of this process, by which one asks and the others wait for its answer."""

import contextlib
import enum
import threading
import time
from collections.abc import Iterator

from attrs import define

from virustotal.storage.interfaces import LEASE
from virustotal.storage.key_values import KeyValueStore

#: Seconds that a lease lasts unless it is extended: so long others wait where its holder was killed.
LEASE_SECONDS = 15.0
#: Seconds for which those who wait see that a lease ended without an answer: they need not wait for each other.
FAILED_SECONDS = 1.0

_FAILED = "failed"


class Lease(enum.Enum):
    """TAKEN: the caller is to do the work. HELD: another one does. FAILED: another one just failed to."""

    TAKEN = enum.auto()
    HELD = enum.auto()
    FAILED = enum.auto()


@define
class Held:
    """A lease of this process.

    Args:
        name: Of the request.
        token: Of the holder.
        failed: Whether it ends without an answer for those who wait.
        released: Whether it is given back already.
    """

    name: str
    token: str
    failed: bool = True
    released: bool = False


class Leases:
    """Extends the leases of a process while they are held: a request may wait for a permit. Thread-safe.

    Args:
        values: Has the token of who holds a lease, by the lease's name.
    """

    def __init__(self, values: KeyValueStore) -> None:
        self._values = values
        self._held: dict[str, Held] = {}  # by token: where the store is broken, several threads hold the same name
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def take(self, name: str, token: str) -> Lease:
        """Take a lease, unless another one holds it."""
        if self._values.swap(LEASE, name, "", token, LEASE_SECONDS):
            return Lease.TAKEN
        holder = self._values.get(LEASE, name)
        if holder == token:  # Redis has taken it, and its answer was lost on the way
            return Lease.TAKEN
        return Lease.FAILED if holder == _FAILED else Lease.HELD

    @contextlib.contextmanager
    def held(self, name: str, token: str) -> Iterator[Held]:
        """Keep a lease alive that was taken, and give it back at the end."""
        lease = Held(name, token)
        with self._lock:
            self._held[token] = lease
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._extend, name="virustotal-leases", daemon=True)
                self._thread.start()
        try:
            yield lease
        finally:
            with self._lock:
                del self._held[token]
            if not lease.released:
                self._values.swap(LEASE, name, token, _FAILED if lease.failed else "", FAILED_SECONDS)

    def _extend(self) -> None:
        while True:
            time.sleep(LEASE_SECONDS / 3)
            with self._lock:
                leases = [(lease.name, token) for token, lease in self._held.items()]
                if not leases:
                    self._thread = None
                    return
            for name, token in leases:
                self._values.swap(LEASE, name, token, token, LEASE_SECONDS)
