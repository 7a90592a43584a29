"""Parts of the result ontology: completed, tried against Assemblyline's own models, and given to its helper."""

import json
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from assemblyline.odm.models.ontology.results import (
    Antivirus,
    MalwareConfig,
    NetworkConnection,
    Process,
    Sandbox,
    Signature,
)

from virustotal.util.readers import as_text, clean

#: What each kind of part is made of.
MODELS: Mapping[str, Any] = MappingProxyType(
    {
        "antivirus": Antivirus,
        "malware_config": MalwareConfig,
        "network": NetworkConnection,
        "process": Process,
        "sandbox": Sandbox,
        "signature": Signature,
    }
)

_NAMESPACE = uuid.UUID("8f6f64a3-3c1b-5f0e-8a3e-0f6d0c5a9d11")
_DEEPEST = 30


def stable_id(kind: str, *parts: Any) -> str:
    """Return an `ontology_id` that is the same for the same parts, whoever asks and whenever."""
    return f"{kind}_{uuid.uuid5(_NAMESPACE, json.dumps(parts, sort_keys=True, default=repr)).hex}"


def completed(kind: str, fields: Mapping[str, Any], classification: str = "") -> dict[str, Any]:
    """Return a copy of the fields of a part, with identifier, tag and classification where they are missing.

    The models' own identifiers leave the session out, so that processes of two sandboxes collide: these do not.
    classification: of a signature that has none; empty for the platform's lowest. ValueError where it is nested too
    deeply.
    """
    data = plain(fields)
    if kind == "signature" and not data.get("classification"):
        data["classification"] = classification or _lowest()
    if kind != "malware_config":
        given = data.get("objectid")
        known = dict(given) if isinstance(given, dict) else {}
        known["ontology_id"] = known.get("ontology_id") or stable_id(kind, data)
        known["tag"] = known.get("tag") or _tag(kind, data)
        data["objectid"] = known
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

    classification: of signatures that have none; empty for the platform's lowest. Raises nothing.
    """
    refused: Counter[str] = Counter()
    for kind, fields in parts:
        if kind not in MODELS or not _taken(helper, kind, fields, classification):
            refused[clean(str(kind), 60)] += 1
    return tuple(f"{count} parts of the ontology ({kind}) were left out." for kind, count in sorted(refused.items()))


def _taken(helper: Any, kind: str, fields: Mapping[str, Any], classification: str) -> bool:
    try:
        return bool(helper.add_result_part(MODELS[kind], completed(kind, fields, classification)))
    except Exception:  # the models raise whatever their fields do
        return False


def _lowest() -> str:
    from assemblyline.common import forge  # it reads the platform's configuration: not at import

    return str(forge.get_classification().UNRESTRICTED)


def plain(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a deep copy of dictionaries, lists and values: the framework changes what it is given.

    ValueError where it is nested too deeply.
    """
    return {str(key): _plain(value, _DEEPEST) for key, value in data.items()}


def _plain(value: Any, depth: int) -> Any:
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        if not depth:
            raise ValueError("nested too deeply")
        if isinstance(value, Mapping):
            return {str(key): _plain(entry, depth - 1) for key, entry in value.items()}
        return [_plain(entry, depth - 1) for entry in value]
    return value
