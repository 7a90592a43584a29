"""The way of one API request: log, faults, key, route, quota, handler, answer."""

import asyncio
from urllib.parse import parse_qsl, unquote, urlsplit

from aiohttp import web

from virustotal.emulator.errors import ApiError
from virustotal.emulator.faults import Fault
from virustotal.emulator.keys import Key
from virustotal.emulator.record import KEPT_HEADERS, Request
from virustotal.emulator.routes import Route, find
from virustotal.emulator.routes.tables import ROUTES
from virustotal.emulator.routes.uploads import receive_uploaded, settle
from virustotal.emulator.state import Context, Reply, State
from virustotal.emulator.wire import compress, cut, drain, fault_reply, json_reply, nest, send

PREFIX = "/api/v3/"
UPLOAD_PREFIX = "/_ah/upload/"


async def handle_api(state: State, http: web.Request) -> web.StreamResponse:
    """Answer one request to the API's origin."""
    raw_path, _, query = http.raw_path.partition("?")
    raw_path = urlsplit(raw_path).path if raw_path.startswith("http") else raw_path
    headers = {name: http.headers[name] for name in KEPT_HEADERS if name in http.headers}
    entry = Request(http.method, raw_path, query, headers, http.headers.get("x-apikey"))
    state.record.add(entry)
    try:
        return await _answer(state, http, entry)
    finally:
        entry.ended = asyncio.get_running_loop().time()


async def _answer(state: State, http: web.Request, entry: Request) -> web.StreamResponse:
    decisive: Fault | None = None
    await asyncio.sleep(state.switches.latency)
    for fault in state.faults.take(http.method, unquote(entry.path)):
        if fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
        else:
            decisive, entry.fault = fault, fault.kind
    if decisive is not None and decisive.kind in ("reset", "close"):
        return await _break(state, http, entry, decisive)
    reply = fault_reply(decisive, state, http.raw_path) if decisive else None
    if reply is not None:
        await drain(None, http)
    else:
        reply = await _usual(state, http, entry)
    if decisive is not None and decisive.kind == "nested" and isinstance(reply.body, bytes):
        reply.body = nest(reply.body, decisive.size or 2000)
    compress(http.headers, reply, state.switches.gzip)
    entry.status = reply.status
    return await send(http, reply, decisive)


async def _break(state: State, http: web.Request, entry: Request, fault: Fault) -> web.StreamResponse:
    if fault.stored:
        await _usual(state, http, entry)
    elif fault.size:
        await drain(None, http, fault.size)
    cut(http, reset=fault.kind == "reset")
    return web.Response(status=500)


async def _usual(state: State, http: web.Request, entry: Request) -> Reply:
    """Return the answer that the API gives when nothing goes wrong with it."""
    try:
        settle(state)
        if entry.path.startswith(UPLOAD_PREFIX):
            return _reply(await receive_uploaded(state, http, entry))
        if not entry.path.startswith(PREFIX):
            raise ApiError("NotFoundError", "Resource not found.")
        key = authenticate(state, http)
        route, params = find(ROUTES, http.method, entry.path.removeprefix(PREFIX))
        return _reply(await _call(route, state, http, entry, key, params))
    except ApiError as error:
        await drain(None, http)
        reply = json_reply(error.body, error.status)
        if error.status == 429 and state.switches.retry_after is not None:
            reply.headers["Retry-After"] = f"{state.switches.retry_after:g}"
        return reply


async def _call(
    route: Route, state: State, http: web.Request, entry: Request, key: Key, params: tuple[str, ...]
) -> object:
    query = dict(parse_qsl(entry.query, keep_blank_values=True))
    context = Context(state, key, http, params, query, entry, route.endpoint)
    if route.counted:
        context.charge()
    return await route.handler(context)


def _reply(answer: object) -> Reply:
    return answer if isinstance(answer, Reply) else json_reply(answer)


def authenticate(state: State, http: web.Request) -> Key:
    """Return the key of a request, or raise the 401 of none, of an unknown and of an inactive one."""
    given = http.headers.get("x-apikey")
    if not given:
        raise ApiError("AuthenticationRequiredError", "X-Apikey header is missing")
    key = state.keys.get(given)
    if key is None:
        raise ApiError("WrongCredentialsError", "Wrong API key")
    if not key.active:
        raise ApiError("UserNotActiveError", "User is not active")
    return key
