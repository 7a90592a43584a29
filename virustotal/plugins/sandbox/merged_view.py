"""What all sandboxes saw, each thing once, with the sandboxes that saw it: agreement first."""

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from attrs import frozen

from virustotal.core import tables
from virustotal.core.readers import as_mapping, as_text, as_texts, host_of, integer
from virustotal.plugins.sandbox.cell_text import described, registry_value
from virustotal.plugins.sandbox.sandboxes import Sandbox

#: One thing seen: what makes two of them the same, what is shown, details of it, and whether it was given as text.
Seen = tuple[str, str, str, bool]

_USER = re.compile(r"^(?:[a-z]:\\users\\[^\\]+|[a-z]:\\documents and settings\\[^\\]+|%userprofile%)(?=\\|$)")
_ROOTS = (
    ("%temp%", r"%userprofile%\appdata\local\temp"),
    ("%appdata%", r"%userprofile%\appdata\roaming"),
    ("%localappdata%", r"%userprofile%\appdata\local"),
    ("%windir%", r"c:\windows"),
    ("%systemroot%", r"c:\windows"),
    ("%programfiles%", r"c:\program files"),
    ("%programdata%", r"c:\programdata"),
)
_HIVES = (
    (r"hkey_local_machine", "hklm"),
    (r"\registry\machine", "hklm"),
    (r"hkey_current_user", "hkcu"),
    (r"hkey_classes_root", "hkcr"),
    (r"hkey_users", "hku"),
    (r"hkey_current_config", "hkcc"),
)
_MUTEX = re.compile(r"^\\(?:sessions\\\d+\\)?basenamedobjects\\(?:(?:local|global)\\)?|^(?:local|global)\\", re.I)
_BLANKS = re.compile(r"\s+")


def same_path(path: str) -> str:
    """Return what makes two paths of different sandboxes the same: users, case and usual variables left aside."""
    if "\\" not in path and not path.startswith("%"):
        return path
    key = path.lower().removeprefix("\\\\?\\").removeprefix("\\??\\")
    key = next((full + key[len(short) :] for short, full in _ROOTS if key.startswith(short)), key)
    return _USER.sub("%userprofile%", key)


def same_key(key: str) -> str:
    """Return what makes two registry keys the same: case and the long names of the hives left aside."""
    lower = key.lower()
    return next((short + lower[len(long) :] for long, short in _HIVES if lower.startswith(long)), lower)


def same_mutex(name: str) -> str:
    """Return what makes two mutexes the same: their name without the session's folder."""
    return _MUTEX.sub("", name)


def same_command(command: str) -> str:
    """Return what makes two command lines the same: case and the number of blanks left aside."""
    return _BLANKS.sub(" ", command).strip().lower()


def address(value: Any) -> str:
    """Return an IP address in its usual form, or an empty text."""
    try:
        return str(ipaddress.ip_address(as_text(value, 64).strip("[]")))
    except ValueError:
        return ""


def _domains(sandbox: Sandbox) -> Iterator[Seen]:
    for entry in sandbox.entries("dns_lookups"):
        given = as_mapping(entry).get("hostname") if as_mapping(entry) else entry
        if name := as_text(given, 255):
            answers = tables.listed(as_texts(as_mapping(entry).get("resolved_ips"), 64), 5)
            yield name.lower().rstrip("."), name, answers, isinstance(given, str)
    for url in _conversations(sandbox):
        if (host := host_of(url)) and not address(host):
            yield host, host, "HTTP", True
    for entry in sandbox.entries("tls"):
        given = as_mapping(entry).get("sni")
        if name := as_text(given, 255):
            yield name.lower().rstrip("."), name, "TLS", isinstance(given, str)


def _addresses(sandbox: Sandbox) -> Iterator[Seen]:
    for entry in sandbox.entries("ip_traffic"):
        known = as_mapping(entry)
        given = known.get("destination_ip") if known else entry
        if shown := as_text(given, 64):
            port, protocol = integer(known.get("destination_port")), as_text(known.get("transport_layer_protocol"), 20)
            details = f"{protocol} {port}" if port is not None else protocol
            yield address(shown) or shown.lower(), shown, details.strip(), isinstance(given, str)
    for url in _conversations(sandbox):
        if found := address(host_of(url)):
            yield found, found, "HTTP", True


def _conversations(sandbox: Sandbox) -> Iterator[str]:
    for entry in sandbox.entries("http_conversations"):
        given = as_mapping(entry).get("url") if as_mapping(entry) else entry
        if isinstance(given, str) and (url := as_text(given, 2_000)):
            yield url


def _urls(sandbox: Sandbox) -> Iterator[Seen]:
    for entry in sandbox.entries("http_conversations"):
        known = as_mapping(entry)
        given = known.get("url") if known else entry
        if url := as_text(given, 2_000):
            facts = (as_text(known.get("request_method"), 20), as_text(known.get("response_status_code"), 20))
            yield url, url, " ".join(filter(None, facts)), isinstance(given, str)


_CHANGED = {
    "files_written": "written",
    "files_dropped": "dropped",
    "files_deleted": "deleted",
    "files_attribute_changed": "attributes changed",
    "files_copied": "copied",
    "files_moved": "moved",
}


def _changed_files(sandbox: Sandbox) -> Iterator[Seen]:
    for name, done in _CHANGED.items():
        for entry in sandbox.entries(name):
            known = as_mapping(entry)
            digest = as_text(known.get("sha256"), 64)
            shown = as_text(known.get("path") or known.get("destination") or digest if known else entry, 500)
            if shown:
                yield same_path(shown), shown, f"{done} ({digest})" if digest and digest != shown else done, True


def _plain(*names: str, same: Callable[[str], str] = str) -> Callable[[Sandbox], Iterator[Seen]]:
    def read(sandbox: Sandbox) -> Iterator[Seen]:
        for name in names:
            for entry in sandbox.entries(name):
                if shown := described(entry, 500):
                    done = name.rpartition("_")[2] if len(names) > 1 else ""
                    yield same(shown), shown, done, isinstance(entry, str)

    return read


def _registry(sandbox: Sandbox) -> Iterator[Seen]:
    for entry in sandbox.entries("registry_keys_set"):
        known = as_mapping(entry)
        given = known.get("key") if known else entry
        if shown := as_text(given, 500):
            yield same_key(shown), shown, registry_value(known.get("value"), 120), isinstance(given, str)
    for entry in sandbox.entries("registry_keys_deleted"):
        if shown := described(entry, 500):
            yield same_key(shown), shown, "deleted", isinstance(entry, str)


def _commands(sandbox: Sandbox) -> Iterator[Seen]:
    for command, given in sandbox.commands.items():
        yield same_command(command), command, "", given


@frozen
class Merge:
    """One table of the merged view; collapsed where most of it is noise."""

    name: str
    title: str
    column: str
    details: str
    read: Callable[[Sandbox], Iterator[Seen]]
    collapse: bool = False


MERGES = (
    Merge("domains", "Domains", "Domain", "Details", _domains),
    Merge("addresses", "IP addresses", "Address", "Traffic", _addresses),
    Merge("urls", "URLs", "URL", "Details", _urls),
    Merge("commands", "Commands and processes", "Command", "", _commands),
    Merge("files", "Files changed", "File", "Done", _changed_files),
    Merge("registry", "Registry keys changed", "Key", "Value", _registry),
    Merge("mutexes", "Mutexes", "Mutex", "Done", _plain("mutexes_created", "mutexes_opened", same=same_mutex)),
    Merge("opened", "Files opened", "File", "", _plain("files_opened", same=same_path), True),
    Merge("keys", "Registry keys opened", "Key", "", _plain("registry_keys_opened", same=same_key), True),
)


@frozen
class Thing:
    """One thing that sandboxes saw, with what they say of it.

    given: True where one of them gave it as text; what is only our rendering of something else is never a tag.
    """

    shown: str
    sandboxes: tuple[str, ...]
    details: tuple[str, ...]
    given: bool = True


def things(read: Callable[[Sandbox], Iterable[Seen]], found: Sequence[Sandbox]) -> tuple[Thing, ...]:
    """Return each thing once: what most sandboxes saw comes first, else in the order in which it was seen."""
    shown: dict[str, str] = {}
    seen_by: dict[str, dict[str, None]] = {}
    said: dict[str, dict[str, None]] = {}
    as_text = set()
    for sandbox in found:
        for key, name, details, given in read(sandbox):
            shown.setdefault(key, name)
            if given:
                as_text.add(key)
            seen_by.setdefault(key, {})[sandbox.name] = None
            if details and len(said.setdefault(key, {})) < 10:
                said[key][details] = None
    merged = [Thing(name, tuple(seen_by[key]), tuple(said.get(key, ())), key in as_text) for key, name in shown.items()]
    return tuple(sorted(merged, key=lambda thing: -len(thing.sandboxes)))


def merge_section(merge: Merge, found: Sequence[Thing]) -> Any | None:
    """Return the table of one sort of thing, or None where nothing of it was seen."""
    rows = [
        {
            merge.column: thing.shown,
            merge.details: tables.listed(thing.details, 5),
            "Seen by": len(thing.sandboxes),
            "Sandboxes": tables.listed(thing.sandboxes, 10),
        }
        for thing in found[: tables.MOST_ROWS]
    ]
    columns = [name for name in (merge.column, merge.details, "Seen by", "Sandboxes") if name]
    return tables.table(merge.title, rows, columns, total=len(found), collapse=merge.collapse)
