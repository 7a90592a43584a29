"""The official client, vt-py, against the emulator: it must find nothing odd."""

import asyncio
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import vt

from tests.emulator.conftest import FILE
from virustotal.emulator.server import Emulator
from virustotal.emulator.world.shared import EICAR, EICAR_SHA256


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture
def private(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[vt.Client]:
    """A client whose key may scan privately."""
    yield from opened(emulator, monkeypatch, "gti-key")


@pytest.fixture
def client(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[vt.Client]:
    yield from opened(emulator, monkeypatch, "premium-key")


def opened(emulator: Emulator, monkeypatch: pytest.MonkeyPatch, key: str) -> Iterator[vt.Client]:
    emulator.clear()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    pause = asyncio.sleep
    monkeypatch.setattr("vt.client.asyncio.sleep", lambda _: pause(0.001))
    with vt.Client(key, host=emulator.url, agent="tests") as running:
        yield running
    loop.run_until_complete(pause(0))
    loop.close()
    asyncio.set_event_loop(None)


def test_an_object(client: vt.Client) -> None:
    obj = client.get_object(FILE)
    assert (obj.type, obj.id, obj.size) == ("file", EICAR_SHA256, len(EICAR))
    assert obj.last_analysis_date.year == 2025
    assert obj.last_analysis_stats["malicious"] > 40


def test_inline_relationships(client: vt.Client) -> None:
    obj = client.get_object(FILE, params={"relationships": "contacted_domains"})
    assert len(obj.relationships["contacted_domains"]["data"]) == 4


@pytest.mark.parametrize(("batch", "requests"), [(0, 10), (40, 3), (1, 95)])
def test_an_iterator_over_pages(client: vt.Client, emulator: Emulator, batch: int, requests: int) -> None:
    ids = [item.id for item in client.iterator("/domains/example.com/subdomains", batch_size=batch)]
    assert ids == [f"host{index:02}.example.com" for index in range(95)]
    assert len(emulator.requests) == requests


def test_a_url_by_its_id(client: vt.Client) -> None:
    obj = client.get_object("/urls/{}", vt.url_id("http://c2.example.net/gate.php"))
    assert obj.url == "http://c2.example.net/gate.php"


def test_scanning_a_file(client: vt.Client, emulator: Emulator) -> None:
    source = io.BytesIO(b"scanned by the client")
    analysis = client.scan_file(source, wait_for_completion=True)
    assert analysis.status == "completed"
    sha256 = hashlib.sha256(b"scanned by the client").hexdigest()
    assert client.get_object(f"/files/{sha256}").size == 21
    assert emulator.uploads == {sha256: 1}


def test_scanning_a_url(client: vt.Client) -> None:
    analysis = client.scan_url("http://scanned.example/path", wait_for_completion=True)
    assert (analysis.status, analysis.stats["malicious"]) == ("completed", 0)
    assert client.get_object("/urls/{}", vt.url_id("http://scanned.example/path")).times_submitted == 1


def test_scanning_a_file_privately(private: vt.Client, emulator: Emulator, tmp_path: Path) -> None:
    sample = tmp_path / "private.bin"
    sample.write_bytes(b"scanned privately")
    sha256 = hashlib.sha256(b"scanned privately").hexdigest()
    analysis = private.scan_file_private(str(sample), wait_for_completion=True)
    assert (analysis.type, analysis.status, analysis.pending_stages) == ("private_analysis", "completed", {})
    assert emulator.private_uploads == {sha256: 1}
    assert emulator.uploads == {}
    obj = private.get_object(f"/private/files/{sha256}")
    assert (obj.type, obj.size, obj.get("last_analysis_stats")) == ("private_file", 17, None)
    assert obj.expiration > obj.last_analysis_date.timestamp()
    reports = list(private.iterator(f"/private/files/{sha256}/behaviours"))
    assert [(report.type, report.sandbox_name) for report in reports] == [
        ("private_file_behaviour", "Zenbox"),
        ("private_file_behaviour", "CAPE Sandbox"),
    ]
    for suffix, head in (("evtx", b"ElfFile"), ("pcap", b"\xd4\xc3"), ("html", b"<!DOCTYPE"), ("memdump", b"PK")):
        assert private.get("/private/file_behaviours/{}/" + suffix, reports[0].id).read().startswith(head)
    (dropped,) = private.iterator(f"/private/files/{sha256}/dropped_files")
    made = private.post_object("/private/zip_files", obj=_hashes(dropped.id))
    assert private.get_object("/private/zip_files/{}", made.id).status == "finished"
    assert private.get("/private/zip_files/{}/download", made.id).read().startswith(b"PK")
    with pytest.raises(vt.APIError) as caught:
        private.get_object(f"/private/files/{obj.md5}")
    assert caught.value.code == "BadRequestError"
    with pytest.raises(vt.APIError):
        private.get_object(f"/files/{sha256}")
    assert private.delete(f"/private/files/{sha256}?only_from_storage=true").status == 200
    assert private.get_object(f"/private/files/{sha256}").size == 17
    assert private.delete(f"/private/files/{sha256}").status == 200
    with pytest.raises(vt.APIError):
        private.get_object(f"/private/files/{sha256}")


def _hashes(*digests: str) -> vt.Object:
    body = vt.Object("zip_file")
    body.to_dict = lambda **_: {"hashes": digests}
    return body


def test_scanning_a_url_privately(private: vt.Client, emulator: Emulator) -> None:
    analysis = private.scan_url_private("http://private.example/path")
    assert analysis.type == "private_analysis"
    with pytest.raises(vt.APIError) as caught:  # its own wait asks the public path
        private.get_object("/analyses/{}", analysis.id)
    assert caught.value.code == "NotFoundError"
    assert (
        asyncio.get_event_loop()
        .run_until_complete(private.wait_for_analysis_completion(analysis, private_path=True))
        .status
        == "completed"
    )
    obj = private.get_object("/private/urls/{}", vt.url_id("http://private.example/path"))
    assert list(obj.last_analysis_results) == ["Google Safebrowsing"]
    (visit,) = private.iterator(f"/private/urls/{obj.id}/behaviours")
    assert (visit.type, visit.analysis_status) == ("private_url_behaviour", "ANALYSIS_STATUS_OK")
    assert private.get_object("/private/url_behaviours/{}", visit.id).dom_info["title"] == "Sign in"
    assert private.get("/private/url_behaviours/{}/dom", visit.id).read().startswith(b"<html>")
    assert private.get("/private/url_behaviours/{}/screenshot", visit.id).read().startswith(b"\x89PNG")
    emulator.switches.private_screenshots = False
    assert private.get("/private/url_behaviours/{}/screenshot", visit.id).status == 404
    with pytest.raises(vt.APIError):
        private.get_object("/urls/{}", vt.url_id("http://private.example/path"))


def test_a_key_without_the_licence(client: vt.Client, emulator: Emulator, tmp_path: Path) -> None:
    sample = tmp_path / "private.bin"
    sample.write_bytes(b"scanned privately")
    for scan in (lambda: client.scan_file_private(str(sample)), lambda: client.scan_url_private("http://a.example/")):
        with pytest.raises(vt.APIError) as caught:
            scan()
        assert caught.value.code == "ForbiddenError"
    assert emulator.private_uploads == {}


def test_stages_and_expiry_by_the_clock(private: vt.Client, emulator: Emulator) -> None:
    emulator.switches.private_seconds = 720
    analysis = private.scan_url_private("http://private.example/path")

    def state() -> tuple[str, list[str]]:
        asked = private.get_object("/private/analyses/{}", analysis.id)
        return asked.status, list(asked.pending_stages)

    assert state() == ("queued", ["tools", "Zenbox", "CAPE Sandbox"])
    emulator.clock.advance(300)
    assert state() == ("in-progress", ["Zenbox", "CAPE Sandbox"])
    asked = private.get_object("/private/analyses/{}", analysis.id).sandbox_status
    assert asked["Zenbox"]["status"] == "queued"
    assert asked["CAPE Linux"]["status"] == "unsupported file type"
    emulator.clock.advance(420)
    assert state() == ("completed", ["malware_config"])
    emulator.clock.advance(180)
    assert state() == ("completed", [])
    emulator.clock.advance(24 * 3600)
    with pytest.raises(vt.APIError):
        state()


def test_downloading(client: vt.Client) -> None:
    target = io.BytesIO()
    with pytest.raises(vt.APIError):  # it sends its key along to the other host, which refuses it
        client.download_file(EICAR_SHA256, target)
    assert client.get_data(f"{FILE}/download_url").startswith("http")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/files/" + "0" * 64, "NotFoundError"),
        ("/domains/localhost", "InvalidArgumentError"),
        ("/domains/example.com/subdomains?limit=41", "BadRequestError"),
        ("/no/such/thing", "NotFoundError"),
    ],
)
def test_errors(client: vt.Client, path: str, code: str) -> None:
    with pytest.raises(vt.APIError) as caught:
        client.get_object(path)
    assert caught.value.code == code


@pytest.mark.parametrize(("status", "body", "code"), [(413, "text", "ClientError"), (502, "html", "ServerError")])
def test_errors_that_are_no_json(client: vt.Client, emulator: Emulator, status: int, body: str, code: str) -> None:
    emulator.fault("*", status=status, body=body)
    with pytest.raises(vt.APIError) as caught:
        client.get_object(FILE)
    assert caught.value.code == code


def test_its_answers_are_compressed(client: vt.Client) -> None:
    answer = client.get(FILE)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.json()["data"]["id"] == EICAR_SHA256


def test_quotas(client: vt.Client) -> None:
    data = client.get_data("/users/{}/overall_quotas", "premium-key")
    assert data["api_requests_daily"]["user"]["used"] == 0
