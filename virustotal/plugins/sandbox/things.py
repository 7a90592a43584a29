"""The things that sandboxes saw: readers of their reports, and what makes two entries the same thing."""

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from attrs import frozen

from virustotal.core import tables
from virustotal.core.readers import as_mapping, as_text, as_texts, host_of, integer
from virustotal.plugins.sandbox.cell_text import describe, registry_value
from virustotal.plugins.sandbox.sandboxes import LONGEST_VALUE, Sandbox


@frozen
class Seen:
    """One entry of one report.

    Attributes:
        key: What makes two entries the same thing.
        shown: Its inert text, whole up to LONGEST_VALUE.
        value: As VirusTotal sent it.
        details: What else the entry says.
    """

    key: str
    shown: str
    value: Any
    action: str = ""
    details: str = ""


@frozen
class Thing:
    """One thing that sandboxes saw.

    Attributes:
        text: Its value where one of them gave it as text, which alone can be a tag.
    """

    shown: str
    value: Any
    sandboxes: tuple[str, ...]
    actions: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    text: str = ""


Reader = Callable[[Sandbox], Iterator[Seen]]

# --- what makes two entries the same ---------------------------------------------------------------------------------

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


def same_path(path: str) -> str:
    """Return the key of a path: users, case and usual variables left aside."""
    if "\\" not in path and not path.startswith("%"):
        return path
    key = path.lower().removeprefix("\\\\?\\").removeprefix("\\??\\")
    key = next((full + key[len(short) :] for short, full in _ROOTS if key.startswith(short)), key)
    return _USER.sub("%userprofile%", key)


def same_registry_key(key: str) -> str:
    """Return the key of a registry key: case and the long names of the hives left aside."""
    lower = key.lower()
    return next((short + lower[len(long) :] for long, short in _HIVES if lower.startswith(long)), lower)


def same_mutex(name: str) -> str:
    """Return the key of a mutex: its name in lower case without the session's folder."""
    return _MUTEX.sub("", name).lower()


def same_command(command: str) -> str:
    """Return the key of a command line: case and the number of blanks left aside."""
    return " ".join(command.lower().split())


def address(value: Any) -> str:
    """Return an IP address in its usual form, or an empty text."""
    try:
        return str(ipaddress.ip_address(as_text(value, 64).strip("[]")))
    except ValueError:
        return ""


# --- readers of reports ----------------------------------------------------------------------------------------------


def domains(sandbox: Sandbox) -> Iterator[Seen]:
    """Yield the domains: looked up, sent requests to, or named in TLS."""
    for entry in sandbox.entries("dns_lookups"):
        fields = as_mapping(entry)
        value = fields.get("hostname") if fields else entry
        if name := as_text(value, 255):
            answers = (*as_texts(fields.get("resolved_ips"), 64), *as_texts(fields.get("txt_records"), 100))
            yield Seen(name.lower().rstrip("."), name, value, "DNS", tables.listed(answers, 5))
        elif shown := describe(entry):
            yield Seen(shown, shown, None, "DNS")
    for url in _urls_sent(sandbox):
        if (host := host_of(url)) and not address(host):
            yield Seen(host, host, host, "HTTP")
    for entry in sandbox.entries("tls"):
        value = as_mapping(entry).get("sni")
        if name := as_text(value, 255):
            yield Seen(name.lower().rstrip("."), name, value, "TLS")


def addresses(sandbox: Sandbox) -> Iterator[Seen]:
    """Yield the IP addresses."""
    for entry in sandbox.entries("ip_traffic"):
        fields = as_mapping(entry)
        value = fields.get("destination_ip") if fields else entry
        if shown := as_text(value, 64):
            port, protocol = (
                integer(fields.get("destination_port")),
                as_text(fields.get("transport_layer_protocol"), 20),
            )
            traffic = f"{protocol} {port}".strip() if port is not None else protocol
            yield Seen(address(shown) or shown.lower(), shown, value, traffic, owner_of(fields))
        elif shown := describe(entry):
            yield Seen(shown, shown, None)
    for url in _urls_sent(sandbox):
        if ip := address(host_of(url)):
            yield Seen(ip, ip, ip, "HTTP")


def owner_of(traffic: Mapping[str, Any]) -> str:
    """Return number and owner of the network of an entry of `ip_traffic`."""
    number = as_text(traffic.get("destination_ip_asn") or traffic.get("asn"), 20)
    owner = as_text(traffic.get("destination_ip_as_owner"), 100)
    return " ".join(filter(None, (f"AS{number}" if number.isdecimal() else number, owner)))


def _urls_sent(sandbox: Sandbox) -> Iterator[str]:
    for entry in sandbox.entries("http_conversations"):
        value = as_mapping(entry).get("url") if as_mapping(entry) else entry
        if isinstance(value, str) and (url := as_text(value, LONGEST_VALUE)):
            yield url


def urls(sandbox: Sandbox) -> Iterator[Seen]:
    """Yield the URLs requested."""
    for entry in sandbox.entries("http_conversations"):
        fields = as_mapping(entry)
        value = fields.get("url") if fields else entry
        method, status = (as_text(fields.get(name), 40) for name in ("request_method", "response_status_code"))
        answer = " ".join(filter(None, (status, as_text(fields.get("response_body_filetype"), 60))))
        if url := as_text(value, LONGEST_VALUE):
            yield Seen(url, url, value, method, answer)
        elif shown := describe(entry):
            yield Seen(shown, shown, None)


def entries(
    actions: Mapping[str, str], same: Callable[[str], str] = str, keys: tuple[str, ...] = ("key", "path")
) -> Reader:
    """Return a reader of lists of texts, or of mappings whose first of `keys` is the thing and whose rest its details.

    Args:
        actions: Attribute to what was done.
        same: Returns the key of a text.
        keys: Where a mapping has the thing itself.
    """

    def read(sandbox: Sandbox) -> Iterator[Seen]:
        for attribute, action in actions.items():
            for entry in sandbox.entries(attribute):
                fields = as_mapping(entry)
                name = next((key for key in keys if as_text(fields.get(key), 10)), "")
                value = fields[name] if name else entry
                if shown := as_text(value, LONGEST_VALUE) or describe(value):
                    rest = {key: cell for key, cell in fields.items() if name and key != name}
                    yield Seen(same(shown), shown, value if name or not fields else None, action, _details(rest))

    return read


def _details(rest: Mapping[str, Any]) -> str:
    return registry_value(rest["value"]) if set(rest) == {"value"} else describe(rest)


def commands(sandbox: Sandbox) -> Iterator[Seen]:
    """Yield the command lines of the tree and of the lists of processes."""
    for process in sandbox.tree:
        if process.command:
            yield Seen(same_command(process.command), process.command, process.value, "created")
    yield from _process_lists(sandbox)


_process_lists = entries(
    {
        "processes_created": "created",
        "command_executions": "executed",
        "processes_terminated": "ended",
        "processes_killed": "killed",
        "processes_injected": "injected into",
    },
    same_command,
)
