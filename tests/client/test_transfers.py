"""Downloads and uploads: streamed, checked, and never half done under their own name."""

import gzip
import hashlib
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.client.conftest import KEY, Heard, Server, answer, resets
from virustotal.api import endpoints
from virustotal.api.source import Save, Upload
from virustotal.client.download import LARGEST_ERROR
from virustotal.client.http_client import HttpClient
from virustotal.client.upload import CHUNK, Multipart, plain_name
from virustotal.client.url_guard import allowed
from virustotal.core import errors
from virustotal.core.models import Ref

SANDBOX = Ref("file_behaviour", f"{'a' * 64}_Zenbox")
PCAP = b"\xd4\xc3\xb2\xa1" + bytes(range(256)) * 40
EVTX_MAGIC = (b"ElfFile\x00",)
PCAP_MAGIC = (b"\xd4\xc3\xb2\xa1", b"\x0a\x0d\x0d\x0a")
NOT_THERE = b'{"error": {"code": "NotFoundError"}}'
#: What a gateway or the storage says is not what VirusTotal says of the key or the artefact.
GATEWAYS = ("401 Unauthorized", "403 Forbidden", "404 Not Found")
SAYS_NO = b'{"error": {"code": "ForbiddenError", "message": "no"}}'
OK = b'{"data": {"type": "analysis", "id": "eA=="}}'


def soon(seconds: float = 10.0) -> float:
    return time.monotonic() + seconds


@pytest.fixture
def fetch(client: HttpClient, tmp_path: Path) -> Callable[..., int]:
    def run(
        magic: tuple[bytes, ...] = PCAP_MAGIC, sha256: str = "", most: int = 2**20, address: str = "", least: int = 1
    ) -> int:
        save = Save(tmp_path / "capture", most, magic, sha256, min_bytes=least)
        request = endpoints.linked(address, save) if address else endpoints.artefact(SANDBOX, "pcap", save)
        client.ask(request, soon())
        return save.path.stat().st_size

    return run


# --- downloads -------------------------------------------------------------------------------------------------------


def test_a_long_page_in_place_of_a_download_counts_by_its_status(fetch: Callable[..., int], server: Server) -> None:
    page = b"<html>" + b" " * LARGEST_ERROR
    server.say(answer(page, "503 Service Unavailable"), answer(PCAP))
    assert fetch() == len(PCAP)
    server.say(answer(page, "404 Not Found"))
    with pytest.raises(errors.VirusTotalError) as found:
        fetch()
    assert "0 MB" not in str(found.value)


@pytest.mark.parametrize(
    "data",
    [
        answer(PCAP),
        answer(gzip.compress(PCAP), "200 OK", "Content-Encoding: gzip"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(PCAP), PCAP),
    ],
)
def test_a_download_is_saved(server: Server, fetch: Callable[..., int], tmp_path: Path, data: bytes) -> None:
    server.say(data)

    assert fetch(sha256=hashlib.sha256(PCAP).hexdigest().upper()) == len(PCAP)
    assert [path.name for path in tmp_path.iterdir()] == ["capture"]
    assert (tmp_path / "capture").read_bytes() == PCAP
    assert server.heard[0].header("accept-encoding") == "identity"
    assert server.heard[0].header("x-apikey") == KEY


@pytest.mark.parametrize(
    ("data", "options", "error", "word"),
    [
        (answer(b""), {}, errors.ArtefactError, "empty"),
        (answer(PCAP, length=len(PCAP) + 9), {}, errors.ArtefactError, "not complete"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n" + PCAP,
            {},
            errors.ArtefactError,
            "not complete",
        ),
        (answer(PCAP), {"most": 100}, errors.ArtefactError, "larger than 100"),
        (answer(PCAP), {"magic": EVTX_MAGIC}, errors.ArtefactError, "not of the kind"),
        (answer(b"x"), {}, errors.ArtefactError, "not of the kind"),
        (answer(PCAP), {"sha256": "0" * 64}, errors.ArtefactError, "digest"),
        (answer(SAYS_NO), {}, errors.ForbiddenError, "ForbiddenError"),
        (answer(SAYS_NO), {"magic": ()}, errors.ForbiddenError, "ForbiddenError"),
        (answer(b"\xef\xbb\xbf " + SAYS_NO), {"magic": ()}, errors.ForbiddenError, "ForbiddenError"),
        (answer(SAYS_NO), {"sha256": "0" * 64}, errors.ForbiddenError, "ForbiddenError"),
        (answer(b'{"error": 1}'), {}, errors.ArtefactError, "not of the kind"),
        (
            answer(b'{"data": 1}', "200 OK", "Content-Type: application/json"),
            {"magic": ()},
            errors.ArtefactError,
            "JSON",
        ),
        (answer(PCAP), {"least": len(PCAP) + 1}, errors.ArtefactError, "too few"),
        (answer(b"<html>", "200 OK", "Content-Type: text/html"), {"magic": ()}, errors.ArtefactError, "HTML"),
        (answer(SAYS_NO, "403 Forbidden"), {}, errors.ForbiddenError, "403"),
        (answer(NOT_THERE, "404 Not Found"), {}, errors.NotFoundError, "404"),
        *((answer(b"<html>", gateway), {}, errors.UnavailableError, gateway[:3]) for gateway in GATEWAYS),
        (answer(b"", "503 Unavailable"), {}, errors.UnavailableError, "503"),
        (answer(b"", "302 Found"), {}, errors.UnavailableError, "nowhere"),
        (resets, {}, errors.UnavailableError, "broke off"),
    ],
)
def test_nothing_else_is_kept(
    server: Server,
    fetch: Callable[..., int],
    tmp_path: Path,
    data: Any,
    options: Any,
    error: type[Exception],
    word: str,
) -> None:
    server.say(data)

    with pytest.raises(errors.VirusTotalError, match=word) as raised:
        fetch(**options)

    assert type(raised.value) is error
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_json_is_told_from_an_error_by_its_digest(
    server: Server, fetch: Callable[..., int], tmp_path: Path
) -> None:
    server.say(answer(SAYS_NO, "200 OK", "Content-Type: application/json"))

    assert fetch(magic=(), sha256=hashlib.sha256(SAYS_NO).hexdigest()) == len(SAYS_NO)


def test_a_broken_download_is_tried_again(server: Server, fetch: Callable[..., int], tmp_path: Path) -> None:
    server.say(answer(PCAP, length=len(PCAP) + 9), answer(b"", "503 Unavailable"), answer(PCAP))

    assert fetch() == len(PCAP)
    assert [path.name for path in tmp_path.iterdir()] == ["capture"]


def test_a_wrong_kind_is_noticed_at_once(server: Server, fetch: Callable[..., int]) -> None:
    sent: list[int] = []

    def endless(connection: Any, heard: Heard) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        try:
            for _ in range(10_000):
                connection.sendall(b"x" * 65536)
                sent.append(65536)
        except OSError:
            return

    server.say(endless)
    with pytest.raises(errors.ArtefactError, match="kind"):
        fetch(most=2**30)
    assert sum(sent) < 2**25


def test_a_folder_that_cannot_be_written(client: HttpClient, server: Server, tmp_path: Path) -> None:
    server.say(answer(PCAP))

    with pytest.raises(errors.ArtefactError, match="cannot be written"):
        client.ask(endpoints.artefact(SANDBOX, "pcap", Save(tmp_path / "none" / "x", 2**20)), soon())


# --- redirects and addresses -----------------------------------------------------------------------------------------


def test_a_redirect_to_another_origin_gets_no_key(
    server: Server, fetch: Callable[..., int], make: Callable[..., HttpClient], tmp_path: Path
) -> None:
    other = Server()
    threading.Thread(target=other.run, daemon=True).start()
    try:
        other.say(answer(b"", "307 Temporary", f"Location: {server.url}/api/v3/back"), answer(PCAP))
        server.say(
            answer(b"", "302 Found", f"Location: {other.url}/signed?token=a%2Fb"),
            answer(b"", "302 Found", f"Location: {other.url}/again"),
        )
        assert fetch() == len(PCAP)
    finally:
        other.stop()

    assert [heard.head.split(" ")[1] for heard in other.heard] == ["/signed?token=a%2Fb", "/again"]
    assert [(heard.header("x-apikey"), heard.header("x-tool")) for heard in other.heard] == [(None, None)] * 2
    assert KEY not in "".join(heard.head for heard in other.heard)
    assert [heard.header("x-apikey") for heard in server.heard] == [KEY, KEY]


def test_redirects_are_bounded(server: Server, fetch: Callable[..., int], client: HttpClient, tmp_path: Path) -> None:
    server.say(answer(b"x" * 100, "302 Found", "Location: /api/v3/again"))

    with pytest.raises(errors.ArtefactError, match="redirected more than 5"):
        fetch()
    assert client.usage.requests == 6


@pytest.mark.parametrize(
    ("address", "host", "own"),
    [
        ("https://www.example.com/x", "https://www.example.com", True),
        ("https://WWW.example.com:443/x", "https://www.example.com", True),
        ("https://www.example.com:8443/x", "https://www.example.com", False),
        ("https://storage.example.org/x", "https://www.example.com", False),
        ("http://www.example.com/x", "http://www.example.com", True),
        ("http://127.0.0.1:2/x", "http://127.0.0.1:1", False),
        ("https://storage.example.org/x", "http://127.0.0.1:1", False),
    ],
)
def test_addresses_that_are_asked(address: str, host: str, own: bool) -> None:
    assert allowed(address, host) is own


@pytest.mark.parametrize(
    "address",
    [
        "http://www.example.com/x",
        "http://storage.example.org/x",
        "ftp://www.example.com/x",
        "file:///etc/passwd",
        "//www.example.com/x",
        "",
        "https://",
        "https://[::1",
        "https://x:99999999/",
        "https://user@www.example.com/",
        "https://user:word@storage.example.org/",
        "https://www.example.com\\@storage.example.org/",
        "https://169.254.169.254/latest",
        "https://127.0.0.1/",
        "https://0x7f.1/",
        "https://localhost/",
        "https://vault.internal/",
    ],
)
def test_addresses_that_are_not_asked(address: str) -> None:
    with pytest.raises(errors.VirusTotalError, match="was not asked"):
        allowed(address, "https://www.example.com")


def test_a_signed_address_is_fetched_without_the_key(
    server: Server, make: Callable[..., HttpClient], tmp_path: Path
) -> None:
    server.say(answer(b"\x89PNG\r\n\x1a\n"))
    client = make("http://127.0.0.2:1")

    client.ask(endpoints.linked(f"{server.url}/picture?sig=a%2Bb", Save(tmp_path / "p", 100, (b"\x89PNG",))), soon())

    assert server.heard[0].head.startswith("GET /picture?sig=a%2Bb ")
    assert server.heard[0].header("x-apikey") is None


# --- uploads ---------------------------------------------------------------------------------------------------------


def test_an_upload(server: Server, client: HttpClient, tmp_path: Path) -> None:
    path = tmp_path / "sample"
    path.write_bytes(PCAP * 60)
    progress: list[tuple[int, int]] = []
    server.say(answer(OK))

    upload = Upload(path, '../x/\u00fcber "a".exe', "p\u00e4ss", progress=lambda *each: progress.append(each))
    found = client.ask(endpoints.upload_file(upload), soon())

    assert found.payload["data"]["id"] == "eA=="
    (heard,) = server.heard
    assert heard.head.startswith("POST /api/v3/files HTTP/1.1")
    assert int(heard.header("content-length") or 0) == len(heard.body)
    assert heard.header("transfer-encoding") is None
    boundary = (heard.header("content-type") or "").removeprefix("multipart/form-data; boundary=").encode()
    password, file = heard.body.split(b"--" + boundary + b"\r\n")[1:]
    assert password == b'Content-Disposition: form-data; name="password"\r\n\r\np\xc3\xa4ss\r\n'
    head, _, content = file.partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[0] == b'Content-Disposition: form-data; name="file"; filename="_ber _a_.exe"'
    assert content == PCAP * 60 + b"\r\n--" + boundary + b"--\r\n"
    assert progress[-1] == (len(PCAP) * 60, len(PCAP) * 60)
    assert progress == sorted(progress)


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("a.exe", "a.exe"),
        ("C:\\x\\y.doc", "y.doc"),
        ("/etc/passwd", "passwd"),
        ("a\r\nb: c", "a_b_ c"),
        ('"; x="', "_ x=_"),
        ("..", "file"),
        ("", "file"),
        ("\u6587\u4ef6.pdf", "_.pdf"),
        ("a" * 5000, "a" * 200),
    ],
)
def test_names_are_plain(name: str, sent: str) -> None:
    assert plain_name(name) == sent


def test_an_upload_address(server: Server, make: Callable[..., HttpClient], tmp_path: Path) -> None:
    path = tmp_path / "sample"
    path.write_bytes(b"x" * 10)
    server.say(answer(OK))

    make(server.url).ask(endpoints.upload_file(Upload(path, "x"), f"{server.url}/_ah/upload/1"), soon())
    with pytest.raises(errors.VirusTotalError, match="was not asked"):
        make("http://127.0.0.2:1").ask(endpoints.upload_file(Upload(path, "x"), f"{server.url}/_ah/upload/2"), soon())

    assert [heard.head.split(" ")[1] for heard in server.heard] == ["/_ah/upload/1"]
    assert server.heard[0].header("x-apikey") == KEY


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        (resets, errors.UncertainError),
        (answer(b"<html>", "502 Bad Gateway"), errors.UncertainError),
        (answer(b"", "413 Too Large"), errors.InvalidError),
        (answer(b'{"error": {"code": "QuotaExceededError"}}', "429 Too Many"), errors.QuotaError),
    ],
)
def test_an_upload_is_sent_once(
    server: Server, client: HttpClient, tmp_path: Path, broken: Any, error: type[Exception]
) -> None:
    path = tmp_path / "sample"
    path.write_bytes(b"x" * 100_000)
    server.say(broken)

    with pytest.raises(errors.VirusTotalError) as raised:
        client.ask(endpoints.upload_file(Upload(path, "x")), soon())

    assert type(raised.value) is error
    assert client.usage.requests == len(server.heard) == 1


def test_files_that_are_not_sent(server: Server, client: HttpClient, tmp_path: Path) -> None:
    empty, large = tmp_path / "empty", tmp_path / "large"
    empty.touch()
    for path, size, address, word in (
        (empty, 0, "", "empty"),
        (tmp_path / "none", None, "", "cannot be read"),
        (tmp_path, None, "", "cannot be read"),
        (large, endpoints.LARGEST_DIRECT + 1, "", "more than VirusTotal takes"),
        (large, endpoints.LARGEST_UPLOAD + 1, f"{server.url}/u", "more than VirusTotal takes"),
    ):
        if size:
            with path.open("wb") as file:
                file.truncate(size)
        with pytest.raises(errors.InvalidError, match=word):
            client.ask(endpoints.upload_file(Upload(path, "x"), address), soon())
    assert (client.usage.requests, server.heard) == (0, [])


@pytest.mark.parametrize("change", ["shrinks", "grows", "is rewritten"])
def test_a_file_that_changes_is_not_submitted(server: Server, client: HttpClient, tmp_path: Path, change: str) -> None:
    path = tmp_path / "sample"
    path.write_bytes(b"x" * 2**20)
    server.say(answer(OK))

    def touch(sent: int, size: int) -> None:
        if change == "shrinks":
            with path.open("r+b") as file:
                file.truncate(1000)
        elif change == "grows":
            with path.open("ab") as file:
                file.write(b"y")
        else:
            time.sleep(0.02)  # beyond the file system's clock tick
            with path.open("r+b") as file:
                file.write(b"z")

    with pytest.raises(errors.InvalidError, match="changed while it was sent"):
        client.ask(endpoints.upload_file(Upload(path, "x", progress=touch)), soon())

    time.sleep(0.05)
    assert all(len(heard.body) < int(heard.header("content-length") or 0) for heard in server.heard)


def test_an_upload_ends_at_the_deadline(tmp_path: Path) -> None:
    path = tmp_path / "sample"
    path.write_bytes(b"x" * 2**20)

    with Multipart(Upload(path, "x"), lambda: True) as body:
        pieces = iter(body)
        next(pieces)  # the head
        with pytest.raises(errors.DeadlineError):
            next(pieces)


@pytest.mark.parametrize("content", [1, CHUNK, 3 * CHUNK + 1])
def test_the_length_of_a_body_is_what_is_read(tmp_path: Path, content: int) -> None:
    path = tmp_path / "sample"
    path.write_bytes(b"x" * content)

    with Multipart(Upload(path, "x", "word"), lambda: False) as body:
        assert sum(map(len, body)) == len(body)


def test_memory_stays_flat(tmp_path: Path) -> None:
    """60 MB each way, in a process of its own whose peak is taken before and after."""
    before, after = map(int, subprocess.check_output([sys.executable, "-c", _MEASURED, str(tmp_path)]).split())

    assert after - before < 10_000  # kilobytes


_MEASURED = """
import resource, socket, sys, threading, time
from pathlib import Path
from virustotal.core.models import Ref
from virustotal.core.settings import Credentials, Settings
from virustotal.api import endpoints
from virustotal.api.source import Save, Upload
from virustotal.client.download import LARGEST_ERROR
from virustotal.client.http_client import HttpClient

folder = Path(sys.argv[1])
listening = socket.create_server(("127.0.0.1", 0))
head = b"HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: %d\\r\\n\\r\\n"

def serve(way, size):
    with listening.accept()[0] as connection:
        seen = len(connection.recv(65536))
        while way == "up" and seen < size:
            seen += len(connection.recv(65536))
        connection.sendall(head % (12 if way == "up" else size) + (b'{"data": {}}' if way == "up" else b""))
        for _ in range(size // 65536 if way == "down" else 0):
            connection.sendall(b"x" * 65536)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass

def transfer(way, size):
    threading.Thread(target=serve, args=(way, size), daemon=True).start()
    target = folder / "large"
    if way == "up":
        with target.open("wb") as file:
            file.truncate(size)
        request = endpoints.upload_file(Upload(target, "x"), host + "/upload")
    else:
        request = endpoints.artefact(Ref("file_behaviour", "x"), "memdump", Save(target, 2**30))
    client.ask(request, time.monotonic() + 60)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

host = "http://127.0.0.1:%d" % listening.getsockname()[1]
client = HttpClient(Settings(host=host), Credentials("k"))
transfer("up", 2**20)
print(transfer("down", 2**20))
transfer("up", 60 * 2**20)
print(transfer("down", 60 * 2**20))
"""


def test_no_extended_file_name_is_ever_sent(tmp_path: Path) -> None:
    path = tmp_path / "sample"
    path.write_bytes(b"x")
    with Multipart(Upload(path, "\u00fc.exe"), lambda: False) as body:
        assert not re.search(rb"filename\*", b"".join(body))
