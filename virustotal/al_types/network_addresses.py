"""What Assemblyline's own models take as a network address: values that do not validate are shown and never tagged."""

import re
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from assemblyline.odm.base import IP, URI, Domain
from attrs import frozen

from virustotal.util.hosts import canonical_host, host_of

_IP, _DOMAIN, _URI = IP(), Domain(), URI()
_HOSTS = {"ip": _IP, "domain": _DOMAIN}
# What no address holds; a value with one of these is somebody's binary data, whatever is left once it is cleaned.
_FOREIGN = re.compile("[\x00-\x20\x7f-\x9f\\\\<>\"'`{}|^\ufffd]")
_PORT = re.compile(r"[0-9]{1,5}", re.ASCII)


@frozen
class Indicator:
    """One address.

    Args:
        kind: `ip`, `domain` or `uri`, as in Assemblyline's tags `network.static.KIND`.
        value: As it is tagged.
        host: The IP address or domain in it.
        port: None where it names none.
    """

    kind: str
    value: str
    host: "Indicator | None" = None
    port: int | None = None


def indicator(value: Any) -> Indicator | None:
    """Return what a text is as a whole: a URI, a host, or a host and a port. None for anything else.

    A file name such as `setup.exe` is no domain: its last label is no top-level domain.
    """
    plain = value.strip() if isinstance(value, str) and len(value) <= 2_000 else ""
    if not plain or _FOREIGN.search(plain):
        return None
    if "://" in plain:
        return _uri(plain)
    name, _, port = plain.rpartition(":")
    bracketed = plain.startswith("[") and name.endswith("]")
    if name and _PORT.fullmatch(port) and (bracketed or ":" not in name):
        return _host(name, int(port)) if 0 < int(port) < 65_536 else None
    return _host(plain, None)


def _host(name: str, port: int | None) -> Indicator | None:
    for kind, model in _HOSTS.items():
        try:
            address = model.check(canonical_host(name))
        except ValueError:
            continue
        # What browsers read as an address (`1`, `0x7f.1`) is not written as one.
        if address and (kind == "domain" or _is_written_as_address(name)):
            return Indicator(kind, str(address), port=port)
    return None


def _is_written_as_address(name: str) -> bool:
    try:
        ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def _uri(value: str) -> Indicator | None:
    try:
        host = _host(host_of(value), None)
        uri, port = _URI.check(value), urlsplit(value).port
    except ValueError:
        return None
    return Indicator("uri", str(uri), host, port) if host is not None and uri else None
