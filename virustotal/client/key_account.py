"""What VirusTotal says of a key for free: limits, its own count, the user and the licence; one replica asks for all."""

import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from attrs import asdict, field, frozen

from virustotal.api import endpoints
from virustotal.api.source import Source
from virustotal.client.account_answers import licensed, owner, read_quotas
from virustotal.client.redaction import MASK
from virustotal.core.errors import AuthenticationError, VirusTotalError
from virustotal.core.lookup.key_capabilities import ACCOUNT, LICENCE, REMEMBERED
from virustotal.core.models import FOUND, Outcome, Status
from virustotal.storage.interfaces import Limits, Quota, Used
from virustotal.storage.key_values import KeyValueStore
from virustotal.storage.stores import Stores
from virustotal.util.readers import as_mapping, as_text, integer, json_mapping, number

#: Seconds for which VirusTotal's limits count, and for which a process does not look for newer ones in the store.
QUOTAS_SECONDS, LOOK_SECONDS = 3600.0, 30.0
#: Seconds after which limits are asked for again that could not be had for a passing reason.
AGAIN_SECONDS = 60.0
#: Seconds that both questions may take.
READ_SECONDS = 20.0
#: Seconds for which all this is kept; the user is asked for once a day.
KEPT_SECONDS, USER_SECONDS = 30 * 86_400.0, REMEMBERED
#: What counts until VirusTotal has answered: the limits of a public key
#: (https://docs.virustotal.com/reference/public-vs-premium-api).
PUBLIC = Limits(minute=4, hour=240, day=500, month=15_500)

_NO_PRIVILEGE = Outcome(Status.FORBIDDEN, "VirusTotal grants the user of this API key no privilege.")
_WINDOWS = ("minute", "hour", "day", "month")


@frozen
class KeyInfo:
    """What VirusTotal says of a key. Times are Unix seconds.

    Args:
        limits: Of its windows; None before the first answer.
        used: VirusTotal's own count.
        moment: When it gave that.
        until: When limits are to be asked for again.
        user: The user's identifier, with which no address needs the key; empty if it is unknown.
        licence: Whether the user has any privilege, as `KeyCapabilities` reads it; None if it is unknown.
        user_until: When the user is to be asked for again.
    """

    limits: Limits | None = None
    used: Used = field(factory=Used)
    moment: float = 0.0
    until: float = 0.0
    user: str = ""
    licence: Any = None
    user_until: float = 0.0


def last_known(values: KeyValueStore, digest: str) -> KeyInfo:
    """Return what VirusTotal last said of the key with this digest; an empty account where that is not kept."""
    value = json_mapping(values.get(digest, ACCOUNT))
    limits, used, user = value.get("limits"), as_mapping(value.get("used")), as_text(value.get("user"))
    moment, until, user_until = (float(number(value.get(name)) or 0.0) for name in ("moment", "until", "user_until"))
    return KeyInfo(
        Limits(*(max(0, integer(limits.get(window)) or 0) for window in _WINDOWS))
        if isinstance(limits, Mapping)
        else None,
        Used(*(integer(used.get(window)) for window in _WINDOWS[1:])),
        moment,
        until,
        "" if MASK in user else user,
        value.get(LICENCE),
        user_until,
    )


class KeyAccount:
    """The account of one key, read in a thread of its own, shared through the store. Thread-safe.

    Args:
        source: Sends the questions, one attempt for each.
        stores: Where the account is shared.
        api_key: As it is.
        digest: By which the key is known in the stores.
        configured: Limits that count where VirusTotal gives none.
        clock: That of the deadlines.
    """

    def __init__(
        self,
        source: Source,
        stores: Stores,
        api_key: str,
        digest: str,
        configured: Limits,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._values = stores.values
        self._now = stores.values.now
        self._key = api_key
        self._digest = digest
        self._configured = configured
        self._clock = clock
        self._lock = threading.Lock()
        self._account = KeyInfo()
        self._look_at = self._asked_at = float("-inf")
        self._thread: threading.Thread | None = None
        self._error: AuthenticationError | None = None

    def quota(self, deadline: float) -> Quota:
        """Return what counts now, without waiting; asks VirusTotal in the background where that is due.

        The limits of a public key count until VirusTotal has answered.

        Args:
            deadline: Of `time.monotonic()`, for the background requests.

        Raises:
            AuthenticationError: VirusTotal has refused the key.
        """
        if self._clock() >= self._look_at:
            with self._lock:
                if self._clock() >= self._look_at:
                    self._look(deadline)
        if self._error is not None:
            raise AuthenticationError(str(self._error), code=self._error.code)
        account = self._account
        answered = account.limits or Limits()
        default = Limits() if account.limits is not None else PUBLIC
        configured = self._configured
        limits = Limits(
            *(getattr(answered, name) or getattr(configured, name) or getattr(default, name) for name in _WINDOWS)
        )
        return Quota(limits, account.used, account.moment)

    def wait(self, deadline: float) -> bool:
        """Wait for the first answer until the deadline; return whether one has arrived meanwhile."""
        if self._account.limits is not None:
            return False
        self.quota(deadline)
        return self._join(deadline)

    def read_again(self, deadline: float) -> None:
        """Ask VirusTotal, unless this process asked a moment ago: what another one learnt before a 429 is outdated."""
        with self._lock:
            if self._clock() - self._asked_at < LOOK_SECONDS:
                return
            self._start(deadline)
        self._join(deadline)

    def close(self) -> None:
        """Wait a moment for a question that is on its way, which has a connection."""
        self._join(self._clock() + 1.0)

    def _join(self, deadline: float) -> bool:
        """Wait for a question that is on its way; return whether its answer has arrived meanwhile."""
        thread = self._thread
        if thread is None or not thread.is_alive():
            return False
        thread.join(max(0.0, min(deadline - self._clock(), READ_SECONDS)))
        return not thread.is_alive()

    def _look(self, deadline: float) -> None:
        """Take the account from the store, and ask for a newer one where that is due."""
        self._look_at = self._clock() + LOOK_SECONDS
        account, now = last_known(self._values, self._digest), self._now()
        if account.moment > self._account.moment and (account.limits is not None or self._account.limits is None):
            self._account = account
        if not now < self._account.until <= now + QUOTAS_SECONDS:
            self._start(deadline)

    def _start(self, deadline: float) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._asked_at = self._clock()
            self._thread = threading.Thread(target=self._read, args=(deadline,), name="virustotal-account", daemon=True)
            self._thread.start()

    def _read(self, deadline: float) -> None:
        """Ask VirusTotal, and keep the answers for all. A failure that passes changes nothing that is known."""
        ends, before = min(deadline, self._clock() + READ_SECONDS), self._account
        try:
            user, licence, user_until = self._user(min(ends, self._clock() + READ_SECONDS / 2))
            limits, used, seconds = before.limits, Used(), QUOTAS_SECONDS
            moment = self._now()
            try:
                payload = self._source.ask(endpoints.overall_quotas(user or self._key), ends).payload
                limits, used = read_quotas(payload)
            except AuthenticationError:
                raise
            except VirusTotalError as error:
                # Refused is refused for an hour; what did not come may come in a minute.
                if error.status in {"forbidden", "unknown", "invalid"}:
                    limits = Limits()
                else:
                    seconds = AGAIN_SECONDS
            self._error = None
        except AuthenticationError as error:
            self._error = error
            return
        self._account = KeyInfo(limits, used, moment, self._now() + seconds, user, licence, user_until)
        self._values.put(self._digest, ACCOUNT, json.dumps(asdict(self._account)), KEPT_SECONDS)

    def _user(self, deadline: float) -> tuple[str, Any, float]:
        """Return identifier and licence, and until when they count."""
        before, now = self._account, self._now()
        if before.user and before.user_until > now:
            return before.user, before.licence, before.user_until
        try:
            payload = self._source.ask(endpoints.user(before.user or self._key), deadline).payload
        except AuthenticationError:
            raise
        except VirusTotalError:
            return before.user, before.licence, 0.0
        is_licensed, until = licensed(payload), now + USER_SECONDS
        outcome = FOUND if is_licensed else _NO_PRIVILEGE
        licence = None if is_licensed is None else (outcome.status, outcome.detail, until)
        return owner(payload, self._key) or before.user, licence, until
