"""What the parts of the world have in common: identities, dates, and the shapes of documents."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

Json = dict[str, Any]

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""The public test file; its SHA-256 is 275a021b…"""
EICAR_SHA256 = hashlib.sha256(EICAR).hexdigest()
EPOCH = 1_735_689_600
"""2025-01-01 00:00:00 UTC: the day on which the world happens."""
DAY = 86_400


def invented(name: str) -> bytes:
    """Return the content of an invented file; its hashes are real hashes of these bytes."""
    return f"This file is invented, for tests. Its name is {name}.\n".encode()


def digest(name: str) -> str:
    """Return the SHA-256 of an invented file."""
    return hashlib.sha256(invented(name)).hexdigest()


def url_id(url: str) -> str:
    """Return the id of a URL that is canonical already."""
    return hashlib.sha256(url.encode()).hexdigest()


def obj(kind: str, identifier: str, attributes: Json) -> Json:
    """Return an object."""
    return {"type": kind, "id": identifier, "attributes": attributes}


def ref(kind: str, identifier: str, **context: Any) -> Json:
    """Return a descriptor, with context attributes where given."""
    return {"type": kind, "id": identifier, **({"context_attributes": context} if context else {})}


def url_ref(url: str, **context: Any) -> Json:
    """Return the descriptor of a URL."""
    return ref("url", url_id(url), url=url, **context)


def refs(kind: str, identifiers: Iterable[str]) -> list[Json]:
    """Return descriptors of one type."""
    return [ref(kind, identifier) for identifier in identifiers]


def document(value: Json) -> tuple[str, Json]:
    """Return (path, document) of an object."""
    name = quote(value["id"], safe="")[:120]
    return f"{value['type']}/{name}.json", {"data": value}


def relationship(kind: str, identifier: str, name: str, items: Any) -> tuple[str, Json]:
    """Return (path, document) of a relationship."""
    count: Mapping[str, Any] = {"meta": {"count": len(items)}} if isinstance(items, list) else {}
    return f"rel_{kind}/{name}-{quote(identifier, safe='')}.json", {"data": items, **count}
