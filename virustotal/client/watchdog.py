"""Ends a request at its deadline whatever it does: a socket's own timeout begins anew with each byte."""

import contextlib
import math
import os
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

from attrs import define, field
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

_CURRENT = threading.local()


@define(eq=False)
class Watchdog:
    """Watches one request of this thread; `expired` once the deadline has ended it."""

    expired: bool = field(default=False, init=False)
    _sockets: list[socket.socket] = field(factory=list, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False)

    def watch(self, connected: socket.socket) -> None:
        """Watch a socket, under a descriptor of its own: TLS and the connection pool take the given one over."""
        with self._lock:
            self._sockets.append(socket.socket(fileno=os.dup(connected.fileno())))
            if self.expired:
                self._shut_down()

    def expire(self) -> None:
        """End the request: whatever reads or writes ends now."""
        with self._lock:
            self.expired = True
            self._shut_down()

    def close(self) -> None:
        """Watch no longer."""
        with self._lock:
            while self._sockets:
                self._sockets.pop().close()

    def _shut_down(self) -> None:
        for watched in self._sockets:
            with contextlib.suppress(OSError):
                watched.shutdown(socket.SHUT_RDWR)


class _Alarm:
    """Expires watchdogs at their deadlines: one thread for all requests, since to start one takes longer than most."""

    def __init__(self) -> None:
        self._deadlines: dict[Watchdog, float] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._next = math.inf

    def add(self, watchdog: Watchdog, deadline: float) -> None:
        with self._changed:
            self._deadlines[watchdog] = deadline
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="virustotal-watchdog", daemon=True)
                self._thread.start()
            elif deadline < self._next:
                self._changed.notify()

    def remove(self, watchdog: Watchdog) -> None:
        with self._changed:
            self._deadlines.pop(watchdog, None)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._next = min(self._deadlines.values(), default=math.inf)
                seconds = min(self._next - time.monotonic(), threading.TIMEOUT_MAX)
                if seconds > 0:
                    self._changed.wait(seconds)
                now = time.monotonic()
                expired = [watchdog for watchdog, deadline in self._deadlines.items() if deadline <= now]
                for watchdog in expired:
                    del self._deadlines[watchdog]
            for watchdog in expired:
                watchdog.expire()


_ALARM = _Alarm()


@contextlib.contextmanager
def watched(deadline: float) -> Iterator[Watchdog]:
    """End the requests that this thread makes within at the deadline (of `time.monotonic()`)."""
    watchdog = Watchdog()
    _ALARM.add(watchdog, deadline)
    _CURRENT.watchdog = watchdog
    try:
        yield watchdog
    finally:
        _CURRENT.watchdog = None
        _ALARM.remove(watchdog)
        watchdog.close()


def _watch(connected: socket.socket | None) -> None:
    watchdog: Watchdog | None = getattr(_CURRENT, "watchdog", None)
    if watchdog is not None and connected is not None:
        watchdog.watch(connected)


class _HTTPConnection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        connected = super()._new_conn()
        _watch(connected)
        return connected


class _HTTPSConnection(_HTTPConnection, HTTPSConnection):
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTPConnection

    def _get_conn(self, timeout: float | None = None) -> Any:
        connection: Any = super()._get_conn(timeout)
        _watch(connection.sock)  # of one that was used before
        return connection


class _HTTPSPool(_HTTPPool, HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


class WatchedAdapter(HTTPAdapter):
    """An adapter whose connections are ended by the watchdog, those through a proxy too."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """See `HTTPAdapter.init_poolmanager`."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """See `HTTPAdapter.proxy_manager_for`."""
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
        return manager
