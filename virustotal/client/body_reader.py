"""The body of an answer, read piece by piece: bounded in size after decoding, and in time."""

import http.client
import time
from collections.abc import Callable, Iterator

import requests
import urllib3.exceptions

from virustotal.core.errors import DeadlineError, UnavailableError, VirusTotalError

#: The most bytes of one JSON answer, counted after decompression.
LARGEST_ANSWER = 32 * 2**20
#: Bytes of one read, after decompression.
CHUNK = 64 * 1024

_ENCODINGS = frozenset({"", "identity", "gzip", "x-gzip"})


class BrokenError(UnavailableError):
    """The body broke off: worth another try."""


def whole(
    response: requests.Response,
    deadline: float,
    most: int = LARGEST_ANSWER,
    *,
    grow: Callable[[int], None] = lambda size: None,
) -> bytes:
    """Return the decoded body.

    Args:
        response: Its body is unread.
        deadline: Of `time.monotonic()`.
        most: Bytes that the body may have.
        grow: Takes the size while it grows.

    Raises:
        VirusTotalError: The body is larger.
        BrokenError: The body broke off.
    """
    body = bytearray()
    for piece in pieces(response, deadline):
        body += piece
        grow(len(body))
        if len(body) > most:
            raise VirusTotalError(f"The answer is larger than {most // 2**20} MB.", code="LocalTooLarge")
    return bytes(body)


def pieces(response: requests.Response, deadline: float) -> Iterator[bytes]:
    """Yield the decoded body in pieces of at most CHUNK bytes, however far it inflates."""
    if response.headers.get("Content-Encoding", "").strip().lower() not in _ENCODINGS:
        raise UnavailableError("The answer is encoded in a way that nobody asked for.", code="LocalEncoding")
    while piece := _read(response, deadline):
        yield piece


def _read(response: requests.Response, deadline: float) -> bytes:
    """Return what one system call brings, so that a slow body is counted while it comes."""
    try:
        return bytes(response.raw.read1(CHUNK, decode_content=True))
    except urllib3.exceptions.DecodeError:
        broken = BrokenError("The answer is not valid gzip.", code="LocalEncoding")
    except (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError) as error:
        broken = BrokenError(f"The answer broke off ({type(error).__name__}).", code="LocalTruncated")
    if time.monotonic() >= deadline:
        raise DeadlineError("The time for this task ended while the answer was read.")
    # Outside the handler, so that the transport's exception, which knows the headers, is not kept as its context.
    raise broken
