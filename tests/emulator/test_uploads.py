"""Submissions: what arrives, what is refused, how an analysis goes on, and what is there at its end."""

import hashlib
import io
import socket
from typing import Any

import pytest
import requests

from tests.emulator.conftest import FILE, Api
from virustotal.emulator.routes.uploads import DIRECT_LIMIT
from virustotal.emulator.world.hosts import BAD_URL
from virustotal.emulator.world.shared import EICAR, EICAR_SHA256, EPOCH, url_id


def identity(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_new_file_becomes_an_object(api: Api) -> None:
    answer = api.upload(b"new content", "new.bin").json()["data"]
    assert answer.keys() == {"type", "id", "links"}
    path = f"/files/{identity(b'new content')}"
    assert api.error(path) == (404, "NotFoundError")
    seen = [api.json(f"/analyses/{answer['id']}") for _ in range(3)]
    assert [one["data"]["attributes"]["status"] for one in seen] == ["queued", "in-progress", "completed"]
    assert seen[0]["data"]["attributes"]["results"] == {}
    assert set(seen[1]["data"]["attributes"]["stats"].values()) == {0}
    assert seen[2]["meta"]["file_info"] == {
        "size": 11,
        "sha256": identity(b"new content"),
        "sha1": hashlib.sha1(b"new content").hexdigest(),
        "md5": hashlib.md5(b"new content").hexdigest(),
    }
    attributes = api.json(path)["data"]["attributes"]
    assert attributes["last_analysis_stats"]["malicious"] == 0
    assert attributes["last_analysis_stats"] == seen[2]["data"]["attributes"]["stats"]
    assert api.json(f"/analyses/{answer['id']}/item")["data"]["id"] == identity(b"new content")
    assert api.emulator.uploads == {identity(b"new content"): 1}


def test_a_new_file_with_eicar_in_it_is_malicious(api: Api) -> None:
    content = b"prefix " + EICAR
    analysis = api.upload(content).json()["data"]["id"]
    api.poll(analysis, 3)
    assert api.json(f"/files/{identity(content)}")["data"]["attributes"]["last_analysis_stats"]["malicious"] > 40


def test_password_and_name_are_kept(api: Api) -> None:
    api.upload(b"zip", "archive.zip", password="infected")
    assert api.emulator.requests.passwords == {identity(b"zip"): "infected"}
    assert api.emulator.requests.names == {identity(b"zip"): "archive.zip"}


def raw_form(disposition: str, body: bytes = b"x") -> dict[str, Any]:
    data = b"--b\r\nContent-Disposition: " + disposition.encode() + b"\r\n\r\n" + body + b"\r\n--b--\r\n"
    return {"data": data, "headers": {"Content-Type": "multipart/form-data; boundary=b"}}


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (raw_form('form-data; name="file"; filename="plain.bin"'), 200),
        (raw_form('form-data; name="file"; filename="a"; filename*=utf-8\'\'a'), 400),
        (raw_form("form-data; name=\"file\"; filename*=utf-8''a%20b"), 400),
        (raw_form('form-data; name="file"'), 400),
        (raw_form('form-data; name="other"; filename="a"'), 400),
        (raw_form('form-data; name="password"'), 400),
        ({"data": b"no form", "headers": {"Content-Type": "text/plain"}}, 400),
        ({"data": b"no boundary", "headers": {"Content-Type": "multipart/form-data"}}, 400),
        ({"data": b"not a form", "headers": {"Content-Type": "multipart/form-data; boundary=b"}}, 400),
    ],
)
def test_forms(api: Api, options: dict[str, Any], status: int) -> None:
    answer = api.send("POST", "/files", **options)
    assert answer.status_code == status, answer.text
    assert sum(api.emulator.uploads.values()) == (status == 200)


class Zeros(io.RawIOBase):
    """A file of zeros that exists nowhere."""

    def __init__(self, size: int) -> None:
        self.left = size

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        size = min(self.left, size if size >= 0 else self.left)
        self.left -= size
        return b"\0" * size


def streamed(size: int) -> Any:
    yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="big.bin"\r\n\r\n'
    source = Zeros(size)
    while piece := source.read(1 << 20):
        yield piece
    yield b"\r\n--b--\r\n"


@pytest.mark.parametrize(("size", "status"), [(DIRECT_LIMIT, 200), (DIRECT_LIMIT + 1, 413)])
def test_the_limit_of_direct_uploads(api: Api, size: int, status: int) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = api.send("POST", "/files", data=streamed(size), headers=headers)
    assert answer.status_code == status
    if status == 413:
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert not api.emulator.uploads


def test_an_upload_address_is_used_once(api: Api) -> None:
    address = api.json("/files/upload_url")["data"]
    assert address.startswith(f"{api.emulator.url}/_ah/upload/")
    form = {"file": ("a.bin", b"large")}
    first = requests.post(address, files=form, timeout=10)
    assert first.json()["data"]["type"] == "analysis"
    second = requests.post(address, files=form, timeout=10)
    assert (second.status_code, second.headers["Content-Type"].split(";")[0]) == (404, "text/plain")
    assert api.emulator.uploads[identity(b"large")] == 1


def test_an_upload_address_on_another_host(api: Api) -> None:
    api.emulator.switches.upload_host = "other"
    address = api.json("/files/upload_url")["data"]
    assert address.startswith(api.emulator.other_url)
    assert requests.post(address, files={"file": ("a", b"1")}, timeout=10).json()["data"]["type"] == "analysis"
    assert api.emulator.leaks == []
    assert api.send("POST", api.json("/files/upload_url")["data"], files={"file": ("a", b"2")}).status_code == 400
    assert [leak.key for leak in api.emulator.leaks] == ["premium"]
    assert identity(b"2") not in api.emulator.uploads


def test_the_address_of_a_key_that_is_gone(api: Api) -> None:
    address = api.json("/files/upload_url")["data"]
    del api.emulator.keys["premium"]
    assert requests.post(address, files={"file": ("a", b"1")}, timeout=10).status_code == 404


def test_a_known_file_is_charged_or_409(api: Api) -> None:
    assert api.upload(EICAR).status_code == 200
    assert api.emulator.requests.charged == 1
    api.emulator.switches.known_upload = "409"
    answer = api.upload(EICAR)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "AlreadyExistsError")
    assert api.upload(b"new").status_code == 200
    assert api.upload(b"new").status_code == 409
    assert api.emulator.uploads == {EICAR_SHA256: 2, identity(b"new"): 2}


def test_quota_during_an_upload(api: Api) -> None:
    for _ in range(4):
        api.json(FILE, "slow")
    assert api.upload(EICAR, key="slow").status_code == 429
    assert api.upload(b"unknown files are free", key="slow").status_code == 200


def test_an_analysis_by_the_clock(api: Api) -> None:
    api.emulator.clock.set(EPOCH)
    api.emulator.switches.analysis_seconds = 100
    analysis = api.upload(b"slow").json()["data"]["id"]
    seen = []
    for moment in (0, 49, 50, 99, 100):
        api.emulator.clock.set(EPOCH + moment)
        seen += api.poll(analysis, 1)
    assert seen == ["queued", "queued", "in-progress", "in-progress", "completed"]


def test_by_the_clock_nobody_needs_to_poll(api: Api) -> None:
    api.emulator.clock.set(EPOCH)
    api.emulator.switches.analysis_seconds = 10
    api.upload(b"unwatched")
    path = f"/files/{identity(b'unwatched')}"
    assert api.get(path).status_code == 404
    api.emulator.clock.advance(11)
    assert api.get(path).status_code == 200
    assert api.json(f"{path}/behaviours")["data"] == []
    api.emulator.clock.advance(61)
    assert [item["attributes"]["sandbox_name"] for item in api.json(f"{path}/behaviours")["data"]] == ["Zenbox"]


@pytest.mark.parametrize(
    ("switches", "polls", "statuses"),
    [
        ({"analysis_polls": 0}, 2, ["completed"] * 2),
        ({"analysis_polls": 2}, 5, ["queued"] * 2 + ["in-progress"] * 2 + ["completed"]),
        ({"analysis_end": "never"}, 4, ["queued"] + ["in-progress"] * 3),
        ({"analysis_end": "never", "analysis_status": "pondering"}, 3, ["pondering"] * 3),
    ],
)
def test_how_an_analysis_goes_on(api: Api, switches: dict[str, Any], polls: int, statuses: list[str]) -> None:
    api.emulator.switches.set(**switches)
    assert api.poll(api.upload(b"watched").json()["data"]["id"], polls) == statuses


def test_what_is_missing_at_first(api: Api) -> None:
    api.emulator.switches.set(analysis_missing=2, analysis_polls=0, object_missing=1)
    analysis = api.upload(b"late").json()["data"]["id"]
    path = f"/analyses/{analysis}"
    assert [api.get(path).status_code for _ in range(3)] == [404, 404, 200]
    assert [api.get(f"/files/{identity(b'late')}").status_code for _ in range(2)] == [404, 200]


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        ("http://NEW.example.org", "http://new.example.org/"),
        ("https://new.example.org:443/a?b=1#c", "https://new.example.org/a?b=1"),
        ("new.example.org/x", "http://new.example.org/x"),
        ("javascript:alert(1)", None),
        ("http://", None),
        ("http://a b.example/", None),
        ("", None),
    ],
)
def test_urls(api: Api, url: str, answer: str | None) -> None:
    response = api.send("POST", "/urls", data={"url": url})
    if answer is None:
        assert response.status_code == 400
        return
    analysis = response.json()["data"]["id"]
    assert analysis.startswith(f"u-{url_id(answer)}-")
    assert api.poll(analysis, 3)[-1] == "completed"
    assert api.json(f"/analyses/{analysis}")["meta"]["url_info"] == {"id": url_id(answer), "url": answer}
    assert api.json(f"/urls/{url_id(answer)}")["data"]["attributes"]["url"] == answer


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary=b"])
def test_malformed_forms_of_urls(api: Api, content_type: str) -> None:
    options = {"data": b"no form", "headers": {"Content-Type": content_type}}
    assert api.error("/urls", method="POST", **options) == (400, "BadRequestError")


@pytest.mark.parametrize(
    ("path", "item"),
    [
        (FILE, EICAR_SHA256),
        (f"/urls/{url_id(BAD_URL)}", url_id(BAD_URL)),
        ("/domains/example.com", "example.com"),
        ("/ip_addresses/192.0.2.10", "192.0.2.10"),
    ],
)
def test_a_rescan_changes_the_date_at_its_end(api: Api, path: str, item: str) -> None:
    before = api.json(path)["data"]["attributes"]
    analysis = api.send("POST", f"{path}/analyse").json()["data"]["id"]
    api.poll(analysis, 2)
    assert api.json(path)["data"]["attributes"]["last_analysis_date"] == before["last_analysis_date"]
    assert api.poll(analysis, 1) == ["completed"]
    after = api.json(path)["data"]["attributes"]
    assert after["last_analysis_date"] > before["last_analysis_date"]
    assert after["last_analysis_stats"] == before["last_analysis_stats"]
    assert api.json(f"/analyses/{analysis}/item")["data"]["id"] == item


def test_a_rescan_of_the_unknown(api: Api) -> None:
    assert api.error("/files/" + "0" * 64 + "/analyse", method="POST") == (404, "NotFoundError")


@pytest.mark.parametrize(("stored", "count"), [(False, 0), (True, 1)])
def test_an_upload_that_breaks_half_way(api: Api, stored: bool, count: int) -> None:
    api.emulator.fault("POST /files", "reset", size=1 << 20, stored=stored, times=1)
    content = b"\0" * (4 << 20)
    with pytest.raises(requests.ConnectionError):
        api.upload(content)
    assert api.emulator.uploads[identity(content)] == count
    assert api.upload(content).status_code == 200


def test_a_client_that_dies_in_the_middle_leaves_nothing(api: Api) -> None:
    host, _, port = api.emulator.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as raw:
        raw.sendall(
            b"POST /api/v3/files HTTP/1.1\r\nHost: x\r\nx-apikey: premium\r\nContent-Length: 9999\r\n"
            b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nhalf of it'
        )
    assert api.json(FILE)["data"]["id"] == EICAR_SHA256
    assert not api.emulator.uploads


@pytest.mark.parametrize(
    "options",
    [
        {"retention_period_days": "0"},
        {"retention_period_days": "29"},
        {"retention_period_days": "soon"},
        {"storage_region": "MARS"},
        {"password": "infected"},
    ],
)
def test_wrong_options_of_private_scans(api: Api, options: dict[str, str]) -> None:
    answer = api.send("POST", "/private/files", "gti", files={"file": ("a.bin", b"content")}, data=options)
    assert (answer.status_code, api.emulator.private_uploads) == (400, {})
