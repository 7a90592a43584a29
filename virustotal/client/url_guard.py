"""Which absolute addresses may be asked, and which of them get the key."""

from urllib.parse import urljoin, urlsplit

from virustotal.core.errors import UnavailableError, VirusTotalError
from virustotal.util.hosts import host_of, is_public

#: The domain of VirusTotal's own addresses.
VIRUSTOTAL = "virustotal.com"

_PORTS = {"http": 80, "https": 443}


def origin(address: str) -> tuple[str, str, int]:
    """Return scheme, host and port of an address; ValueError where it has none."""
    parts = urlsplit(address)
    scheme, host = parts.scheme.lower(), (parts.hostname or "").lower()
    if scheme not in _PORTS or not host:
        raise ValueError("no address of the web")
    return scheme, host, parts.port or _PORTS[scheme]


def allowed(address: str, host: str) -> bool:
    """Return whether the address has the origin of the API at `host`, so that it gets the key.

    Args:
        address: Absolute, as VirusTotal gave it.
        host: The configured base URL of the API.

    Raises:
        VirusTotalError: No request may go there: it has no TLS though the API has, it holds user and password, or it
            is in a private network though the API is public.
    """
    try:
        target, api_origin = origin(address), origin(host)
    except ValueError:
        raise _refused("is not valid") from None
    parts = urlsplit(address)
    if parts.username is not None or parts.password is not None or "\\" in parts.netloc:
        raise _refused("holds user and password")
    if target == api_origin:
        return True
    if target[0] != "https" and api_origin[0] == "https":
        raise _refused("does not use TLS")
    if is_public(api_origin[1]) and not is_public(host_of(address)):
        raise _refused("is not on the public internet")
    return False


def check_upload(address: str, host: str) -> None:
    """Check that files may be sent to an address: to the origin of the API at `host`, or to VirusTotal.

    Raises:
        VirusTotalError: They may not.
    """
    name = host_of(address)
    is_virustotal = name == VIRUSTOTAL or name.endswith(f".{VIRUSTOTAL}")
    if not allowed(address, host) and not (is_virustotal and origin(address)[0] == "https"):
        raise _refused("is neither VirusTotal's nor the configured host's")


def redirected(address: str, location: str) -> str:
    """Return the address that a redirect leads to."""
    if not location:
        raise UnavailableError("The redirect leads nowhere.", code="LocalRedirect")
    try:
        return urljoin(address, location)
    except ValueError:
        raise _refused("is not valid") from None


def _refused(why: str) -> VirusTotalError:
    return VirusTotalError(f"The address that VirusTotal gave {why}; it was not asked.", code="LocalAddress")
