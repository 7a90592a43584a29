"""To come."""

from collections.abc import Iterator

from virustotal.emulator.world.shared import Json


def documents() -> Iterator[tuple[str, Json]]:
    yield from ()


def artefacts() -> Iterator[tuple[str, str, bytes]]:
    yield from ()
