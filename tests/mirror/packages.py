"""Feed packages, made."""

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.mirror.clusters import an_object


def file_line(number: int, size: int = 0) -> bytes:
    return json.dumps(an_object("file", f"{number:064x}", attributes={"filler": "x" * size})).encode()


def minute(*numbers: int) -> bytes:
    return b"\n".join(map(file_line, numbers)) + b"\n"


def tarred(*parts: bytes, mode: str = "w") -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as archive:  # type: ignore[call-overload]
        archive.addfile(tarfile.TarInfo("folder"))
        for at, part in enumerate(parts):
            info = tarfile.TarInfo(f"minute-{at}")
            info.size = len(part)
            archive.addfile(info, io.BytesIO(part))
    return made.getvalue()


@pytest.fixture
def package(tmp_path: Path) -> Callable[..., Path]:
    def write(content: bytes, name: str = "package") -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


Package = Callable[..., Path]
