"""The store of many replicas: one Redis server. Texts and answers are changed by scripts, each one step."""

import struct
import time
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from virustotal.core.submission.receipts import StoreError
from virustotal.storage import redis_lua
from virustotal.storage.interfaces import LEASE, VERSION, Entry, Size
from virustotal.storage.key_values import KeyValueStore
from virustotal.storage.sqlite_responses import CHANGED_SECONDS

#: Seconds that a connection and an answer may take; after that the store counts as broken for a while.
CONNECT_SECONDS, ANSWER_SECONDS = 1.0, 1.0
#: Seconds after which the server's clock is looked at again.
CLOCK_SECONDS = 60.0
#: Bytes that Redis needs for an answer beside its body, as measured for the first one about an object.
BESIDE_BYTES = 900

_PREFIX = f"virustotal:{VERSION}:"
_TIMES = struct.Struct(">dd")


class RedisServer:
    """A connection pool to one server; every failure is a StoreError without the password.

    Args:
        address: `redis://` or `rediss://`, perhaps with user, password and number of the database, and with
            `?ssl_ca_certs=FILE`.
        ca_bundle: The certificate authorities to trust where the address names none; empty for the usual ones.

    Raises:
        ValueError: The address is not valid.
    """

    def __init__(self, address: str, ca_bundle: str = "") -> None:
        parts = urlsplit(address)
        if not parts.hostname or not {name for name, _ in parse_qsl(parts.query)} <= {"ssl_ca_certs"}:
            raise ValueError("no host, or options that are none")
        self.place = f"{parts.scheme}://{parts.hostname}:{parts.port or 6379}"
        options: dict[str, Any] = {"ssl_ca_certs": ca_bundle} if parts.scheme == "rediss" and ca_bundle else {}
        self._client = redis.Redis.from_url(
            address,
            socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=ANSWER_SECONDS,
            # Again once: a pooled connection may have been closed meanwhile. Not after a time-out.
            retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
            **options,
        )
        self._scripts: dict[str, Any] = {}
        self._clock = (0.0, -CLOCK_SECONDS)

    def run(self, script: str, keys: tuple[str, ...], *arguments: Any) -> Any:
        """Run a script."""
        registered = self._scripts.get(script) or self._scripts.setdefault(script, self._client.register_script(script))
        return self._guarded(registered, keys=[_PREFIX + key for key in keys], args=arguments)

    def do(self, command: str, key: str, *arguments: Any) -> Any:
        """Run one command on a key."""
        return self._guarded(self._client.execute_command, command, _PREFIX + key, *arguments)

    def now(self) -> float:
        """Return the server's time, looked at once a minute and counted on from there.

        Nobody waits for another one that looks: with a server that hangs, one after the other would.
        """
        offset, looked = self._clock
        if time.monotonic() - looked >= CLOCK_SECONDS:
            seconds, micro = self._guarded(self._client.time)
            looked = time.monotonic()
            offset = seconds + micro / 1e6 - looked
            self._clock = (offset, looked)
        return float(offset + time.monotonic())

    def scan(self, pattern: str) -> list[str]:
        """Return the keys of a pattern, without the prefix."""
        keys = self._guarded(lambda: list(self._client.scan_iter(_PREFIX + pattern, count=500)))
        return [key.decode().removeprefix(_PREFIX) for key in keys]

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _guarded(self, act: Any, *arguments: Any, **options: Any) -> Any:
        try:
            return act(*arguments, **options)
        except (redis.RedisError, OSError, ValueError) as error:
            # Without the client's own text: it may name user and password.
            failed = StoreError(f"The store {self.place} cannot be used: {_reason(error)}")
        raise failed


def _reason(error: Exception) -> str:
    if isinstance(error, redis.AuthenticationError | redis.exceptions.NoPermissionError):
        return "it does not accept the user or password"
    if isinstance(error, redis.TimeoutError):
        return "it does not answer in time"
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "its certificate could not be verified"
    if isinstance(error, redis.ConnectionError):
        return "it cannot be reached"
    return f"it answers with an error ({type(error).__name__})"


class RedisKeyValues(KeyValueStore):
    """Small texts in Redis."""

    def __init__(self, server: RedisServer) -> None:
        self._server = server

    def now(self) -> float:
        """See `KeyValueStore.now`."""
        return self._server.now()

    def get(self, key: str, name: str) -> str | None:
        """See `KeyValueStore.get`."""
        value = self._server.do("GET", f"text:{key}:{name}")
        return value.decode("utf-8", "surrogateescape") if value is not None else None

    def put(self, key: str, name: str, value: str, seconds: float) -> None:
        """See `KeyValueStore.put`."""
        self._server.do("SET", f"text:{key}:{name}", value, "PX", max(1, int(seconds * 1000)))

    def swap(self, key: str, name: str, before: str, after: str, seconds: float) -> bool:
        """See `KeyValueStore.swap`."""
        arguments = (before.encode("utf-8", "surrogateescape"), after, max(1, int(seconds * 1000)))
        return bool(self._server.run(redis_lua.SWAP, (f"text:{key}:{name}",), *arguments))


class RedisResponses:
    """Answers in Redis: one hash for each object.

    Args:
        server: Has the answers.
        most: Bytes that all of them may take, with what Redis needs for each beside its body.
    """

    def __init__(self, server: RedisServer, most: int) -> None:
        self._server = server
        self._most = most

    def get(self, key: str, group: str, names: tuple[str, ...], now: float) -> Entry | None:
        """See `AnswerCache.get`."""
        for value in self._server.do("HMGET", f"answers:{key}:{group}", *names):
            if value is not None and len(value) >= _TIMES.size:
                moment, expires = _TIMES.unpack_from(value)
                if expires > now:
                    return Entry(value[_TIMES.size :], moment, expires)
        return None

    def put(
        self, key: str, group: str, name: str, entry: Entry, drop: str = "", lease: tuple[str, str] = ("", "")
    ) -> bool:
        """See `AnswerCache.put`."""
        about, now = f"answers:{key}:{group}", self._server.now()
        body = _TIMES.pack(entry.moment, entry.expires) + entry.body
        seconds = max(1, int(entry.expires - now) + 60)
        times = (f"{entry.expires:.3f}", f"{now:.3f}")
        arguments = (name, body, *times, self._most, drop, seconds, BESIDE_BYTES)
        keys = (about, "expiry", "bytes", "totals", f"changed:{key}:{group}", f"text:{LEASE}:{lease[0]}")
        return bool(self._server.run(redis_lua.PUT, keys, *arguments, f"{entry.moment:.6f}", lease[1]))

    def forget(self, key: str, group: str) -> None:
        """See `AnswerCache.forget`."""
        about = f"answers:{key}:{group}"
        self._server.do("SET", f"changed:{key}:{group}", f"{self._server.now():.6f}", "EX", int(CHANGED_SECONDS))
        self._server.run(redis_lua.FORGET, (about, "expiry", "bytes", "totals"))

    def clear(self) -> None:
        """See `AnswerCache.clear`."""
        for about in (*self._server.scan("answers:*"), "expiry", "bytes", "totals"):
            self._server.do("DEL", about)

    def size(self) -> Size:
        """See `AnswerCache.size`. Objects are counted, each with all that is kept about it.

        The bytes are those that Redis needs, about.
        """
        size = self._server.do("HGET", "totals", "bytes")
        return Size(int(self._server.do("ZCARD", "expiry")), max(0, int(size or 0)))
