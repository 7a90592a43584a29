"""The body of an answer, read piece by piece: bounded in size after decoding, and in time."""

import http.client
import time
import zlib
from collections.abc import Iterator

import requests
import urllib3.exceptions

from virustotal.core.errors import DeadlineError, UnavailableError, VirusTotalError

#: The most bytes of one JSON answer, counted after decompression.
LARGEST_ANSWER = 64 * 2**20
#: Bytes of one read, and of one step of decompression.
CHUNK = 64 * 1024


class BrokenError(UnavailableError):
    """The body broke off: worth another try."""


def whole(response: requests.Response, deadline: float, most: int = LARGEST_ANSWER) -> bytes:
    """Return the decoded body. VirusTotalError above `most` bytes, BrokenError where it breaks off."""
    found = bytearray()
    for piece in pieces(response, deadline):
        found += piece
        if len(found) > most:
            raise VirusTotalError(f"The answer is larger than {most // 2**20} MB.", code="LocalTooLarge")
    return bytes(found)


def pieces(response: requests.Response, deadline: float) -> Iterator[bytes]:
    """Yield the decoded body in pieces of at most CHUNK bytes, however far it inflates."""
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding in {"", "identity"}:
        return _received(response, deadline)
    if encoding in {"gzip", "x-gzip"}:
        return _inflated(_received(response, deadline))
    raise UnavailableError("The answer is encoded in a way that nobody asked for.", code="LocalEncoding")


def _received(response: requests.Response, deadline: float) -> Iterator[bytes]:
    """Yield what the wire brings: one system call a piece, so that a slow body cannot outlast the deadline."""
    announced = response.headers.get("Content-Length", "")
    expected = int(announced) if announced.isascii() and announced.isdigit() else None
    received = 0
    while piece := _read(response, deadline):
        received += len(piece)
        yield piece
    if expected is not None and received != expected:
        raise BrokenError(f"The answer broke off after {received} of {expected} bytes.", code="LocalTruncated")


def _read(response: requests.Response, deadline: float) -> bytes:
    left = deadline - time.monotonic()
    if left <= 0:
        raise DeadlineError("The time for this task ended while the answer was read.")
    connection = getattr(response.raw, "connection", None)
    if (socket := getattr(connection, "sock", None)) is not None:
        socket.settimeout(min(left, socket.gettimeout() or left))
    try:
        return bytes(response.raw.read1(CHUNK, decode_content=False))
    except (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError) as error:
        broken = BrokenError(f"The answer broke off ({type(error).__name__}).", code="LocalTruncated")
    # Outside the handler, so that the transport's exception, which knows the headers, is not kept as its context.
    raise broken


def _inflated(received: Iterator[bytes]) -> Iterator[bytes]:
    inflate = zlib.decompressobj(16 + zlib.MAX_WBITS)
    fresh = True
    for piece in received:
        while piece:
            if inflate.eof:
                inflate, fresh = zlib.decompressobj(16 + zlib.MAX_WBITS), True
            try:
                found = inflate.decompress(piece, CHUNK)
            except zlib.error:
                raise BrokenError("The answer is not valid gzip.", code="LocalEncoding") from None
            fresh = False
            piece = inflate.unconsumed_tail or inflate.unused_data
            if found:
                yield found
    if not fresh and not inflate.eof:
        raise BrokenError("The answer broke off inside its gzip.", code="LocalTruncated")
