"""The world: objects, relationships, documents and artefacts of one or more folders, and what tests and uploads add."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from attrs import define, field

from virustotal.emulator.ids import canonical_url
from virustotal.emulator.reading import (
    Found,
    FoundDocument,
    FoundObject,
    FoundRelationship,
    Identity,
    Json,
    read,
)

_PREFIXES = {"f": "file", "u": "url", "d": "domain", "i": "ip_address", "g": "graph"}
_OF_ITEM = {"comment": "comments", "vote": "votes", "submission": "submissions"}
_LETTERS = {"file": "f", "url": "u", "domain": "d", "ip_address": "i", "graph": "g"}


@define
class Store:
    """An index over documents. Look-ups return the stored values themselves: whoever changes one copies it first."""

    documents: dict[tuple[str, str], Json] = field(factory=dict)
    """(file id, name) -> ``behaviour_summary`` or ``behaviour_mitre_trees``."""
    artefacts: dict[tuple[str, str], bytes | Path] = field(factory=dict)
    """(object id, suffix) -> capture, report, picture or content; suffixes: pcap, evtx, memdump, html, png, bin."""
    errors: dict[str, Json] = field(factory=dict)
    """Path -> recorded error body."""
    _objects: dict[Identity, tuple[int, Json]] = field(factory=dict)
    _relationships: dict[tuple[Identity, str], tuple[int, Any]] = field(factory=dict)
    _aliases: dict[Identity, str] = field(factory=dict)
    _members: dict[tuple[Identity, str], list[Identity]] = field(factory=dict)
    _revision: int = 0

    @property
    def version(self) -> tuple[int, ...]:
        """A value that differs after something was added or replaced."""
        return self._revision, len(self.documents), len(self.artefacts), len(self.errors)

    def add(self, path: str, document: Any) -> None:
        """Index one document; where two tell the same, the more specific wins, then the later."""
        if isinstance(document, Mapping) and isinstance(document.get("error"), dict) and "data" not in document:
            self.errors[path] = dict(document)
        for item in read(path, document):
            self._index(item)

    def _index(self, item: Found) -> None:
        self._revision += 1
        match item:
            case FoundDocument(owner, name, value):
                self.documents[(owner, name)] = value
            case FoundRelationship(owner_identity, name, items, rank):
                entry = self._relationships.get((owner_identity, name))
                if entry is None or entry[0] <= rank:
                    self._relationships[(owner_identity, name)] = (rank, items)
            case FoundObject(identity, value, rank, alias):
                stored = self._objects.get(identity)
                if stored is None or stored[0] <= rank:
                    self._objects[identity] = (rank, value)
                    self._name(identity, value, alias)

    def _name(self, identity: Identity, value: Json, alias: str) -> None:
        kind, identifier = identity
        attributes = value["attributes"] if isinstance(value["attributes"], dict) else {}
        names = [alias] if alias and kind in ("file", "url") else []
        if kind == "file":
            names += [attributes[name] for name in ("md5", "sha1") if isinstance(attributes.get(name), str)]
        if kind == "url" and isinstance(attributes.get("url"), str):
            names.append(_canonical(attributes["url"]))
        for name in names:
            self._aliases[(kind, name)] = identifier
        owner = _owner(identity)
        if owner is not None:
            members = self._members.setdefault(owner, [])
            if identity not in members:
                members.append(identity)

    def put(self, value: Json, relationships: Mapping[str, Any] | None = None) -> None:
        """Add or replace one object, and the items (a list, one object or None) of some of its relationships."""
        identity = (value["type"], value["id"])
        self._index(FoundObject(identity, {"attributes": {}, **value}, 9))
        for name, items in (relationships or {}).items():
            self._index(FoundRelationship(identity, name, items, 9))
            for item in items if isinstance(items, list) else [items]:
                if isinstance(item, dict) and isinstance(item.get("attributes"), dict):
                    self._index(FoundObject((item["type"], item["id"]), item, 1))

    def remove(self, kind: str, identifier: str) -> None:
        """Forget one object; its relationships stay."""
        self._revision += 1
        self._objects.pop((kind, identifier), None)

    def get(self, kind: str, identifier: str) -> Json | None:
        """Return the object of that type and id (or MD5, SHA-1, canonical URL), or None."""
        stored = self._objects.get((kind, identifier)) or self._objects.get((kind, self.resolve(kind, identifier)))
        return stored[1] if stored else None

    def attributes(self, kind: str, identifier: str) -> Json:
        """Return an object's attributes; empty where it is unknown, or has something else in their place."""
        item = self.get(kind, identifier)
        return item["attributes"] if item and isinstance(item["attributes"], dict) else {}

    def resolve(self, kind: str, name: str) -> str:
        """Return the id behind another name of an object, or the name itself."""
        return self._aliases.get((kind, name), name)

    def related(self, kind: str, identifier: str, name: str) -> tuple[bool, Any]:
        """Return (whether anything is known, items) of a relationship; what ids tell is newest first."""
        entry = self._relationships.get(((kind, identifier), name))
        if entry is not None:
            return True, entry[1]
        members = self._members.get(((kind, identifier), name))
        if members is not None:
            return True, [{"type": member[0], "id": member[1]} for member in sorted(members, key=self._age)]
        return False, None

    def _age(self, member: Identity) -> tuple[float, str]:
        attributes = self.attributes(*member)
        date = attributes.get("date", attributes.get("analysis_date"))
        return (-date if isinstance(date, int | float) else 0, member[1])

    def names(self, kind: str, identifier: str) -> list[str]:
        """Return the relationships of an object of which anything is known, sorted."""
        owner = (kind, identifier)
        return sorted({key[1] for key in [*self._relationships, *self._members] if key[0] == owner})

    def has_relationship(self, kind: str, name: str) -> bool:
        """Return whether any object of a type has this relationship."""
        return any(owner[0] == kind and relationship == name for owner, relationship in list(self._relationships))

    def identities(self, kind: str) -> list[str]:
        """Return the ids of all objects of a type, sorted."""
        return sorted(identity[1] for identity in list(self._objects) if identity[0] == kind)


def _canonical(url: str) -> str:
    try:
        return canonical_url(url)
    except Exception:  # an odd URL of a report has only its id
        return url


def _owner(identity: Identity) -> tuple[Identity, str] | None:
    """Return (object, relationship) that an object's own id names: behaviours, comments, votes, submissions."""
    kind, identifier = identity
    if kind == "file_behaviour":
        return ("file", identifier.partition("_")[0]), "behaviours"
    relationship = _OF_ITEM.get(kind)
    letter, _, rest = identifier.partition("-")
    if relationship is None or letter not in _PREFIXES or "-" not in rest:
        return None
    return (_PREFIXES[letter], rest.rpartition("-")[0]), relationship


def item_of(kind: str, identifier: str) -> Identity | None:
    """Return what a comment, vote or submission is about."""
    owner = _owner((kind, identifier))
    return owner[0] if owner else None


def item_prefix(kind: str) -> str:
    """Return the letter that starts the ids of comments, votes and submissions about a type."""
    return _LETTERS[kind]


def load_folder(store: Store, folder: Path) -> None:
    """Index a folder: every ``*.json``, every line of ``*.jsonl`` (a feed), and ``artefacts/QUOTED_ID.SUFFIX``.

    Raises:
        ValueError: A file is not JSON; the message names it.
    """
    for path in sorted([*folder.rglob("*.json"), *folder.rglob("*.jsonl")], key=lambda path: (path.suffix, path)):
        name = path.relative_to(folder).as_posix()
        try:
            text = path.read_text(encoding="utf-8")
            if path.suffix == ".json":
                store.add(name, json.loads(text))
                continue
            for number, line in enumerate(text.splitlines()):
                store.add(f"{name}#{number}", {"data": json.loads(line)})
        except (RecursionError, ValueError) as error:
            raise ValueError(f"{name} is not JSON: {error}") from None
    identifiers = {artefact_name(identifier): identifier for identifier in _all_ids(store)}
    for path in sorted((folder / "artefacts").glob("*")):
        stem, _, suffix = path.name.rpartition(".")
        store.artefacts[(identifiers.get(stem, stem), suffix)] = path


def artefact_name(identifier: str) -> str:
    """Return the file name, without suffix, under which an object's artefact lies in a folder."""
    return quote(identifier, safe=" ()")


def _all_ids(store: Store) -> Iterable[str]:
    for kind in ("file", "file_behaviour", "screenshot"):
        yield from store.identities(kind)
