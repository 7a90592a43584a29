"""Parts of the result ontology: completed, tried against Assemblyline's own models, and given to its helper."""

import hashlib
import json
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from assemblyline.odm.models.ontology import results

from virustotal.util.readers import as_text, clean

#: What each kind of part is made of.
MODELS: Mapping[str, Any] = {
    "antivirus": results.Antivirus,
    "malware_config": results.MalwareConfig,
    "network": results.NetworkConnection,
    "process": results.Process,
    "sandbox": results.Sandbox,
    "signature": results.Signature,
}

_NAMESPACE = uuid.UUID("8f6f64a3-3c1b-5f0e-8a3e-0f6d0c5a9d11").bytes
_DEEPEST = 30
_encode = json.JSONEncoder(sort_keys=True, default=repr).encode


def stable_id(kind: str, *parts: Any) -> str:
    """Return an `ontology_id` that is the same for the same parts, whoever asks and whenever."""
    # As uuid.uuid5 computes it, without its object: a file has a hundred of them.
    digest = hashlib.sha1(_NAMESPACE + _encode(parts).encode(), usedforsecurity=False).hexdigest()
    return f"{kind}_{digest[:12]}5{digest[13:16]}{'89ab'[int(digest[16], 16) & 3]}{digest[17:32]}"


def completed(kind: str, fields: Mapping[str, Any], classification: str = "") -> dict[str, Any]:
    """Return a copy of the fields of a part, with identifier, tag and classification where they are missing.

    The models' own identifiers leave the session out, so that processes of two sandboxes collide: these do not.

    Args:
        kind: One of `MODELS`.
        fields: Those of its model.
        classification: Of a signature that has none; empty for the platform's lowest.

    Raises:
        ValueError: It is nested too deeply.
    """
    data = plain(fields)
    if kind == "signature" and not data.get("classification"):
        data["classification"] = classification or _lowest()
    if kind != "malware_config":
        given = data.get("objectid")
        objectid = dict(given) if isinstance(given, dict) else {}
        objectid["ontology_id"] = objectid.get("ontology_id") or stable_id(kind, data)
        objectid["tag"] = objectid.get("tag") or _tag(kind, data)
        data["objectid"] = objectid
    return data


def _tag(kind: str, data: Mapping[str, Any]) -> str:
    model = MODELS[kind]
    if hasattr(model, "get_tag"):
        return as_text(model.get_tag(data)) or kind
    return as_text(data.get("image")) or as_text(data.get("pid")) or kind


def problem(kind: str, fields: Mapping[str, Any]) -> str:
    """Return why Assemblyline refuses a part, as one line; empty where it takes it (OntologyHelper.add_result_part)."""
    model = MODELS.get(kind)
    if model is None:
        return f"no such kind of ontology part: {clean(str(kind), 60)}"
    if not fields:
        return "it has no data"
    try:
        model(completed(kind, fields))
    except Exception as error:  # the models raise whatever their fields do
        return clean(f"{type(error).__name__}: {error}", 300)
    return ""


def apply(helper: Any, parts: Iterable[tuple[str, Mapping[str, Any]]], classification: str = "") -> tuple[str, ...]:
    """Give the parts to Assemblyline's `OntologyHelper`; return a sentence for each kind that it did not take.

    Args:
        classification: Of signatures that have none; empty for the platform's lowest.
    """
    refused: Counter[str] = Counter()
    for kind, fields in parts:
        if kind not in MODELS or not _taken(helper, kind, fields, classification):
            refused[clean(str(kind), 60)] += 1
    return tuple(f"{count} parts of the ontology ({kind}) were left out." for kind, count in sorted(refused.items()))


class Antivirus:
    """An antivirus part without Assemblyline's model, under its name: a file has a hundred, and each model is slow."""

    objectid = None  # the helper looks whether a model has one
    _CATEGORIES = results.Antivirus.fields()["category"].child_type.values
    _TEXTS = ("engine_version", "engine_definition_version", "virus_name")
    _NAMES = frozenset({*_TEXTS, "engine_name", "category"})

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = {name: value for name, value in data.items() if value is not None}

    @classmethod
    def takes(cls, fields: Mapping[str, Any]) -> bool:
        """Return whether the model would change nothing; it is asked about every other part."""
        name, texts = fields.get("engine_name"), map(fields.get, cls._TEXTS)
        return (
            fields.keys() <= cls._NAMES
            and isinstance(name, str)
            and name != ""
            and fields.get("category") in cls._CATEGORIES
            and all(text is None or (isinstance(text, str) and text != "") for text in texts)
        )

    def as_primitives(self, *, strip_null: bool = False) -> Mapping[str, Any]:
        """See assemblyline.odm.base.Model.as_primitives."""
        return self._data


def _taken(helper: Any, kind: str, fields: Mapping[str, Any], classification: str) -> bool:
    try:
        model = Antivirus if kind == "antivirus" and Antivirus.takes(fields) else MODELS[kind]
        return bool(helper.add_result_part(model, completed(kind, fields, classification)))
    except Exception:  # the models raise whatever their fields do
        return False


def _lowest() -> str:
    from assemblyline.common import forge  # it reads the platform's configuration: not at import

    return str(forge.get_classification().UNRESTRICTED)


def plain(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a deep copy of dictionaries, lists and values: the framework changes what it is given.

    Raises:
        ValueError: It is nested too deeply.
    """
    return {str(key): _plain(value, _DEEPEST) for key, value in data.items()}


def _plain(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        if not depth:
            raise ValueError("nested too deeply")
        if isinstance(value, Mapping):
            return {str(key): _plain(entry, depth - 1) for key, entry in value.items()}
        return [_plain(entry, depth - 1) for entry in value]
    return value
