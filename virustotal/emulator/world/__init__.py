"""The invented world: EICAR, and what might surround it. Reserved names and addresses and invented hashes only.

It is made of the same documents as a folder of reports; :func:`write_world` writes them as one.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from virustotal.emulator.reading import Json
from virustotal.emulator.store import Store, artefact_name
from virustotal.emulator.world import behaviours, community, files, hosts


def documents() -> Iterator[tuple[str, Json]]:
    """Yield (path, document) of everything in the world."""
    for module in (files, hosts, behaviours, community):
        yield from module.documents()


def artefacts() -> Iterator[tuple[str, str, bytes]]:
    """Yield (object id, suffix, content) of every capture, report, picture and file content."""
    yield from behaviours.artefacts()
    yield from files.contents()


def load_world(store: Store) -> None:
    """Add the world to an index."""
    for path, document in documents():
        store.add(path, document)
    for identifier, suffix, content in artefacts():
        store.artefacts[(identifier, suffix)] = content


def write_world(folder: Path) -> int:
    """Write the world as a folder of reports, to be read and changed; return the number of files."""
    written = 0
    for path, document in documents():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        written += 1
    (folder / "artefacts").mkdir(parents=True, exist_ok=True)
    for identifier, suffix, content in artefacts():
        (folder / "artefacts" / f"{artefact_name(identifier)}.{suffix}").write_bytes(content)
        written += 1
    return written
