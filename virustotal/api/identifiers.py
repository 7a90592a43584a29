"""Identifiers: valid by kind, then percent-encoded as one path segment.

See https://docs.virustotal.com/reference/objects.
"""

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Mapping
from urllib.parse import quote

from virustotal.core.errors import InvalidError
from virustotal.util.hosts import ascii_name

#: Kind of object -> its path below `/api/v3`.
COLLECTIONS: Mapping[str, str] = {
    "file": "files",
    "url": "urls",
    "domain": "domains",
    "ip_address": "ip_addresses",
    "analysis": "analyses",
    "file_behaviour": "file_behaviours",
    "url_behaviour": "url_behaviours",
    "comment": "comments",
    "vote": "votes",
    "submission": "submissions",
    "resolution": "resolutions",
    "whois": "whois",
    "ssl_cert": "ssl_certs",
    "screenshot": "screenshots",
    "graph": "graphs",
    "collection": "collections",
    "reference": "references",
    "threat_actor": "threat_actors",
    "attack_technique": "attack_techniques",
    "attack_tactic": "attack_tactics",
    "sigma_analysis": "sigma_analyses",
    "sigma_rule": "sigma_rules",
    "yara_ruleset": "yara_rulesets",
}

#: The longest identifier; the base64 of a URL is the only one that comes near it.
LONGEST_ID = 8192

#: A SHA-256 in lower case; one of these, a SHA-1 or an MD5; characters that no identifier and no URL holds.
SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
DIGEST = re.compile(r"[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32}", re.ASCII)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")

_BASE64URL = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


def url_id(url: str) -> str:
    """Return the identifier by which a URL is looked up: its base64, in the URL alphabet and without padding."""
    return base64.urlsafe_b64encode(url.encode("utf-8", "surrogatepass")).decode("ascii").rstrip("=")


def valid_id(kind: str, id: str) -> str:
    """Return the identifier as the API wants it; InvalidError, before anything is sent, for one that cannot be."""
    if not id or len(id) > LONGEST_ID or CONTROL.search(id):
        raise InvalidError(f"This is not the identifier of a {kind}.", code="LocalInvalidId")
    try:
        return _RULES.get(kind, _opaque)(id)
    except ValueError:
        raise InvalidError(f"This is not the identifier of a {kind}.", code="LocalInvalidId") from None


def segment(kind: str, id: str) -> str:
    """Return the valid identifier, percent-encoded as one path segment."""
    return quote(valid_id(kind, id), safe="")


def _file(id: str) -> str:
    return _matching(DIGEST, id.strip().lower())


def _url(id: str) -> str:
    if SHA256.fullmatch(id.lower()):
        return id.lower()
    plain = _matching(_BASE64URL, id)
    try:
        base64.urlsafe_b64decode(plain + "=" * (-len(plain) % 4))
    except binascii.Error:
        raise ValueError("no base64") from None
    return plain


def _ip(id: str) -> str:
    address = ipaddress.ip_address(id.strip())
    if isinstance(address, ipaddress.IPv6Address) and address.scope_id:
        raise ValueError("an address with a zone")
    return str(address)


def _opaque(id: str) -> str:
    # A segment of dots alone is taken out of the path by every URL library, encoded or not.
    if not id.strip().strip("."):
        raise ValueError("blank or dots")
    return id


def _matching(pattern: re.Pattern[str], id: str) -> str:
    if not pattern.fullmatch(id):
        raise ValueError("another form")
    return id


_RULES: Mapping[str, Callable[[str], str]] = {"file": _file, "url": _url, "domain": ascii_name, "ip_address": _ip}
