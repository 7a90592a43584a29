"""The wire: the only user of requests. Everything that a request may do wrong ends here as an error of the core."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import requests
from attrs import frozen

from virustotal import __version__
from virustotal.api import endpoints, error_mapping
from virustotal.api.source import Answer, RemainingQuota, Request, Source
from virustotal.client.answer_budget import AnswerBudget
from virustotal.client.body_reader import BrokenError, whole
from virustotal.client.deadlines import DeadlineAdapter, ending_at
from virustotal.client.download import LARGEST_ERROR, NO_SUCH_PART, PARTIAL, discard, range_header, save
from virustotal.client.redaction import LONG_SECRET, quiet_logs, redact, redact_error
from virustotal.client.retry import RetryPolicy
from virustotal.client.transport_errors import failure_of
from virustotal.client.upload import Multipart
from virustotal.client.url_guard import allowed, check_upload, redirected
from virustotal.client.usage import Usage
from virustotal.core.errors import (
    ArtefactError,
    AuthenticationError,
    ConfigurationError,
    DeadlineError,
    InvalidError,
    ThrottledError,
    UnavailableError,
    UncertainError,
    VirusTotalError,
)
from virustotal.core.lookup.executor import WORKERS
from virustotal.core.settings import Credentials, Settings
from virustotal.util.readers import EMPTY

#: The product's name, as VirusTotal's `x-tool` asks for it.
TOOL = "assemblyline-service-virustotal"
#: Seconds that a connection, an answer, and the answer to an upload may take, where the deadline leaves as much.
CONNECT, READ, READ_UPLOAD = 10.0, 60.0, 300.0
#: Redirects that a download follows. Nothing else follows any.
MOST_REDIRECTS = 5

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@frozen
class _Attempt(Source):
    """A single HTTP attempt, as a source."""

    ask: Callable[[Request, float], Answer]  # type: ignore[assignment]  # in place of the method


class HttpClient(Source):
    """One key, one connection pool. Thread-safe.

    Proxies and certificates come from the configuration alone: environment variables and `.netrc` are not read, so
    that the key takes no way that the administrator did not name in the service's own configuration.

    Args:
        settings: `host` and `ca_bundle`.
        credentials: The key, and the proxy with its user.
        policy: How often a request is repeated, and after what pauses.
        through: Returns a link that each attempt passes before it is sent, repeated ones included.
        usage: Counts the requests; one of its own where it is not given.
        budget: How much memory the answers of a task may take.

    Raises:
        ConfigurationError: A proxy or CA bundle cannot work.
        AuthenticationError: The key is missing, or has characters that no header can carry.
    """

    def __init__(
        self,
        settings: Settings,
        credentials: Credentials,
        *,
        policy: RetryPolicy | None = None,
        through: Callable[[Source], Source] | None = None,
        usage: Usage | None = None,
        budget: AnswerBudget | None = None,
    ) -> None:
        self._host = settings.host.rstrip("/")
        self._api = f"{self._host}/api/v3/"
        self._key = _key(credentials.api_key)
        self._proxies = _proxies(credentials.proxy)
        self._secrets = (self._key, urlsplit(credentials.proxy).password or "")
        self._long_secrets = tuple(secret for secret in self._secrets if len(secret) >= LONG_SECRET)
        self._verify = _verify(settings.ca_bundle)
        self._policy = policy or RetryPolicy()
        self._sleep = time.sleep
        self._budget = budget or AnswerBudget()
        self._pool = DeadlineAdapter(pool_connections=8, pool_maxsize=WORKERS, max_retries=0)
        self.usage = usage or Usage()
        attempt = _Attempt(self._once)
        self._attempt: Source = through(attempt) if through else attempt
        quiet_logs()

    def __repr__(self) -> str:
        return f"Client({self._host!r}, requests={self.usage.requests})"

    def remaining(self, deadline: float, *, for_subject: bool = False) -> RemainingQuota:
        """See `Source.remaining`: that of the link that each attempt passes."""
        return self._attempt.remaining(deadline, for_subject=for_subject)

    def close(self) -> None:
        """Close the links of each attempt and the connections."""
        self._attempt.close()
        self._pool.close()

    def ask(self, request: Request, deadline: float) -> Answer:
        """Return the answer, after as many attempts as the policy and the deadline allow.

        A request that is not a GET is sent once.

        Raises:
            UncertainError: Whether a request that is not a GET arrived is unknown.
            VirusTotalError: Of the last attempt.
        """
        attempt = 0
        while True:
            try:
                return self._attempt.ask(request, deadline)
            except (ThrottledError, UnavailableError) as error:
                pause = max(self._policy.backoff(attempt), error.retry_after or 0.0)
                attempt += 1
                last = attempt >= self._policy.attempts or time.monotonic() + pause >= deadline
                if request.method != "GET" or last:
                    raise _final(error, request) from None
            self._sleep(pause)

    def _once(self, request: Request, deadline: float) -> Answer:
        if request.upload is not None:
            return self._upload(request, deadline)
        body = request.document or urlencode(request.form, quote_via=quote, safe="") or None
        kind = "application/json" if request.document else "application/x-www-form-urlencoded"
        headers = {"Content-Type": kind} if body else {}
        if request.save is not None:
            return self._download(request, deadline)
        with self._send(request.method, self._address(request), deadline, body, headers) as response:
            if request.method == "DELETE" and response.status_code in {200, 204}:
                return Answer()  # what the body says is not documented
            return self._answer(request, response, deadline)

    def _answer(self, request: Request, response: requests.Response, deadline: float) -> Answer:
        """Read and understand an answer. Whatever is unclear about one to a POST leaves it uncertain."""
        unclear: tuple[type[VirusTotalError], ...] = (VirusTotalError,)
        try:
            with self._budget.read(deadline) as grow:
                body = whole(response, deadline, grow=grow)
                with self._budget.parse(body, deadline):
                    body = redact(body, self._long_secrets)
                    unclear = (UnavailableError,)  # from here on the answer is complete
                    payload = error_mapping.payload(
                        response.status_code, response.headers, body, posted=request.method != "GET"
                    )
            return Answer(payload, body=body)
        except VirusTotalError as error:
            redact_error(error, self._secrets)
            if request.method == "GET" or not isinstance(error, unclear):
                raise
            uncertain = UncertainError(str(error), code=error.code)
        raise uncertain

    def _address(self, request: Request) -> str:
        if request.address:
            return request.address
        query = urlencode(request.query, quote_via=quote, safe=",")
        return f"{self._host}/api/v3{request.path}{'?' + query if query else ''}"

    def _upload(self, request: Request, deadline: float) -> Answer:
        assert request.upload is not None  # noqa: S101 - for the type checker; the caller looked
        check_upload(self._address(request), self._host)
        pool = DeadlineAdapter(max_retries=0)  # a fresh connection: an idle one that breaks would leave all uncertain
        try:
            with Multipart(request.upload, lambda: time.monotonic() >= deadline) as body:
                if body.size > (endpoints.LARGEST_UPLOAD if request.address else endpoints.LARGEST_DIRECT):
                    raise InvalidError(
                        f"The file has {body.size} bytes, more than VirusTotal takes; it was not submitted.",
                        code="LocalTooLarge",
                    )
                headers = {"Content-Type": body.content_type}
                with self._send("POST", self._address(request), deadline, body, headers, READ_UPLOAD, pool) as response:
                    return self._answer(request, response, deadline)
        finally:
            pool.close()

    def _download(self, request: Request, deadline: float) -> Answer:
        assert request.save is not None  # noqa: S101 - for the type checker; the caller looked
        address = self._address(request)
        for _ in range(MOST_REDIRECTS + 1):
            # Not compressed on the way: a capture is counted and checked as it is.
            headers = {"Accept-Encoding": "identity"} | range_header(request.save)
            with self._send("GET", address, deadline, None, headers) as response:
                if response.status_code == NO_SUCH_PART:
                    discard(request.save)
                    raise UnavailableError("The download cannot be continued.", code="LocalRange")
                if response.status_code == 200 or (response.status_code == PARTIAL and "Range" in headers):
                    save(response, request.save, deadline, self._secrets)
                    return Answer()
                if response.status_code not in _REDIRECTS:
                    raise error_mapping.refusal(
                        response.status_code, self._error_in(response, deadline), response.headers
                    )
                address = redirected(address, response.headers.get("Location", ""))
        raise ArtefactError(f"The download was redirected more than {MOST_REDIRECTS} times.", code="LocalRedirect")

    def _error_in(self, response: requests.Response, deadline: float) -> Mapping[str, Any]:
        """Return VirusTotal's error in the body of a download; empty where it has none, as a long page."""
        try:
            return error_mapping.error_in(redact(whole(response, deadline, LARGEST_ERROR), self._secrets))
        except VirusTotalError as error:
            if error.code != "LocalTooLarge":
                raise
            return EMPTY

    @contextlib.contextmanager
    def _send(
        self,
        method: str,
        address: str,
        deadline: float,
        body: Any,
        headers: dict[str, str],
        read: float = READ,
        pool: DeadlineAdapter | None = None,
    ) -> Iterator[requests.Response]:
        """Send one request, and lend its answer with the body still unread; the deadline ends it whatever it does.

        Sent by the adapter and not by a session: a session would keep cookies, read the environment, and read the body
        of a redirect without a bound.
        """
        own = address.startswith(self._api) or allowed(address, self._host)
        if time.monotonic() >= deadline:
            raise DeadlineError("The time for this task is used up.")
        if not address.startswith(f"{self._api}users/"):  # free, and about the key alone
            self.usage.count_request()
        with ending_at(deadline):
            try:
                request = requests.Request(method, address, headers=self._headers(own) | headers, data=body).prepare()
                seconds = min(read, max(0.05, deadline - time.monotonic()))
                response = (pool or self._pool).send(
                    request,
                    stream=True,
                    timeout=(min(CONNECT, seconds), seconds),
                    verify=self._verify,
                    proxies=self._proxies,
                )
            except (requests.RequestException, OSError, ValueError) as error:
                failed = failure_of(error, repeatable=method == "GET")
            else:
                with response:
                    yield response
                return
        # Outside the handler: the transport's exception knows the headers, and is not kept as this one's context.
        raise failed

    def _headers(self, own: bool) -> dict[str, str]:
        # VirusTotal's front end compresses only for agents that have "gzip" in their name.
        headers = {"User-Agent": f"{TOOL}/{__version__} (gzip)", "Accept-Encoding": "gzip", "Accept": "*/*"}
        return headers | {"x-apikey": self._key, "x-tool": TOOL} if own else headers


def _final(error: VirusTotalError, request: Request) -> VirusTotalError:
    """What is left of an error when no attempt remains: a download that broke off is no artefact."""
    if request.save is not None and isinstance(error, BrokenError):
        return ArtefactError(f"The download is not complete: {error}", code=error.code)
    return error


def _key(key: str) -> str:
    if not key:
        raise AuthenticationError("There is no VirusTotal API key: set api_key in the configuration or the submission.")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise AuthenticationError("The VirusTotal API key has characters that no API key has.")
    return key


def _proxies(proxy: str) -> dict[str, str]:
    if not proxy:
        return {}
    try:
        parts = urlsplit(proxy)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:  # without the value: it may hold a password
        raise ConfigurationError("proxy: expected an address such as http://proxy.example.com:3128")
    return {"http": proxy, "https": proxy}


def _verify(ca_bundle: str) -> bool | str:
    if ca_bundle and not Path(ca_bundle).exists():
        raise ConfigurationError(f"ca_bundle: there is no {ca_bundle}")
    return ca_bundle or True
