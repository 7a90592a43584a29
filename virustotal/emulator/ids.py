"""Identifiers: what a path segment may be, and which object it means.

Source: docs.virustotal.com/reference/files, /url, /domains, /ip-object.
"""

import base64
import binascii
import hashlib
import ipaddress
import re
from urllib.parse import urlsplit, urlunsplit

from virustotal.emulator.errors import ApiError, bad_request, not_found
from virustotal.emulator.switches import Switches

_HASH = re.compile(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}")
_HEX64 = re.compile(r"[0-9a-f]{64}")
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_DOMAIN = re.compile(rf"(?=.{{1,253}}$)(?:{_LABEL}\.)+(?!\d+$){_LABEL}")
_PORTS = {"http": 80, "https": 443, "ftp": 21}


def file_hash(text: str, switches: Switches) -> str:
    """Return a hash in lower case; what is none is 404, upper case is as the switch says."""
    if not _HASH.fullmatch(text):
        raise not_found("file", text)
    if text != text.lower() and switches.uppercase_hash != "accepted":
        error = not_found("file", text)
        raise error if switches.uppercase_hash == "404" else bad_request(f'Invalid file id "{text}"')
    return text.lower()


def domain_name(text: str) -> str:
    """Return a host name in lower case, or raise the 400 of what is none."""
    name = text.lower()
    if not _DOMAIN.fullmatch(name):
        raise ApiError("InvalidArgumentError", f'Domain "{text}" is not a valid domain pattern')
    return name


def ip_address(text: str) -> str:
    """Return an address in its usual spelling, or raise the 400 of what is none."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise ApiError("InvalidArgumentError", f'IP address "{text}" is not a valid IP address') from None


def url_id(text: str, switches: Switches) -> tuple[str, str]:
    """Return (SHA-256, canonical URL) of a URL id; the URL is empty when the id is the SHA-256 itself.

    The id is 64 hex digits, or the URL in base64url without padding; other alphabets and padding are refused.
    """
    if _HEX64.fullmatch(text):
        return text, ""
    try:
        if not _BASE64URL.fullmatch(text):
            raise ValueError("not base64url without padding")
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
        url = canonical_url(raw)
    except (ValueError, binascii.Error, ApiError):
        error = not_found("url", text)
        raise error if switches.bad_url_id == "404" else bad_request(f'Invalid URL id "{text}"') from None
    return hashlib.sha256(url.encode()).hexdigest(), url


def canonical_url(text: str) -> str:
    """Return a URL as VirusTotal keeps it: host in lower case, a path, no default port, no fragment.

    A missing scheme becomes ``http``. Raises the 400 of what cannot be a URL.
    """
    address = text.strip()
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        port = parts.port
        host = (parts.hostname or "").lower()
    except ValueError:
        host, parts, port = "", urlsplit(""), None
    if parts.scheme not in _PORTS or ("." not in host and ":" not in host) or re.search(r"[\s\x00-\x1f]", address):
        raise ApiError("InvalidArgumentError", "Unable to canonicalize url")
    user = parts.netloc.rpartition("@")[0]
    location = (f"{user}@" if user else "") + (f"[{host}]" if ":" in host else host)
    if port is not None and port != _PORTS[parts.scheme]:
        location += f":{port}"
    return urlunsplit((parts.scheme, location, parts.path or "/", parts.query, ""))


def host_of(url: str) -> tuple[str, str] | None:
    """Return (type, id) of a URL's host: its network location."""
    try:
        host = urlsplit(url).hostname or ""
        return "ip_address", str(ipaddress.ip_address(host))
    except ValueError:
        return ("domain", host.lower()) if _DOMAIN.fullmatch(host.lower()) else None
