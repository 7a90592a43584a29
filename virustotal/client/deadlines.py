"""Ends a request at its deadline whatever it does: a socket's own timeout begins anew with each byte."""

import contextlib
import http.client
import io
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

_CURRENT = threading.local()


@contextlib.contextmanager
def ending_at(deadline: float) -> Iterator[None]:
    """End the requests that this thread makes within at the deadline (of `time.monotonic()`)."""
    _CURRENT.deadline = deadline
    try:
        yield
    finally:
        del _CURRENT.deadline


def limit_socket(connected: socket.socket, deadline: float) -> None:
    """Let a socket wait no longer than until the deadline.

    Raises:
        TimeoutError: That has passed.
    """
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the deadline has passed")
    connected.settimeout(min(left, connected.gettimeout() or left))


class _Reader(io.RawIOBase):
    """What a socket receives until the deadline."""

    def __init__(self, received: Any, connected: socket.socket, deadline: float) -> None:
        self._received = received
        self._connected = connected
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        limit_socket(self._connected, self._deadline)
        return self._received.readinto(buffer)  # type: ignore[no-any-return]

    def close(self) -> None:
        self._received.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self.fp = io.BufferedReader(_Reader(self.fp.detach(), sock, _CURRENT.deadline))


class _HTTPConnection(HTTPConnection):
    response_class = _Response

    def _new_conn(self) -> socket.socket:
        connected = super()._new_conn()
        try:
            limit_socket(connected, _CURRENT.deadline)  # for the handshake of TLS
        except TimeoutError:
            connected.close()
            raise
        return connected

    def send(self, data: Any) -> None:
        if self.sock is not None:
            limit_socket(self.sock, _CURRENT.deadline)
        super().send(data)


class _HTTPSConnection(_HTTPConnection, HTTPSConnection):
    def _connect_tls_proxy(self, hostname: str, sock: socket.socket) -> ssl.SSLSocket:
        connected = super()._connect_tls_proxy(hostname, sock)
        receive = connected.recv  # TLS within TLS calls it as often as it needs for one read

        def receive_in_time(*arguments: Any) -> bytes:
            limit_socket(connected, _CURRENT.deadline)
            return receive(*arguments)

        connected.recv = receive_in_time  # type: ignore[assignment, method-assign]
        return connected

    def _tunnel(self) -> None:
        super()._tunnel()
        limit_socket(self.sock, _CURRENT.deadline)  # for the handshake of TLS, after what the proxy took


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


class DeadlineAdapter(HTTPAdapter):
    """An adapter for requests within `ending_at`, those through a proxy too."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """See `HTTPAdapter.init_poolmanager`."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """See `HTTPAdapter.proxy_manager_for`."""
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
        return manager
