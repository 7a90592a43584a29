"""An internal blocklist of hosts: what is on it is malicious, whatever the engines of VirusTotal say.

Settings, under `plugins.settings.blocklist`: `file`, the path of the list, one domain, IP address or network a line;
`score`, what a listed host adds to the score (500). A domain on the list stands for the hosts below it too.
"""

import ipaddress
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from attrs import frozen

from virustotal.core import Analyzer, Detection, Object, Verdict, hookimpl

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@frozen
class Blocklist:
    """The entries of one file, and its name for the analyst."""

    name: str
    domains: frozenset[str]
    networks: tuple[Network, ...]

    def entry(self, host: str) -> str:
        """Return the entry that lists a host, or an empty text."""
        host = host.lower().strip("[]").rstrip(".")
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            labels = host.split(".")
            names = (".".join(labels[start:]) for start in range(len(labels)))
            return next((name for name in names if name in self.domains), "")
        return next((str(network) for network in self.networks if address in network), "")


def read(path: Path) -> Blocklist:
    """Read a list; lines of a hosts file (`0.0.0.0 bad.example`) and comments after `#` are understood."""
    domains: set[str] = set()
    networks: list[Network] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        words = line.partition("#")[0].split()
        for word in words[1:] or words:
            entry = _entry(word)
            if entry is None:
                raise ValueError(f"{path}, line {number}: neither a domain nor an address: {word}")
            if isinstance(entry, str):
                domains.add(entry)
            else:
                networks.append(entry)
    return Blocklist(path.name, frozenset(domains), tuple(networks))


def _entry(word: str) -> str | Network | None:
    try:
        return ipaddress.ip_network(word, strict=False)
    except ValueError:
        name = word.lower().strip(".")
        return name if "." in name and "/" not in name and ":" not in name else None


@lru_cache(maxsize=4)
def _read(path: str, _changed: int) -> Blocklist:
    return read(Path(path))


def blocklist(settings: Mapping[str, Any]) -> Blocklist:
    """Return the list of the settings, read again when the file was changed; ValueError for one that is unusable."""
    path = settings.get("file")
    if not isinstance(path, str) or not path:
        raise ValueError("plugins.settings.blocklist.file: expected the path of the list")
    try:
        return _read(path, Path(path).stat().st_mtime_ns)
    except OSError as error:
        raise ValueError(f"plugins.settings.blocklist.file: {error}") from None


def hosts(obj: Object) -> Iterator[str]:
    """Yield the host that an object is or leads to. Any attribute may be missing or of another type."""
    if obj.ref.kind in {"domain", "ip_address"}:
        yield obj.ref.id
    for name in ("url", "last_final_url") if obj.ref.kind == "url" else ():
        url = obj.attributes.get(name)
        try:
            yield (urlsplit(url).hostname if isinstance(url, str) else "") or ""
        except ValueError:
            continue


@hookimpl
def virustotal_verdict(obj: Object, detections: tuple[Detection, ...], settings: Any) -> Verdict | None:
    """Call a listed host malicious, and leave everything else to the engines."""
    own = settings.plugin("blocklist")
    known = blocklist(own)
    for host in hosts(obj):
        if entry := known.entry(host):
            reason = f"{host} is on the internal blocklist {known.name}, as {entry}."
            return Verdict("malicious", detections, (reason,), own.get("score", 500))
    return None


@hookimpl
def virustotal_analyzers(settings: Any) -> tuple[Analyzer, ...]:
    """Bring no analyser; refuse settings that cannot work, so that the listing says so at start."""
    own = settings.plugin("blocklist")
    score = own.get("score", 500)
    if isinstance(score, bool) or not isinstance(score, int) or not 0 <= score <= 1000:
        raise ValueError("plugins.settings.blocklist.score: expected a whole number from 0 to 1000")
    blocklist(own)
    return ()
