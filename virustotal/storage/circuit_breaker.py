"""Whether a store works: one that failed is left alone for a while, and tried again by writing to it."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from attrs import define, field

from virustotal.core.submission.receipts import StoreError

T = TypeVar("T")

#: Seconds for which a store that failed is not tried again, and for which it has to work before that is said.
PAUSE = 30.0


@define(eq=False)
class Breaker:
    """Shared by all that one store keeps. Thread-safe.

    place: of the store, as a person may read it. say: takes one line when the store breaks, and one when it has worked
    again for a while. probe: writes something to the store; one that can only be read does not work. clock: monotonic.
    outages: how often it broke.
    """

    place: str
    say: Callable[[str], None]
    probe: Callable[[], None]
    clock: Callable[[], float] = time.monotonic
    outages: int = field(default=0, init=False)
    _broken: bool = field(default=False, init=False)
    _rests_until: float | None = field(default=None, init=False)
    _works_since: float = field(default=0.0, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False)

    def call(self, act: Callable[[], T], otherwise: Callable[[], T]) -> T:
        """Return what the store answers; what the other one does where that fails or failed a moment ago."""
        if not self._usable():
            return otherwise()
        try:
            answer = act()
        except Exception as error:  # whatever a damaged store leads to costs its benefit alone
            self._fail(error)
            return otherwise()
        self._confirm()
        return answer

    def _usable(self) -> bool:
        with self._lock:
            if self._rests_until is None:
                return True
            if self.clock() < self._rests_until:
                return False
            self._rests_until = self.clock() + PAUSE  # one tries, while the others go on without
        try:
            self.probe()
        except Exception as error:
            self._fail(error)
            return False
        with self._lock:
            self._rests_until, self._works_since = None, self.clock()
        return True

    def _fail(self, error: Exception) -> None:
        with self._lock:
            said, self._broken = self._broken, True
            self.outages += not said
            self._rests_until = self.clock() + PAUSE
        if not said:
            # Of an unexpected error the type alone: its text may name what is in the store.
            reason = (
                str(error)
                if isinstance(error, StoreError)
                else f"The store {self.place} cannot be used: {type(error).__name__}"
            )
            self.say(f"{reason}. Until it works, this process goes on without what others know, and tells no one.")

    def _confirm(self) -> None:
        """Say once that it works again: not before it has lasted, since a part of it may be damaged still."""
        if not self._broken:
            return
        with self._lock:
            lasted = self._rests_until is None and self.clock() - self._works_since >= PAUSE
            mended = self._broken and lasted
            self._broken = not mended
        if mended:
            self.say("The store works again.")
