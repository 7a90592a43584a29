"""Private scanning: ``/private/…``, for keys whose tier or option has it."""

import hashlib
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from virustotal.emulator import captures, ids, private
from virustotal.emulator.errors import ApiError, bad_request, forbidden, not_found
from virustotal.emulator.forms import Form, read_form
from virustotal.emulator.keys import Key
from virustotal.emulator.routes import Route
from virustotal.emulator.state import Context, Handler, Reply, State
from virustotal.emulator.views import full

Json = dict[str, Any]
DIRECT_LIMIT = 33_554_432
REGIONS = {"US", "EU", "CA", "GB"}


def licensed(handler: Callable[[Context], Awaitable[Any]]) -> Handler:
    """Return a handler that refuses keys without the licence."""

    async def handle(context: Context) -> Any:
        if not context.key.private:
            raise forbidden()
        state = context.state
        state.private.advance(state.switches, state.clock.now())
        return await handler(context)

    return handle


async def post_file(context: Context) -> Json | Reply:
    """``POST /private/files``."""
    return accept(context.state, context.key, await read_form(context.http, DIRECT_LIMIT))


def accept(state: State, key: Key, form: Form) -> Json | Reply:
    """Take a form with a file."""
    if form.too_large:
        return Reply(413, b"Request Entity Too Large", "text/plain")
    if form.content is None:
        raise bad_request('A "file" field is needed')
    _check(form.fields)
    if form.fields.get("password") and not form.content.head.startswith(b"PK"):
        raise bad_request("A password is only taken with a ZIP file")
    key.charge_scan(state.clock.now(), "file", state.switches)
    return _descriptor(state, state.private.add_file(form.content, form.fields, int(state.clock.now())))


def _check(options: dict[str, str]) -> None:
    days = options.get("retention_period_days", "1")
    if not days.isdigit() or not 1 <= int(days) <= 28:
        raise bad_request("retention_period_days must be from 1 to 28")
    if options.get("storage_region", "US") not in REGIONS:
        raise bad_request("Unknown storage_region")


def _descriptor(state: State, scan: private.Scan) -> Json:
    return {"data": {"type": "private_analysis", "id": scan.identifier, "links": {"self": _address(state, scan)}}}


def _address(state: State, scan: private.Scan) -> str:
    return f"{state.url}/api/v3/private/analyses/{scan.identifier}"


async def upload_url(context: Context) -> Json:
    """``GET /private/files/upload_url``."""
    state, token = context.state, secrets.token_urlsafe(24)
    state.upload_tokens[token] = context.key.name
    state.private.tokens.add(token)
    host = state.url if state.switches.upload_host == "same" else state.other_url
    return {"data": f"{host}/_ah/upload/{token}"}


async def post_url(context: Context) -> Json:
    """``POST /private/urls``."""
    form = {name: str(value) for name, value in (await context.http.post()).items()}
    if not form.get("url"):
        raise bad_request('A "url" field is needed')
    _check(form)
    context.key.charge_scan(context.state.clock.now(), "url", context.state.switches)
    url = ids.canonical_url(form.pop("url"))
    return _descriptor(context.state, context.state.private.add_url(url, form, int(context.state.clock.now())))


async def get_analysis(context: Context) -> Json:
    """``GET /private/analyses/{id}``."""
    state, identifier = context.state, context.params[0]
    scan = state.private.scans.get(identifier)
    if scan is None:
        raise not_found("private_analysis", identifier)
    state.private.poll(scan, state.switches)
    item = f"{state.url}/api/v3/private/{scan.kind}s/{scan.item}"
    attributes = private.analysis(scan, state.switches, state.clock.now())
    links = {"self": _address(state, scan), "item": item}
    return {"data": {"type": "private_analysis", "id": identifier, "attributes": attributes, "links": links}}


def object_handler(kind: str) -> Callable[[Context], Awaitable[Json]]:
    """Return the handler of ``GET /private/{files, urls}/{id}``."""

    async def handle(context: Context) -> Json:
        scan = _scan(context, kind)
        links = {"self": f"{context.state.url}/api/v3/private/{kind}s/{scan.item}"}
        attributes = {**scan.attributes, "expiration": scan.expiration()}
        return {"data": {"type": f"private_{kind}", "id": scan.item, "attributes": attributes, "links": links}}

    return handle


def _scan(context: Context, kind: str) -> private.Scan:
    item = context.params[0].lower()
    if kind == "file" and len(item) != 64:
        raise bad_request("Only SHA-256 is supported")
    if kind == "url":
        item = ids.url_id(context.params[0], context.state.switches)[0]
    scan = context.state.private.finished(kind, item)
    if scan is None:
        raise not_found(kind, context.params[0])
    return scan


#: Public objects that each private file contacts.
_CONTACTED: dict[str, Json] = {
    "contacted_domains": {"type": "domain", "id": "contacted.example.com", "attributes": {"tags": []}},
    "contacted_ips": {"type": "ip_address", "id": "192.0.2.10", "attributes": {"as_owner": "Example"}},
    "contacted_urls": {
        "type": "url",
        "id": hashlib.sha256(b"http://contacted.example.com/gate").hexdigest(),
        "attributes": {"url": "http://contacted.example.com/gate"},
    },
}


def related_handler(kind: str) -> Callable[[Context], Awaitable[Json]]:
    """Return the handler of ``GET /private/{files, urls}/{id}/{relationship}``."""
    offered = {
        "file": ("behaviours", "dropped_files", "execution_parents", *_CONTACTED),
        "url": ("behaviours", "downloaded_files", "last_serving_ip_address", "network_location", "analyses"),
    }[kind]

    async def handle(context: Context) -> Json:
        scan, name = _scan(context, kind), context.params[1]
        if name not in offered:
            raise ApiError("NotFoundError", "Resource not found.")
        items: list[Any] = []
        if name == "behaviours":
            items = private.behaviours(scan) if kind == "file" else private.visits(scan)
        elif name in _CONTACTED:
            items = [full(context, _CONTACTED[name])]
        elif name == "dropped_files":
            content = private.dropped(scan)
            attributes = {"size": len(content), "meaningful_name": "payload.exe"}
            items = [{"type": "private_file", "id": hashlib.sha256(content).hexdigest(), "attributes": attributes}]
        return {"data": items, "meta": {"count": len(items)}}

    return handle


async def delete_file(context: Context) -> Json:
    """``DELETE /private/files/{id}``, or only its bytes, which nobody sees here."""
    if context.query.get("only_from_storage") == "true" and context.state.private.finished("file", context.params[0]):
        return {}
    if not context.state.private.delete(context.params[0].lower()):
        raise not_found("file", context.params[0])
    return {}


def artefact_handler(suffix: str) -> Callable[[Context], Awaitable[Reply]]:
    """Return the handler of ``/private/file_behaviours/{id}/{html, pcap, evtx, memdump}``."""

    async def handle(context: Context) -> Reply:
        identifier = context.params[0]
        scan = context.state.private.finished("file", identifier.partition("_")[0])
        if scan is None or all(report["id"] != identifier for report in private.behaviours(scan)):
            raise not_found("file_behaviour", identifier)
        kind = "text/html" if suffix == "html" else "application/octet-stream"
        return Reply(body=captures.generated(suffix, identifier), content_type=kind)

    return handle


def visit_handler(suffix: str) -> Callable[[Context], Awaitable[Any]]:
    """Return the handler of ``/private/url_behaviours/{id}``, or of its DOM or screenshot."""

    async def handle(context: Context) -> Any:
        identifier, state = context.params[0], context.state
        scan = state.private.finished("url", identifier.partition("-")[0])
        visits = [visit for visit in private.visits(scan) if visit["id"] == identifier] if scan is not None else []
        if not visits or (suffix == "screenshot" and not state.switches.private_screenshots):
            raise not_found("private_url_behaviour", identifier)
        if suffix == "dom":
            return Reply(body=private.DOM, content_type="text/html")
        return Reply(body=captures.png(), content_type="image/png") if suffix else {"data": visits[0]}

    return handle


async def make_zip(context: Context) -> Json:
    """``POST /private/zip_files``."""
    try:
        hashes = [str(digest).lower() for digest in (await context.http.json())["data"]["hashes"]]
    except (ValueError, LookupError, TypeError):
        raise bad_request("A list of hashes is needed") from None
    identifier = str(len(context.state.private.archives) + 1)
    context.state.private.archives[identifier] = hashes
    return _zip(identifier, "starting")


def _zip(identifier: str, status: str) -> Json:
    attributes = {"status": status, "progress": 100 * (status == "finished"), "files_ok": 1, "files_error": 0}
    return {"data": {"type": "zip_file", "id": identifier, "attributes": attributes}}


async def get_zip(context: Context) -> Json:
    """``GET /private/zip_files/{id}``."""
    if context.params[0] not in context.state.private.archives:
        raise not_found("zip_file", context.params[0])
    return _zip(context.params[0], "finished")


async def download_zip(context: Context) -> Reply:
    """``GET /private/zip_files/{id}/download``."""
    digests = context.state.private.archives.get(context.params[0])
    if digests is None:
        raise not_found("zip_file", context.params[0])
    return Reply(body=private.archive(context.state.private, digests), content_type="application/zip")


ROUTES = [
    Route("POST", "private/files", licensed(post_file), "private_files"),
    Route("GET", "private/files/upload_url", licensed(upload_url), "private_files"),
    Route("POST", "private/urls", licensed(post_url), "private_urls"),
    Route("GET", "private/analyses/{id}", licensed(get_analysis), "private_analyses"),
    Route("GET", "private/files/{id}", licensed(object_handler("file")), "private_files"),
    Route("GET", "private/urls/{id}", licensed(object_handler("url")), "private_urls"),
    Route("POST", "private/zip_files", licensed(make_zip), "private_zip_files"),
    Route("GET", "private/zip_files/{id}", licensed(get_zip), "private_zip_files"),
    Route("GET", "private/zip_files/{id}/download", licensed(download_zip), "private_zip_files"),
    Route("DELETE", "private/files/{id}", licensed(delete_file), "private_files"),
    Route("GET", "private/files/{id}/{name}", licensed(related_handler("file")), "private_files"),
    Route("GET", "private/urls/{id}/{name}", licensed(related_handler("url")), "private_urls"),
    Route("GET", "private/url_behaviours/{id}", licensed(visit_handler("")), "private_urls"),
    *(
        Route("GET", f"private/url_behaviours/{{id}}/{suffix}", licensed(visit_handler(suffix)), "private_urls")
        for suffix in ("dom", "screenshot")
    ),
    *(
        Route("GET", f"private/file_behaviours/{{id}}/{suffix}", licensed(artefact_handler(suffix)), "private_files")
        for suffix in captures.FLAGS
    ),
]
