"""What the windows of a key allow: asked for by one replica for all."""

import json
import threading
from collections.abc import Callable
from uuid import uuid4

from attrs import asdict

from virustotal import api
from virustotal.api.source import Source
from virustotal.client.key_facts import KeyFacts, licensed, owner
from virustotal.client.redaction import MASK
from virustotal.core.errors import AuthenticationError, VirusTotalError
from virustotal.core.lookup.key_capabilities import LICENCE, keep_flag
from virustotal.storage.interfaces import Lease, Limits, Stores, Used
from virustotal.util.readers import as_mapping, integer

#: Seconds for which VirusTotal's limits count, and for which a process does not look for newer ones in the store.
TOLD_SECONDS, KNOWN_SECONDS = 3600.0, 30.0
#: Seconds after which limits are asked for again that could not be had for a passing reason.
AGAIN_SECONDS = 60.0
#: Seconds that both questions for the limits may take; of the lease on asking them, for which others wait.
READ_SECONDS, LEASE_SECONDS = 20.0, 25.0
#: Seconds after which it is looked again for limits that another one reads, by who did not wait for them.
LOOK_SECONDS = 1.0
#: Seconds for which a user's identifier is kept, and the limits that were told last.
KEPT_SECONDS = 30 * 86_400.0

#: What need not be asked for again yet, and what was told last however long ago.
_FRESH, _LAST = "limits", "told"
_LABELS = {"hour": "api_requests_hourly", "day": "api_requests_daily", "month": "api_requests_monthly"}


class KnownLimits:
    """The limits of one key. Thread-safe.

    source: what asks, one attempt for each request. stores: where the limits are shared. api_key: as it is; digest: by
    which it is known in the stores. configured: what counts where VirusTotal does not tell. sleep: takes seconds.
    clock: that of the deadlines.
    """

    def __init__(
        self,
        source: Source,
        stores: Stores,
        api_key: str,
        digest: str,
        configured: Limits,
        sleep: Callable[[float], None],
        clock: Callable[[], float],
    ) -> None:
        self._source = source
        self._stores = stores
        self._key = api_key
        self._digest = digest
        self._learnt = KeyFacts(stores.facts, digest)
        self._configured = configured
        self._sleep = sleep
        self._clock = clock
        self._lock = threading.Lock()
        self._told: Limits | None = None
        self._until = self._read_at = float("-inf")

    def current(self, deadline: float) -> Limits:
        """Return what counts: read before the first request and hourly. AuthenticationError for a wrong key."""
        if self._clock() >= self._until:
            with self._lock:
                if self._clock() >= self._until:
                    fresh = self._recall(_FRESH) or self._read_once(deadline)
                    self._until = self._clock() + (KNOWN_SECONDS if fresh else LOOK_SECONDS)
        return self._with_configured(self._told or Limits())

    def read_again(self, deadline: float) -> None:
        """Ask VirusTotal, unless it was asked a moment ago. AuthenticationError for a wrong key."""
        with self._lock:
            if self._clock() - self._read_at >= KNOWN_SECONDS:
                self._read(deadline)

    def _recall(self, name: str) -> bool:
        """Take limits from the store; return whether some replica has left there what it was told, or that nothing was.

        Where it could not be told any, what this process knows is better.
        """
        kept = self._stores.facts.fact(self._digest, name)
        try:
            found = as_mapping(json.loads(kept)) if kept else {}
        except ValueError:
            return False
        if "minute" in found:
            windows = ("minute", "hour", "day", "month")
            self._told = Limits(**{window: max(0, integer(found.get(window)) or 0) for window in windows})
        return bool(found)

    def _read_once(self, deadline: float) -> bool:
        """Read them, unless another one does; return whether it ended. What was told last does until it has."""
        name, token = f"limits:{self._digest}", uuid4().hex
        ends = min(deadline, self._clock() + LEASE_SECONDS)
        while self._stores.answers.lease(name, token, LEASE_SECONDS) is Lease.HELD:
            if self._recall(_LAST) or self._told is not None or self._clock() > ends:
                return False
            self._sleep(0.05)
            if self._recall(_FRESH):
                return True
        try:
            if not self._recall(_FRESH):  # another replica may have been faster
                self._read(deadline)
        finally:
            self._stores.answers.release(name, token, False)
        return True

    def _read(self, deadline: float) -> None:
        """Ask VirusTotal for the limits and its own count; keep them for all. A failure that passes changes none."""
        self._read_at = self._clock()
        ends = min(deadline, self._read_at + READ_SECONDS)
        told, used = Limits(), Used()
        try:
            user = self._user(min(ends, self._read_at + READ_SECONDS / 2))
            told, used = read_quotas(self._source.ask(api.overall_quotas(user or self._key), ends).payload)
        except AuthenticationError:
            raise
        except VirusTotalError as error:
            # Refused is refused for an hour; what did not come may come in a minute.
            if error.status not in {"forbidden", "unknown", "invalid"}:
                self._recall(_LAST)
                self._keep(_FRESH, AGAIN_SECONDS)
                return
        self._told = told
        self._keep(_FRESH, TOLD_SECONDS)
        self._keep(_LAST, KEPT_SECONDS)
        self._stores.ledger.rebase(self._digest, used, self._stores.ledger.now())

    def _keep(self, name: str, seconds: float) -> None:
        value = asdict(self._told) if self._told is not None else {"told": False}
        self._stores.facts.keep(self._digest, name, json.dumps(value), seconds)

    def _user(self, deadline: float) -> str:
        """The user's identifier, so that the key need not stand in an address again; empty where it is not told.

        The same answer tells of the licence, which is looked at once a day.
        """
        known = self._stores.facts.fact(self._digest, "user") or ""
        known = "" if MASK in known else known  # as an earlier version kept it
        if known and self._learnt.recall(LICENCE):
            return known
        try:
            payload = self._source.ask(api.user(known or self._key), deadline).payload
        except AuthenticationError:
            raise
        except VirusTotalError:
            return known
        keep_flag(self._learnt, LICENCE, licensed(payload))
        user = owner(payload, self._key)
        if not user:
            return known
        self._stores.facts.keep(self._digest, "user", user, KEPT_SECONDS)
        return user

    def _with_configured(self, told: Limits) -> Limits:
        mine = self._configured
        return Limits(
            told.minute or mine.minute, told.hour or mine.hour, told.day or mine.day, told.month or mine.month
        )


def read_quotas(payload: object) -> tuple[Limits, Used]:
    """Return limits and VirusTotal's own count from `overall_quotas`; of user and group what leaves less.

    What is missing, negative, or allows nothing at all is not told. A sixtieth of the hour is the minute.
    """
    data = as_mapping(as_mapping(payload).get("data"))
    limits: dict[str, int] = {}
    used: dict[str, int | None] = {}
    for window, label in _LABELS.items():
        pairs = [_pair(as_mapping(as_mapping(data.get(label)).get(who))) for who in ("user", "group")]
        told = [(allowed, count) for allowed, count in pairs if allowed > 0]
        if told:
            limits[window], used[window] = min(told, key=lambda pair: pair[0] - (pair[1] or 0))
    if "hour" in limits:
        limits["minute"] = max(1, limits["hour"] // 60)
    return Limits(**limits), Used(**used)


def _pair(entry: object) -> tuple[int, int | None]:
    found = as_mapping(entry)
    count = integer(found.get("used"))
    return integer(found.get("allowed")) or 0, count if count is not None and count >= 0 else None
