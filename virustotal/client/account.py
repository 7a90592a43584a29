"""What VirusTotal says of a key for free: whether it is valid, its limits, and what is used of them."""

import contextlib
import time
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

import requests
from attrs import field, frozen

from virustotal.api import endpoints
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
    """What VirusTotal answered about a key.

    Args:
        limits: Of the key's windows; 0 for an unknown one.
        used: VirusTotal's own count.
        scans: See `read_scan_quotas`.
        error: Why there are no limits.
        answered: Whether VirusTotal answered at all, with an error perhaps.
        skew: Seconds that this host's clock is ahead of the server's; None where no answer had a date.
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
    """A client that asks once, and notes whether there was an answer and by how much this host's clock is ahead."""

    def __init__(self, settings: Settings, credentials: Credentials) -> None:
        super().__init__(settings, credentials, policy=RetryPolicy(attempts=1))
        self.answered = False
        self.skew: float | None = None

    def _answer(self, request: Request, response: requests.Response, deadline: float) -> Answer:
        self.answered = True
        with contextlib.suppress(ValueError, TypeError):
            date = parsedate_to_datetime(response.headers.get("Date", ""))
            date = date if date.tzinfo else date.replace(tzinfo=UTC)
            self.skew = time.time() - date.timestamp() - 0.5  # dates are cut to whole seconds
        return super()._answer(request, response, deadline)


def account(settings: Settings, credentials: Credentials) -> Account:
    """Ask VirusTotal about a key; none of the requests counts against the quota. Its errors are returned.

    Args:
        settings: The host and its certificates.
        credentials: The key and the proxy.

    Raises:
        ConfigurationError: A proxy or CA bundle cannot work.
        AuthenticationError: The key is missing, or no header can carry it.
    """
    client, deadline = _Once(settings, credentials), time.monotonic() + SECONDS
    with contextlib.closing(client):
        try:
            # By the user's identifier if it is known, so that only one address holds the key.
            user = _user(client, credentials.api_key, deadline)
            payload = client.ask(endpoints.overall_quotas(user), deadline).payload
        except VirusTotalError as error:
            return Account(error=error, answered=client.answered, skew=client.skew)
        limits, used = read_quotas(payload)
        return Account(limits, used, read_scan_quotas(payload), answered=True, skew=client.skew)


def _user(client: Source, key: str, deadline: float) -> str:
    try:
        payload = client.ask(endpoints.user(key), deadline).payload
    except (ForbiddenError, NotFoundError, InvalidError):  # the key is valid, but may not read its user
        return key
    return owner(payload, key) or key
