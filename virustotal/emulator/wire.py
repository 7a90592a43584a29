"""Writes a reply to the connection; a fault may cut, delay or replace it."""

import asyncio
import gzip
import json
import socket
import struct
import zlib
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web

from virustotal.emulator.captures import generated_pcap
from virustotal.emulator.errors import USUAL_CODE, error_body
from virustotal.emulator.faults import Fault
from virustotal.emulator.state import Reply, State

_HTML = b"<!DOCTYPE html><html><head><title>Error</title></head><body><h1>Server Error</h1></body></html>"
_GARBAGE = b'\x89{"data": {"type": "file", \x00\xff\xfe'
_PIECE = 65536


def json_reply(value: Any, status: int = 200) -> Reply:
    """Return a JSON answer."""
    return Reply(status, json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"))


def fault_reply(fault: Fault, state: State, path: str) -> Reply | None:
    """Return the answer of a fault that replaces the usual one, or None where the usual one is needed."""
    headers = {"Retry-After": f"{fault.retry_after:g}"} if fault.retry_after is not None else {}
    match fault.kind:
        case "status":
            return _status_reply(fault, state, headers)
        case "answer":
            return json_reply(fault.document, fault.status or 200)
        case "garbage":
            return Reply(fault.status or 200, _GARBAGE)
        case "error200":
            error = error_body(fault.code or "NotAvailableYet", "The resource is not available yet")
            return Reply(200, json.dumps(error).encode(), "application/octet-stream")
        case "bomb":
            bomb = _bomb(fault.size if fault.size is not None else 1 << 30)
            return Reply(200, bomb, "application/json", {"Content-Encoding": "gzip"})
        case "big":
            size = fault.size if fault.size is not None else 200 << 20
            return Reply(200, generated_pcap(size), "application/octet-stream", length=size)
        case "redirect":
            return Reply(302, b"", "text/plain", {"Location": fault.location or f"{state.other_url}{path}"})
    return None


def _status_reply(fault: Fault, state: State, headers: dict[str, str]) -> Reply:
    status = fault.status or 503
    if fault.body in state.store.errors:
        return Reply(status, json.dumps(state.store.errors[fault.body]).encode(), headers=headers)
    match fault.body:
        case "html":
            return Reply(status, _HTML, "text/html", headers)
        case "text":
            return Reply(status, b"upstream connect error", "text/plain", headers)
        case "empty":
            return Reply(status, b"", "text/plain", headers)
    code = fault.code or USUAL_CODE.get(status, "TransientError")
    return Reply(status, json.dumps(error_body(code, f"Fault {status}")).encode(), headers=headers)


def _bomb(size: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    parts = [packer.compress(b'{"data": "')]
    piece = b"A" * (1 << 20)
    parts += [packer.compress(piece) for _ in range(size >> 20)]
    return b"".join([*parts, packer.compress(b'"}'), packer.flush()])


def nest(body: bytes, depth: int) -> bytes:
    """Return an answer whose first object got a process tree that many levels deep: too deep for ``json`` to write.

    A body without such an object, as that of a download, stays as it is.
    """
    try:
        value = json.loads(body)
    except ValueError:
        return body
    data = value.get("data")
    first = data[0] if isinstance(data, list) and data else data
    if not isinstance(first, dict) or "attributes" not in first:
        return body
    first["attributes"] = {**first["attributes"], "processes_tree": "the nested tree"}
    node = '{"process_id": "4", "name": "nested.exe", "children": ['
    tree = node * depth + "]}" * depth
    return json.dumps(value).replace('"the nested tree"', f"[{tree}]", 1).encode()


def compress(context_headers: Any, reply: Reply, mode: str) -> None:
    """Compress a JSON answer as the front end does: for agents that name gzip, or as the switch says."""
    agent = "gzip" in context_headers.get("User-Agent", "").lower()
    accepted = "gzip" in context_headers.get("Accept-Encoding", "").lower()
    wanted = mode == "always" or (mode == "agent" and agent and accepted)
    if wanted and isinstance(reply.body, bytes) and reply.content_type == "application/json" and reply.body:
        reply.body = gzip.compress(reply.body, 1)
        reply.headers["Content-Encoding"] = "gzip"


async def send(http: web.Request, reply: Reply, fault: Fault | None) -> web.StreamResponse:
    """Write an answer, cut or slowed by a fault."""
    kind = fault.kind if fault else ""
    body, length = reply.body, reply.length
    if isinstance(body, bytes):
        length = len(body)
        if kind in ("truncate", "partial"):
            size = fault.size if fault and fault.size is not None else length // 2
            body = body[:size]
            length = len(body) if kind == "partial" else max(length, len(body) + 1)
    response = web.StreamResponse(status=reply.status, headers=reply.headers)
    response.content_type = reply.content_type
    response.content_length = length
    await response.prepare(http)
    try:
        async for piece in _pieces(body, fault):
            await response.write(piece)
        if kind == "truncate":
            raise ConnectionResetError("cut on purpose")
        await response.write_eof()
    except (ConnectionError, asyncio.CancelledError):
        cut(http, reset=False)
    return response


async def _pieces(body: bytes | AsyncIterator[bytes], fault: Fault | None) -> AsyncIterator[bytes]:
    slow = fault is not None and fault.kind == "slow"
    size = (fault.size or 1024) if slow and fault else _PIECE
    limit = fault.size if fault is not None and fault.kind == "truncate" else None
    if not isinstance(body, bytes):
        sent = 0
        async for piece in body:
            if limit is not None and sent + len(piece) > limit:
                yield piece[: limit - sent]
                return
            sent += len(piece)
            yield piece
        return
    for start in range(0, len(body), size):
        yield body[start : start + size]
        if slow and fault:
            await asyncio.sleep(fault.seconds)


def cut(http: web.Request, *, reset: bool) -> None:
    """Break the connection: with a TCP reset, or by closing it."""
    transport = http.transport
    if transport is None:
        return
    if reset:
        raw = transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    else:
        transport.close()


async def drain(http: web.Request, size: int | None = None) -> int:
    """Read a request's body, or its first ``size`` bytes, and forget it; return how many bytes came."""
    read = 0
    while size is None or read < size:
        piece = await http.content.read(_PIECE if size is None else min(_PIECE, size - read))
        if not piece:
            break
        read += len(piece)
    return read
