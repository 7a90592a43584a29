"""One answer, and the faults that may delay, replace or break it: the same for the API and for the other host."""

import asyncio
from collections.abc import Awaitable, Callable
from urllib.parse import unquote

from aiohttp import web

from virustotal.emulator.faults import Fault
from virustotal.emulator.record import Request
from virustotal.emulator.state import Reply, State
from virustotal.emulator.wire import compress, cut, drain, fault_reply, nest, send

Usual = Callable[[], Awaitable[Reply]]


async def respond(state: State, http: web.Request, entry: Request, usual: Usual) -> web.StreamResponse:
    """Answer with what ``usual`` returns, unless a fault on the entry's path wants it otherwise; and note the end."""
    try:
        decisive = await _fault(state, entry)
        if decisive is not None and decisive.kind in ("reset", "close"):
            return await _break(http, decisive, usual)
        reply = fault_reply(decisive, state, http.raw_path) if decisive else None
        if reply is None:
            reply = await usual()
        else:
            await drain(http)
        if decisive is not None and decisive.kind == "nested" and isinstance(reply.body, bytes):
            reply.body = nest(reply.body, decisive.size or 2000)
        compress(http.headers, reply, state.switches.gzip)
        # Noted before the last byte leaves as well, so that who has the answer finds it in the log.
        entry.status, entry.ended = reply.status, asyncio.get_running_loop().time()
        return await send(http, reply, decisive)
    finally:
        entry.ended = asyncio.get_running_loop().time()


async def _fault(state: State, entry: Request) -> Fault | None:
    decisive: Fault | None = None
    for fault in state.faults.take(entry.method, unquote(entry.path)):
        if fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
        else:
            decisive, entry.fault = fault, fault.kind
    return decisive


async def _break(http: web.Request, fault: Fault, usual: Usual) -> web.StreamResponse:
    if fault.stored:
        await usual()
    elif fault.size:
        await drain(http, fault.size)
    cut(http, reset=fault.kind == "reset")
    return web.Response(status=500)
