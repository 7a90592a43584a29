"""A server that says exactly what a test tells it to, byte by byte, and a client without long waits."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from attrs import define, field

from virustotal.client.http_client import HttpClient
from virustotal.client.retry import RetryPolicy
from virustotal.core.settings import Credentials, Settings

KEY = "0123456789abcdef-marked-key"
QUICK = RetryPolicy(first=0.002, longest=0.005)

Script = Callable[[socket.socket, "Heard"], None]


def answer(body: bytes, status: str = "200 OK", *headers: str, length: int | None = None) -> bytes:
    """Return an HTTP answer; `length` other than the body's is a lie."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers]
    return "\r\n".join((*lines, "Connection: close", "", "")).encode() + body


@define
class Heard:
    """One request as it arrived: the head as text, and the body."""

    head: str
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the value of a header."""
        for line in self.head.split("\r\n")[1:]:
            if line.lower().startswith(name.lower() + ":"):
                return line.partition(":")[2].strip()
        return None


@define(eq=False)
class Server:
    """Answers each connection with the next of its scripts, and then again with the last one."""

    scripts: list[Script] = field(factory=list)
    heard: list[Heard] = field(factory=list)
    peak: int = 0
    _open: int = 0
    _lock: threading.Lock = field(factory=threading.Lock)
    _socket: socket.socket = field(factory=lambda: socket.create_server(("127.0.0.1", 0), backlog=50))

    @property
    def url(self) -> str:
        """The origin."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def say(self, *scripts: Script | bytes) -> None:
        """Set what is answered, in order."""
        self.scripts = [_sender(script) if isinstance(script, bytes) else script for script in scripts]

    def run(self) -> None:
        """Take connections until the socket is closed."""
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def stop(self) -> None:
        """Stop listening."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _serve(self, connection: socket.socket) -> None:
        with connection, self._counted():
            connection.settimeout(20)
            try:
                heard = self._hear(connection)
                with self._lock:
                    self.heard.append(heard)
                    script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
                script(connection, heard)
            except OSError:
                return

    def _counted(self) -> Any:
        server = self

        class Counted:
            def __enter__(self) -> None:
                with server._lock:
                    server._open += 1
                    server.peak = max(server.peak, server._open)

            def __exit__(self, *_: object) -> None:
                with server._lock:
                    server._open -= 1

        return Counted()

    def _hear(self, connection: socket.socket) -> Heard:
        data = b""
        while b"\r\n\r\n" not in data:
            piece = connection.recv(65536)
            if not piece:
                raise OSError("closed")
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        heard = Heard(head.decode("latin-1"), body)
        missing = int(heard.header("content-length") or 0) - len(body)
        parts = [body]
        while missing > 0:
            piece = connection.recv(min(missing, 1 << 20))
            if not piece:
                break
            missing -= len(piece)
            parts.append(piece)
        heard.body = b"".join(parts)
        return heard


def _sender(data: bytes) -> Script:
    return lambda connection, heard: connection.sendall(data)


def resets(connection: socket.socket, heard: Heard) -> None:
    """Cut the connection with a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def drips(data: bytes, seconds: float) -> Script:
    """Return a script that sends a byte at a time."""

    def script(connection: socket.socket, heard: Heard) -> None:
        for place in range(len(data)):
            connection.sendall(data[place : place + 1])
            time.sleep(seconds)

    return script


@pytest.fixture
def server() -> Iterator[Server]:
    """A running server."""
    found = Server()
    thread = threading.Thread(target=found.run, daemon=True)
    thread.start()
    yield found
    found.stop()
    thread.join(5)


@pytest.fixture
def make() -> Iterator[Callable[..., HttpClient]]:
    """Make clients that are closed after the test."""
    made: list[HttpClient] = []

    def build(
        host: str, *, key: str = KEY, proxy: str = "", policy: RetryPolicy = QUICK, **settings: Any
    ) -> HttpClient:
        made.append(HttpClient(Settings(host=host, **settings), Credentials(key, proxy), policy=policy))
        return made[-1]

    yield build
    for client in made:
        client.close()


@pytest.fixture
def client(server: Server, make: Callable[..., HttpClient]) -> HttpClient:
    """A client of the server."""
    return make(server.url)
