"""The client against exact requests, and against a server that goes wrong in every way."""

import contextlib
import gzip
import ipaddress
import os
import re
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import responses
from responses import matchers

from tests.client.conftest import KEY, Heard, Server, answer, drips, resets
from virustotal.api import endpoints
from virustotal.api.source import Request
from virustotal.client import body_reader
from virustotal.client.http_client import HttpClient
from virustotal.client.retry import RetryPolicy
from virustotal.core import errors
from virustotal.core.models import Ref
from virustotal.core.settings import Credentials, Settings
from virustotal.sources import build

SHA = "a" * 64
FILE = Ref("file", SHA)
OK = b'{"data": {"type": "file", "id": "%s"}}' % SHA.encode()
ASK = endpoints.object_request(FILE)


def soon(seconds: float = 10.0) -> float:
    return time.monotonic() + seconds


def quota(code: str = "QuotaExceededError", *headers: str) -> bytes:
    return answer(b'{"error": {"code": "%s", "message": "m"}}' % code.encode(), "429 Too Many", *headers)


# --- what is sent ----------------------------------------------------------------------------------------------------


@responses.activate
def test_the_request_is_exactly_this() -> None:
    responses.get(
        f"https://vt.example.com/base/api/v3/files/{SHA}",
        body=OK,
        match=[
            matchers.header_matcher(
                {
                    "x-apikey": KEY,
                    "x-tool": "assemblyline-service-virustotal",
                    "Accept-Encoding": "gzip",
                    "Accept": "*/*",
                    "User-Agent": f"assemblyline-service-virustotal/{__import__('virustotal').__version__} (gzip)",
                },
                strict_match=True,
            ),
            matchers.query_param_matcher(
                {"relationships": "votes,behaviours", "relationship_attributes[votes]": "a,b"}
            ),
        ],
    )
    client = build(Settings(host="https://vt.example.com/base"), Credentials(KEY))
    request = endpoints.object_request(FILE, ("votes", "behaviours"), (("relationship_attributes[votes]", "a,b"),))

    found = client.ask(request, soon())

    assert found.payload["data"]["id"] == SHA
    assert "relationship_attributes%5Bvotes%5D=a,b" in responses.calls[0].request.url


@responses.activate
def test_cursor_and_identifier_are_encoded_once() -> None:
    responses.get(
        f"https://vt.example.com/api/v3/file_behaviours/{SHA}_Dr.Web%20vxCube/attack_techniques",
        body=b'{"data": []}',
        match=[matchers.query_param_matcher({"limit": "40", "cursor": "a=b&c d+e"})],
    )
    client = build(Settings(host="https://vt.example.com"), Credentials(KEY))

    client.ask(
        endpoints.relationship_page(Ref("file_behaviour", f"{SHA}_Dr.Web vxCube"), "attack_techniques", "a=b&c d+e"),
        soon(),
    )

    assert responses.calls[0].request.url.endswith("attack_techniques?limit=40&cursor=a%3Db%26c%20d%2Be")


def test_a_form_is_sent_as_form(server: Server, client: HttpClient) -> None:
    server.say(answer(OK))

    client.ask(endpoints.submit_url("http://example.com/?a=b&c"), soon())

    assert server.heard[0].head.startswith("POST /api/v3/urls HTTP/1.1")
    assert server.heard[0].body == b"url=http%3A%2F%2Fexample.com%2F%3Fa%3Db%26c"
    assert server.heard[0].header("content-type") == "application/x-www-form-urlencoded"


def test_an_empty_post_has_a_length(server: Server, client: HttpClient) -> None:
    server.say(answer(OK))

    client.ask(endpoints.analyse(FILE), soon())

    assert server.heard[0].header("content-length") == "0"


def test_the_environment_is_not_read(
    server: Server, client: HttpClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login user password word\n")
    netrc.chmod(0o600)
    for name, value in {"NETRC": str(netrc), "HTTP_PROXY": "http://127.0.0.1:9", "REQUESTS_CA_BUNDLE": "/none"}.items():
        monkeypatch.setenv(name, value)
    server.say(answer(OK))

    client.ask(ASK, soon())

    assert server.heard[0].header("authorization") is None


def test_the_proxy_is_used(server: Server, make: Callable[..., HttpClient]) -> None:
    server.say(answer(OK))

    make("http://vt.example.com", proxy=server.url.replace("//", "//user:word@")).ask(ASK, soon())

    assert server.heard[0].head.startswith(f"GET http://vt.example.com/api/v3/files/{SHA} ")
    assert server.heard[0].header("proxy-authorization") == "Basic dXNlcjp3b3Jk"


@pytest.mark.parametrize(
    "proxy", ["proxy:3128", "ftp://proxy.example.com", "http://", "http://x:99999999", "http://[x"]
)
def test_a_wrong_proxy_is_said_without_its_value(proxy: str) -> None:
    with pytest.raises(errors.ConfigurationError, match=r"^proxy: expected") as raised:
        build(Settings(), Credentials(KEY, proxy.replace("//", "//user:word@")))

    assert "word" not in str(raised.value)


def test_a_missing_ca_bundle_is_said() -> None:
    with pytest.raises(errors.ConfigurationError, match=r"^ca_bundle: there is no"):
        build(Settings(ca_bundle="/nowhere/ca.pem"), Credentials(KEY))


@pytest.mark.parametrize("key", ["", "a b", "a\nb", "k\u00e9y", "a\x7f"])
def test_a_key_that_cannot_be_one(key: str) -> None:
    with pytest.raises(errors.AuthenticationError) as raised:
        build(Settings(), Credentials(key))

    assert not key or key not in str(raised.value)


def test_connections_are_reused_and_requests_counted(server: Server, client: HttpClient) -> None:
    ports = []

    def twice(connection: Any, heard: Heard) -> None:
        ports.append(connection.getpeername()[1])
        connection.sendall(answer(OK).replace(b"Connection: close\r\n", b""))
        server.heard.append(server._hear(connection))
        connection.sendall(answer(OK))

    server.say(twice)
    client.ask(ASK, soon())
    client.ask(ASK, soon())

    assert len(ports) == 1
    assert len(server.heard) == client.usage.requests == 2


def test_no_cookie_is_kept(server: Server, client: HttpClient) -> None:
    server.say(answer(OK, "200 OK", "Set-Cookie: a=b; Path=/"))

    client.ask(ASK, soon())
    client.ask(ASK, soon())

    assert server.heard[1].header("cookie") is None


# --- what comes back -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        answer(gzip.compress(OK), "200 OK", "Content-Encoding: gzip"),
        answer(gzip.compress(OK[:9]) + gzip.compress(OK[9:]), "200 OK", "Content-Encoding: gzip"),
        answer(OK, "200 OK", "Content-Encoding: identity"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(OK), OK),
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + OK,
    ],
)
def test_every_transfer(server: Server, client: HttpClient, data: bytes) -> None:
    server.say(data)

    assert client.ask(ASK, soon()).payload["data"]["id"] == SHA


@pytest.mark.parametrize(
    "broken",
    [
        resets,
        lambda connection, heard: None,
        answer(OK, length=len(OK) + 10),
        answer(gzip.compress(OK)[:-20], "200 OK", "Content-Encoding: gzip"),
        answer(OK, "200 OK", "Content-Encoding: gzip"),
        answer(OK, "200 OK", "Content-Encoding: br"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n" + OK,
        b"no http at all\r\n\r\n",
        answer(b"<html>"),
        answer(b""),
        answer(b"[1]"),
        answer(b"{}"),
        answer(b"<html>", "502 Bad Gateway"),
        answer(b"", "503 Unavailable", "Retry-After: 0"),
        answer(b'{"error": {"code": "DeadlineExceededError"}}', "504 Gateway Timeout"),
    ],
)
def test_what_is_worth_another_try(server: Server, client: HttpClient, broken: Any) -> None:
    server.say(broken, answer(OK))
    assert client.ask(ASK, soon()).payload["data"]["id"] == SHA

    server.say(broken)
    with pytest.raises(errors.UnavailableError):
        client.ask(ASK, soon())
    assert client.usage.requests == 2 + 4


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("400 Bad Request", errors.InvalidError),
        ("401 Unauthorized", errors.AuthenticationError),
        ("403 Forbidden", errors.ForbiddenError),
        ("404 Not Found", errors.NotFoundError),
        ("302 Found", errors.VirusTotalError),
    ],
)
def test_what_is_not(server: Server, client: HttpClient, status: str, error: type[Exception]) -> None:
    server.say(answer(b'{"error": {"code": "SomethingNewError"}}', status, "Location: http://127.0.0.1:1/"))

    with pytest.raises(error):
        client.ask(ASK, soon())

    assert client.usage.requests == 1


def test_a_server_that_is_not_there(make: Callable[..., HttpClient]) -> None:
    client = make("http://127.0.0.1:1")

    with pytest.raises(errors.UnavailableError, match="cannot be reached"):
        client.ask(ASK, soon())
    with pytest.raises(errors.UnavailableError, match="cannot be reached"):
        client.ask(endpoints.submit_url("http://example.com/"), soon())
    assert client.usage.requests == 4 + 1


PAGE = b"<!DOCTYPE html><html><head><title>ERROR: The requested URL could not be retrieved</title></head></html>"
PAGES = ("200 OK", "400 Bad Request", "403 Forbidden", "404 Not Found", "407 Proxy Authentication Required")
PAGES += ("500 Internal Server Error", "502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout")


@pytest.mark.parametrize("status", PAGES)
def test_a_proxys_own_page_is_an_error_of_the_way(server: Server, make: Callable[..., HttpClient], status: str) -> None:
    client = make("http://vt.example.com", proxy=server.url)
    server.say(answer(PAGE, status, "Content-Type: text/html"), answer(OK))
    assert client.ask(ASK, soon()).payload["data"]["id"] == SHA
    server.say(answer(PAGE, status, "Content-Type: text/html"))
    with pytest.raises(errors.UnavailableError, match=r"not an object of JSON|proxy|could not answer\. \(HTTP 50"):
        client.ask(ASK, soon())


@pytest.mark.parametrize(
    ("status", "part"),
    [
        ("407 Proxy Authentication Required", "asks for a user and a password"),
        ("503 X", r"does not connect .*HTTP 503"),
    ],
)
def test_a_proxy_that_refuses_a_tunnel_is_told_as_such(
    server: Server, make: Callable[..., HttpClient], status: str, part: str
) -> None:
    server.say(answer(PAGE, status, "Content-Type: text/html"))
    client = make("https://vt.example.com", proxy=server.url)
    with pytest.raises(errors.UnavailableError, match=rf"^The proxy {part}"):
        client.ask(ASK, soon())
    assert len(server.heard) == 4  # attempts


def test_a_proxy_that_is_not_there(make: Callable[..., HttpClient]) -> None:
    client = make("https://vt.example.com", proxy="http://user:secretword@127.0.0.1:1")

    with pytest.raises(errors.UnavailableError, match=r"^The proxy") as raised:
        client.ask(ASK, soon())
    assert "secretword" not in repr(raised.value)


def test_a_bomb_is_not_inflated(server: Server, client: HttpClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_reader.whole, "__defaults__", (2**20,))
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = packer.compress(b'{"data": "') + b"".join(packer.compress(b"0" * 2**20) for _ in range(32)) + packer.flush()
    server.say(answer(bomb, "200 OK", "Content-Encoding: gzip"))

    with pytest.raises(errors.VirusTotalError, match="larger than 1 MB"):
        client.ask(ASK, soon())
    assert client.usage.requests == 1


def test_inflated_pieces_are_small(server: Server, client: HttpClient, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    read = body_reader._read
    monkeypatch.setattr(body_reader, "_read", lambda *given: sizes.append(len(read(*given))) or b"")
    server.say(answer(gzip.compress(b"0" * 2**24), "200 OK", "Content-Encoding: gzip"))

    with pytest.raises(errors.VirusTotalError):
        client.ask(ASK, soon(1))

    assert 0 < max(sizes) <= body_reader.CHUNK


def test_a_name_that_does_not_resolve(make: Callable[..., HttpClient], monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise socket.gaierror("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", fails)
    with pytest.raises(errors.UnavailableError, match=r"cannot be reached \(NameResolutionError\)"):
        make("https://vt.example.com").ask(endpoints.analyse(FILE), soon())


def test_certificates_are_verified(make: Callable[..., HttpClient], tmp_path: Path) -> None:
    authority = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve_tls, args=(listening, context), daemon=True).start()
        host = f"https://127.0.0.1:{listening.getsockname()[1]}"

        assert make(host, ca_bundle=str(authority)).ask(ASK, soon()).payload["data"]["id"] == SHA
        stranger = make(host)
        with pytest.raises(errors.VirusTotalError, match="certificate could not be verified"):
            stranger.ask(ASK, soon())
        assert stranger.usage.requests == 1


def test_a_break_of_tls_after_the_request_leaves_it_uncertain(make: Callable[..., HttpClient], tmp_path: Path) -> None:
    authority = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=break_tls, args=(listening, context), daemon=True).start()
        client = make(f"https://127.0.0.1:{listening.getsockname()[1]}", ca_bundle=str(authority))

        with pytest.raises(errors.UncertainError, match=r"broke off or timed out \(SSLError\)"):
            client.ask(endpoints.submit_url("http://example.com/"), soon())

        assert client.usage.requests == 1
        with pytest.raises(errors.UnavailableError, match="broke off"):
            client.ask(ASK, soon())


def break_tls(listening: socket.socket, context: ssl.SSLContext) -> None:
    """Hear each request, then answer in plain text below the TLS."""
    with contextlib.suppress(OSError):
        while True:
            with context.wrap_socket(listening.accept()[0], server_side=True) as connection:
                heard = b""
                while not heard_all(heard):  # closed with something unread, the connection would be reset
                    heard += connection.recv(65536)
                os.write(connection.fileno(), b"HTTP/1.1 502 from a box in between\r\n\r\n")


def heard_all(heard: bytes) -> bool:
    head, end, body = heard.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: ([0-9]+)", head, re.IGNORECASE)
    return bool(end) and len(body) >= int(length[1] if length else 0)


def serve_tls(listening: socket.socket, context: ssl.SSLContext) -> None:
    """Answer two connections, of which one ends in its handshake."""
    for _ in range(2):
        with contextlib.suppress(OSError), context.wrap_socket(listening.accept()[0], server_side=True) as connection:
            connection.recv(65536)
            connection.sendall(answer(OK))


def certificate(folder: Path) -> Path:
    """Make a certificate of 127.0.0.1 that nobody but itself vouches for."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "vt.example.com")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(True, None), True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "authority.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


# --- time ------------------------------------------------------------------------------------------------------------


def test_a_slow_body_ends_at_the_deadline(server: Server, client: HttpClient) -> None:
    head, body = answer(OK * 2)[: -2 * len(OK)], OK * 2
    server.say(lambda connection, heard: (connection.sendall(head), drips(body, 0.05)(connection, heard))[1])
    began = time.monotonic()

    with pytest.raises(errors.VirusTotalError):
        client.ask(ASK, soon(0.6))

    assert time.monotonic() - began < 10


def test_a_silent_server_ends_at_the_deadline(server: Server, client: HttpClient) -> None:
    server.say(lambda connection, heard: connection.recv(1))  # until the client closes
    began = time.monotonic()

    with pytest.raises(errors.UnavailableError):
        client.ask(ASK, soon(0.5))

    assert time.monotonic() - began < 10


def test_after_the_deadline_nothing_is_sent(server: Server, client: HttpClient) -> None:
    with pytest.raises(errors.DeadlineError):
        client.ask(ASK, time.monotonic() - 1)

    assert client.usage.requests == 0


def test_a_retry_that_does_not_fit_is_not_waited_for(server: Server, client: HttpClient) -> None:
    server.say(answer(b"", "503 Unavailable", "Retry-After: 3600"))
    began = time.monotonic()

    with pytest.raises(errors.UnavailableError):
        client.ask(ASK, soon())

    assert (time.monotonic() - began < 10, client.usage.requests) == (True, 1)


# --- pace and quota --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "form"),
    [("TooManyRequestsError", "seconds"), ("TooManyRequestsError", "date")],
)
def test_retry_after_is_honoured(server: Server, client: HttpClient, code: str, form: str) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)  # dates are cut to whole seconds
    server.say(quota(code, f"Retry-After: {1 if form == 'seconds' else date}"), answer(OK))
    began = time.monotonic()

    client.ask(ASK, soon())

    assert 0.9 < time.monotonic() - began < 20
    assert client.usage.requests == 2


def test_throttling_is_bounded(server: Server, client: HttpClient) -> None:
    server.say(quota("TooManyRequestsError"))

    with pytest.raises(errors.ThrottledError):
        client.ask(ASK, soon())

    assert client.usage.requests == 4


@pytest.mark.parametrize("headers", [(), ("Retry-After: 3600",)])
def test_a_wait_beyond_the_deadline_is_not_begun(server: Server, make: Callable[..., HttpClient], headers: Any) -> None:
    client = make(server.url, policy=RetryPolicy())
    server.say(quota("QuotaExceededError", *headers))
    began = time.monotonic()

    with pytest.raises(errors.QuotaError):
        client.ask(ASK, soon(30))

    assert time.monotonic() - began < 10


@pytest.mark.parametrize("request_", [endpoints.submit_url("http://example.com/"), endpoints.analyse(FILE)])
@pytest.mark.parametrize(
    ("broken", "error"),
    [
        (resets, errors.UncertainError),
        (lambda connection, heard: None, errors.UncertainError),
        (answer(b"<html>", "502 Bad Gateway"), errors.UncertainError),
        (answer(b"<html>"), errors.UncertainError),
        (answer(OK, length=len(OK) + 1), errors.UncertainError),
        (answer(OK)[: -len(OK)], errors.UncertainError),
        (quota(), errors.QuotaError),
        (quota("TooManyRequestsError"), errors.ThrottledError),
        (answer(b"", "409 Conflict"), errors.AlreadyExistsError),
        (answer(b"", "400 Bad Request"), errors.VirusTotalError),
    ],
)
def test_what_sends_something_is_sent_once(
    server: Server, client: HttpClient, request_: Request, broken: Any, error: type[Exception]
) -> None:
    server.say(broken)

    with pytest.raises(errors.VirusTotalError) as raised:
        client.ask(request_, soon(1))

    assert type(raised.value) is error
    assert client.usage.requests == 1


def test_an_answer_that_outlasts_the_deadline_leaves_it_uncertain(server: Server, client: HttpClient) -> None:
    head, body = answer(OK * 9)[: -9 * len(OK)], OK * 9
    server.say(lambda connection, heard: (connection.sendall(head), drips(body, 0.05)(connection, heard))[1])

    with pytest.raises(errors.UncertainError):
        client.ask(endpoints.analyse(FILE), soon(1.0))


def test_an_answer_that_is_too_large_leaves_it_uncertain(
    server: Server, client: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body_reader.whole, "__defaults__", (10,))
    server.say(answer(OK))

    with pytest.raises(errors.UncertainError):
        client.ask(endpoints.analyse(FILE), soon())
