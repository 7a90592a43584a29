"""Leaves alone for a while what has failed, and says once that it failed and that it works again."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from attrs import define, field

from virustotal.core.submission.receipts import StoreError

T = TypeVar("T")

#: Seconds for which a store that failed is not tried again, and for which it has to work before that is said.
PAUSE = 30.0


@define
class _Fault:
    reason: str
    until: float
    works_since: float | None = None


@define(eq=False)
class CircuitBreaker:
    """The state of a store or cluster (an empty part) and of its parts. Thread-safe.

    Args:
        warn: Takes one line when something breaks.
        inform: Takes one line when it works again.
        subject: What it is, as a person may read it, such as "The mirror".
        consequence: What happens until it works, as a sentence.
        probe: Writes something: a store that can only be read does not work. None where the next use is the probe.
        pause: Seconds for which what failed is not tried again.
        lasting: Seconds for which it has to work before that is said.
        clock: Monotonic.
    """

    warn: Callable[[str], None]
    inform: Callable[[str], None]
    subject: str
    consequence: str
    probe: Callable[[], None] | None = None
    pause: float = PAUSE
    lasting: float = 0.0
    clock: Callable[[], float] = time.monotonic
    _faults: dict[str, _Fault] = field(factory=dict, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False)

    def call(self, act: Callable[[], T], otherwise: Callable[[], T]) -> T:
        """Return what `act` returns; what `otherwise` does where that fails or failed a moment ago."""
        if self.resting():
            return otherwise()
        try:
            result = act()
        except Exception as error:  # a damaged store raises anything; the result goes on without it
            self.failed(self._reason(error))
            return otherwise()
        self.works()
        return result

    def resting(self, part: str = "") -> str:
        """Return why a part is not to be tried now; empty where it is. After the pause one thread tries."""
        with self._lock:
            fault, now = self._faults.get(part), self.clock()
            if fault is None or fault.works_since is not None:
                return ""
            if now < fault.until:
                return fault.reason
            fault.until = now + self.pause
        if self.probe is not None:
            try:
                self.probe()
            except Exception as error:
                self.failed(self._reason(error), part)
                return fault.reason
            fault.works_since = self.clock()
        return ""

    def failed(self, reason: str, part: str = "") -> None:
        """Remember that a part does not work."""
        with self._lock:
            new = part not in self._faults
            self._faults[part] = _Fault(reason, self.clock() + self.pause)
        if new:
            self.warn(f"{reason.rstrip('.')}. {self.consequence}")

    def works(self, part: str = "") -> None:
        """Remember that a part works. Said once it has lasted, since another part of a store may still be damaged."""
        if part not in self._faults:
            return
        with self._lock:
            fault, now = self._faults.get(part), self.clock()
            if fault is None:
                return
            if fault.works_since is None:
                fault.works_since = now
            if now - fault.works_since < self.lasting:
                return
            del self._faults[part]
        self.inform(f"{self.subject}{f', index {part},' if part else ''} works again.")

    def _reason(self, error: Exception) -> str:
        # Of an unexpected error the type alone: its text may name what is in the store.
        return str(error) if isinstance(error, StoreError) else f"{self.subject} cannot be used: {type(error).__name__}"
