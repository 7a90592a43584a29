"""No network while an analyser runs."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

_METHODS = ("connect", "connect_ex", "sendto", "sendmsg", "bind")
_FUNCTIONS = ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getnameinfo", "create_connection")


class NetworkError(OSError):
    """A connection or a DNS query while `no_network` holds."""


@contextmanager
def no_network() -> Iterator[list[str]]:
    """Refuse every connection and DNS query of this process while the block runs; give the list of what was tried."""
    tried: list[str] = []

    def refusing(name: str) -> Any:
        def refuse(*arguments: Any, **_: Any) -> Any:
            where = next((argument for argument in arguments if isinstance(argument, tuple | str | bytes)), "")
            tried.append(f"{name} {where!r}" if where else name)
            raise NetworkError(f"no network while an analyser runs: {tried[-1]}")

        return refuse

    with ExitStack() as guards:
        for owner, names in ((socket.socket, _METHODS), (socket, _FUNCTIONS)):
            for name in names:
                guards.enter_context(patch.object(owner, name, refusing(name)))
        yield tried
