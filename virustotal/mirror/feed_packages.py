"""Feed packages as lines: bz2, gzip and tar are seen by their content, whatever the name; read as a stream."""

import bz2
import gzip
import io
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from attrs import frozen

#: The longest line that is read, and the largest document that is no line; feeds have a few megabytes at most.
LONGEST_LINE = 16 * 2**20
#: How deep packages are packed into one another: a tar of bz2 in a gzip is three.
DEEPEST = 4

_TAR = slice(257, 262)


class PackageError(Exception):
    """A package that breaks off or is damaged, after all lines before that were given."""


@frozen
class Line:
    """One line.

    Args:
        number: From 1, over all parts of a package.
        data: Without its end; None where it is too long.
    """

    number: int
    data: bytes | None


@contextmanager
def open_package(path: Path) -> Iterator[IO[bytes]]:
    """Open a package as it lies on disk; its `tell` says how far it was read.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb", buffering=0) as file:
        yield file


def lines(file: IO[bytes]) -> Iterator[Line]:
    """Yield the lines of a package that are not blank.

    Raises:
        PackageError: It breaks off or is damaged.
        OSError: The disk cannot be read.
    """
    number = 0
    reader: io.BufferedReader = io.BufferedReader(cast(io.RawIOBase, file), 1 << 16)
    try:
        for data in _unpacked(reader, 0):
            number += 1
            yield Line(number, data)
    except (EOFError, zlib.error, tarfile.TarError, gzip.BadGzipFile) as error:
        raise PackageError(f"the package breaks off or is damaged ({type(error).__name__})") from None
    except OSError as error:
        if error.errno is not None:
            raise
        raise PackageError("the package breaks off or is damaged") from None  # bz2 says so with a bare OSError
    finally:
        reader.detach()  # it would close the file


class _Piecewise(io.RawIOBase):
    """Reads what there is, so that all before a break is given before the break raises."""

    def __init__(self, packed: IO[bytes]) -> None:
        self._packed = packed

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = cast(io.BufferedReader, self._packed).read1(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _unpacked(stream: io.BufferedReader, depth: int) -> Iterator[bytes | None]:
    start = stream.peek(512)
    unpack: Callable[[IO[bytes]], IO[bytes]] | None = None
    if start.startswith(b"BZh"):
        unpack = bz2.BZ2File
    elif start.startswith(b"\x1f\x8b"):
        unpack = lambda packed: cast(IO[bytes], gzip.GzipFile(fileobj=packed))  # noqa: E731 - one expression
    is_tar = start[_TAR] == b"ustar"
    if depth >= DEEPEST and (unpack or is_tar):
        raise PackageError("packages are packed into one another too deeply")
    if unpack is not None:
        with unpack(stream) as inner:
            yield from _unpacked(io.BufferedReader(_Piecewise(inner), 1 << 16), depth + 1)
    elif is_tar:
        yield from _members(stream, depth)
    else:
        yield from _plain(stream)


def _members(stream: IO[bytes], depth: int) -> Iterator[bytes | None]:
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            part = archive.extractfile(member) if member.isfile() else None
            if part is not None:
                yield from _unpacked(io.BufferedReader(cast(io.RawIOBase, part), 1 << 16), depth + 1)


def _plain(stream: io.BufferedReader) -> Iterator[bytes | None]:
    """Lines of JSON; a text that begins with a line of `{` or `[` alone is one document."""
    first = True
    while data := stream.readline(LONGEST_LINE + 1):
        whole = data.strip()
        if first and whole in {b"{", b"["}:
            data += stream.read(LONGEST_LINE + 1 - len(data))
            whole = data.strip()
        first = first and not whole
        if len(data) > LONGEST_LINE:
            yield None
            while not data.endswith(b"\n") and (data := stream.readline(1 << 20)):
                pass
        elif whole:
            yield whole
