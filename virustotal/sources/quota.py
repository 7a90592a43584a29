"""A permit before each charged request, for all windows at once, shared by all that use the same key."""

import json
import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

from attrs import asdict

from virustotal.core import protocol
from virustotal.core.errors import AuthenticationError, QuotaError, ThrottledError, VirusTotalError
from virustotal.core.memory import LICENCE, keep_flag
from virustotal.core.source import Answer, Request, Room, Source
from virustotal.core.values import integer, mapping, text
from virustotal.sources.learnt import KeyFacts, licensed
from virustotal.sources.pace import QUOTA_HELD
from virustotal.sources.stores.interfaces import Lease, Limits, Permit, Stores, Used

#: Seconds for which VirusTotal's limits count, and for which a process does not look for newer ones in the store.
TOLD_SECONDS, KNOWN_SECONDS = 3600.0, 30.0
#: Seconds after which limits are asked for again that could not be had for a passing reason.
AGAIN_SECONDS = 60.0
#: Seconds that asking for the limits may take, and that others wait for it.
READ_SECONDS = 10.0
#: Seconds for which a user's identifier is kept.
USER_SECONDS = 30 * 86_400.0
#: Seconds that all wait where VirusTotal is asked too often in a short time, and does not say for how long.
THROTTLED_SECONDS = 1.0
#: Analyses of own uploads that are remembered: asking for these is free.
MOST_OWN = 1000

_LABELS = {"hour": "api_requests_hourly", "day": "api_requests_daily", "month": "api_requests_monthly"}


class Quota:
    """Holds requests back until every window of the key has room, or the deadline leaves none. Thread-safe.

    source: what asks, one attempt for each request. stores: the ledger and what was learnt. api_key: as it is; digest:
    by which it is known in the stores. configured: what counts where VirusTotal does not tell. sleep: takes seconds.
    """

    def __init__(
        self,
        source: Source,
        stores: Stores,
        api_key: str,
        digest: str,
        configured: Limits,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._source = source
        self._stores = stores
        self._key = api_key
        self._digest = digest
        self._learnt = KeyFacts(stores.facts, digest)
        self._configured = configured
        self._sleep = sleep
        self._lock = threading.Lock()
        self._known = configured
        self._until = 0.0
        self._read_at = -AGAIN_SECONDS
        self._born = 0.0
        self._own: dict[str, None] = {}
        self.waited = 0.0

    @property
    def requests_made(self) -> int:
        """See `Source.requests_made`."""
        return self._source.requests_made

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

    def room(self, deadline: float) -> Room:
        """See `Budgeted.room`."""
        limits = self._limits(deadline)
        left = self._stores.ledger.left(self._digest, limits, self._stores.ledger.now())
        seconds = deadline - time.monotonic() - left.held
        if seconds <= 0:
            return Room(0, "VirusTotal asked to wait for longer than the task may take.")
        soon = None
        if left.minute is not None:
            soon = left.minute + limits.minute * int(seconds // 61)
        if left.longer is None or (soon is not None and soon < left.longer):
            return Room(soon, f"The API key has {limits.minute} requests a minute." if soon is not None else "")
        return Room(left.longer, _spent(left.window, left.longer, getattr(limits, left.window), left.frees))

    def _free(self, request: Request) -> bool:
        """Whether VirusTotal does not count it (API reference, section 2.3)."""
        signed, user = bool(request.address), request.path.startswith("/users/")
        return request.upload is not None or signed or user or request.path in self._own

    def _remembered(self, request: Request, answer: Answer) -> Answer:
        """Note an upload's analysis: asking for that is free for who was the first to send the file."""
        analysis = text(mapping(answer.payload.get("data")).get("id")) if request.upload is not None else ""
        if analysis:
            with self._lock:
                self._own[protocol.analysis(analysis).path] = None
                if len(self._own) > MOST_OWN:
                    del self._own[next(iter(self._own))]
        return answer

    def _permit(self, deadline: float) -> Permit:
        ledger = self._stores.ledger
        while True:
            limits = self._limits(deadline)
            permit = ledger.take(self._digest, limits, ledger.now(), self._born)
            if permit.granted:
                self._born = permit.born or self._born
                return permit
            self._born = self._born or permit.born
            if time.monotonic() + permit.wait >= deadline:
                allowed = getattr(limits, permit.window)
                raise QuotaError(_spent(permit.window, 0, allowed, permit.wait), code=QUOTA_HELD)
            # At most a few seconds at once: a wait may have been cut short. Replicas do not march in step.
            pause = min(permit.wait, 5.0) + random.uniform(0.0, 0.05)  # noqa: S311 - no secret
            self._sleep(pause)
            self.waited += pause

    def _refused(self, error: QuotaError, deadline: float) -> None:
        """A 429 in spite of the ledger: hold everybody back, and let VirusTotal say which window it was."""
        ledger = self._stores.ledger
        seconds = error.retry_after
        if isinstance(error, ThrottledError):
            ledger.hold(self._digest, seconds or THROTTLED_SECONDS, ledger.now())
            return
        ledger.hold(self._digest, None if seconds is None else max(1.0, seconds), ledger.now())
        with self._lock:
            if time.monotonic() - self._read_at >= KNOWN_SECONDS:
                self._read(deadline)

    # --- limits ------------------------------------------------------------------------------------------------------

    def _limits(self, deadline: float) -> Limits:
        """The limits that count now: read before the first request and hourly, by one replica for all."""
        if time.monotonic() < self._until:
            return self._known
        with self._lock:
            if time.monotonic() >= self._until:
                if not self._recall():
                    self._read_once(deadline)
                self._until = time.monotonic() + KNOWN_SECONDS
            return self._known

    def _recall(self) -> bool:
        """Take the limits from the store; return whether some replica has left any there."""
        kept = self._stores.facts.fact(self._digest, "limits")
        try:
            found = mapping(json.loads(kept)) if kept else {}
        except ValueError:
            return False
        if not found:
            return False
        told = {name: max(0, integer(found.get(name)) or 0) for name in ("minute", "hour", "day", "month")}
        self._known = self._with_configured(Limits(**told))
        return True

    def _read_once(self, deadline: float) -> None:
        name, token = f"limits:{self._digest}", uuid4().hex
        ends = min(deadline, time.monotonic() + READ_SECONDS)
        while self._stores.answers.lease(name, token, READ_SECONDS) is Lease.HELD:
            if time.monotonic() >= ends:
                return
            self._sleep(0.05)
            if self._recall():
                return
        try:
            if not self._recall():  # another replica may have been faster
                self._read(deadline)
        finally:
            self._stores.answers.release(name, token, False)

    def _read(self, deadline: float) -> None:
        """Ask VirusTotal for the limits and its own count; keep them for all. AuthenticationError for a wrong key."""
        self._read_at = time.monotonic()
        told, used, seconds = Limits(), Used(), TOLD_SECONDS
        try:
            request = protocol.overall_quotas(self._user(deadline) or self._key)
            told, used = read_quotas(self._source.ask(request, self._soon(deadline)).payload)
        except AuthenticationError:
            raise
        except VirusTotalError as error:
            # Refused is refused for an hour; what did not come may come in a minute.
            seconds = TOLD_SECONDS if error.status in {"forbidden", "unknown", "invalid"} else AGAIN_SECONDS
        self._known = self._with_configured(told)
        self._stores.facts.keep(self._digest, "limits", json.dumps(asdict(told)), seconds)
        self._stores.ledger.rebase(self._digest, used, self._stores.ledger.now())

    def _user(self, deadline: float) -> str:
        """The user's identifier, so that the key need not stand in an address again; empty where it is not told.

        The same answer tells of the licence, which is looked at once a day.
        """
        known = self._stores.facts.fact(self._digest, "user") or ""
        if known and self._learnt.recall(LICENCE):
            return known
        try:
            payload = self._source.ask(protocol.user(known or self._key), self._soon(deadline)).payload
        except AuthenticationError:
            raise
        except VirusTotalError:
            return known
        keep_flag(self._learnt, LICENCE, licensed(payload))
        user = text(mapping(payload.get("data")).get("id"))
        if not user or user == self._key:
            return known
        self._stores.facts.keep(self._digest, "user", user, USER_SECONDS)
        return user

    def _soon(self, deadline: float) -> float:
        return min(deadline, time.monotonic() + READ_SECONDS)

    def _with_configured(self, told: Limits) -> Limits:
        mine = self._configured
        return Limits(
            told.minute or mine.minute, told.hour or mine.hour, told.day or mine.day, told.month or mine.month
        )


def read_quotas(payload: object) -> tuple[Limits, Used]:
    """Return limits and VirusTotal's own count from `overall_quotas`; of user and group what leaves less.

    What is missing, negative, or allows nothing at all is not told. A sixtieth of the hour is the minute.
    """
    data = mapping(mapping(payload).get("data"))
    limits: dict[str, int] = {}
    used: dict[str, int | None] = {}
    for window, label in _LABELS.items():
        pairs = [_pair(mapping(mapping(data.get(label)).get(who))) for who in ("user", "group")]
        told = [(allowed, count) for allowed, count in pairs if allowed > 0]
        if told:
            limits[window], used[window] = min(told, key=lambda pair: pair[0] - (pair[1] or 0))
    if "hour" in limits:
        limits["minute"] = max(1, limits["hour"] // 60)
    return Limits(**limits), Used(**used)


def _pair(entry: object) -> tuple[int, int | None]:
    found = mapping(entry)
    count = integer(found.get("used"))
    return integer(found.get("allowed")) or 0, count if count is not None and count >= 0 else None


def _spent(window: str, left: int, allowed: int, seconds: float) -> str:
    """The sentence that says what is used up and until when."""
    if not allowed:
        return f"VirusTotal asked to wait; the quota of the API key is not expected back within {seconds:.0f} seconds."
    until = datetime.fromtimestamp(time.time() + seconds, UTC)
    have = (
        f"{left} of {allowed} requests a {window} are left" if left else f"All {allowed} requests a {window} are used"
    )
    return f"{have} of the API key's quota, until {until:%Y-%m-%d %H:%M} UTC."
