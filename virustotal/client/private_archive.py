"""The content of a private file: VirusTotal gives it in a ZIP archive alone, which it makes on request."""

import hashlib
import time
import zipfile
import zlib
from pathlib import Path

from attrs import evolve

from virustotal.api import endpoints
from virustotal.api.source import Answer, Save, Source
from virustotal.core.errors import ArtefactError, DeadlineError
from virustotal.util.readers import as_mapping, as_text

#: Seconds between two questions for the archive, and how many are asked.
PAUSE, MOST_LOOKS = 2.0, 30
#: Bytes that an archive of one file may be larger than the file.
OVERHEAD = 64 * 1024
_UNFINISHED = frozenset({"", "starting", "creating"})
_PIECE = 1 << 18


def fetch_private_file(sha256: str, wanted: Save, source: Source, deadline: float) -> Answer:
    """Fetch a private file (https://docs.virustotal.com/reference/private-files-api): three requests or more.

    Args:
        sha256: The file's.
        wanted: Where it goes, and what it must be.
        source: Asks for private objects.
        deadline: Of `time.monotonic()`.

    Raises:
        ArtefactError: The archive was not made, or holds something else; nothing is left behind.
    """
    data = as_mapping(source.ask(endpoints.make_zip(sha256), deadline).payload.get("data"))
    identifier = as_text(data.get("id"), 500)
    for _ in range(MOST_LOOKS):
        status = as_text(as_mapping(data.get("attributes")).get("status"), 60)
        if status not in _UNFINISHED:
            break
        if time.monotonic() + PAUSE >= deadline:
            raise DeadlineError("The time for this task is used up.")
        time.sleep(PAUSE)
        data = as_mapping(source.ask(endpoints.zip_file(identifier), deadline).payload.get("data"))
    if status != "finished":
        raise ArtefactError(f"VirusTotal did not make the archive of the file: {status or 'no status'}.")
    archive = wanted.path.with_name(f"{wanted.path.name}.zip")
    try:
        save = Save(archive, wanted.max_bytes + OVERHEAD, magic=(b"PK\x03\x04",))
        source.ask(endpoints.download_zip(identifier, save), deadline)
        _extract(archive, evolve(wanted, sha256=wanted.sha256 or sha256))
        return Answer()
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, zlib.error) as error:
        wanted.path.unlink(missing_ok=True)
        raise ArtefactError(f"The archive of the file cannot be read: {type(error).__name__}.") from None
    finally:
        archive.unlink(missing_ok=True)


def _extract(archive: Path, wanted: Save) -> None:
    """Write the archive's only file."""
    digest, size = hashlib.sha256(), 0
    with zipfile.ZipFile(archive) as bundle, wanted.path.open("wb") as target:
        entries = bundle.infolist()
        if len(entries) != 1:
            raise ValueError("not one file")
        with bundle.open(entries[0]) as member:
            while piece := member.read(_PIECE):
                size += len(piece)
                if size > wanted.max_bytes:
                    raise ValueError("too large")
                digest.update(piece)
                target.write(piece)
    if digest.hexdigest() != wanted.sha256.lower():
        raise ValueError("another file")
