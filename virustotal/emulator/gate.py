"""The way of one API request: log, faults, key, route, quota, handler, answer."""

import asyncio
from functools import partial
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web

from virustotal.emulator.errors import ApiError
from virustotal.emulator.keys import Key
from virustotal.emulator.record import KEPT_HEADERS, Request
from virustotal.emulator.respond import respond
from virustotal.emulator.routes import Route, find
from virustotal.emulator.routes.tables import ROUTES
from virustotal.emulator.routes.uploads import receive_uploaded, settle
from virustotal.emulator.state import Context, Reply, State
from virustotal.emulator.wire import drain, json_reply

PREFIX = "/api/v3/"
UPLOAD_PREFIX = "/_ah/upload/"


async def handle_api(state: State, http: web.Request) -> web.StreamResponse:
    """Answer one request to the API's origin."""
    raw_path, _, query = http.raw_path.partition("?")
    raw_path = urlsplit(raw_path).path if raw_path.startswith("http") else raw_path
    headers = {name: http.headers[name] for name in KEPT_HEADERS if name in http.headers}
    entry = Request(http.method, raw_path, query, headers, http.headers.get("x-apikey"))
    state.record.add(entry)
    await asyncio.sleep(state.switches.latency)
    return await respond(state, http, entry, partial(_usual, state, http, entry))


async def _usual(state: State, http: web.Request, entry: Request) -> Reply:
    """Return the answer that the API gives when nothing goes wrong with it."""
    try:
        settle(state)
        if entry.path.startswith(UPLOAD_PREFIX):
            reply = _reply(await receive_uploaded(state, http, entry))
            await drain(http)
            return reply
        if not entry.path.startswith(PREFIX):
            raise ApiError("NotFoundError", "Resource not found.")
        key = authenticate(state, http)
        route, params = find(ROUTES, http.method, entry.path.removeprefix(PREFIX))
        return _reply(await _call(route, state, http, entry, key, params))
    except ApiError as error:
        await drain(http)
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
    api_key = http.headers.get("x-apikey")
    if not api_key:
        raise ApiError("AuthenticationRequiredError", "X-Apikey header is missing")
    key = state.keys.get(api_key)
    if key is None:
        raise ApiError("WrongCredentialsError", "Wrong API key")
    if not key.active:
        raise ApiError("UserNotActiveError", "User is not active")
    return key
