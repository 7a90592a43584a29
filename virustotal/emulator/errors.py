"""The errors of the API, as docs.virustotal.com/reference/errors lists them: code, HTTP status, body."""

from collections.abc import Mapping
from typing import Any

STATUS: Mapping[str, int] = {
    "BadRequestError": 400,
    "InvalidArgumentError": 400,
    "NotAvailableYet": 400,
    "UnselectiveContentQueryError": 400,
    "UnsupportedContentQueryError": 400,
    "AuthenticationRequiredError": 401,
    "UserNotActiveError": 401,
    "WrongCredentialsError": 401,
    "ForbiddenError": 403,
    "NotFoundError": 404,
    "AlreadyExistsError": 409,
    "FailedDependencyError": 424,
    "QuotaExceededError": 429,
    "TooManyRequestsError": 429,
    "TransientError": 503,
    "DeadlineExceededError": 504,
}
"""Error code -> HTTP status."""

FORBIDDEN = "You are not authorized to perform the requested operation"

USUAL_CODE: Mapping[int, str] = {
    400: "BadRequestError",
    401: "WrongCredentialsError",
    403: "ForbiddenError",
    404: "NotFoundError",
    409: "AlreadyExistsError",
    424: "FailedDependencyError",
    429: "QuotaExceededError",
    503: "TransientError",
    504: "DeadlineExceededError",
}
"""HTTP status -> the code that a fault of that status carries when it names none."""

_NAMES = {"file": "File", "url": "URL", "domain": "Domain", "ip_address": "IP address"}


class ApiError(Exception):
    """A documented error: it becomes ``{"error": {"code", "message"}}`` with the code's status."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def status(self) -> int:
        """The HTTP status of the code."""
        return STATUS[self.code]

    @property
    def body(self) -> dict[str, Any]:
        """The JSON body."""
        return error_body(self.code, self.message)


def error_body(code: str, message: str) -> dict[str, Any]:
    """Return the body of an error answer."""
    return {"error": {"code": code, "message": message}}


def not_found(kind: str, name: str) -> ApiError:
    """Return the 404 of one object, in the wording seen for its kind."""
    label = _NAMES.get(kind)
    return ApiError("NotFoundError", f'{label} "{name}" not found' if label else "Resource not found.")


def forbidden() -> ApiError:
    """Return the 403 of a missing right or licence."""
    return ApiError("ForbiddenError", FORBIDDEN)


def bad_request(message: str) -> ApiError:
    """Return the 400 of a malformed call."""
    return ApiError("BadRequestError", message)
