"""Artefacts over real HTTP: each way in which a download goes wrong ends as an outcome, and leaves no file."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from virustotal.client.http_client import HttpClient
from virustotal.core.findings import Download, Role
from virustotal.core.lookup.downloads import DownloadOutcome, fetch
from virustotal.core.models import Ref, Status
from virustotal.core.settings import Credentials, Settings
from virustotal.emulator.server import Emulator
from virustotal.plugins.sandbox.downloads import EVTX, HTML, PCAP

from .conftest import QUICK

EICAR = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"
MAGIC = {"pcap": PCAP, "evtx": EVTX, "html": HTML, "memdump": ()}


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture(autouse=True)
def _clear(emulator: Emulator) -> None:
    emulator.clear()


def download(kind: str = "pcap", sandbox: str = "Zenbox", **values: Any) -> Download:
    role = Role.SUPPLEMENTARY if kind == "html" else Role.EXTRACTED
    return Download(
        Ref("file_behaviour", f"{EICAR}_{sandbox}"), kind, f"{sandbox}.{kind}", "", role, magic=MAGIC[kind], **values
    )


def fetched(
    emulator: Emulator, folder: Path, *downloads: Download, key: str = "gti-key", seconds: float = 10, most_mb: int = 1
) -> tuple[DownloadOutcome, ...]:
    settings = Settings(host=emulator.url, max_download_mb=most_mb)
    client = HttpClient(settings, Credentials(key), policy=QUICK)
    try:
        return fetch(downloads, client, folder, settings, time.monotonic() + seconds, 100)
    finally:
        client.close()


@pytest.mark.parametrize("answer", ["direct", "redirect"])
def test_every_artefact_of_the_world_arrives_whole(emulator: Emulator, tmp_path: Path, answer: str) -> None:
    emulator.switches.artefact_answer = answer
    wanted = [download(kind) for kind in MAGIC] + [
        download("evtx", "Dr.Web vxCube"),
        download("pcap", "VirusTotal Jujubox"),
    ]
    artefacts = fetched(emulator, tmp_path, *wanted)
    assert [artefact.outcome.status for artefact in artefacts] == [Status.FOUND] * 6
    for artefact in artefacts:
        assert artefact.path is not None
        assert artefact.path.stat().st_size > 0
        assert not artefact.download.magic or artefact.path.read_bytes().startswith(artefact.download.magic)
    assert emulator.leaks == []


def test_a_dropped_file_is_checked_by_its_digest(emulator: Emulator, tmp_path: Path) -> None:
    wrong = Download(Ref("file", EICAR), "file", "eicar", "", sha256="a" * 64)
    right = Download(Ref("file", EICAR), "file", "eicar", "", sha256=EICAR)
    (artefact,) = fetched(emulator, tmp_path, wrong)
    assert (artefact.path, artefact.outcome.status) == (None, Status.FAILED)
    (artefact,) = fetched(emulator, tmp_path, right)
    assert artefact.outcome.found
    assert artefact.path is not None
    assert artefact.path.stat().st_size == 68


def test_a_key_that_is_refused(emulator: Emulator, tmp_path: Path) -> None:
    """It ends the others too, those that have not begun: how many that are is chance."""
    emulator.fault("*/pcap", "status", status=401)
    bad, *_ = fetched(emulator, tmp_path, download("pcap"), download("evtx"))
    assert (bad.path, bad.outcome.status) == (None, Status.FAILED)
    assert "API key" in bad.outcome.detail


@pytest.mark.parametrize("kind", ["pcap", "evtx", "memdump"])
def test_a_licence_that_does_not_cover_it(emulator: Emulator, tmp_path: Path, kind: str) -> None:
    (artefact,) = fetched(emulator, tmp_path, download(kind), key="public-key")
    assert (artefact.path, artefact.outcome.status) == (None, Status.FORBIDDEN)


def test_the_page_of_a_report_is_for_every_key(emulator: Emulator, tmp_path: Path) -> None:
    (artefact,) = fetched(emulator, tmp_path, download("html"), key="public-key")
    assert artefact.outcome.found


@pytest.mark.parametrize(
    ("kind", "values", "status"),
    [
        ("status", {"status": 403}, Status.FORBIDDEN),
        ("status", {"status": 404}, Status.UNKNOWN),
        ("status", {"status": 400}, Status.INVALID),
        ("status", {"status": 500}, Status.FAILED),
        ("status", {"status": 503, "body": "html"}, Status.FAILED),
        ("status", {"status": 200, "body": "empty"}, Status.FAILED),
        ("status", {"status": 200, "body": "html"}, Status.FAILED),
        ("status", {"status": 200, "body": "text"}, Status.FAILED),
        ("status", {"status": 204, "body": "empty"}, Status.FAILED),
        ("garbage", {}, Status.FAILED),
        ("error200", {}, None),
        ("truncate", {}, Status.FAILED),
        ("truncate", {"size": 2}, Status.FAILED),
        ("partial", {"size": 2}, Status.FAILED),
        ("partial", {"size": 0}, Status.FAILED),
        ("reset", {}, Status.FAILED),
        ("close", {}, Status.FAILED),
        ("bomb", {"size": 64 * 2**20}, Status.FAILED),
        ("big", {"size": 2 * 2**20}, Status.FAILED),
        ("redirect", {"location": "/api/v3/loop"}, None),
        ("redirect", {"location": "file:///etc/passwd"}, None),
    ],
)
def test_faults(emulator: Emulator, tmp_path: Path, kind: str, values: dict[str, Any], status: Status | None) -> None:
    emulator.fault("*/pcap", kind, **values)
    bad, good = fetched(emulator, tmp_path, download("pcap"), download("evtx"))
    assert bad.path is None
    assert not bad.outcome.found
    assert bad.outcome.detail
    assert status is None or bad.outcome.status is status
    assert good.outcome.found
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [good.path]
    assert emulator.leaks == []


def test_a_fault_that_passes_is_tried_again(emulator: Emulator, tmp_path: Path) -> None:
    emulator.fault("*/pcap", "truncate", times=1)
    (artefact,) = fetched(emulator, tmp_path, download("pcap"))
    assert artefact.outcome.found


def test_a_slow_download_ends_with_the_task(emulator: Emulator, tmp_path: Path) -> None:
    emulator.fault("*/pcap", "slow", size=8, seconds=0.3)
    start = time.monotonic()
    (artefact,) = fetched(emulator, tmp_path, download("pcap"), seconds=0.8)
    assert time.monotonic() - start < 10
    assert artefact.path is None
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_the_key_stays_with_its_host(emulator: Emulator, tmp_path: Path) -> None:
    emulator.fault("*/pcap", "redirect")
    fetched(emulator, tmp_path, download("pcap"))
    assert emulator.leaks == []


def test_html_that_is_an_error_in_json_is_refused(emulator: Emulator, tmp_path: Path) -> None:
    emulator.fault("*/html", "error200")
    (artefact,) = fetched(emulator, tmp_path, download("html"))
    assert artefact.path is None
