"""The official client, vt-py, against the emulator: it must find nothing odd."""

import asyncio
import hashlib
import io
from collections.abc import Iterator

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
def client(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[vt.Client]:
    emulator.clear()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    pause = asyncio.sleep
    monkeypatch.setattr("vt.client.asyncio.sleep", lambda _: pause(0.001))
    with vt.Client("premium-key", host=emulator.url, agent="tests") as running:
        yield running
    loop.run_until_complete(pause(0))
    loop.close()
    asyncio.set_event_loop(None)


def test_an_object(client: vt.Client) -> None:
    found = client.get_object(FILE)
    assert (found.type, found.id, found.size) == ("file", EICAR_SHA256, len(EICAR))
    assert found.last_analysis_date.year == 2025
    assert found.last_analysis_stats["malicious"] > 40


def test_inline_relationships(client: vt.Client) -> None:
    found = client.get_object(FILE, params={"relationships": "contacted_domains"})
    assert len(found.relationships["contacted_domains"]["data"]) == 4


@pytest.mark.parametrize(("batch", "requests"), [(0, 10), (40, 3), (1, 95)])
def test_an_iterator_over_pages(client: vt.Client, emulator: Emulator, batch: int, requests: int) -> None:
    found = [item.id for item in client.iterator("/domains/example.com/subdomains", batch_size=batch)]
    assert found == [f"host{index:02}.example.com" for index in range(95)]
    assert len(emulator.requests) == requests


def test_a_url_by_its_id(client: vt.Client) -> None:
    found = client.get_object("/urls/{}", vt.url_id("http://c2.example.net/gate.php"))
    assert found.url == "http://c2.example.net/gate.php"


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
    found = client.get_data("/users/{}/overall_quotas", "premium-key")
    assert found["api_requests_daily"]["user"]["used"] == 0
