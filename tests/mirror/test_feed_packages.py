"""Packages as lines: every packing, damage, and lines that are too long."""

import bz2
import gzip
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.mirror.clusters import an_object
from tests.mirror.packages import Package, file_line, minute, tarred
from tests.mirror.packages import package as package
from virustotal.mirror import feed_packages
from virustotal.mirror.feed_packages import PackageError, lines


def read(path: Path) -> list[Any]:
    with path.open("rb") as file:
        return [json.loads(line) if line else None for line in lines(file)]


@pytest.mark.parametrize(
    "pack",
    [
        bytes,
        bz2.compress,
        gzip.compress,
        lambda plain: gzip.compress(bz2.compress(plain)),
        lambda plain: gzip.compress(gzip.compress(plain)),
        lambda plain: tarred(plain),
        lambda plain: tarred(bz2.compress(minute(1)), bz2.compress(minute(2, 3)), mode="w:bz2"),
        lambda plain: tarred(minute(1), minute(2), minute(3), mode="w:gz"),
        lambda plain: b"\n\n  " + plain.replace(b"\n", b"\r\n"),
        lambda plain: bz2.compress(minute(1)) + bz2.compress(minute(2, 3)),
    ],
)
def test_every_packing_is_seen_by_its_content(package: Package, pack: Callable[[bytes], bytes]) -> None:
    ids = [object["id"] for object in read(package(pack(minute(1, 2, 3))))]
    assert ids == [f"{number:064x}" for number in (1, 2, 3)]


def test_a_document_over_several_lines_is_one(package: Package) -> None:
    document = {"data": an_object("domain", "example.com")}
    assert read(package(json.dumps(document, indent=2).encode())) == [document]


@pytest.mark.parametrize("content", [b"", b"\n\n", tarred(), bz2.compress(b"")])
def test_an_empty_package_has_no_lines(package: Package, content: bytes) -> None:
    assert read(package(content)) == []


@pytest.mark.parametrize(
    "content",
    [
        bz2.compress(minute(*range(2000)))[:-20],
        bz2.compress(minute(*range(2000)))[:-200] + b"\xff" * 200,
        gzip.compress(minute(*range(2000)), mtime=0)[:-20],
        tarred(bz2.compress(minute(*range(2000))), mode="w:bz2")[:-30],
        gzip.compress(minute(1), mtime=0)[:12] + b"\xff" * 40,
        tarred(tarred(tarred(tarred(tarred(minute(1)))))),
    ],
)
def test_a_damaged_package_gives_what_comes_before(package: Package, content: bytes) -> None:
    with package(content).open("rb") as file:
        with pytest.raises(PackageError):
            list(lines(file))
        assert file.tell() > 0


def test_a_line_that_is_too_long_is_passed_over_without_being_held(
    package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_packages, "LONGEST_LINE", 100_000)
    path = package(file_line(1) + b"\n" + b"[" + b"1," * 15_000_000 + b"\n" + file_line(2))
    tracemalloc.start()
    with path.open("rb") as file:
        numbers = [line and json.loads(line)["id"][-1] for line in lines(file)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert numbers == ["1", None, "2"]
    assert peak < 5_000_000
