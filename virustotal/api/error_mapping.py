"""What an HTTP answer means: the JSON object of its body, or an error by table.

See https://docs.virustotal.com/reference/errors.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from virustotal.api.decoding import parse
from virustotal.core.errors import (
    AlreadyExistsError,
    AuthenticationError,
    ForbiddenError,
    InvalidError,
    NotAvailableYetError,
    NotFoundError,
    QuotaError,
    ThrottledError,
    UnavailableError,
    VirusTotalError,
)
from virustotal.util.readers import as_mapping, as_text

_BY_CODE: Mapping[str, type[VirusTotalError]] = {
    "AlreadyExistsError": AlreadyExistsError,
    "AuthenticationRequiredError": AuthenticationError,
    "BadRequestError": InvalidError,
    "DeadlineExceededError": UnavailableError,
    "FailedDependencyError": UnavailableError,
    "ForbiddenError": ForbiddenError,
    "InvalidArgumentError": InvalidError,
    "NotAvailableYet": NotAvailableYetError,
    "NotFoundError": NotFoundError,
    "QuotaExceededError": QuotaError,
    "TooManyRequestsError": ThrottledError,
    "TransientError": UnavailableError,
    "UnselectiveContentQueryError": InvalidError,
    "UnsupportedContentQueryError": InvalidError,
    "UserNotActiveError": AuthenticationError,
    "WrongCredentialsError": AuthenticationError,
}
#: Statuses that say something of the request, the key or the object, and which gateways and wrong hosts send as well.
_CLAIMS = frozenset({400, 401, 403, 404})
_PROXY_AUTHENTICATION = 407
PROXY_PASSWORD = "The proxy asks for a user and a password (HTTP 407): see proxy."
#: Statuses that are neither an invalid request (4xx) nor an outage (5xx).
_BY_STATUS: Mapping[int, type[VirusTotalError]] = {
    401: AuthenticationError,
    403: ForbiddenError,
    404: NotFoundError,
    408: UnavailableError,
    409: AlreadyExistsError,
    424: UnavailableError,
    425: UnavailableError,
    429: ThrottledError,
}
_WORDS: Mapping[type[VirusTotalError], str] = {
    AlreadyExistsError: "VirusTotal has this already.",
    AuthenticationError: "VirusTotal does not accept the API key.",
    ForbiddenError: "The licence of the API key does not cover this.",
    InvalidError: "VirusTotal refuses the request as invalid.",
    NotAvailableYetError: "VirusTotal does not have this yet.",
    NotFoundError: "VirusTotal does not know this.",
    QuotaError: "The quota of the API key is used up.",
    ThrottledError: "VirusTotal asks for fewer requests in a short time.",
    UnavailableError: "VirusTotal could not answer.",
    VirusTotalError: "VirusTotal answered with an error.",
}


def payload(status: int, headers: Mapping[str, str], body: bytes, *, posted: bool = False) -> Mapping[str, Any]:
    """Return the JSON object of an answer, which has `data`; raise the error that any other answer is.

    Args:
        status: Of HTTP.
        headers: Names in any case where the mapping is of that sort, else in lower case.
        body: As it came.
        posted: See `refusal`.
    """
    answer = _object(body)
    error = as_mapping(answer.get("error")) if answer is not None else {}
    if status != 200 or error:
        raise refusal(status, error, headers, posted=posted)
    if answer is None:
        raise UnavailableError("The answer is not an object of JSON.", code="LocalNotJson")
    if "data" not in answer:
        raise UnavailableError("The answer has no data.", code="LocalNoData")
    return answer


def refusal(
    status: int, error: Mapping[str, Any], headers: Mapping[str, str], *, posted: bool = False
) -> VirusTotalError:
    """Return the error of a status and of the `error` object of its body, which VirusTotal itself always sends.

    Of a request, a key or an object only VirusTotal itself knows.

    Args:
        status: Of HTTP.
        error: Of the body; empty where it has none.
        headers: See `payload`.
        posted: True for a request that sends something, which was refused for good, whoever refused it.
    """
    kind = VirusTotalError if posted else UnavailableError
    if status == _PROXY_AUTHENTICATION:
        return kind(PROXY_PASSWORD, code="LocalProxy")
    if status not in _CLAIMS or error:
        return failure(status, error, headers)
    return kind(f"The answer (HTTP {status}) is not VirusTotal's: a proxy may have given it.", code="LocalNotJson")


def failure(status: int, error: Mapping[str, Any], headers: Mapping[str, str]) -> VirusTotalError:
    """Return the error of a status and of the `error` object of its body, of which each may be unknown or empty."""
    code = as_text(error.get("code"), 100)
    kind = _kind(status, code)
    said = as_text(error.get("message"), 300)
    facts = ", ".join(filter(None, (f"HTTP {status}" if status != 200 else "", code)))
    message = f"{_WORDS[kind]} ({': '.join(filter(None, (facts, said)))})"
    return kind(message, code=code, retry_after=retry_after(headers))


def _kind(status: int, code: str) -> type[VirusTotalError]:
    """By the code where both agree on whose fault it is; a status above all where it is about the key."""
    if status == 401:
        return AuthenticationError
    other = UnavailableError if status >= 500 else InvalidError if status >= 400 else VirusTotalError
    return _BY_CODE.get(code) or _BY_STATUS.get(status, other)


def error_in(body: bytes) -> Mapping[str, Any]:
    """Return the `error` object of a body that came with status 200, as some do; empty where it is none."""
    answer = _object(body)
    error = as_mapping(answer.get("error")) if answer is not None else {}
    return error if isinstance(error.get("code"), str) else {}


def _object(body: bytes) -> Mapping[str, Any] | None:
    try:
        value = parse(body)
    except ValueError:
        return None
    return value if isinstance(value, Mapping) else None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of a `Retry-After`, which is a number or an HTTP date; None without a readable one."""
    value = (headers.get("Retry-After") or headers.get("retry-after") or "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
