"""The error tree of the core and the sources. No message ever holds a key."""

from virustotal.core.models import Outcome, Status


class VirusTotalError(Exception):
    """A request that did not end in an answer.

    Attributes:
        code: VirusTotal's own error code, or empty.
        retry_after: Seconds after which it may be made again, where VirusTotal says so.
        origin: Who said so where it was not VirusTotal itself, as of an `Answer`.
        age: How many seconds ago.
    """

    status = Status.FAILED

    def __init__(self, message: str, *, code: str = "", retry_after: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.retry_after = retry_after
        self.origin = ""
        self.age = 0.0

    @property
    def outcome(self) -> Outcome:
        """The outcome that this error gives what was asked for."""
        return Outcome(self.status, str(self))


class AuthenticationError(VirusTotalError):
    """401: the key is missing, wrong or not active. Nothing else can be asked with it."""


class ForbiddenError(VirusTotalError):
    """403: the key is valid, and its licence or rights do not cover this."""

    status = Status.FORBIDDEN


class NotFoundError(VirusTotalError):
    """404: VirusTotal does not know it."""

    status = Status.UNKNOWN


class InvalidError(VirusTotalError):
    """400, 413: the request itself is refused; asking again does not help."""

    status = Status.INVALID


class NotAvailableYetError(VirusTotalError):
    """400 NotAvailableYet: it will exist later."""

    status = Status.PENDING


class AlreadyExistsError(VirusTotalError):
    """409: it exists, or is being processed; look it up."""


class QuotaError(VirusTotalError):
    """429 QuotaExceededError: a window of the key's quota is used up."""

    status = Status.QUOTA


class ThrottledError(QuotaError):
    """429 TooManyRequestsError: too many calls in a short time."""


class UnavailableError(VirusTotalError):
    """5xx, a time-out, a reset, or an answer that is not VirusTotal's JSON: worth another try."""


class DeadlineError(VirusTotalError):
    """The task's time is used up; nothing was sent."""

    status = Status.SKIPPED


class ArtefactError(VirusTotalError):
    """A download that is empty, partial, too large or not what it says it is."""


class ConfigurationError(ValueError):
    """A wrong entry in the configuration or the parameters; the message begins with its path."""


class UncertainError(VirusTotalError):
    """The connection broke while something was sent: nobody knows whether it arrived."""
