"""Odd requests: none of them is the emulator's own fault, and many at once are served at once."""

from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection

import pytest

from tests.emulator.conftest import FILE, Api
from virustotal.emulator.routes.tables import ROUTES

ODD = [
    "%00",
    "%FF%FE",
    "..",
    "%2e%2e%2f",
    "%20",
    "%F0%9F%98%80",
    "%ED%A0%80",
    "a" * 3000,
    "::1",
    "aHR0cDovLw",
    "%25",
    "0",
]
QUERIES = [
    "limit=%00&cursor=%FF",
    "relationships=%00,,,&relationship_attributes%5B%5D=x",
    "attributes=,&exclude_attributes=,",
    "query=http://[",
    "%FF=%FF&&&=",
]
BODIES = [b"", b"null", b'{"data": 5}', b"url=http://[::1", b"--b\r\n\r\n--b--", b"\xff" * 50]


@pytest.mark.parametrize("identifier", ODD)
def test_no_odd_request_breaks_it(api: Api, identifier: str) -> None:
    connection = HTTPConnection(api.emulator.url.removeprefix("http://"), timeout=10)
    for index, route in enumerate(ROUTES):
        path = "/".join(identifier if part.startswith("{") else part for part in route.pattern.split("/"))
        target = f"/api/v3/{path}?{QUERIES[index % len(QUERIES)]}"
        headers = {"x-apikey": "premium", "content-type": "multipart/form-data; boundary=b"}
        body = BODIES[index % len(BODIES)] if route.method == "POST" else None
        connection.request(route.method, target, body, headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status in (200, 302, 400, 403, 404), (route.method, target)
    connection.close()


def test_many_at_once(api: Api) -> None:
    api.emulator.switches.latency = 0.2
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: api.get(FILE).status_code, range(8)))
    assert answers == [200] * 8
    assert api.emulator.requests.peak == 8


def test_every_route_has_its_own_way(api: Api) -> None:
    seen = [(route.method, route.pattern) for route in ROUTES]
    assert len(set(seen)) == len(seen) > 70
    assert {route.endpoint for route in ROUTES} >= {"files", "file_relationships", "analyses", "file_upload_url"}
