"""No network while an analyser runs."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

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

    own = {name: vars(socket.socket).get(name) for name in _METHODS}
    functions = {name: getattr(socket, name) for name in _FUNCTIONS}
    try:
        for name in _METHODS:
            setattr(socket.socket, name, refusing(name))
        for name in _FUNCTIONS:
            setattr(socket, name, refusing(name))
        yield tried
    finally:
        for name, function in functions.items():
            setattr(socket, name, function)
        for name, method in own.items():
            if method is None:
                delattr(socket.socket, name)  # inherited from the C class
            else:
                setattr(socket.socket, name, method)
