"""Requests that the mirror may answer, parsed; pure functions."""

import base64
import hashlib
import re
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import unquote

from attrs import frozen

from virustotal.api import relationships
from virustotal.api.identifiers import COLLECTIONS, SHA256
from virustotal.api.source import Request
from virustotal.core.models import Ref
from virustotal.util.hosts import canonical_url
from virustotal.util.readers import EMPTY

#: Paths of the objects that feeds have, each with their kind.
_PATHS: Mapping[str, str] = MappingProxyType(
    {COLLECTIONS[kind]: kind for kind in (*relationships.KINDS, "file_behaviour")}
)
_SELECTION = re.compile(r"relationship_attributes\[([a-z0-9_]{1,64})\]", re.ASCII)
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
        start: Position of the page's first entry.
    """

    ref: Ref
    relationship: str = ""
    names: tuple[str, ...] = ()
    inline: Mapping[str, tuple[str, ...]] = EMPTY
    attributes: tuple[str, ...] = ()
    limit: int = 10
    start: int = 0


def parse_request(request: Request) -> MirrorQuery | None:
    """Return the query of a request, None for requests that a mirror cannot answer."""
    if request.method != "GET" or request.save or request.address:
        return None
    collection, *rest = map(unquote, request.path.removeprefix("/").split("/"))
    kind, parameters = _PATHS.get(collection), dict(request.query)
    match rest:
        case [id] if kind:
            return _object(Ref(kind, id), parameters)
        case [id, name] if kind:
            return _page(Ref(kind, id), name, parameters)
    return None


def _object(ref: Ref, parameters: dict[str, str]) -> MirrorQuery | None:
    names = tuple(filter(None, parameters.pop("relationships", "").split(",")))
    inline: dict[str, tuple[str, ...]] = {}
    for key, value in parameters.items():
        selection = _SELECTION.fullmatch(key)
        if selection is None:
            return None
        inline[selection[1]] = tuple(value.split(","))
    return MirrorQuery(ref, names=names, inline=MappingProxyType(inline))


def _page(ref: Ref, name: str, parameters: dict[str, str]) -> MirrorQuery | None:
    start = _CURSOR.fullmatch(parameters.get("cursor", cursor(0)))  # else a cursor of VirusTotal's own
    if start is None or parameters.keys() - {"limit", "cursor", "attributes"}:
        return None
    attributes = tuple(filter(None, parameters.get("attributes", "").split(",")))
    return MirrorQuery(ref, name, attributes=attributes, limit=int(parameters.get("limit", 10)), start=int(start[1]))


def cursor(start: int) -> str:
    """Return the mirror's own cursor for the page that begins at a position."""
    return f"mirror-{start}"


def identifiers(ref: Ref) -> tuple[str, ...]:
    """Return the identifiers that the mirror may store an object under, best first; none for an MD5 or SHA-1.

    A URL given as text is stored under the SHA-256 of its canonical form. Other loaders store names and addresses under
    their SHA-256 (docs/migration.md).
    """
    if SHA256.fullmatch(ref.id):
        return (ref.id,)
    if ref.kind == "file":
        return ()
    if ref.kind != "url":
        return (ref.id, _digest(ref.id))
    try:
        plain = base64.urlsafe_b64decode(ref.id + "=" * (-len(ref.id) % 4)).decode("utf-8")
    except ValueError:
        return ()
    try:
        return tuple(dict.fromkeys((_digest(canonical_url(plain)), _digest(plain))))
    except ValueError:
        return (_digest(plain),)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
