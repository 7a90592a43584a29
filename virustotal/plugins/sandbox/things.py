"""The things that sandboxes saw: readers of their reports, and what makes two entries the same thing."""

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from attrs import define, field, frozen

from virustotal.core import tables
from virustotal.core.readers import as_mapping, as_mappings, as_text, as_texts, host_of, integer
from virustotal.plugins.sandbox.cell_text import describe, plain_text, registry_value
from virustotal.plugins.sandbox.sandboxes import LONGEST_VALUE, Sandbox


@frozen
class Seen:
    """One entry of one report.

    Attributes:
        key: What makes two entries the same thing.
        shown: Its inert text, whole up to LONGEST_VALUE.
        text: The same where VirusTotal sent a text, which alone can be a tag; empty otherwise.
        details: What else the entry says.
    """

    key: str
    shown: str
    text: str
    action: str = ""
    details: str = ""


@define
class Thing:
    """One thing that sandboxes saw, as `Seen`; names, actions and details are keys, each once in their order."""

    shown: str
    text: str = ""
    sandboxes: dict[str, None] = field(factory=dict)
    actions: dict[str, None] = field(factory=dict)
    details: dict[str, None] = field(factory=dict)


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


def _read(
    sandbox: Sandbox, attribute: str, keys: tuple[str, ...], longest: int = LONGEST_VALUE
) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield the entries of an attribute: what is shown, the same where it came as text, and what else the entry says.

    Args:
        keys: Where a mapping has the thing itself; without any of them the whole mapping is the thing.
        longest: Characters of what is shown.
    """
    for entry in sandbox.entries(attribute):
        fields = as_mapping(entry)
        name = next((key for key in keys if as_text(fields.get(key), 10)), "")
        value = fields[name] if name else entry
        if shown := as_text(value, longest) or describe(value):
            rest = {key: cell for key, cell in fields.items() if name and key != name}
            yield shown, shown if isinstance(value, str) else "", rest


def domains(sandbox: Sandbox) -> Iterator[Seen]:
    """Yield the domains: looked up, sent requests to, or named in TLS."""
    for name, text, lookup in _read(sandbox, "dns_lookups", ("hostname",), 255):
        answers = (*as_texts(lookup.get("resolved_ips"), 64), *as_texts(lookup.get("txt_records"), 100))
        yield Seen(name.lower().rstrip("."), name, text, "DNS", tables.listed(answers, 5))
    for _, url, _ in _read(sandbox, "http_conversations", ("url",)):
        if (host := host_of(url)) and not address(host):
            yield Seen(host, host, host, "HTTP")
    for connection in as_mappings(sandbox.entries("tls")):
        if name := as_text(connection.get("sni"), 255):
            yield Seen(name.lower().rstrip("."), name, plain_text(connection.get("sni"), 255), "TLS")


def addresses(sandbox: Sandbox) -> Iterator[Seen]:
    """Yield the IP addresses."""
    for shown, text, traffic in _read(sandbox, "ip_traffic", ("destination_ip",), 64):
        port = as_text(integer(traffic.get("destination_port")))
        protocol = as_text(traffic.get("transport_layer_protocol"), 20)
        yield Seen(address(shown) or shown.lower(), shown, text, f"{protocol} {port}".strip(), owner_of(traffic))
    for _, url, _ in _read(sandbox, "http_conversations", ("url",)):
        if ip := address(host_of(url)):
            yield Seen(ip, ip, ip, "HTTP")


def owner_of(traffic: Mapping[str, Any]) -> str:
    """Return number and owner of the network of an entry of `ip_traffic`."""
    number = as_text(traffic.get("destination_ip_asn") or traffic.get("asn"), 20)
    owner = as_text(traffic.get("destination_ip_as_owner"), 100)
    return " ".join(filter(None, (f"AS{number}" if number.isdecimal() else number, owner)))


def urls(sandbox: Sandbox) -> Iterator[Seen]:
    """Yield the URLs requested."""
    for url, text, conversation in _read(sandbox, "http_conversations", ("url",)):
        method, status = (as_text(conversation.get(name), 40) for name in ("request_method", "response_status_code"))
        answer = " ".join(filter(None, (status, as_text(conversation.get("response_body_filetype"), 60))))
        yield Seen(url, url, text, method, answer)


def entries(
    actions: Mapping[str, str], same: Callable[[str], str] = str, keys: tuple[str, ...] = ("key", "path")
) -> Reader:
    """Return a reader of lists of texts, or of mappings whose first of `keys` is the thing and whose rest its details.

    Args:
        actions: Attribute to what was done.
        same: Returns the key of a text.
    """

    def read(sandbox: Sandbox) -> Iterator[Seen]:
        for attribute, action in actions.items():
            for shown, text, rest in _read(sandbox, attribute, keys):
                yield Seen(same(shown), shown, text, action, _details(rest))

    return read


def _details(rest: Mapping[str, Any]) -> str:
    return registry_value(rest["value"]) if set(rest) == {"value"} else describe(rest)


def commands(sandbox: Sandbox) -> Iterator[Seen]:
    """Yield the command lines of the tree and of the lists of processes."""
    for process in sandbox.tree:
        if process.command:
            yield Seen(same_command(process.command), process.command, process.text, "created")
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
