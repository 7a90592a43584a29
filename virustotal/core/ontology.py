"""Parts of the result ontology, tried against Assemblyline's own models."""

import copy
from collections.abc import Mapping
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

from virustotal.core.findings import OntologyPart
from virustotal.core.values import clean

#: What each kind of part is made of.
MODELS: Mapping[str, Any] = MappingProxyType(
    {
        "antivirus": Antivirus,
        "sandbox": Sandbox,
        "process": Process,
        "network": NetworkConnection,
        "signature": Signature,
        "malware_config": MalwareConfig,
    }
)


def problem(part: OntologyPart) -> str:
    """Return why Assemblyline refuses a part, as one line; empty where it takes it (OntologyHelper.add_result_part)."""
    model = MODELS.get(part.kind)
    if model is None:
        return f"no such kind of ontology part: {clean(str(part.kind), 60)}"
    data = plain(part.data)
    if not data:
        return "it has no data"
    try:
        objectid = {"tag": "", "ontology_id": "", "service_name": "", **(data.get("objectid") or {})}
        objectid["ontology_id"] = objectid["ontology_id"] or _made(model, "get_oid", data) or f"{part.kind}_1"
        objectid["tag"] = objectid["tag"] or _made(model, "get_tag", data) or "-"
        model({**data, "objectid": objectid} if hasattr(model, "objectid") else data)
    except Exception as error:
        return clean(f"{type(error).__name__}: {error}", 300)
    return ""


def _made(model: Any, method: str, data: dict[str, Any]) -> Any:
    return getattr(model, method)(copy.deepcopy(data)) if hasattr(model, method) else None


def plain(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a deep copy of dictionaries, lists and values: the framework changes what it is given."""
    return {str(key): _plain(value) for key, value in data.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return plain(value)
    return [_plain(entry) for entry in value] if isinstance(value, list | tuple | set | frozenset) else value
