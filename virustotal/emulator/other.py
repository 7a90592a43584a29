"""The other host: where downloads, pictures and some uploads live. It is pre-authorised, and must never see a key."""

from functools import partial
from urllib.parse import unquote

from aiohttp import web

from virustotal.emulator.errors import ApiError
from virustotal.emulator.record import Leak, Request
from virustotal.emulator.respond import respond
from virustotal.emulator.routes.feeds import package
from virustotal.emulator.routes.uploads import receive_uploaded
from virustotal.emulator.state import Reply, State
from virustotal.emulator.store import Store
from virustotal.emulator.wire import drain, json_reply

_TYPES = {"png": "image/png", "html": "text/html"}


async def handle_other(state: State, http: web.Request) -> web.StreamResponse:
    """Answer one request to the other host; one with a key is recorded as a leak and refused.

    Faults reach it below ``/other``: ``GET /other/screenshots/*``.
    """
    path = http.raw_path.partition("?")[0]
    headers = {"range": http.headers["Range"]} if "Range" in http.headers else {}
    entry = Request(http.method, f"/other{path}", http.query_string, headers, http.headers.get("x-apikey"))
    state.record.elsewhere.append(entry)
    return await respond(state, http, entry, partial(_usual, state, http, path))


async def _usual(state: State, http: web.Request, path: str) -> Reply:
    key = http.headers.get("x-apikey")
    if key is not None:
        state.record.leaks.append(Leak(http.method, path, key))
        reply = Reply(400, b"an API key was sent to another host", "text/plain")
    else:
        reply = _part(await _answer(state, http, path), http.headers.get("Range", ""))
    await drain(http)
    return reply


def _part(reply: Reply, wanted: str) -> Reply:
    """Return the rest of a file from the byte that a header asks for, as ``bytes=100-``."""
    start = wanted.removeprefix("bytes=").removesuffix("-")
    if reply.status != 200 or not isinstance(reply.body, bytes) or not start.isdigit():
        return reply
    size = len(reply.body)
    if int(start) >= size:
        return Reply(416, b"", "text/plain", {"Content-Range": f"bytes */{size}"})
    headers = {"Content-Range": f"bytes {start}-{size - 1}/{size}"}
    return Reply(206, reply.body[int(start) :], reply.content_type, headers)


async def _answer(state: State, http: web.Request, path: str) -> Reply:
    if path.startswith("/_ah/upload/"):
        entry = Request(http.method, path, http.query_string, {}, None)
        try:
            answer = await receive_uploaded(state, http, entry)
        except ApiError as error:
            return json_reply(error.body, error.status)
        return answer if isinstance(answer, Reply) else json_reply(answer)
    reply = _stored(state.store, [unquote(part) for part in path.strip("/").split("/")])
    return reply or Reply(404, b"not found", "text/plain")


def _stored(store: Store, segments: list[str]) -> Reply | None:
    """Return the content behind ``/download/SHA256``, a picture, a feed, or ``…/file_behaviours/ID/SUFFIX``."""
    match segments:
        case ["download", sha256]:
            return artefact_reply(store, sha256, "bin")
        case ["feeds", path, time]:
            return Reply(200, package(store, path, time), "application/octet-stream")
        case ["screenshots", identifier]:
            return artefact_reply(store, identifier, "png")
        case [*_, "file_behaviours", identifier, suffix]:
            return artefact_reply(store, identifier, suffix)
    return None


def artefact_reply(store: Store, identifier: str, suffix: str) -> Reply | None:
    """Return the answer with a stored artefact, or None where there is none."""
    artefact = store.artefacts.get((identifier, suffix))
    if artefact is None:
        return None
    content = artefact if isinstance(artefact, bytes) else artefact.read_bytes()
    return Reply(200, content, _TYPES.get(suffix, "application/octet-stream"))
