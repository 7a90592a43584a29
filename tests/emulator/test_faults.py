"""Every kind of fault, as a client meets it; where it acts and how often."""

import contextlib
import gzip
import json
import struct
import time
import zlib
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.emulator.conftest import FILE, Api
from virustotal.emulator.faults import KINDS, Fault
from virustotal.emulator.world.shared import EICAR_SHA256

PCAP = f"/file_behaviours/{EICAR_SHA256}_Zenbox/pcap"


@pytest.mark.parametrize(
    ("pattern", "method", "path", "fits"),
    [
        ("GET /files/*", "GET", f"/api/v3{FILE}", True),
        ("GET /api/v3/files/*", "GET", f"/api/v3{FILE}", True),
        ("/files/*", "POST", "/api/v3/files/x/analyse", True),
        ("GET /files/*", "POST", "/api/v3/files/x/analyse", False),
        ("*/contacted_ips", "GET", f"/api/v3{FILE}/contacted_ips", True),
        ("*/contacted_ips", "GET", f"/api/v3{FILE}/contacted_urls", False),
        ("re:GET /files/[0-9a-f]{64}", "GET", f"/api/v3{FILE}", True),
        ("re:GET /files/[0-9a-f]{64}", "GET", f"/api/v3{FILE}/comments", False),
        ("* /_ah/upload/*", "POST", "/_ah/upload/token", True),
    ],
)
def test_patterns(pattern: str, method: str, path: str, fits: bool) -> None:
    assert Fault(pattern).matches(method, path) is fits


def test_a_wrong_kind_is_an_error() -> None:
    with pytest.raises(ValueError, match="explode"):
        Fault("*", "explode")


@pytest.mark.parametrize(
    ("values", "status", "content_type", "text"),
    [
        ({"status": 503}, 503, "application/json", "TransientError"),
        ({"status": 504}, 504, "application/json", "DeadlineExceededError"),
        ({"status": 403}, 403, "application/json", "ForbiddenError"),
        ({"status": 400, "code": "NotAvailableYet"}, 400, "application/json", "NotAvailableYet"),
        ({"status": 502, "body": "html"}, 502, "text/html", "<h1>"),
        ({"status": 500, "body": "text"}, 500, "text/plain", "upstream"),
        ({"status": 502, "body": "empty"}, 502, "text/plain", ""),
        ({"kind": "error200"}, 200, "application/octet-stream", "NotAvailableYet"),
        ({"kind": "answer", "document": {"data": None}}, 200, "application/json", '{"data": null}'),
        ({"kind": "answer", "document": [1], "status": 418}, 418, "application/json", "[1]"),
        ({"kind": "garbage"}, 200, "application/json", "{"),
    ],
)
def test_answers(api: Api, values: dict[str, Any], status: int, content_type: str, text: str) -> None:
    api.emulator.fault("GET /files/*", **values)
    answer = api.get(FILE)
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (status, content_type)
    assert text in answer.text
    assert answer.text or text == ""
    assert api.emulator.requests[0].fault == values.get("kind", "status")
    assert api.emulator.requests.charged == 0


def test_garbage_is_no_json(api: Api) -> None:
    api.emulator.fault("*", "garbage")
    with pytest.raises(ValueError, match=r".+"):
        api.get(FILE).json()


def test_a_fault_says_when_to_come_back(api: Api) -> None:
    api.emulator.fault("*", status=429, retry_after=3)
    assert api.get(FILE).headers["Retry-After"] == "3"


def test_how_often(api: Api) -> None:
    fault = api.emulator.fault("GET /files/*", status=503, skip=1, times=2)
    assert [api.get(FILE).status_code for _ in range(5)] == [200, 503, 503, 200, 200]
    assert fault.seen == 5
    api.emulator.faults.remove(fault)
    assert api.emulator.faults.as_json() == []


def test_the_first_rule_decides(api: Api) -> None:
    api.emulator.fault("*/comments", status=503)
    api.emulator.fault("*", status=504)
    assert api.get(f"{FILE}/comments").status_code == 503
    assert api.get(FILE).status_code == 504


def test_delay(api: Api) -> None:
    api.emulator.fault("GET /files/*", "delay", seconds=0.15)
    api.emulator.fault("GET /files/*", status=503)
    begun = time.monotonic()
    assert api.get(FILE).status_code == 503
    assert time.monotonic() - begun >= 0.15


def test_latency_and_the_peak(api: Api) -> None:
    api.emulator.switches.latency = 0.05
    begun = time.monotonic()
    api.get(FILE)
    assert time.monotonic() - begun >= 0.05
    assert api.emulator.requests.peak == 1


@pytest.mark.parametrize("kind", ["reset", "close"])
def test_broken_connections(api: Api, kind: str) -> None:
    api.emulator.fault("GET /files/*", kind, times=1)
    with pytest.raises(requests.ConnectionError):
        api.get(FILE)
    assert api.emulator.requests[0].status is None
    assert api.get(FILE).status_code == 200


@pytest.mark.parametrize("path", [FILE, PCAP])
def test_a_truncated_answer_is_noticed(api: Api, path: str) -> None:
    api.emulator.fault("*", "truncate", size=30)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        api.get(path)


def test_a_partial_answer_is_not_noticed(api: Api) -> None:
    api.emulator.fault("*", "partial", size=30)
    answer = api.get(PCAP)
    assert (answer.status_code, len(answer.content), answer.headers["Content-Length"]) == (200, 30, "30")


def test_an_empty_artefact(api: Api) -> None:
    api.emulator.fault("*", "partial", size=0)
    assert api.get(PCAP).content == b""


def test_slow(api: Api) -> None:
    api.emulator.fault("*/pcap", "slow", size=100, seconds=0.05)
    begun = time.monotonic()
    assert len(api.get(PCAP).content) > 200
    assert time.monotonic() - begun >= 0.1


def test_redirect(api: Api) -> None:
    api.emulator.fault("GET /files/*", "redirect", times=1)
    answer = api.get(FILE)
    assert answer.headers["Location"] == f"{api.emulator.other_url}/api/v3{FILE}"
    assert api.get(answer.headers["Location"]).status_code == 400
    assert api.emulator.leaks[0].path == f"/api/v3{FILE}"
    api.emulator.fault("GET /files/*", "redirect", location="https://example.com/x")
    assert api.get(FILE).headers["Location"] == "https://example.com/x"


def test_faults_of_the_other_host(api: Api) -> None:
    api.emulator.fault("GET /other/screenshots/*", status=502, body="html", times=1)
    link = api.json(f"{FILE}/screenshots")["data"][0]["attributes"]["link"]
    assert [requests.get(link, timeout=10).status_code for _ in range(2)] == [502, 200]
    assert [one.status for one in api.emulator.requests.elsewhere] == [502, 200]
    assert len(api.emulator.requests) == 1


def test_bomb(api: Api) -> None:
    api.emulator.fault("*", "bomb", size=20 << 20)
    with api.get(FILE, stream=True) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        packed = answer.raw.read(decode_content=False)
    assert len(packed) < 100_000
    assert len(zlib.decompress(packed, 31)) > 20 << 20


def test_a_big_capture_is_made_while_it_is_sent(api: Api) -> None:
    api.emulator.fault("*/pcap", "big", size=8_000_001)
    with api.get(PCAP, stream=True) as answer:
        assert answer.headers["Content-Length"] == "8000001"
        data = b"".join(answer.iter_content(1 << 20))
    assert len(data) == 8_000_001
    offset = 24
    while offset + 16 <= len(data):
        offset += 16 + struct.unpack_from("<I", data, offset + 8)[0]
    assert len(data) - offset < 17


def test_nested(api: Api) -> None:
    api.emulator.fault(f"GET /file_behaviours/{EICAR_SHA256}_Zenbox", "nested", size=5000)
    text = api.get(f"/file_behaviours/{EICAR_SHA256}_Zenbox").text
    assert text.count('"children"') >= 5000
    with contextlib.suppress(RecursionError):
        json.loads(text)


def test_nested_leaves_a_download_as_it_is(api: Api) -> None:
    before = api.get(PCAP)
    api.emulator.fault("*/pcap", "nested")
    after = api.get(PCAP)
    assert (after.status_code, after.content) == (200, before.content)


def test_faults_of_the_constructor_stay_after_clear() -> None:
    from virustotal.emulator.server import Emulator

    with Emulator(faults=[Fault("/files/*", status=503, times=1)], switches={"count": "absent"}) as emulator:
        for _ in range(2):
            url = f"{emulator.url}/api/v3{FILE}"
            headers = {"x-apikey": "premium-key"}
            assert [requests.get(url, headers=headers, timeout=5).status_code for _ in range(2)] == [503, 200]
            assert emulator.switches.count == "absent"
            emulator.clear()


def test_recorded_errors_can_be_repeated(api: Api) -> None:
    body = {"error": {"code": "WrongCredentialsError", "message": "Wrong API key k"}}
    api.emulator.store.add("error/401-wrong.json", body)
    api.emulator.fault("*", status=401, body="error/401-wrong.json")
    answer = api.get(FILE)
    assert (answer.status_code, answer.json()) == (401, body)


def test_compressed_errors(api: Api) -> None:
    api.emulator.switches.gzip = "always"
    with api.get("/files/" + "0" * 64, stream=True) as answer:
        assert json.loads(gzip.decompress(answer.raw.read(decode_content=False)))["error"]["code"] == "NotFoundError"


def test_every_kind_is_tested() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    assert [kind for kind in KINDS if f'"{kind}"' not in source] == []
