"""What a document of the mirror looks like: written by the loader, read by the source.

The object is kept as one JSON text that the server never looks into. An attribute may have any name, depth and type,
and change its type from file to file: as fields they would be refused or fill the mapping; as a text each object is
stored, and comes back as it was. Beside it stand the few fields that are looked for. Documents that are themselves
VirusTotal's objects, as other loaders write them, are read as well.
"""

import json
import re
import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from attrs import frozen

from virustotal.api import decoding, identifiers
from virustotal.api.decoding import parse
from virustotal.core.errors import InvalidError
from virustotal.core.settings import MirrorConfig
from virustotal.util.readers import as_mapping, as_text, integer, timestamp

#: What an index of the mirror is created with.
INDEX: Mapping[str, Any] = MappingProxyType(
    {
        "settings": {"index.codec": "best_compression"},
        "mappings": {
            "dynamic": False,
            "properties": {
                **{name: {"type": "keyword"} for name in ("type", "id", "md5", "sha1", "file")},
                **{name: {"type": "long"} for name in ("modified", "loaded")},
            },
        },
    }
)
#: The longest identifier of a document, in bytes: the servers' own bound.
LONGEST_ID = 512
#: Seconds that a date may lie ahead: a document from the future would never be replaced.
AHEAD = 24 * 3600

_DATES = ("last_modification_date", "last_analysis_date", "analysis_date")
_BEHAVIOUR = re.compile(r"([0-9a-f]{64})_.+", re.ASCII | re.DOTALL)


class RefusedError(ValueError):
    """What cannot become a document, and why in a few words."""


@frozen
class StoredObject:
    """An object of the mirror.

    Args:
        object: With type, id and attributes, as in VirusTotal's answers.
        id: Its identifier.
        moment: Its last change, or when it was loaded, in Unix seconds; 0 where unknown.
    """

    object: Mapping[str, Any]
    id: str
    moment: float


def indices(config: MirrorConfig) -> dict[str, str]:
    """Return the index of each kind of object that feeds have; empty where none is configured."""
    return {
        "file": config.files,
        "url": config.urls,
        "domain": config.domains,
        "ip_address": config.ips,
        "file_behaviour": config.behaviours,
    }


def index_of(config: MirrorConfig, kind: str) -> str:
    """Return the index of a kind of object; empty for kinds that no feed has, or that have none."""
    return indices(config).get(kind, "")


def is_searchable(mapping: Mapping[str, Any], field: str) -> bool:
    """Return whether whole values of a field, such as `attributes.md5`, are found in an index of this mapping.

    A text field serves as well: hashes and identifiers of behaviour reports are one word up to the first blank.
    """
    for name in field.split("."):
        mapping = as_mapping(as_mapping(mapping.get("properties")).get(name))
    return mapping.get("type") in {"keyword", "text"}


def is_own(mapping: Mapping[str, Any]) -> bool:
    """Return whether an index of behaviour reports has the loader's mapping: reports are found by file, apart by id."""
    fields = as_mapping(mapping.get("properties"))
    return all(as_mapping(fields.get(name)).get("type") == "keyword" for name in ("file", "id"))


def to_document(value: Any, now: float) -> Mapping[str, Any]:
    """Return the document of one line of a feed, or of an answer of the API; `modified` is also its version.

    `context_attributes` are facts about the feed and its submitters, not about the object, and are left out.

    Args:
        value: The decoded JSON.
        now: The time in Unix seconds.

    Raises:
        RefusedError: It is no object of a feed.
    """
    entry = as_mapping(value)
    entry = as_mapping(entry["data"]) if "data" in entry and "type" not in entry else entry
    if not entry:
        raise RefusedError("not an object")
    kind, id = _identity(entry)
    attributes = entry.get("attributes")
    if not isinstance(attributes, Mapping):
        raise RefusedError("no attributes")
    parts = {name: entry[name] for name in ("attributes", "links", "relationships") if name in entry}
    try:
        object = json.dumps({"type": kind, "id": id, **parts}, separators=(",", ":"), allow_nan=False)
    except (RecursionError, ValueError):
        raise RefusedError("nested too deeply") from None
    modified = int(min(_last_change(attributes), now + AHEAD))
    fields = {"type": kind, "id": id, "modified": modified, "loaded": int(now), "object": object}
    return fields | _search_fields(kind, id, attributes)


def _identity(entry: Mapping[str, Any]) -> tuple[str, str]:
    obj = decoding.decode_object(entry)
    if obj is None:
        raise RefusedError("no type or no id")
    kind = obj.ref.kind
    if not index_of(MirrorConfig(), kind):
        raise RefusedError(f"unknown type {as_text(kind, 40)}")
    try:
        id = identifiers.valid_id(kind, obj.ref.id)
    except InvalidError:
        raise RefusedError(f"no id of a {kind}") from None
    whole = {"file": identifiers.SHA256, "url": identifiers.SHA256, "file_behaviour": _BEHAVIOUR}.get(kind)
    if (whole and not whole.fullmatch(id)) or len(id.encode("utf-8", "replace")) > LONGEST_ID:
        raise RefusedError(f"no id of a {kind}")
    return kind, id


def _search_fields(kind: str, id: str, attributes: Mapping[str, Any]) -> dict[str, str]:
    if kind == "file":
        return {name: digest.lower() for name in ("md5", "sha1") if (digest := as_text(attributes.get(name), 64))}
    return {"file": id[:64]} if kind == "file_behaviour" else {}


def _last_change(attributes: Mapping[str, Any]) -> float:
    # Never below 0: text may name a date before 1970, and a server refuses a whole batch for one negative version.
    moments = [timestamp(attributes.get(name)) for name in _DATES]
    return max((0.0, *(moment.timestamp() for moment in moments if moment is not None)))


def read_document(source: Mapping[str, Any], kind: str) -> StoredObject | None:
    """Return the object of a document's source, or None where it holds none of this kind."""
    entry = source
    if isinstance(source.get("object"), str):
        try:
            entry = as_mapping(parse(source["object"].encode("utf-8", "replace")))
        except ValueError:
            return None
    elif "data" in source and "type" not in source:
        entry = as_mapping(source["data"])
    obj = decoding.decode_object(entry)
    if obj is None or obj.ref.kind != kind or not obj.whole or obj.error:
        return None
    moment = _last_change(obj.attributes) or float(integer(source.get("loaded")) or 0)
    return StoredObject(entry, obj.ref.id, min(moment, time.time()))
