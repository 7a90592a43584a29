"""Sandbox reports: the merged summary, the ATT&CK trees, and the artefacts of each report."""

from typing import Any

from virustotal.emulator import captures
from virustotal.emulator.errors import ApiError, forbidden, not_found
from virustotal.emulator.other import artefact_reply
from virustotal.emulator.routes import Route
from virustotal.emulator.routes.objects import find_object, identify
from virustotal.emulator.state import Context, Reply
from virustotal.emulator.views import is_item

Json = dict[str, Any]
_HEAD = {
    "analysis_date",
    "behash",
    "has_html_report",
    "has_pcap",
    "has_evtx",
    "has_memdump",
    "last_modification_date",
    "sandbox_name",
}


def document_handler(name: str, merge: Any) -> Any:
    """Return the handler of ``/files/{id}/behaviour_summary`` or ``behaviour_mitre_trees``."""

    async def handle(context: Context) -> Json:
        state, text = context.state, context.params[0]
        identifier = identify(context, "file", text)
        document = state.store.documents.get((identifier, name))
        if document is None:
            reports = _reports(context, identifier)
            if not reports:
                find_object(context, "file", identifier, text)
            document = merge(reports)
        if not document and state.switches.empty_behaviours == "404":
            raise not_found("file", text)
        return {"data": document, "links": {"self": state.address("file", identifier, name)}}

    return handle


def _reports(context: Context, identifier: str) -> list[Json]:
    store = context.state.store
    _, items = store.related("file", identifier, "behaviours")
    behaviours = [item for item in items if is_item(item)] if isinstance(items, list) else []
    reports = [item.get("attributes") or store.attributes(item["type"], item["id"]) for item in behaviours]
    return [report for report in reports if isinstance(report, dict)]


def merge_summary(reports: list[Json]) -> Json:
    """Return the attributes of all reports as one dictionary, without the fields of a single report."""
    merged: Json = {}
    for attributes in reports:
        for name, value in attributes.items():
            if name in _HEAD:
                continue
            if isinstance(value, list):
                values = merged.setdefault(name, [])
                values += [item for item in value if item not in values]
            else:
                merged.setdefault(name, value)
    return merged


def merge_trees(reports: list[Json]) -> Json:
    """Return an empty tree for each sandbox: tactics come only from a recorded or invented document."""
    return {str(attributes.get("sandbox_name")): {"tactics": []} for attributes in reports}


def artefact_handler(suffix: str) -> Any:
    """Return the handler of ``/file_behaviours/{id}/{html, pcap, evtx, memdump}``."""

    async def handle(context: Context) -> Reply:
        state, identifier = context.state, context.params[0]
        if suffix != "html" and not context.key.artefacts:
            raise forbidden()
        if state.store.get("file_behaviour", identifier) is None:
            raise not_found("file_behaviour", identifier)
        reply = artefact_reply(state.store, identifier, suffix)
        has = state.store.attributes("file_behaviour", identifier).get(captures.FLAGS[suffix])
        if reply is None and has and state.switches.artefacts == "generated":
            state.store.artefacts[(identifier, suffix)] = captures.generated(suffix, identifier)
            reply = artefact_reply(state.store, identifier, suffix)
        if reply is None:
            raise ApiError("NotFoundError", "Resource not found.")
        if suffix != "html" and state.switches.artefact_answer == "redirect":
            target = state.address("file_behaviour", identifier, suffix).replace(state.url, state.other_url, 1)
            return Reply(302, b"", "text/plain", {"Location": target})
        return reply

    return handle


_SUMMARY = document_handler("behaviour_summary", merge_summary)
_TREES = document_handler("behaviour_mitre_trees", merge_trees)
ROUTES = [
    Route("GET", "files/{id}/behaviour_summary", _SUMMARY, "file_behaviours"),
    Route("GET", "files/{id}/behaviour_mitre_trees", _TREES, "file_behaviours"),
    *(
        Route("GET", f"file_behaviours/{{id}}/{suffix}", artefact_handler(suffix), "file_behaviours")
        for suffix in captures.FLAGS
    ),
]
