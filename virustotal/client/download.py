"""A download, streamed to a file that exists under its name only when it is whole and what it should be."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import IO

import requests

from virustotal.api import error_mapping
from virustotal.api.source import Save
from virustotal.client.body_reader import BrokenError, pieces
from virustotal.client.redaction import redact
from virustotal.core.errors import ArtefactError, UnavailableError

#: A body up to this size is read again where it may be an error in JSON.
LARGEST_ERROR = 64 * 1024
#: The status of an answer that is a part of a file, and of one where the part that was asked for is not in it.
PARTIAL, NO_SUCH_PART = 206, 416
_HEAD = 64


def save(response: requests.Response, wanted: Save, deadline: float, secrets: Iterable[str] = ()) -> None:
    """Write the body of an answer to `wanted.path`.

    An error leaves nothing behind, but see `Save.resume`.

    Args:
        response: With status 200 or 206; its body is unread.
        wanted: Where the body goes, and what it must be.
        deadline: Of `time.monotonic()`.
        secrets: Masked in VirusTotal's error, should the body be one.

    Raises:
        ArtefactError: The body is empty, too large, or of another kind.
        BrokenError: The body broke off.
        VirusTotalError: The body is VirusTotal's error, in spite of its status.
    """
    try:
        _saved(response, wanted, deadline, tuple(secrets))
    except OSError as error:
        # The wire's own errors do not get here: they are the core's by now.
        raise ArtefactError(f"The download cannot be written: {error.strerror}.", code="LocalDisk") from None


def range_header(wanted: Save) -> dict[str, str]:
    """Return the header that asks for the rest of a download that broke off; empty where there is nothing to resume."""
    part = _part_of(wanted)
    return {"Range": f"bytes={part.stat().st_size}-"} if wanted.resume and part.exists() else {}


def discard(wanted: Save) -> None:
    """Delete what a download that broke off left."""
    _part_of(wanted).unlink(missing_ok=True)


def _part_of(wanted: Save) -> Path:
    return wanted.path.with_name(f".part-{wanted.path.name}")


def _open_part(response: requests.Response, wanted: Save) -> tuple[IO[bytes], Path]:
    part = _part_of(wanted)
    if response.status_code != PARTIAL:
        return part.open("wb"), part
    if not response.headers.get("Content-Range", "").startswith(f"bytes {part.stat().st_size}-"):
        discard(wanted)
        raise UnavailableError("The download does not continue where it broke off.", code="LocalRange")
    return part.open("ab"), part


def _saved(response: requests.Response, wanted: Save, deadline: float, secrets: tuple[str, ...]) -> None:
    file, part = _open_part(response, wanted)
    keep = False
    try:
        with file:
            size, digest = _copy(response, file, wanted, deadline)
        _check(part, size, digest, wanted, response, secrets)
        part.replace(wanted.path)
    except BrokenError:
        keep = wanted.resume
        raise
    finally:
        if not keep:
            part.unlink(missing_ok=True)


def _copy(response: requests.Response, file: IO[bytes], wanted: Save, deadline: float) -> tuple[int, str]:
    digest, head, size = hashlib.sha256(), b"", file.tell()
    resumed = size > 0
    for piece in pieces(response, deadline):
        size += len(piece)
        if size > wanted.max_bytes:
            raise ArtefactError(f"The download is larger than {wanted.max_bytes} bytes.", code="LocalTooLarge")
        if len(head) < _HEAD and not resumed:
            head = (head + piece)[:_HEAD]
            if len(head) == _HEAD and not _may_be_json(head):
                _check_magic(head, wanted)
        digest.update(piece)
        file.write(piece)
    return size, digest.hexdigest()


def _check(
    part: Path, size: int, digest: str, wanted: Save, response: requests.Response, secrets: tuple[str, ...]
) -> None:
    if not size:
        raise ArtefactError("The download is empty.", code="LocalEmpty")
    if wanted.sha256 and digest == wanted.sha256.lower():
        return
    with part.open("rb") as file:
        head = file.read(_HEAD)
        body = head + file.read() if size <= LARGEST_ERROR and _may_be_json(head) else b""
    if error := error_mapping.error_in(redact(body, secrets)):
        raise error_mapping.failure(200, error, response.headers)
    if wanted.sha256:
        raise ArtefactError("The download has another digest than VirusTotal names.", code="LocalDigest")
    _check_magic(head, wanted)
    if size < wanted.min_bytes:
        raise ArtefactError(f"The download has {size} bytes, too few for its kind.", code="LocalShort")
    if "text/html" in response.headers.get("Content-Type", "").lower() and not wanted.html:
        raise ArtefactError("A page of HTML came instead of the file.", code="LocalOther")
    if "json" in response.headers.get("Content-Type", "").lower():
        raise ArtefactError("VirusTotal sent JSON instead of the file.", code="LocalOther")


def _may_be_json(head: bytes) -> bool:
    return head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{"


def _check_magic(head: bytes, wanted: Save) -> None:
    if wanted.magic and not head.startswith(wanted.magic):
        raise ArtefactError("The download is not of the kind that it should be.", code="LocalOther")
