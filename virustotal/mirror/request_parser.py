"""What a request asks for, where the mirror may know it; pure functions."""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import unquote, urlsplit, urlunsplit

from attrs import frozen

from virustotal import api
from virustotal.api.source import Request
from virustotal.core.models import Ref
from virustotal.util.hosts import canonical_host
from virustotal.util.readers import EMPTY

#: The kinds of objects that feeds have.
KINDS = ("file", "url", "domain", "ip_address", "file_behaviour")

_PATHS: Mapping[str, str] = MappingProxyType({api.COLLECTIONS[kind]: kind for kind in KINDS})
_SELECTION = re.compile(r"relationship_attributes\[([a-z0-9_]{1,64})\]", re.ASCII)
_HEX64 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_CURSOR = re.compile(r"mirror-([0-9]{1,6})", re.ASCII)
_PORTS = {"http": 80, "https": 443, "ftp": 21}


@frozen
class Asked:
    """A request for an object, or for one page of a relationship of it.

    names: relationships asked for with the object. lined: their attributes that are wanted in line. attributes: those
    that are wanted of the objects of a page; empty for all. descriptors: True if only identifiers are wanted.
    start: where the page begins, or None where a cursor of VirusTotal's own says so.
    """

    ref: Ref
    relationship: str = ""
    names: tuple[str, ...] = ()
    lined: Mapping[str, tuple[str, ...]] = EMPTY
    attributes: tuple[str, ...] = ()
    descriptors: bool = False
    limit: int = 10
    start: int | None = 0


def understood(request: Request) -> Asked | None:
    """Return what a request asks for, or None for all that a mirror cannot have."""
    if request.method != "GET" or request.upload or request.save or request.address:
        return None
    collection, *rest = [unquote(part) for part in request.path.removeprefix("/").split("/")]
    kind = _PATHS.get(collection)
    if kind is None or not rest or not all(rest):
        return None
    ref = Ref(kind, rest[0])
    match rest[1:]:
        case []:
            return _object(ref, request)
        case [name]:
            return _page(ref, name, request, descriptors=False)
        case ["relationships", name]:
            return _page(ref, name, request, descriptors=True)
    return None


def _object(ref: Ref, request: Request) -> Asked | None:
    names: tuple[str, ...] = ()
    lined: dict[str, tuple[str, ...]] = {}
    for key, value in request.query:
        if key == "relationships":
            names = tuple(filter(None, value.split(",")))
        elif selection := _SELECTION.fullmatch(key):
            lined[selection.group(1)] = tuple(value.split(","))
        else:
            return None
    return Asked(ref, names=names, lined=MappingProxyType(lined))


def _page(ref: Ref, name: str, request: Request, *, descriptors: bool) -> Asked | None:
    given = dict(request.query)
    if given.keys() - {"limit", "cursor", "attributes"}:
        return None
    limit, cursor = given.get("limit", "10"), given.get("cursor", "")
    own = _CURSOR.fullmatch(cursor)
    return Asked(
        ref,
        name,
        attributes=tuple(filter(None, given.get("attributes", "").split(","))),
        descriptors=descriptors,
        limit=int(limit) if limit.isascii() and limit.isdigit() and len(limit) < 4 else api.PAGE,
        start=int(own.group(1)) if own else (None if cursor else 0),
    )


def cursor(start: int) -> str:
    """Return the mirror's own cursor, of a list that goes on."""
    return f"mirror-{start}"


def identifiers(ref: Ref) -> tuple[str, ...]:
    """Return the identifiers under which the mirror may hold an object, best first; none for an MD5 or SHA-1.

    A URL that is asked for as text stands under the SHA-256 of its canonical form.
    """
    if ref.kind == "file":
        return (ref.id,) if _HEX64.fullmatch(ref.id) else ()
    if ref.kind != "url" or _HEX64.fullmatch(ref.id):
        return (ref.id,)
    try:
        plain = base64.urlsafe_b64decode(ref.id + "=" * (-len(ref.id) % 4)).decode("utf-8")
    except (binascii.Error, ValueError):
        return ()
    forms = dict.fromkeys((canonical(plain), plain))
    return tuple(hashlib.sha256(form.encode("utf-8", "surrogatepass")).hexdigest() for form in forms)


def canonical(url: str) -> str:
    """Return a URL as VirusTotal writes it: scheme and host in lower case, a path, no usual port, no fragment."""
    try:
        parts = urlsplit(url)
        host, port = canonical_host(parts.hostname or ""), parts.port
    except ValueError:
        return url
    if not host:
        return url
    scheme = parts.scheme.lower()
    shown = f"[{host}]" if ":" in host and not host.startswith("[") else host
    shown += f":{port}" if port is not None and port != _PORTS.get(scheme) else ""
    return urlunsplit((scheme, shown, parts.path or "/", parts.query, ""))
