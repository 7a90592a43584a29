"""Feed packages as lines: bz2, gzip and tar are seen by their content, whatever the name; read as a stream."""

import bz2
import gzip
import io
import tarfile
import zlib
from collections.abc import Iterator
from typing import TypeAlias, cast

#: The longest line that is read, and the largest document that is no line; feeds have a few megabytes at most.
LONGEST_LINE = 16 * 2**20
#: How deep packages are packed into one another: a tar of bz2 in a gzip is three.
DEEPEST = 4

_TAR = slice(257, 262)
#: What has `peek`, and after a break all bytes before it.
_Stream: TypeAlias = io.BufferedReader | bz2.BZ2File | gzip.GzipFile


class PackageError(Exception):
    """A package that breaks off or is damaged, after all lines before that were given."""


def lines(file: io.BufferedReader) -> Iterator[bytes | None]:
    """Yield the lines of all parts of a package that are not blank, without their ends; None for one that is too long.

    The position of `file` says how far it was read.

    Raises:
        PackageError: It breaks off or is damaged.
        OSError: The disk cannot be read.
    """
    try:
        yield from _unpacked(file, 0)
    except (EOFError, zlib.error, tarfile.TarError, gzip.BadGzipFile) as error:
        raise PackageError(f"the package breaks off or is damaged ({type(error).__name__})") from None
    except OSError as error:
        if error.errno is not None:
            raise
        raise PackageError("the package breaks off or is damaged") from None  # bz2 says so with a bare OSError


def _unpacked(stream: _Stream, depth: int) -> Iterator[bytes | None]:
    start = stream.peek(512)
    is_bz2, is_gzip, is_tar = start.startswith(b"BZh"), start.startswith(b"\x1f\x8b"), start[_TAR] == b"ustar"
    if depth >= DEEPEST and (is_bz2 or is_gzip or is_tar):
        raise PackageError("packages are packed into one another too deeply")
    if is_bz2:
        yield from _unpacked(bz2.BZ2File(stream), depth + 1)
    elif is_gzip:
        yield from _unpacked(gzip.GzipFile(fileobj=stream, mode="rb"), depth + 1)
    elif is_tar:
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                if part := archive.extractfile(member) if member.isfile() else None:
                    yield from _unpacked(cast(io.BufferedReader, part), depth + 1)
    else:
        yield from _plain(stream)


def _plain(stream: _Stream) -> Iterator[bytes | None]:
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
