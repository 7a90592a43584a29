"""A permit before each charged request, for all windows at once, shared by all that use the same key."""

import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from virustotal import api
from virustotal.api.source import Answer, RemainingQuota, Request, Source
from virustotal.client.quota_limits import KnownLimits
from virustotal.client.retry import QUOTA_HELD
from virustotal.client.waits import Waits
from virustotal.core.errors import DeadlineError, QuotaError, ThrottledError, VirusTotalError
from virustotal.storage.interfaces import Limits, Permit, Stores
from virustotal.util.readers import as_mapping, as_text, quantity

#: Seconds that all wait where VirusTotal is asked too often in a short time, and does not say for how long.
THROTTLED_SECONDS = 1.0
#: Analyses of own uploads that are remembered: asking for these is free.
MOST_OWN = 1000

_PAUSE = "VirusTotal refused a request for its quota, or the common count of requests was lost"


class RateLimitedSource:
    """Holds requests back until every window of the key has room, or the deadline leaves none. Thread-safe.

    source: what asks, one attempt for each request. stores: the ledger and what was learnt. api_key: as it is; digest:
    by which it is known in the stores. configured: what counts where VirusTotal does not tell. sleep: takes seconds.
    clock: that of the deadlines.
    """

    def __init__(
        self,
        source: Source,
        stores: Stores,
        api_key: str,
        digest: str,
        configured: Limits,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._stores = stores
        self._digest = digest
        self._limits = KnownLimits(source, stores, api_key, digest, configured, sleep, clock)
        self._sleep = sleep
        self._clock = clock
        self._lock = threading.Lock()
        self._born = 0.0
        self._own: dict[str, None] = {}
        self._waits = Waits(clock)

    @property
    def requests_made(self) -> int:
        """See `Source.requests_made`."""
        return self._source.requests_made

    @property
    def waited(self) -> float:
        """Seconds in which at least one request waited for the quota."""
        return self._waits.seconds

    def close(self) -> None:
        """See `Source.close`."""
        self._source.close()

    def ask(self, request: Request, deadline: float) -> Answer:
        """Return the answer. QuotaError with the code QUOTA_HELD where no window opens before the deadline."""
        if self._free(request):
            return self._remembered(request, self._source.ask(request, deadline))
        while True:
            permit = self._permit(deadline)
            worked = False
            try:
                answer = self._source.ask(request, deadline)
                worked = True
                return answer
            except QuotaError as error:
                self._refused(error, deadline)
                if isinstance(error, ThrottledError) or request.method != "GET":
                    raise
            except VirusTotalError:
                worked = True
                raise
            finally:
                ledger = self._stores.ledger
                ledger.settle(self._digest, permit, ledger.now(), worked)

    def room(self, deadline: float) -> RemainingQuota:
        """See `Budgeted.room`."""
        limits = self._limits.current(deadline)
        left = self._stores.ledger.left(self._digest, limits, self._stores.ledger.now())
        seconds = deadline - self._clock() - left.held
        if seconds <= 0:
            return RemainingQuota(0, f"Requests with this API key pause for longer than the task may take: {_PAUSE}.")
        soon = None
        if left.minute is not None:
            soon = left.minute + limits.minute * int(seconds // 61)
        if left.longer is None or (soon is not None and soon < left.longer):
            minute = f"The API key has {quantity(limits.minute, 'request')} a minute."
            return RemainingQuota(soon, minute if soon is not None else "")
        return RemainingQuota(left.longer, _spent(left.window, left.longer, getattr(limits, left.window), left.frees))

    def _free(self, request: Request) -> bool:
        """Whether VirusTotal does not count it (API reference, section 2.3)."""
        signed, user = bool(request.address), request.path.startswith("/users/")
        return request.upload is not None or signed or user or request.path in self._own

    def _remembered(self, request: Request, answer: Answer) -> Answer:
        """Note an upload's analysis: asking for that is free for who was the first to send the file."""
        analysis = as_text(as_mapping(answer.payload.get("data")).get("id")) if request.upload is not None else ""
        if analysis:
            with self._lock:
                self._own[api.analysis(analysis).path] = None
                if len(self._own) > MOST_OWN:
                    del self._own[next(iter(self._own))]
        return answer

    def _permit(self, deadline: float) -> Permit:
        ledger = self._stores.ledger
        while True:
            limits = self._limits.current(deadline)
            if self._clock() >= deadline:
                raise DeadlineError("The time for this task is used up.")
            permit = ledger.take(self._digest, limits, ledger.now(), self._born)
            if permit.granted:
                self._born = permit.born or self._born
                return permit
            self._born = self._born or permit.born
            if self._clock() + permit.wait >= deadline:
                allowed = getattr(limits, permit.window, 0)  # a hold is of no window
                raise QuotaError(_spent(permit.window, 0, allowed, permit.wait), code=QUOTA_HELD)
            # At most a few seconds at once: a wait may have been cut short. Replicas do not march in step.
            with self._waits.one():
                self._sleep(min(permit.wait, 5.0) + random.uniform(0.0, 0.05))  # noqa: S311 - no secret

    def _refused(self, error: QuotaError, deadline: float) -> None:
        """A 429 in spite of the ledger: hold everybody back, and let VirusTotal say which window it was."""
        ledger = self._stores.ledger
        seconds = error.retry_after
        if isinstance(error, ThrottledError):
            ledger.hold(self._digest, seconds or THROTTLED_SECONDS, ledger.now())
            return
        ledger.hold(self._digest, None if seconds is None else max(1.0, seconds), ledger.now())
        self._limits.read_again(deadline)


def _spent(window: str, left: int, allowed: int, seconds: float) -> str:
    """The sentence that says what is used up and until when."""
    if not allowed:
        wait = quantity(round(seconds), "second")
        return f"Requests with this API key pause for {wait} more: {_PAUSE}."
    until = datetime.fromtimestamp(time.time() + seconds, UTC)
    whole = f"{quantity(allowed, 'request')} a {window}"
    if left:
        have = f"{left} of {whole} {'is' if left == 1 else 'are'} left of the API key's quota"
    else:
        have = f"The API key's {whole} {'is' if allowed == 1 else 'are'} used up"
    return f"{have}, until {until:%Y-%m-%d %H:%M} UTC."
