"""Addresses in malware configurations: of connections, and of texts in which nothing but a key names them."""

import re
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from attrs import evolve

from virustotal.core.assemblyline import Indicator, indicator
from virustotal.core.readers import as_list, as_mapping, as_texts, integer

#: Keys, as lower-case letters and digits alone, under which a text names an address.
KEYS = frozenset(
    (
        *("c2", "c2s", "c2url", "c2urls", "c2host", "c2hosts", "c2server", "c2servers", "cnc", "cncs", "cncurl"),
        *("server", "servers", "serverip", "host", "hosts", "hostname", "hostnames", "ip", "ips", "ipaddress"),
        *("ipaddresses", "domain", "domains", "url", "urls", "uri", "uris", "address", "addresses", "gate", "gates"),
        *("panel", "panels", "controller", "controllers", "dns", "downloadurl", "exfiltrationurl"),
    )
)
#: What a category of a connection means in Assemblyline's CONNECTION_USAGE.
USAGES: Mapping[str, str] = {
    "c2": "c2",
    "cc": "c2",
    "cnc": "c2",
    "commandandcontrol": "c2",
    "decoy": "decoy",
    "deaddropresolver": "dead_drop_resolver",
    "download": "download",
    "downloader": "download",
    "exfil": "upload",
    "exfiltration": "upload",
    "propagation": "propagate",
    "ransom": "ransom",
    "tunnel": "tunnel",
    "upload": "upload",
}
#: Values of one text that are looked at.
MOST_VALUES = 5_000
_PLAIN = re.compile(r"[^a-z0-9]")


def plain(key: Any) -> str:
    """Return the letters and digits of a key or category, in lower case."""
    return _PLAIN.sub("", key.lower()) if isinstance(key, str) else ""


def usage(connection: Any) -> str:
    """Return what a connection is for, or an empty text where its categories do not say."""
    categories = map(plain, as_texts(as_mapping(connection).get("categories")))
    return next((USAGES[category] for category in categories if category in USAGES), "")


def of_connection(connection: Any) -> Iterator[Indicator]:
    """Yield the addresses of one connection: its URL, or its host where the URL names none; a bare text is either."""
    row = as_mapping(connection)
    indicators = [address for key in ("url", "uri") if (address := indicator(row.get(key))) is not None]
    yield from indicators
    host = indicator(row.get("host")) if row else indicator(connection)
    named = {(entry.host or entry).value for entry in indicators}
    if host is not None and (host.host or host).value not in named:
        yield _with_port(host, row)


def in_text(value: Any) -> Iterator[Indicator]:
    """Yield the addresses in a parsed text that stand under a key that names one."""
    todo: deque[tuple[bool, Any, Mapping[str, Any]]] = deque([(False, value, {})])
    for _ in range(MOST_VALUES):
        if not todo:
            return
        hinted, entry, row = todo.popleft()
        if as_mapping(entry):
            todo.extend((plain(key) in KEYS, inner, entry) for key, inner in list(entry.items())[:MOST_VALUES])
        elif isinstance(entry, list):
            todo.extend((hinted, inner, row) for inner in entry[:MOST_VALUES])
        elif hinted and (address := indicator(entry)) is not None:
            yield _with_port(address, row)


def _with_port(address: Indicator, row: Mapping[str, Any]) -> Indicator:
    """The port that stands beside a host, where the host names none."""
    ports = [entry for key, value in row.items() if plain(key) == "port" for entry in as_list(value)]
    port = integer(ports[0]) if len(ports) == 1 else None
    if address.port or address.kind == "uri" or port is None or not 0 < port < 65_536:
        return address
    return evolve(address, port=port)


def as_connection(address: Indicator) -> tuple[str, dict[str, Any]]:
    """Return the list of Assemblyline's MalwareConfig that an address belongs to, and its fields there.

    A host whose protocol nobody names stands under `tcp`: the model has no list for it.
    """
    host = address.host or address
    parts = urlsplit(address.value) if address.kind == "uri" else None
    scheme = parts.scheme.lower() if parts else ""
    if parts and scheme in {"http", "https"}:
        fields: dict[str, Any] = {"uri": address.value, "protocol": scheme, "hostname": host.value}
        return "http", {**fields, **({"port": address.port} if address.port else {})}
    fields = {"server_ip" if host.kind == "ip" else "server_domain": host.value}
    return "udp" if scheme == "udp" else "tcp", {**fields, **({"server_port": address.port} if address.port else {})}
