"""A permit before each charged request, for all windows at once, shared by all that use the same key."""

import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from attrs import evolve

from virustotal.api import endpoints
from virustotal.api.source import Answer, RemainingQuota, Request, Source
from virustotal.client.hourly_counts import HourlyCounter
from virustotal.client.key_account import KeyAccount
from virustotal.client.retry import QUOTA_HELD
from virustotal.client.usage import Usage
from virustotal.core.errors import DeadlineError, QuotaError, ThrottledError, VirusTotalError
from virustotal.core.settings import QuotaConfig
from virustotal.storage.interfaces import Limits, Permit, Quota
from virustotal.storage.stores import Stores
from virustotal.util.readers import as_mapping, as_text, quantity

#: Seconds that all requests pause after too many in a short time, unless VirusTotal says how long.
THROTTLED_SECONDS = 1.0
#: Analyses of own uploads that are remembered: requesting these is free.
MOST_OWN = 1000

_PRIVATE = "/private/"
_PAUSE = "VirusTotal refused a request for its quota"


class RateLimitedSource(Source):
    """Holds requests back until every window of the key has room, or the deadline leaves none. Thread-safe.

    Args:
        source: Sends the requests, one attempt for each.
        stores: Count for all replicas.
        api_key: As it is.
        digest: By which the key is known in the stores.
        config: Limits that count where VirusTotal gives none, the reserve, and how long a task waits.
        sleep: Takes seconds.
        clock: That of the deadlines.
        usage: Counts the waits; one of its own where it is not given.
    """

    def __init__(
        self,
        source: Source,
        stores: Stores,
        api_key: str,
        digest: str,
        config: QuotaConfig,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        usage: Usage | None = None,
    ) -> None:
        self._source = source
        self._limiter = stores.rate_limiter
        self._digest = digest
        self._config = config
        configured = Limits(config.minute, config.hour, config.day, config.month)
        self._account = KeyAccount(source, stores, api_key, digest, configured, clock)
        self._counter = HourlyCounter(stores, digest)
        self._sleep = sleep
        self._clock = clock
        self._lock = threading.Lock()
        self._own: dict[str, None] = {}
        self.usage = usage or Usage(clock)
        self._task = (0.0, 0.0)

    def close(self) -> None:
        """See `Source.close`."""
        self._counter.write()
        self._account.close()
        self._source.close()

    def ask(self, request: Request, deadline: float) -> Answer:
        """Return the answer. QuotaError with the code QUOTA_HELD where no window opens in time."""
        if self._is_free(request):
            return self._note_upload(request, self._source.ask(request, deadline))
        while True:
            permit = self._acquire(request, deadline)
            try:
                answer = self._source.ask(request, deadline)
            except QuotaError as error:
                # Private scans have a quota of their own.
                if request.method != "GET" and request.path.startswith(_PRIVATE):
                    self._release(permit)
                    raise
                self._pause(error, deadline)
                if isinstance(error, ThrottledError) or request.method != "GET":
                    raise
            except VirusTotalError:
                self._release(permit)
                raise
            else:
                self._release(permit)
                return answer

    def remaining(self, deadline: float, *, for_subject: bool = False) -> RemainingQuota:
        """See `Source.remaining`."""
        self._account.wait(deadline)
        reserve = 0.0 if for_subject else self._config.reserve
        quota = evolve(self._account.quota(deadline), reserve=reserve)
        remaining = self._limiter.remaining(self._digest, quota, self._limiter.now())
        seconds = deadline - self._clock() - remaining.pause
        if seconds <= 0:
            return RemainingQuota(0, f"Requests with this API key pause for longer than the task may take: {_PAUSE}.")
        limits, soon = quota.limits, None
        if remaining.minute is not None:
            soon = remaining.minute + limits.minute * int(min(seconds, self._patience(deadline)) // 61)
        if remaining.longer is None or (soon is not None and soon < remaining.longer):
            minute = f"The API key has {quantity(limits.minute, 'request')} a minute."
            return RemainingQuota(soon, minute if soon is not None else "")
        limit = getattr(limits, remaining.window)
        reserved = bool(reserve) and remaining.window in {"hour", "day"}
        return RemainingQuota(
            remaining.longer, _spent(remaining.window, remaining.longer, limit, remaining.frees, reserved=reserved)
        )

    def _is_free(self, request: Request) -> bool:
        """Whether VirusTotal does not count it (https://docs.virustotal.com/reference/public-vs-premium-api)."""
        signed, user = bool(request.address), request.path.startswith("/users/")
        upload = request.upload is not None and not request.path.startswith(_PRIVATE)
        return upload or signed or user or request.path in self._own

    def _note_upload(self, request: Request, answer: Answer) -> Answer:
        """Note an upload's analysis: requesting that is free for who was the first to send the file."""
        analysis = as_text(as_mapping(answer.payload.get("data")).get("id")) if request.upload is not None else ""
        if analysis:
            with self._lock:
                self._own[endpoints.analysis(analysis).path] = None
                if len(self._own) > MOST_OWN:
                    del self._own[next(iter(self._own))]
        return answer

    def _acquire(self, request: Request, deadline: float) -> Permit:
        if request.budget is not None and not request.budget.take():
            raise QuotaError(request.budget.reason, code=QUOTA_HELD)
        while True:
            quota = self._account.quota(deadline)
            if self._clock() >= deadline:
                raise DeadlineError("The time for this task is used up.")
            if not request.is_subject:
                quota = evolve(quota, reserve=self._config.reserve)
            permit = self._limiter.acquire(self._digest, quota, self._limiter.now())
            if permit.granted:
                self._counter.count(requests=1)
                return permit
            if self._account.wait(deadline):  # the limits have just arrived
                continue
            if permit.wait >= min(deadline - self._clock(), self._patience(deadline)):
                self._counter.count(dropped=1)
                raise QuotaError(_refusal(permit, quota), code=QUOTA_HELD)
            # At most a few seconds at once: a wait may have been cut short. Replicas do not march in step.
            seconds = min(permit.wait, 5.0) + random.uniform(0.0, 0.05)  # noqa: S311 - no secret
            with self.usage.waiting():
                self._sleep(seconds)
            self._counter.count(waited_ms=round(1000 * seconds))

    def _patience(self, deadline: float) -> float:
        """Seconds that the task with this deadline may still wait for the quota."""
        with self._lock:
            if self._task[0] != deadline:
                self._task = (deadline, self.usage.waited)
            return self._config.max_wait - (self.usage.waited - self._task[1])

    def _release(self, permit: Permit) -> None:
        if permit.probing:
            self._limiter.release(self._digest)

    def _pause(self, error: QuotaError, deadline: float) -> None:
        """A 429 in spite of the count: let all requests pause, and let VirusTotal say which window it was."""
        self._counter.count(refused=1)
        seconds, now = error.retry_after, self._limiter.now()
        if isinstance(error, ThrottledError):
            self._limiter.pause(self._digest, seconds or THROTTLED_SECONDS, now)
            return
        self._limiter.pause(self._digest, None if seconds is None else max(1.0, seconds), now)
        self._account.read_again(deadline)


def _refusal(permit: Permit, quota: Quota) -> str:
    limit = getattr(quota.limits, permit.window, 0)  # a pause is of no window
    return _spent(permit.window, 0, limit, permit.wait, reserved=permit.reserved)


def _spent(window: str, left: int, limit: int, seconds: float, *, reserved: bool = False) -> str:
    """The sentence that says what is used up and until when."""
    if not limit:
        return f"Requests with this API key pause for {quantity(round(seconds), 'second')} more: {_PAUSE}."
    until = datetime.fromtimestamp(time.time() + seconds, UTC)
    quota = f"{quantity(limit, 'request')} a {window}"
    if left:
        sentence = f"{left} of {quota} {'is' if left == 1 else 'are'} left of the API key's quota"
    else:
        sentence = f"The API key's {quota} {'is' if limit == 1 else 'are'} used up"
    kept = " but for the reserve (quota.reserve)" if reserved else ""
    return f"{sentence}{kept}, until {until:%Y-%m-%d %H:%M} UTC."
