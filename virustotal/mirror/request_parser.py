"""Requests that the mirror may answer, parsed; pure functions."""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import unquote

from attrs import frozen

from virustotal.api import endpoints, relationships
from virustotal.api.identifiers import COLLECTIONS
from virustotal.api.source import Request
from virustotal.core.models import Ref
from virustotal.util.hosts import canonical_url
from virustotal.util.readers import EMPTY

#: Kinds of objects in feeds.
KINDS = (*relationships.KINDS, "file_behaviour")

_PATHS: Mapping[str, str] = MappingProxyType({COLLECTIONS[kind]: kind for kind in KINDS})
_SELECTION = re.compile(r"relationship_attributes\[([a-z0-9_]{1,64})\]", re.ASCII)
_HEX64 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_CURSOR = re.compile(r"mirror-([0-9]{1,6})", re.ASCII)


@frozen
class MirrorQuery:
    """A request for an object, or for one page of a relationship.

    Args:
        ref: The object.
        relationship: The relationship of the page; empty for the object itself.
        names: Relationships requested with the object.
        inline: Attributes requested for their objects.
        attributes: Those requested for the objects of a page; empty for all.
        limit: Entries of the page.
        start: Position of the page's first entry; None for a cursor of VirusTotal's own.
    """

    ref: Ref
    relationship: str = ""
    names: tuple[str, ...] = ()
    inline: Mapping[str, tuple[str, ...]] = EMPTY
    attributes: tuple[str, ...] = ()
    limit: int = 10
    start: int | None = 0


def parse_request(request: Request) -> MirrorQuery | None:
    """Return the query of a request, None for requests that a mirror cannot answer."""
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
            return _page(ref, name, request)
    return None


def _object(ref: Ref, request: Request) -> MirrorQuery | None:
    names: tuple[str, ...] = ()
    inline: dict[str, tuple[str, ...]] = {}
    for key, value in request.query:
        if key == "relationships":
            names = tuple(filter(None, value.split(",")))
        elif selection := _SELECTION.fullmatch(key):
            inline[selection.group(1)] = tuple(value.split(","))
        else:
            return None
    return MirrorQuery(ref, names=names, inline=MappingProxyType(inline))


def _page(ref: Ref, name: str, request: Request) -> MirrorQuery | None:
    parameters = dict(request.query)
    if parameters.keys() - {"limit", "cursor", "attributes"}:
        return None
    limit, cursor = parameters.get("limit", "10"), parameters.get("cursor", "")
    own = _CURSOR.fullmatch(cursor)
    return MirrorQuery(
        ref,
        name,
        attributes=tuple(filter(None, parameters.get("attributes", "").split(","))),
        limit=int(limit) if limit.isascii() and limit.isdigit() and len(limit) < 4 else endpoints.PAGE,
        start=int(own.group(1)) if own else (None if cursor else 0),
    )


def cursor(start: int) -> str:
    """Return the mirror's own cursor for the page that begins at a position."""
    return f"mirror-{start}"


def identifiers(ref: Ref) -> tuple[str, ...]:
    """Return the identifiers that the mirror may store an object under, best first; none for an MD5 or SHA-1.

    A URL given as text is stored under the SHA-256 of its canonical form. Other loaders store names and addresses under
    their SHA-256 (docs/migration.md).
    """
    if ref.kind == "file":
        return (ref.id,) if _HEX64.fullmatch(ref.id) else ()
    if _HEX64.fullmatch(ref.id):
        return (ref.id,)
    if ref.kind != "url":
        return (ref.id, hashlib.sha256(ref.id.encode("utf-8", "surrogatepass")).hexdigest())
    try:
        plain = base64.urlsafe_b64decode(ref.id + "=" * (-len(ref.id) % 4)).decode("utf-8")
    except (binascii.Error, ValueError):
        return ()
    try:
        forms = tuple(dict.fromkeys((canonical_url(plain), plain)))
    except ValueError:
        forms = (plain,)
    return tuple(hashlib.sha256(form.encode("utf-8", "surrogatepass")).hexdigest() for form in forms)
