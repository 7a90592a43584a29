"""Submissions: files by multipart form, URLs, rescans, and the analyses that they become."""

import hashlib
import secrets
from typing import Any

from aiohttp import web

from virustotal.emulator import ids
from virustotal.emulator.analyses import Analysis, of_file, of_known, of_url, sandbox_report
from virustotal.emulator.engines import engine_stats
from virustotal.emulator.errors import ApiError, bad_request, not_found
from virustotal.emulator.forms import Form, read_form
from virustotal.emulator.record import Request
from virustotal.emulator.routes import Route, private
from virustotal.emulator.routes.objects import find_object, identify
from virustotal.emulator.state import Context, Reply, State
from virustotal.emulator.views import full, whole

Json = dict[str, Any]
DIRECT_LIMIT = 33_554_432
UPLOAD_LIMIT = 681_574_400


async def post_file(context: Context) -> Json | Reply:
    """``POST /files``: up to 32 MB directly."""
    form = await read_form(context.http, DIRECT_LIMIT)
    return _accept(context, form)


def _accept(context: Context, form: Form) -> Json | Reply:
    state = context.state
    if form.too_large:
        return Reply(413, b"Request Entity Too Large", "text/plain")
    content = form.content
    if content is None:
        raise bad_request('A "file" field is needed')
    record = state.record
    record.uploads[content.sha256] += 1
    record.names[content.sha256] = content.name
    if "password" in form.fields:
        record.passwords[content.sha256] = form.fields["password"]
    exists = bool(state.store.get("file", content.sha256) or state.analyses.of("file", content.sha256))
    if exists and state.switches.known_upload == "409":
        raise ApiError("AlreadyExistsError", f'File "{content.sha256}" already exists')
    if exists:
        context.charge()
    owner = None if exists else context.key.name
    made = of_file(content, int(state.clock.now()), owner, exists)
    return _descriptor(state, state.analyses.add(made))


def _descriptor(state: State, analysis: Analysis) -> Json:
    links = {"self": state.address("analysis", analysis.identifier)}
    return {"data": {"type": "analysis", "id": analysis.identifier, "links": links}}


async def upload_url(context: Context) -> Json:
    """``GET /files/upload_url``: an address for one upload of up to 650 MB."""
    state = context.state
    token = secrets.token_urlsafe(24)
    state.upload_tokens[token] = context.key.name
    host = state.url if state.switches.upload_host == "same" else state.other_url
    return {"data": f"{host}/_ah/upload/{token}"}


async def receive_uploaded(state: State, http: web.Request, entry: Request) -> Json | Reply:
    """``POST`` to an upload address; the second use of one is 404, in plain text."""
    token = entry.path.rpartition("/")[2]
    owner = state.upload_tokens.pop(token, None) if http.method == "POST" else None
    key = state.keys.get(owner) if owner is not None else None
    if key is None:
        return Reply(404, b"Not Found", "text/plain")
    if token in state.private.tokens:
        return private.accept(state, key, await read_form(http, UPLOAD_LIMIT))
    context = Context(state, key, http, (), {}, entry, "files")
    return _accept(context, await read_form(http, UPLOAD_LIMIT))


async def post_url(context: Context) -> Json:
    """``POST /urls`` with the form field ``url``."""
    try:
        form = await context.http.post()
    except ValueError as error:
        raise bad_request(f"Malformed form: {error}") from None
    url_text = form.get("url")
    if not isinstance(url_text, str) or not url_text:
        raise bad_request('A "url" field is needed')
    url = ids.canonical_url(url_text)
    state = context.state
    stored = state.store.resolve("url", url)
    identifier = stored if stored != url else hashlib.sha256(url.encode()).hexdigest()
    exists = bool(state.store.get("url", identifier) or state.analyses.of("url", identifier))
    state.record.uploads[identifier] += 1
    owner = None if exists else context.key.name
    return _descriptor(state, state.analyses.add(of_url(identifier, url, int(state.clock.now()), owner, exists)))


def rescan_handler(kind: str) -> Any:
    """Return the handler of ``POST /{collection}/{id}/analyse``."""

    async def handle(context: Context) -> Json:
        name = context.params[0]
        identifier = identify(context, kind, name)
        item = find_object(context, kind, identifier, name)
        state = context.state
        return _descriptor(state, state.analyses.add(of_known(item, int(state.clock.now()))))

    return handle


async def get_analysis(context: Context) -> Json:
    """``GET /analyses/{id}``."""
    state, identifier = context.state, context.params[0]
    analysis = state.analyses.get(identifier)
    if analysis is None:
        stored = state.store.get("analysis", identifier)
        if stored is None:
            raise not_found("analysis", identifier)
        context.charge()
        return {"data": whole(context, stored)}
    if analysis.owner != context.key.name:
        context.charge()
    return _shown(context, analysis, _poll(context, analysis))


def _poll(context: Context, analysis: Analysis) -> str:
    """Count one look at an analysis and return its status; at its end its object enters the world."""
    state = context.state
    if analysis.missed < state.switches.analysis_missing:
        analysis.missed += 1
        raise not_found("analysis", analysis.identifier)
    analysis.polls += 1
    return advance(state, analysis)


def advance(state: State, analysis: Analysis) -> str:
    """Return an analysis' status, and let its object appear or change when it just ended."""
    before = analysis.ended
    status = state.analyses.status(analysis, state.switches, state.clock)
    if before is None and analysis.ended is not None:
        _finish(state, analysis)
    return status


def _finish(state: State, analysis: Analysis) -> None:
    now = int(state.clock.now())
    item = state.store.get(analysis.kind, analysis.item)
    if analysis.made is not None and item is None:
        state.store.put(analysis.made)
    elif item is not None:
        changed = {"last_analysis_date": now, "last_modification_date": now}
        state.store.put({**item, "attributes": {**state.store.attributes(analysis.kind, analysis.item), **changed}})


def _shown(context: Context, analysis: Analysis, status: str) -> Json:
    state = context.state
    attributes = state.store.attributes(analysis.kind, analysis.item) if status == "completed" else {}
    results = attributes.get("last_analysis_results", {})
    stats = engine_stats(results, network=analysis.kind != "file")
    address = state.address("analysis", analysis.identifier)
    data = {
        "type": "analysis",
        "id": analysis.identifier,
        "links": {"self": address, "item": state.address(analysis.kind, analysis.item)},
        "attributes": {"date": analysis.date, "status": status, "stats": stats, "results": results},
    }
    return {"meta": analysis.meta, "data": data}


async def get_item(context: Context) -> Json:
    """``GET /analyses/{id}/item`` and its descriptor: the object that was analysed, once it is there."""
    state, identifier = context.state, context.params[0]
    analysis = state.analyses.get(identifier)
    if analysis is None:
        raise not_found("analysis", identifier)
    if analysis.owner != context.key.name:
        context.charge()
    advance(state, analysis)
    item = {"type": analysis.kind, "id": analysis.item}
    links = {"self": state.address("analysis", identifier, "item")}
    if context.entry.path.endswith("/relationships/item"):
        return {"data": item, "links": links}
    shown = full(context, item)
    if "error" in shown:
        raise not_found(analysis.kind, analysis.item)
    return {"data": shown, "links": links}


def settle(state: State) -> None:
    """Let time do its work: analyses that end by the clock, and sandbox reports of what was uploaded."""
    for analysis in state.analyses.unsettled():
        if state.switches.analysis_seconds:
            advance(state, analysis)
        due = analysis.ended is not None and state.clock.now() >= analysis.ended + state.switches.behaviour_delay
        if due and analysis.kind == "file" and analysis.made is not None:
            state.store.put(sandbox_report(analysis.item, int(state.clock.now())))
            analysis.settled = True
        elif due:
            analysis.settled = True


ROUTES = [
    Route("POST", "files", post_file, "files", counted=False),
    Route("GET", "files/upload_url", upload_url, "file_upload_url"),
    Route("POST", "files/{id}/analyse", rescan_handler("file"), "file_analyse"),
    Route("POST", "urls", post_url, "url_submission"),
    Route("POST", "urls/{id}/analyse", rescan_handler("url"), "url_analyse"),
    Route("POST", "domains/{id}/analyse", rescan_handler("domain"), "domain_analyse"),
    Route("POST", "ip_addresses/{id}/analyse", rescan_handler("ip_address"), "ip_address_analyse"),
    Route("GET", "analyses/{id}", get_analysis, "analyses", counted=False),
    Route("GET", "analyses/{id}/item", get_item, "analyses", counted=False),
    Route("GET", "analyses/{id}/relationships/item", get_item, "analyses", counted=False),
]
