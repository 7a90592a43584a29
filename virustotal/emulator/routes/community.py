"""Comments and votes that a key adds, and searches."""

import json
from typing import Any

from virustotal.emulator import ids
from virustotal.emulator.errors import ApiError, bad_request
from virustotal.emulator.facts import PATHS, SUBJECTS
from virustotal.emulator.pages import page
from virustotal.emulator.routes import Route
from virustotal.emulator.routes.objects import find_object, identify
from virustotal.emulator.state import Context
from virustotal.emulator.store import item_prefix
from virustotal.emulator.views import whole

Json = dict[str, Any]
_SEARCH_LIMIT = 300
_CATEGORIES = (
    "adware",
    "banker",
    "downloader",
    "dropper",
    "miner",
    "phishing",
    "ransomware",
    "trojan",
    "virus",
    "worm",
)


async def _attributes(context: Context, kind: str) -> Json:
    """Return the attributes of the object in a request's JSON body, whose type must fit."""
    try:
        data = json.loads(await context.http.read())["data"]
        if data["type"] == kind and isinstance(data["attributes"], dict):
            return dict(data["attributes"])
    except (ValueError, KeyError, TypeError):
        pass
    raise bad_request(f"The body must hold a {kind}")


def adding_handler(kind: str, what: str) -> Any:
    """Return the handler of ``POST /{collection}/{id}/comments`` or ``/votes``."""

    async def handle(context: Context) -> Json:
        text = context.params[0]
        identifier = find_object(context, kind, identify(context, kind, text), text)["id"]
        document = await _attributes(context, what)
        attributes = _comment(document) if what == "comment" else _vote(document)
        store, date = context.state.store, int(context.state.clock.now())
        identities = store.identities(what)
        prefix = f"{item_prefix(kind)}-{identifier}"
        own = [store.attributes(what, name) for name in identities if name.startswith(f"{prefix}-")]
        if what == "comment" and any(comment.get("text") == attributes["text"] for comment in own):
            raise ApiError("AlreadyExistsError", "This comment already exists")
        value = {"type": what, "id": f"{prefix}-{len(identities) + 1:08x}", "attributes": {"date": date, **attributes}}
        store.put(value)
        return {"data": whole(context, value)}

    return handle


def _comment(attributes: Json) -> Json:
    text = attributes.get("text")
    if not isinstance(text, str) or not text.strip():
        raise ApiError("InvalidArgumentError", "A comment needs a text")
    tags = [word[1:].lower() for word in text.split() if word.startswith("#") and len(word) > 1]
    return {"text": text, "html": text, "tags": tags, "votes": {"positive": 0, "negative": 0, "abuse": 0}}


def _vote(attributes: Json) -> Json:
    verdict = attributes.get("verdict")
    if verdict not in ("harmless", "malicious"):
        raise ApiError("InvalidArgumentError", "A verdict is harmless or malicious")
    return {"verdict": verdict, "value": 1 if verdict == "harmless" else -1}


async def popular_threat_categories(_: Context) -> Json:
    """``GET /popular_threat_categories``: the names of the categories."""
    return {"data": list(_CATEGORIES)}


async def search(context: Context) -> Json:
    """``GET /search?query=``: a hash, URL, domain, address, or ``#tag`` of comments."""
    return _found(context, 40)


async def intelligence_search(context: Context) -> Json:
    """``GET /intelligence/search``: the same queries, up to 300 a page, also as descriptors."""
    context.need("P")
    return _found(context, _SEARCH_LIMIT)


def _found(context: Context, largest: int) -> Json:
    query = context.query.get("query")
    if not query:
        raise bad_request("A query is needed")
    store, switches = context.state.store, context.state.switches
    if query.startswith("#"):
        tag, comments = query[1:].lower(), store.identities("comment")
        names = [name for name in comments if tag in (store.attributes("comment", name).get("tags") or ())]
        items = [item for item in (store.get("comment", name) for name in names) if item]
    else:
        items = [item for item in (_indicator(context, kind, query) for kind in SUBJECTS) if item]
    cut = page(
        items,
        name="search",
        collection=f"search/{query}",
        address=f"{context.state.url}{context.entry.path}",
        query=context.query,
        cursors=context.state.cursors,
        switches=switches,
        largest=largest,
    )
    bare = context.query.get("descriptors_only", "").lower() == "true"
    shown = [{"type": item["type"], "id": item["id"]} if bare else whole(context, item) for item in cut.items]
    return {"data": shown, "meta": cut.meta, "links": cut.links}


def _indicator(context: Context, kind: str, query: str) -> Json | None:
    store = context.state.store
    try:
        if kind == "url":
            return store.get("url", ids.canonical_url(query)) if "://" in query else None
        return store.get(kind, identify(context, kind, query))
    except ApiError:
        return None


ROUTES = [
    *(
        Route("POST", f"{PATHS[kind]}/{{id}}/{what}s", adding_handler(kind, what), usage)
        for kind in SUBJECTS
        for what, usage in (("comment", f"{kind}_comments"), ("vote", "item_vote"))
    ),
    Route("GET", "popular_threat_categories", popular_threat_categories, "popular_threat_categories"),
    Route("GET", "search", search, "search"),
    Route("GET", "intelligence/search", intelligence_search, "intelligence_search"),
]
