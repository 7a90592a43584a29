"""What an exception of the transport means. Its own text is never shown: it may hold addresses with secrets."""

import re

import requests
import urllib3.exceptions

from virustotal.api.error_mapping import PROXY_PASSWORD
from virustotal.core.errors import UnavailableError, UncertainError, VirusTotalError

_TUNNEL = re.compile(r"Tunnel connection failed: ([0-9]{3})\b")
_INVALID = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidHeader,
)


def failure_of(error: Exception, *, repeatable: bool = True) -> VirusTotalError:
    """Return the core's error for an exception of requests, urllib3 or the operating system.

    Args:
        error: The exception.
        repeatable: Whether it is no harm that the request may have arrived.
    """
    if isinstance(error, requests.exceptions.InvalidProxyURL):
        return VirusTotalError("The configured proxy is not a valid address.", code="LocalProxy")
    if isinstance(error, _INVALID):
        return VirusTotalError("The address is not valid.", code="LocalAddress")
    if isinstance(error, requests.exceptions.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error):
        return VirusTotalError(
            "The server's TLS certificate could not be verified; a proxy's own authority belongs into ca_bundle.",
            code="LocalCertificate",
        )
    if isinstance(error, requests.exceptions.ProxyError):
        return UnavailableError(_of_proxy(error), code="LocalProxy")
    if _not_connected(error):
        return UnavailableError(f"The server cannot be reached ({_name(error)}).", code="LocalConnection")
    if isinstance(error, requests.RequestException):
        broken = UnavailableError if repeatable else UncertainError
        return broken(f"The connection broke off or timed out ({_name(error)}).", code="LocalConnection")
    return VirusTotalError(f"The request cannot be sent ({type(error).__name__}).", code="LocalTransport")


def _of_proxy(error: Exception) -> str:
    """What a proxy says to CONNECT; http.client has it in its text alone."""
    status = _TUNNEL.search(str(error))
    if status is None:
        return "The proxy cannot be reached, or refuses the connection."
    return PROXY_PASSWORD if status[1] == "407" else f"The proxy does not connect to the server (HTTP {status[1]})."


def _not_connected(error: Exception) -> bool:
    """True where nothing was sent, since there was no connection. A TLS error may as well come after the request."""
    return isinstance(error, requests.exceptions.ConnectTimeout) or isinstance(
        _reason(error), urllib3.exceptions.NewConnectionError | urllib3.exceptions.NameResolutionError
    )


def _reason(error: Exception) -> object:
    inner = error.args[0] if error.args else None
    return getattr(inner, "reason", inner)


def _name(error: Exception) -> str:
    """The most telling class name of the chain, such as `NameResolutionError`."""
    reason = _reason(error)
    return type(reason if isinstance(reason, Exception) else error).__name__
