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

#: Bytes of one read.
CHUNK = 256 * 1024

_PLAIN = re.compile(r"[^A-Za-z0-9 ._()+,=@-]+")


def plain_name(name: str) -> str:
    """Return a file name of ASCII without a path. VirusTotal's upload handler rejects the extended `filename*=`."""
    last = re.split(r"[/\\]", name)[-1]
    return _PLAIN.sub("_", last).strip(" .")[:200] or "file"


class Multipart:
    """The body of an upload, for `requests`: it has a length and is read in pieces.

    Whatever it raises while it is read leaves the request unfinished, so that nothing is submitted.

    Args:
        upload: The file.
        late: Returns whether the deadline has passed.

    Raises:
        InvalidError: The file changes meanwhile.
        DeadlineError: The deadline has passed.
    """

    def __init__(self, upload: Upload, late: Callable[[], bool]) -> None:
        self._late = late
        self._progress = upload.progress
        self._before_end = upload.before_end
        self._file = _open(upload.path)
        self._before = _state(self._file.fileno())
        self.size = self._before[0]
        boundary = secrets.token_hex(16)
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self._head = _head(boundary, upload)
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        self._sent = 0
        self._parts = self._pieces()
        self._rest = b""

    def __len__(self) -> int:
        return len(self._head) + self.size + len(self._tail)

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self.read(CHUNK), b"")

    def __enter__(self) -> "Multipart":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes; no more than `size`, and nothing at the end."""
        piece = self._rest or next(self._parts, b"")
        if 0 <= size < len(piece):
            piece, self._rest = piece[:size], piece[size:]
        else:
            self._rest = b""
        return piece

    def _pieces(self) -> Iterator[bytes]:
        yield self._head
        while self._sent < self.size:
            if self._late():
                raise DeadlineError("The time for this task ended while the file was sent; it was not submitted.")
            piece = self._file.read(min(CHUNK, self.size - self._sent))
            if not piece:
                raise _changed()
            self._sent += len(piece)
            if self._progress is not None:
                self._progress(self._sent, self.size)
            yield piece
        # Before the last boundary is sent: without it there is no upload.
        if _state(self._file.fileno()) != self._before:
            raise _changed()
        if self._before_end is not None:
            self._before_end()
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
