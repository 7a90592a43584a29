"""How fast one key may ask: a gate that all threads of a client pass, and what is remembered of its quota."""

import random
import threading
import time
from collections.abc import Callable

from attrs import define, field, frozen

from virustotal.core.errors import DeadlineError, QuotaError, ThrottledError

#: The code of a quota error that nobody waits for: whoever raised it has waited as long as it makes sense.
QUOTA_HELD = "LocalQuota"


@frozen
class RetryPolicy:
    """The waits of a client, in seconds.

    attempts: how often a request is sent at most, where VirusTotal cannot answer or asks for fewer requests.
    first, longest: the bounds of the pause between attempts, which doubles.
    quota_wait: after a quota error that does not say how long: the minute window's length.
    told_waits: how often a task waits as long as a `Retry-After` says.
    """

    attempts: int = 4
    first: float = 0.5
    longest: float = 20.0
    quota_wait: float = 60.0
    told_waits: int = 5

    def backoff(self, attempt: int) -> float:
        """The pause after the given attempt (0 is the first), with jitter so that replicas do not march in step."""
        return float(min(self.longest, self.first * 2**attempt) * random.uniform(0.5, 1.0))  # noqa: S311 - no secret


@define(eq=False)
class ThrottleGate:
    """Shut for all threads while VirusTotal asks to wait. A quota that waiting did not restore is remembered.

    A 429 does not say which window is used up: the minute's comes back while a task waits, the day's and the month's
    do not. So a task waits once, and if that did not help, everybody is told at once that the quota is used up.
    """

    pace: RetryPolicy
    sleep: Callable[[float], None] = time.sleep
    _lock: threading.Lock = field(factory=threading.Lock, init=False)
    _opens: float = field(default=0.0, init=False)
    _epoch: int = field(default=0, init=False)
    _waits: int = field(default=0, init=False)
    _task: float = field(default=0.0, init=False)
    _spent: QuotaError | None = field(default=None, init=False)
    _long_until: float = field(default=0.0, init=False)

    def enter(self, deadline: float) -> int:
        """Wait until the gate is open; return its epoch, for `refused`. DeadlineError, or the remembered QuotaError."""
        while True:
            with self._lock:
                self._begin(deadline)
                now = time.monotonic()
                if self._spent is not None:
                    raise again(self._spent)
                if now >= deadline:
                    raise DeadlineError("The time for this task is used up.")
                wait = self._opens - now
                if wait <= 0:
                    return self._epoch
            self.sleep(max(0.0, min(wait, deadline - now, 1.0)))

    def throttled(self, error: ThrottledError, attempt: int, deadline: float) -> None:
        """Shut the gate for a moment; raise the error where the deadline or the attempts leave no room for it."""
        seconds = max(error.retry_after or 0.0, self.pace.backoff(attempt))
        with self._lock:
            if attempt + 1 >= self.pace.attempts or time.monotonic() + seconds >= deadline:
                raise again(error)
            self._shut(seconds)

    def refused(self, error: QuotaError, epoch: int, deadline: float) -> None:
        """Shut the gate until the quota may be back; raise the error, for everybody, where that is not to be expected.

        epoch: what `enter` returned before the refused request; a wait that began since then is joined.
        """
        with self._lock:
            self._begin(deadline)
            if self._spent is not None:
                raise again(self._spent)
            if epoch != self._epoch:
                return
            told = error.retry_after is not None
            seconds = max(1.0, error.retry_after or 0.0) if told else self.pace.quota_wait
            now = time.monotonic()
            if self._waits >= (self.pace.told_waits if told else 1):
                self._long_until = now + 10 * self.pace.quota_wait
                self._spent = error
            elif now + seconds >= deadline or (now < self._long_until and not told):
                self._spent = error
            else:
                self._waits += 1
                self._shut(seconds)
            if self._spent is not None:
                raise again(self._spent)

    def _begin(self, deadline: float) -> None:
        """Another deadline is another task: it may try again, and wait again."""
        if deadline != self._task:
            self._task, self._waits, self._spent = deadline, 0, None

    def _shut(self, seconds: float) -> None:
        self._opens = max(self._opens, time.monotonic() + seconds)
        self._epoch += 1


def again(error: QuotaError) -> QuotaError:
    """Return a copy of an error, since one exception raised by several threads mixes their tracebacks."""
    return type(error)(str(error), code=error.code, retry_after=error.retry_after)
