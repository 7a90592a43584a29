"""How the files of a world are read: from one JSON document to objects, relationships and documents.

A document is VirusTotal's own envelope, ``{"data": …}``. What it is follows from its content, and where that says
nothing from its place:

- ``data`` is an object with ``type`` and ``id``: that object; its ``relationships`` blocks are relationships.
- ``data`` is a list (or one object, or null) and ``links.self`` is the address of a relationship, or the document lies
  in ``rel_TYPE/NAME-ID.json`` (ID percent-encoded): that relationship of that object.
- ``links.self`` is the address of ``behaviour_summary`` or ``behaviour_mitre_trees``, or the document lies in a folder
  of that name as ``SHA256.json``: that document of that file. With another name it belongs to the file whose id is the
  SHA-256 of the document's path.
- ``error``: a recorded error, kept under its path for faults to repeat.
- any other list: its items are objects.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from attrs import frozen

from virustotal.emulator.facts import PATHS, RELATIONSHIPS, TYPES

Json = dict[str, Any]
Identity = tuple[str, str]

DOCUMENTS = ("behaviour_summary", "behaviour_mitre_trees")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@frozen
class FoundObject:
    """An object with attributes; ``rank`` is higher where the document is about it alone."""

    identity: Identity
    value: Json
    rank: int
    alias: str = ""


@frozen
class FoundRelationship:
    """The items of a relationship: a list, one object or None; ``rank`` is higher for a document of its own."""

    owner: Identity
    name: str
    items: Any
    rank: int


@frozen
class FoundDocument:
    """A plain dictionary below a file: ``behaviour_summary`` or ``behaviour_mitre_trees``."""

    owner: str
    name: str
    value: Json


Found = FoundObject | FoundRelationship | FoundDocument


def read(path: str, document: Any) -> Iterator[Found]:
    """Yield what one document holds. ``path`` is relative to the world, with ``/``."""
    if not isinstance(document, Mapping) or "data" not in document:
        return
    data = document["data"]
    folder, _, name = path.rpartition("/")
    stem = name.removesuffix(".json")
    owner = _by_address(_self_link(document)) or _by_place(folder, stem)
    if owner is not None and owner[2] in DOCUMENTS:
        if isinstance(data, dict):
            yield FoundDocument(owner[1], owner[2], data)
        return
    if owner is not None:
        yield FoundRelationship((owner[0], owner[1]), owner[2], data, 1)
    whole = 2 if isinstance(data, dict) and owner is None else 1
    for item in data if isinstance(data, list) else [data]:
        yield from _objects(item, whole)


def _objects(item: Any, rank: int) -> Iterator[Found]:
    if not isinstance(item, dict) or not isinstance(item.get("type"), str) or not isinstance(item.get("id"), str):
        return
    identity = (item["type"], item["id"])
    if isinstance(item.get("attributes"), dict):
        address = urlsplit(_self_link(item)).path.rstrip("/")
        yield FoundObject(identity, item, rank, unquote(address.rpartition("/")[2]))
    blocks = item.get("relationships")
    for name, block in blocks.items() if isinstance(blocks, dict) else ():
        if isinstance(block, dict) and "data" in block:
            yield FoundRelationship(identity, name, block["data"], 0)


def _self_link(value: Mapping[str, Any]) -> str:
    links = value.get("links")
    link = links.get("self") if isinstance(links, Mapping) else None
    return link if isinstance(link, str) else ""


def _by_address(link: str) -> tuple[str, str, str] | None:
    """Return (type, id, name) of a relationship address such as ``https://host/api/v3/files/ID/comments?limit=10``."""
    segments = [unquote(part) for part in urlsplit(link).path.split("/") if part]
    for start, segment in enumerate(segments):
        kind = TYPES.get(segment)
        rest = [part for part in segments[start + 1 :] if part != "relationships"]
        if kind is not None and len(rest) == 2:
            return kind, rest[0], rest[1]
    return None


def _by_place(folder: str, stem: str) -> tuple[str, str, str] | None:
    place = folder.rpartition("/")[2]
    if place in DOCUMENTS:
        digest = _SHA256.fullmatch(stem)
        return "file", stem if digest else hashlib.sha256(f"{folder}/{stem}.json".encode()).hexdigest(), place
    if not place.startswith("rel_"):
        return None
    kind = place.removeprefix("rel_")
    name, _, identifier = stem.removeprefix("relationships-").partition("-")
    if kind not in PATHS or name not in RELATIONSHIPS[kind] or not identifier:
        return None
    return kind, unquote(identifier), name
