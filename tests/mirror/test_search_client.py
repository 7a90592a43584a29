"""A mirror that fails: what is skipped, what is said, and what never leaves."""

import base64
import logging
import socket
import ssl
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from tests.client.conftest import Server, answer
from tests.client.test_client import certificate, serve_tls
from tests.mirror.clusters import SHA
from tests.mirror.sources import DOCS, FILE, Below, Make, ask, never, soon
from tests.mirror.sources import address as address
from tests.mirror.sources import config as config
from tests.mirror.sources import make as make
from virustotal.api import endpoints
from virustotal.api.source import Request
from virustotal.client.body_reader import whole
from virustotal.core.errors import NotFoundError, UnavailableError
from virustotal.core.models import Ref, Status
from virustotal.core.settings import Credentials, MirrorConfig, Settings
from virustotal.mirror import MirrorError, SearchClient
from virustotal.mirror.request_parser import identifiers
from virustotal.sources import build


@pytest.mark.parametrize(
    "broken",
    [
        answer(b'{"error": {"type": "x"}, "status": 503}', "503 Service Unavailable"),
        answer(b"<html>proxy</html>", "502 Bad Gateway"),
        answer(b"<html>hello</html>"),
        answer(b"[]"),
        answer(b'{"error": {"type": "security_exception"}}', "401 Unauthorized"),
        answer(DOCS % b"", length=900),
        answer(DOCS % b""),
        answer(DOCS % b'{"_id": "other", "found": true, "_source": {}}'),
        answer(DOCS % (b'{"_id": "%s", "error": {"type": "index_not_found_exception"}}' % SHA.encode())),
        answer(DOCS % (b'{"_id": "%s", "found": true, "_source": {"a": 1}}' % SHA.encode())),
        answer(DOCS % (b'{"_id": "%s", "found": true, "_source": {"object": "{broken"}}' % SHA.encode())),
        answer(
            DOCS
            % (b'{"_id": "%s", "found": true, "_source": {"type": "file", "id": "f", "attributes": {}}}' % SHA.encode())
        ),
        lambda connection, heard: None,
    ],
)
def test_a_broken_mirror_is_skipped_and_said_once(server: Server, make: Make, broken: Any) -> None:
    server.say(broken)
    said: list[str] = []
    below = Below({"data": {}})
    mirror = make(below, said, hosts=(server.url,))
    for _ in range(3):
        ask(mirror, endpoints.object_request(FILE))
    assert len(below.asked) == 3
    assert len(said) == 1
    server.say(answer(DOCS % (b'{"_id": "%s", "found": false}' % SHA.encode())))
    time.sleep(0.06)
    ask(mirror, endpoints.object_request(FILE))
    assert len(said) == 2
    assert "works again" in said[1]
    server.say(broken)
    with pytest.raises(UnavailableError, match=r"mirror\.only") as error:
        ask(make(hosts=(server.url,)), endpoints.object_request(FILE))
    assert error.value.outcome.status is Status.FAILED
    assert error.value.origin == "mirror"


def test_a_multi_get_that_is_half_is_said_once_for_its_index(server: Server, make: Make) -> None:
    refs = [Ref("ip_address", f"192.0.2.{number}") for number in range(1, 51)]
    requests = [endpoints.object_request(ref) for ref in refs]
    ids = [id for ref in refs for id in identifiers(ref)]
    missing = [b'{"_id": "%s", "found": false}' % id.encode() for id in ids]
    broken = [b'{"_id": "%s", "error": {"type": "circuit_breaking_exception"}}' % id.encode() for id in ids]
    half = [pair[at % 2] for at, pair in enumerate(zip(missing, broken, strict=True))]
    said: list[str] = []
    mirror = make(Below({"data": {}}), said, hosts=(server.url,))
    server.say(answer(DOCS % b", ".join(half)), answer(DOCS % b", ".join(half)), answer(DOCS % b", ".join(missing)))
    for lines in (1, 1, 2):
        mirror.ask_many(requests, soon())
        assert len(said) == lines
    assert "circuit_breaking_exception (index virustotal-ips)" in said[0]
    assert "works again" in said[1]


def test_an_index_that_is_searched_is_said_to_break_and_to_work_each_time(config: MirrorConfig, make: Make) -> None:
    said: list[str] = []
    mirror = make(Below({"data": {}}), said, behaviours="later")
    cluster = SearchClient(config, Credentials())
    for change in (None, "PUT", "DELETE"):
        if change:
            assert cluster.send(change, "/later", None, soon())[0] == 200
        for _ in range(2):
            ask(mirror, endpoints.object_request(FILE, ("behaviours",)))
    cluster.close()
    assert ["works again" in line for line in said] == [False, True, False]


def test_a_broken_mirror_is_left_alone_for_a_while(server: Server, make: Make) -> None:
    server.say(answer(b"", "503 Busy"))
    mirror = make(Below({"data": {}}), hosts=(server.url,))
    for _ in range(5):
        ask(mirror, endpoints.object_request(FILE))
    assert len(server.heard) == 1


def test_a_mirror_that_hangs_costs_seconds_once(server: Server, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("virustotal.mirror.object_store.PATIENCE", 0.3)
    server.say(lambda connection, heard: connection.recv(1))  # until the client closes
    below = Below({"data": {}})
    mirror = make(below, hosts=(server.url, server.url.replace("127.0.0.1", "localhost")))
    mirror._store.health.pause = 30.0
    began = time.monotonic()
    for _ in range(20):
        ask(mirror, endpoints.object_request(FILE))
    assert time.monotonic() - began < 4  # of 6 seconds, if each waited
    assert len(below.asked) == 20


def test_certificates_are_verified(tmp_path: Path) -> None:
    authority = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve_tls, args=(listening, context), daemon=True).start()
        config = MirrorConfig(hosts=(f"https://127.0.0.1:{listening.getsockname()[1]}",), ca_bundle=str(authority))
        assert SearchClient(config, Credentials()).send("GET", "/", None, soon())[0] == 200
        with pytest.raises(MirrorError, match=r"mirror\.ca_bundle"):
            SearchClient(evolve(config, ca_bundle=""), Credentials()).send("GET", "/", None, soon())


def test_the_environment_takes_no_part(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login someone password word\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server.say(answer(b"{}"))
    SearchClient(MirrorConfig(hosts=(server.url,)), Credentials()).send("GET", "/", None, soon())
    assert server.heard[0].header("authorization") is None


def test_a_multi_get_that_is_too_large_is_halved(
    config: MirrorConfig, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("virustotal.mirror.search_client.whole", lambda response, until: whole(response, until, 1500))
    requests = [endpoints.object_request(Ref("ip_address", f"192.0.2.{number}")) for number in range(1, 60)]
    answers = make(never()).ask_many(requests, soon())
    assert [at for at, item in enumerate(answers) if item] == [0]


def test_an_answer_that_is_too_large_is_no_mirror_that_is_down(
    config: MirrorConfig, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("virustotal.mirror.search_client.whole", lambda response, until: whole(response, until, 1500))
    said: list[str] = []
    mirror = make(Below(UnavailableError("down")), said, hosts=(*config.hosts, "http://127.0.0.1:9"))
    requests = [endpoints.object_request(Ref("ip_address", f"192.0.2.{number}")) for number in range(1, 60)]
    answers = mirror.ask_many(requests, soon())
    assert ([at for at, item in enumerate(answers) if item], said) == ([0], [])
    with pytest.raises(UnavailableError):
        ask(mirror, endpoints.object_request(Ref("file", "c" * 32)))
    assert ["32 MB (index virustotal-files)" in line for line in said] == [True]
    assert ask(mirror, requests[0]).origin == "mirror"


def test_the_next_address_is_asked_where_one_is_down(config: MirrorConfig, make: Make, server: Server) -> None:
    server.say(answer(b"", "503 Busy"))
    hosts = ("http://127.0.0.1:9", server.url, *config.hosts)
    mirror = make(never(), hosts=hosts)
    for _ in range(3):
        assert ask(mirror, endpoints.object_request(FILE)).origin == "mirror"
    assert len(server.heard) == 1


def test_a_missing_index_costs_its_kind_alone(make: Make) -> None:
    said: list[str] = []
    below = Below(NotFoundError("not known"))
    mirror = make(below, said, domains="missing", behaviours="gone")
    for _ in range(2):
        with pytest.raises(NotFoundError):
            ask(mirror, endpoints.object_request(Ref("domain", "example.com")))
        assert ask(mirror, endpoints.object_request(FILE)).origin == "mirror"
    with pytest.raises(NotFoundError):
        ask(mirror, endpoints.object_request(FILE, ("behaviours",)))
    assert len(said) == 2
    assert all("index_not_found" in line for line in said)


def test_a_kind_without_an_index_is_not_held_and_not_missed(make: Make) -> None:
    said: list[str] = []
    both = [endpoints.object_request(ref) for ref in (FILE, Ref("domain", "example.com"))]
    result = make(never(), said, domains="").ask_many(both, soon())
    assert ([item is not None for item in result], said) == ([True, False], [])


@pytest.mark.parametrize(
    ("request_", "missing"),
    [
        (endpoints.object_request(FILE), "files"),
        (endpoints.object_request(Ref("file", "c" * 32)), "files"),
        (endpoints.object_request(FILE, ("behaviours",)), "behaviours"),
    ],
    ids=str,
)
def test_air_gapped_a_missing_index_is_a_failure(make: Make, request_: Request, missing: str) -> None:
    with pytest.raises(UnavailableError, match="index_not_found"):
        ask(make(**{missing: "gone"}), request_)


@pytest.mark.parametrize(
    ("secrets", "header"),
    [
        ({"mirror_api_key": "a2V5"}, "ApiKey a2V5"),
        ({"mirror_user": "me", "mirror_password": "wörd"}, f"Basic {base64.b64encode('me:wörd'.encode()).decode()}"),
        ({}, None),
    ],
)
def test_credentials_go_to_the_mirror_and_nowhere_else(
    server: Server, caplog: pytest.LogCaptureFixture, secrets: dict[str, str], header: str | None
) -> None:
    caplog.set_level(logging.DEBUG)
    cluster = SearchClient(MirrorConfig(hosts=(server.url,)), Credentials("vt-key", **secrets))
    server.say(answer(b"{}", "403 Forbidden"))
    with pytest.raises(MirrorError) as error:
        cluster.get([("files", SHA)], soon())
    assert server.heard[0].header("authorization") == header
    assert "vt-key" not in server.heard[0].head
    shown = f"{error.value!r} {cluster!r} {caplog.text} {Credentials('vt-key', **secrets)!r}"
    assert not [value for value in secrets.values() if value in shown and value != "me"]


@pytest.mark.parametrize(
    "secrets",
    [
        {"mirror_api_key": "a", "mirror_user": "b", "mirror_password": "c"},
        {"mirror_user": "b"},
        {"mirror_password": "c"},
        {"mirror_user": "a:b", "mirror_password": "c"},
        {"mirror_api_key": "a b"},
    ],
)
def test_credentials_that_cannot_work_stop_the_start(secrets: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="mirror_"):
        build(Settings(mirror=MirrorConfig(hosts=("http://mirror.example.com",))), Credentials("key", **secrets))


def test_a_missing_ca_bundle_stops_the_start() -> None:
    given = MirrorConfig(hosts=("https://mirror.example.com",), ca_bundle="/missing/ca.pem")
    with pytest.raises(ValueError, match=r"mirror\.ca_bundle"):
        build(Settings(mirror=given), Credentials("key"))
