"""The password of a protected ZIP archive, tried among those that earlier services found."""

import struct
import time
import zipfile
from collections.abc import Iterable
from pathlib import Path

#: Passwords that are tried on a protected archive.
MOST_PASSWORDS = 100
#: Entries of an archive whose directory is read; `zipfile` holds some 1,000 bytes for each.
MOST_ENTRIES = 20_000
#: Bytes of an entry that are tried; the framework's Python deciphers about two million a second.
MOST_TRIED, PIECE = 512 * 1024, 64 * 1024
#: Bytes of the record that ends an archive's directory, before its comment, and of the locator of ZIP64 before that.
END_RECORD, LOCATOR = 22, 20
#: Bytes at the end of an archive that have both, with the longest comment.
END_BYTES = LOCATOR + END_RECORD + 0xFFFF
#: The shortest entry of a directory, in bytes.
SHORTEST_ENTRY = 46


def password_of(path: Path, passwords: Iterable[str], deadline: float) -> str:
    """Return the password that opens a protected ZIP archive, or an empty text where it is none or none does.

    Where the encryption is one that cannot be tried here (AES), the first password is the best guess.

    Args:
        path: The archive.
        passwords: What is tried, the first `MOST_PASSWORDS` of them.
        deadline: Of `time.monotonic()`; a tenth of what is left is spent at most.
    """
    candidates = [password for password in passwords if isinstance(password, str) and password][:MOST_PASSWORDS]
    until = time.monotonic() + max(0.0, deadline - time.monotonic()) / 10
    try:
        if not candidates or _directory_bytes(path) > MOST_ENTRIES * SHORTEST_ENTRY:
            return ""
        with zipfile.ZipFile(path) as archive:
            protected = [entry for entry in archive.infolist() if entry.flag_bits & 1]
            if not protected:
                return ""
            smallest = min(protected, key=lambda entry: entry.file_size)
            return next((password for password in candidates if _opens(archive, smallest, password, until)), "")
    except (OSError, zipfile.BadZipFile, NotImplementedError, ValueError):
        return ""


def _directory_bytes(path: Path) -> int:
    """Return the most bytes of an archive's directory that `zipfile` reads; all of the file where that is not clear."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - END_BYTES))
        tail = file.read()
    place = tail.rfind(b"PK\x05\x06")
    if place < 0:
        return 0
    # A signature that is no whole record may be inside of the one that counts; ZIP64 has its length in another record.
    if place < LOCATOR or len(tail) < place + END_RECORD or tail.rfind(b"PK\x06\x07", 0, place) >= 0:
        return size
    return min(int(struct.unpack_from("<L", tail, place + 12)[0]), size)


def _opens(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, password: str, until: float) -> bool:
    """Read the entry to its end, where its checksum is compared; of a long one a part, which is telling enough."""
    if time.monotonic() > until:
        return False
    try:
        with archive.open(entry, pwd=password.encode()) as file:
            for _ in range(MOST_TRIED // PIECE):
                if not file.read(PIECE):
                    break
    except NotImplementedError:
        return True
    except Exception:  # zipfile and zlib raise many kinds for a wrong password
        return False
    return True
