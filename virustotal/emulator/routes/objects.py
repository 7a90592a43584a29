"""Objects, their relationships and their descriptors, for every type."""

from typing import Any

from virustotal.emulator import ids
from virustotal.emulator.engines import engine_stats
from virustotal.emulator.errors import ApiError, bad_request, not_found
from virustotal.emulator.facts import PATHS, SUBJECTS, Relationship
from virustotal.emulator.inline import inline_relationships
from virustotal.emulator.pages import page
from virustotal.emulator.routes import Route
from virustotal.emulator.state import Context
from virustotal.emulator.views import descriptor, facts_of, full, related, whole

Json = dict[str, Any]
_USAGE = {"file": "files", "url": "urls", "domain": "domains", "ip_address": "ip_addresses"}
_MUST_EXIST = (*SUBJECTS, "graph", "collection", "file_behaviour")
"""Types of which a relationship is 404 when the object is unknown; of the others the id tells enough."""
_RELATED_USAGE = {
    "file": "file_relationships",
    "url": "url_relationships",
    "domain": "domain_relationships",
    "ip_address": "ip_addresses_relationships",
}


def identify(context: Context, kind: str, text: str) -> str:
    """Return the id that a path segment means, or raise the error of a malformed one."""
    state = context.state
    if kind == "file":
        return state.store.resolve("file", ids.file_hash(text, state.switches))
    if kind == "url":
        digest, url = ids.url_id(text, state.switches)
        identifier = state.store.resolve("url", url)
        return identifier if identifier != url else state.store.resolve("url", digest)
    if kind == "domain":
        return ids.domain_name(text)
    return ids.ip_address(text) if kind == "ip_address" else text


def find_object(context: Context, kind: str, identifier: str, name: str) -> Json:
    """Return a stored object, the nearly empty one of a never-seen host, or raise the 404."""
    item = context.state.store.get(kind, identifier)
    if item is not None:
        return item
    if kind in ("domain", "ip_address") and context.state.switches.unknown_host == "empty":
        return {"type": kind, "id": identifier, "attributes": _empty_attributes(kind, identifier)}
    raise not_found(kind, name)


def _empty_attributes(kind: str, identifier: str) -> Json:
    tld = {"tld": identifier.rpartition(".")[2]} if kind == "domain" else {}
    votes = {"harmless": 0, "malicious": 0}
    stats = engine_stats({}, network=True)
    return {"tags": [], "reputation": 0, "total_votes": votes, "last_analysis_stats": stats, **tld}


def object_handler(kind: str) -> Any:
    """Return the handler of ``GET /{collection}/{id}``."""

    async def handle(context: Context) -> Json:
        name = context.params[0]
        identifier = identify(context, kind, name)
        if not _first_submitter(context, kind, identifier):
            context.charge()
        item = find_object(context, kind, identifier, name)
        if _withheld(context, kind, identifier):
            raise not_found(kind, name)
        shown = whole(context, item)
        relationships = inline_relationships(context, kind, item["id"])
        if relationships is not None:
            shown["relationships"] = relationships
        return {"data": shown}

    return handle


def _first_submitter(context: Context, kind: str, identifier: str) -> bool:
    analysis = context.state.analyses.of(kind, identifier)
    return analysis is not None and analysis.owner == context.key.name


def _withheld(context: Context, kind: str, identifier: str) -> bool:
    """Return whether an object that an upload made is not there yet, by the switch ``object_missing``."""
    analysis = context.state.analyses.of(kind, identifier)
    if analysis is None or analysis.made is None:
        return False
    analysis.looked += 1
    return analysis.looked <= context.state.switches.object_missing


def _facts(context: Context, kind: str, name: str) -> Relationship:
    facts = facts_of(context, kind, name)
    if facts is None:
        if context.state.switches.unknown_relationship == "400":
            raise bad_request(f'Invalid relationship "{name}"')
        raise ApiError("NotFoundError", "Resource not found.")
    context.need(facts.access)
    return facts


def related_handler(kind: str, *, descriptors: bool) -> Any:
    """Return the handler of a relationship, whole or as descriptors."""

    async def handle(context: Context) -> Json:
        text, name = context.params
        identifier = identify(context, kind, text)
        facts = _facts(context, kind, name)
        if kind in _MUST_EXIST and not context.state.store.names(kind, identifier):
            find_object(context, kind, identifier, text)
        items = related(context, kind, identifier, facts)
        return _list(context, kind, identifier, facts, items, descriptors)

    return handle


def _list(context: Context, kind: str, identifier: str, facts: Relationship, items: Any, descriptors: bool) -> Json:
    state = context.state
    rest = ("relationships", facts.name) if descriptors else (facts.name,)
    address = state.address(kind, identifier, *rest)
    show = descriptor if descriptors else full
    if not facts.many:
        if items is None and state.switches.absent_one == "404":
            raise ApiError("NotFoundError", "Resource not found.")
        links = {"self": address}
        if descriptors:
            links["related"] = state.address(kind, identifier, facts.name)
        return {"data": show(context, items) if items is not None else None, "links": links}
    cut = page(
        items,
        name=facts.name,
        collection=f"{kind}/{identifier}/{facts.name}",
        address=address,
        query=context.query,
        cursors=state.cursors,
        switches=state.switches,
    )
    answer: Json = {"data": [show(context, item) for item in cut.items]}
    if cut.meta:
        answer["meta"] = cut.meta
    answer["links"] = cut.links
    if descriptors:
        answer["links"]["related"] = state.address(kind, identifier, facts.name)
    return answer


def _routes() -> list[Route]:
    routes: list[Route] = []
    for kind, path in PATHS.items():
        if kind in ("user", "group", "analysis"):
            continue
        usage = _RELATED_USAGE.get(kind, path)
        routes += [
            Route("GET", f"{path}/{{id}}", object_handler(kind), _USAGE.get(kind, path), counted=False),
            Route("GET", f"{path}/{{id}}/relationships/{{name}}", related_handler(kind, descriptors=True), usage),
            Route("GET", f"{path}/{{id}}/{{name}}", related_handler(kind, descriptors=False), usage),
        ]
    return routes


ROUTES = _routes()
