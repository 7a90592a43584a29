"""What VirusTotal says of a key for free: whether it is valid, its limits, and what is used of them."""

import contextlib
import time
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

import requests
from attrs import field, frozen

from virustotal import api
from virustotal.api.source import Answer, Request, Source
from virustotal.client.account_answers import owner, read_quotas, read_scan_quotas
from virustotal.client.http_client import HttpClient
from virustotal.client.retry import RetryPolicy
from virustotal.core.errors import ForbiddenError, InvalidError, NotFoundError, VirusTotalError
from virustotal.core.settings import Credentials, Settings
from virustotal.storage.interfaces import Limits, Used
from virustotal.util.readers import EMPTY

#: Seconds that all questions may take together.
SECONDS = 20.0


@frozen
class Account:
    """What came back. limits, used: of the key's windows, where they were told.

    scans: see `read_scan_quotas`.
    error: why not. answered: whether there was any answer, an error perhaps. skew: seconds that this host's clock
    is ahead of the server's, None where no answer had a date.
    """

    limits: Limits = field(factory=Limits)
    used: Used = field(factory=Used)
    scans: Mapping[str, tuple[int, int | None]] = EMPTY
    error: VirusTotalError | None = None
    answered: bool = False
    skew: float | None = None

    @property
    def scans_licensed(self) -> bool:
        """True if any private scan is allowed in a month."""
        return any(allowed for name, (allowed, _) in self.scans.items() if name.endswith("month"))


class _Once(HttpClient):
    """A client that asks once, and notes whether and when there was an answer.

    skew: by the `Date` of the last answer, which has whole seconds: half of one is the best guess.
    """

    def __init__(self, settings: Settings, credentials: Credentials) -> None:
        super().__init__(settings, credentials, policy=RetryPolicy(attempts=1))
        self.answered = False
        self.skew: float | None = None

    def _answer(self, request: Request, response: requests.Response, deadline: float) -> Answer:
        self.answered = True
        with contextlib.suppress(ValueError, TypeError):
            there = parsedate_to_datetime(response.headers.get("Date", ""))
            there = there if there.tzinfo else there.replace(tzinfo=UTC)
            self.skew = time.time() - there.timestamp() - 0.5
        return super()._answer(request, response, deadline)


def account(settings: Settings, credentials: Credentials, seconds: float = SECONDS) -> Account:
    """Ask VirusTotal what it says of a key; nothing of it counts against the quota. Never raises for what it answers.

    Raises ConfigurationError for a proxy or CA bundle that cannot work, AuthenticationError for a key that is none.
    """
    client, deadline = _Once(settings, credentials), time.monotonic() + seconds
    with contextlib.closing(client):
        try:
            # By the user's identifier where that is told, so that the key stands in one address alone.
            user = _user(client, credentials.api_key, deadline)
            payload = client.ask(api.overall_quotas(user), deadline).payload
        except VirusTotalError as error:
            return Account(error=error, answered=client.answered, skew=client.skew)
        limits, used = read_quotas(payload)
        return Account(limits, used, read_scan_quotas(payload), answered=True, skew=client.skew)


def _user(client: Source, key: str, deadline: float) -> str:
    try:
        payload = client.ask(api.user(key), deadline).payload
    except (ForbiddenError, NotFoundError, InvalidError):  # the key counts, and may not be told of its owner
        return key
    return owner(payload, key) or key
