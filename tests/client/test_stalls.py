"""Whatever a server drips, a request ends at its deadline."""

import contextlib
import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.client.conftest import Heard, Server, answer
from tests.client.test_client import certificate
from virustotal.api import endpoints
from virustotal.api.source import Request, Save, Upload
from virustotal.client import deadlines
from virustotal.client.http_client import HttpClient
from virustotal.client.retry import RetryPolicy
from virustotal.core import errors
from virustotal.core.models import Ref

ASK = endpoints.object_request(Ref("file", "a" * 64))
#: Seconds that a request has, and within which it has to end on the busiest machine: the servers never end.
GIVEN, MOST = 0.2, 10.0
#: The same where nothing is uploaded.
SOON = 3.0


def dripping(start: bytes, drip: bytes) -> Callable[[Any, Heard], None]:
    """Send one piece every few milliseconds, without end."""

    def say(connection: Any, heard: Heard) -> None:
        try:
            connection.sendall(start)
            while True:
                connection.sendall(drip)
                time.sleep(0.01)
        except OSError:
            return

    return say


DRIPS = {
    "status line": dripping(b"HTTP/1.1 200 ", b"x"),
    "header": dripping(b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
    "headers": dripping(b"HTTP/1.1 200 OK\r\n", b"X-One: 1\r\n"),
    "100 Continue": dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "body": dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"x"),
    "chunks": dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "chunk size": dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
    "until it closes": dripping(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b" "),
    "empty gzip members": dripping(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n", gzip.compress(b"")
    ),
}


def requests_(folder: Path) -> dict[str, Request]:
    sample = folder / "sample"
    sample.write_bytes(b"x" * 1000)
    return {
        "object": ASK,
        "submission": endpoints.submit_url("http://example.com/"),
        "upload": endpoints.upload_file(Upload(sample, "sample")),
        "download": endpoints.artefact(Ref("file_behaviour", "a" * 64 + "_x"), "pcap", Save(folder / "capture", 2**20)),
    }


@pytest.mark.parametrize("way", ["object", "submission", "upload", "download"])
@pytest.mark.parametrize("drip", DRIPS)
def test_dripped_bytes_do_not_outlast_the_deadline(
    server: Server, client: HttpClient, tmp_path: Path, drip: str, way: str
) -> None:
    server.say(DRIPS[drip])
    began = time.monotonic()
    with pytest.raises(errors.VirusTotalError):
        client.ask(requests_(tmp_path)[way], began + GIVEN)
    assert time.monotonic() - began < MOST


def test_a_connection_that_was_used_before_is_watched_too(server: Server, client: HttpClient) -> None:
    server.say(answer(b'{"data": {}}'), DRIPS["headers"])
    client.ask(ASK, time.monotonic() + 5)
    began = time.monotonic()
    with pytest.raises(errors.VirusTotalError):
        client.ask(ASK, began + GIVEN)
    assert time.monotonic() - began < MOST


@pytest.mark.parametrize("drip", [b"x", b"X-One: 1\r\n", b""])
def test_a_proxy_that_drips_its_answer_does_not_outlast_the_deadline(
    server: Server, make: Callable[..., HttpClient], drip: bytes
) -> None:
    server.say(dripping(b"HTTP/1.1 200 OK\r\n", drip) if drip else lambda connection, heard: connection.recv(1))
    began = time.monotonic()
    with pytest.raises(errors.UnavailableError):
        make("https://vt.example.com", proxy=server.url).ask(ASK, began + GIVEN)
    assert time.monotonic() - began < SOON
    assert server.heard[0].head.startswith("CONNECT vt.example.com:443 ")


def test_tls_through_a_proxy_has_what_the_proxy_has_left(
    server: Server, make: Callable[..., HttpClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy takes nearly all of the time, and then nobody answers."""
    passed = [0.0]
    monkeypatch.setattr(deadlines, "time", SimpleNamespace(monotonic=lambda: time.monotonic() + passed[0]))

    def say(connection: Any, heard: Heard) -> None:
        time.sleep(0.1)  # until the client reads
        passed[0] = MOST - GIVEN
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while connection.recv(65536):
            pass

    server.say(say)
    began = time.monotonic()
    with pytest.raises(errors.UnavailableError):
        make("https://vt.example.com", proxy=server.url, policy=RetryPolicy(attempts=1)).ask(ASK, began + MOST)
    assert time.monotonic() - began < SOON


@contextlib.contextmanager
def tls_server(authority: Path, say: Callable[[Any, Heard], None] | None) -> Iterator[str]:
    """Serve one connection over TLS; without a script nothing at all is sent."""
    context, done = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), threading.Event()
    context.load_cert_chain(authority)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with contextlib.suppress(OSError), listening.accept()[0] as plain:
                if say is None:
                    done.wait(MOST)
                    return
                with context.wrap_socket(plain, server_side=True) as connection:
                    connection.recv(65536)
                    say(connection, Heard("", b""))

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"https://127.0.0.1:{listening.getsockname()[1]}"
        done.set()
        thread.join()


@pytest.mark.parametrize("drip", [None, *DRIPS])
def test_tls_does_not_outlast_the_deadline(tmp_path: Path, make: Callable[..., HttpClient], drip: str | None) -> None:
    """The server drips an answer, or nothing at all after the connection is made."""
    authority = certificate(tmp_path)
    with tls_server(authority, None if drip is None else DRIPS[drip]) as address:
        began = time.monotonic()
        with pytest.raises(errors.VirusTotalError):
            make(address, ca_bundle=str(authority)).ask(ASK, began + GIVEN)
        assert time.monotonic() - began < SOON


def test_tls_within_that_of_a_proxy_does_not_outlast_the_deadline(
    tmp_path: Path, make: Callable[..., HttpClient]
) -> None:
    """One record of TLS comes byte by byte."""

    def say(connection: Any, heard: Heard) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        connection.recv(65536)
        dripping(b"\x16\x03\x03\x40\x00", b"\x02")(connection, heard)

    authority = certificate(tmp_path)
    with tls_server(authority, say) as proxy:
        began = time.monotonic()
        with pytest.raises(errors.UnavailableError):
            make("https://vt.example.com", ca_bundle=str(authority), proxy=proxy).ask(ASK, began + GIVEN)
        assert time.monotonic() - began < SOON


def test_redirects_do_not_outlast_the_deadline(server: Server, client: HttpClient, tmp_path: Path) -> None:
    def slow(connection: Any, heard: Heard) -> None:
        time.sleep(0.05)
        connection.sendall(answer(b"", "302 Found", f"Location: {server.url}/x"))

    server.say(slow)
    began = time.monotonic()
    with pytest.raises(errors.VirusTotalError) as caught:
        client.ask(requests_(tmp_path)["download"], began + GIVEN)
    assert caught.value.code != "LocalRedirect"  # all redirects together take longer than it has
    assert time.monotonic() - began < MOST


def test_an_upload_that_nobody_reads_ends_at_the_deadline(server: Server, client: HttpClient, tmp_path: Path) -> None:
    server.say(DRIPS["100 Continue"])
    large = tmp_path / "large"
    large.write_bytes(bytes(20 * 2**20))
    began = time.monotonic()
    with pytest.raises(errors.VirusTotalError):
        client.ask(endpoints.upload_file(Upload(large, "large")), began + GIVEN)
    assert time.monotonic() - began < MOST


@pytest.mark.parametrize("body", [b"", b"<html>Proxy</html>", b'{"error": {"code": "X", "message": "y"}}'])
def test_a_proxy_that_asks_for_a_password_is_no_answer_of_virustotal(
    server: Server, client: HttpClient, body: bytes
) -> None:
    server.say(answer(body, "407 Proxy Authentication Required"), answer(body, "407 X"), answer(b'{"data": {}}'))
    assert client.ask(ASK, time.monotonic() + 5).payload == {"data": {}}
    server.say(answer(body, "407 Proxy Authentication Required"))
    with pytest.raises(errors.UnavailableError, match="proxy asks for a user and a password"):
        client.ask(ASK, time.monotonic() + 5)
