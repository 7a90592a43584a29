"""A multipart body that is read from disk while it is sent: its length is known, and memory stays flat."""

import io
import os
import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType

from virustotal.api.source import Upload
from virustotal.core.errors import DeadlineError, InvalidError

#: Bytes of a piece of the file; a slow connection has to send one within the time-out of the socket.
CHUNK = 16 * 1024

_PLAIN = re.compile(r"[^A-Za-z0-9 ._()+,=@-]+")


def plain_name(name: str) -> str:
    """Return a file name of ASCII without a path. VirusTotal's upload handler rejects the extended `filename*=`."""
    last = re.split(r"[/\\]", name)[-1]
    return _PLAIN.sub("_", last).strip(" .")[:200] or "file"


class Multipart:
    """The body of an upload, for `requests`: it has a length and yields its pieces.

    Whatever it raises meanwhile leaves the request unfinished, so that nothing is submitted.

    Args:
        upload: The file.
        late: Returns whether the deadline has passed.

    Raises:
        InvalidError: The file changes meanwhile.
        DeadlineError: The deadline has passed.
    """

    def __init__(self, upload: Upload, late: Callable[[], bool]) -> None:
        self._late = late
        self._upload = upload
        self._file = _open(upload.path)
        self._before = _state(self._file.fileno())
        self.size = self._before[0]
        boundary = secrets.token_hex(16)
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self._head = _head(boundary, upload)
        self._tail = f"\r\n--{boundary}--\r\n".encode()

    def __len__(self) -> int:
        return len(self._head) + self.size + len(self._tail)

    def __enter__(self) -> "Multipart":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[bytes]:
        yield self._head
        sent = 0
        while sent < self.size:
            if self._late():
                raise DeadlineError("The time for this task ended while the file was sent; it was not submitted.")
            piece = self._file.read(min(CHUNK, self.size - sent))
            if not piece:
                raise _changed()
            sent += len(piece)
            if self._upload.progress is not None:
                self._upload.progress(sent, self.size)
            yield piece
        # Before the last boundary is sent: without it there is no upload.
        if _state(self._file.fileno()) != self._before:
            raise _changed()
        if self._upload.before_end is not None:
            self._upload.before_end()
        yield self._tail


def _open(path: Path) -> io.FileIO:
    try:
        file = io.FileIO(path)
    except OSError as error:
        raise InvalidError(
            f"The file cannot be read: {error.strerror or type(error).__name__}.", code="LocalUnreadable"
        ) from None
    if not _state(file.fileno())[0]:
        file.close()
        raise InvalidError("The file is empty; it was not submitted.", code="LocalEmpty")
    return file


def _head(boundary: str, upload: Upload) -> bytes:
    fields = (*upload.fields, *((("password", upload.password),) if upload.password else ()))
    form = b"".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode("utf-8", "replace")
        for name, value in fields
    )
    file = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{plain_name(upload.name)}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return form + file.encode("ascii")


def _state(descriptor: int) -> tuple[int, int]:
    status = os.fstat(descriptor)
    return status.st_size, status.st_mtime_ns


def _changed() -> InvalidError:
    return InvalidError("The file changed while it was sent; it was not submitted.", code="LocalChanged")
