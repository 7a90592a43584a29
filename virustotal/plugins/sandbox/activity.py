"""What all sandboxes saw, by kind of thing: each thing once, with its actions and the sandboxes that saw it."""

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from attrs import field, frozen

from virustotal.core import tables
from virustotal.core.noise import is_noise_file
from virustotal.core.readers import as_mapping, as_text, as_texts, host_of, integer
from virustotal.plugins.sandbox.cell_text import described, label, registry_value
from virustotal.plugins.sandbox.long_values import LongValues
from virustotal.plugins.sandbox.sandboxes import LONGEST_VALUE, Sandbox

#: Details of one thing that are kept.
MOST_DETAILS = 10


@frozen
class Seen:
    """One entry of one report.

    key: What makes two entries the same thing.
    shown: Its inert text, whole up to LONGEST_VALUE.
    value: As VirusTotal sent it.
    details: What else the entry says, as (cell, value as sent).
    """

    key: str
    shown: str
    value: Any
    action: str = ""
    details: tuple[str, Any] = ("", None)


@frozen
class Thing:
    """One thing that sandboxes saw. text: its value where one of them gave it as text, which alone can be a tag."""

    shown: str
    value: Any
    sandboxes: tuple[str, ...]
    actions: tuple[str, ...] = ()
    details: tuple[tuple[str, Any], ...] = ()
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


def _domains(sandbox: Sandbox) -> Iterator[Seen]:
    for entry in sandbox.entries("dns_lookups"):
        fields = as_mapping(entry)
        value = fields.get("hostname") if fields else entry
        if name := as_text(value, 255):
            answers = (*as_texts(fields.get("resolved_ips"), 64), *as_texts(fields.get("txt_records"), 100))
            yield Seen(name.lower().rstrip("."), name, value, "DNS", (tables.listed(answers, 5), None))
        elif shown := described(entry, 300):
            yield Seen(shown, shown, None, "DNS")
    for url in _urls_sent(sandbox):
        if (host := host_of(url)) and not address(host):
            yield Seen(host, host, host, "HTTP")
    for entry in sandbox.entries("tls"):
        value = as_mapping(entry).get("sni")
        if name := as_text(value, 255):
            yield Seen(name.lower().rstrip("."), name, value, "TLS")


def _addresses(sandbox: Sandbox) -> Iterator[Seen]:
    for entry in sandbox.entries("ip_traffic"):
        fields = as_mapping(entry)
        value = fields.get("destination_ip") if fields else entry
        if shown := as_text(value, 64):
            port, protocol = (
                integer(fields.get("destination_port")),
                as_text(fields.get("transport_layer_protocol"), 20),
            )
            traffic = f"{protocol} {port}".strip() if port is not None else protocol
            yield Seen(address(shown) or shown.lower(), shown, value, traffic, (owner_of(fields), None))
        elif shown := described(entry, 300):
            yield Seen(shown, shown, None)
    for url in _urls_sent(sandbox):
        if found := address(host_of(url)):
            yield Seen(found, found, found, "HTTP")


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


def _urls(sandbox: Sandbox) -> Iterator[Seen]:
    for entry in sandbox.entries("http_conversations"):
        fields = as_mapping(entry)
        value = fields.get("url") if fields else entry
        method, status = (as_text(fields.get(name), 40) for name in ("request_method", "response_status_code"))
        answer = " ".join(filter(None, (status, as_text(fields.get("response_body_filetype"), 60))))
        if url := as_text(value, LONGEST_VALUE):
            yield Seen(url, url, value, method, (answer, None))
        elif shown := described(entry, 300):
            yield Seen(shown, shown, None)


def _entries(
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
                if shown := as_text(value, LONGEST_VALUE) or described(value, 500):
                    rest = {key: cell for key, cell in fields.items() if name and key != name}
                    yield Seen(same(shown), shown, value if name or not fields else None, action, _details(rest))

    return read


def _details(rest: Mapping[str, Any]) -> tuple[str, Any]:
    if set(rest) == {"value"}:
        return registry_value(rest["value"]), rest["value"]
    return described(rest, 300), None


def _commands(sandbox: Sandbox) -> Iterator[Seen]:
    for process in sandbox.tree:
        if process.command:
            yield Seen(same_command(process.command), process.command, process.value, "created")
    yield from _process_lists(sandbox)


_process_lists = _entries(
    {
        "processes_created": "created",
        "command_executions": "executed",
        "processes_terminated": "ended",
        "processes_killed": "killed",
        "processes_injected": "injected into",
    },
    same_command,
)

# --- interest: 0 comes first -----------------------------------------------------------------------------------------

_RUNNABLE = re.compile(
    r"\.(?:exe|dll|sys|scr|com|pif|ps1|vbs|vbe|js|jse|wsf|hta|bat|cmd|lnk|msi|jar|apk|so|elf|sh|py)$", re.I
)
_AUTOSTART = re.compile(
    r"\\(?:run|runonce|runonceex|winlogon|services|image file execution options|startup)(?:\\|$)", re.I
)


def _rank_file(thing: Thing) -> int:
    if is_noise_file(thing.shown):
        return 5
    if thing.actions == ("opened",):
        return 4
    if set(thing.actions) <= {"deleted", "opened"}:
        return 3
    return 0 if _RUNNABLE.search(thing.shown[-10:]) else 1 if "dropped" in thing.actions else 2


def _rank_registry(thing: Thing) -> int:
    if thing.actions == ("opened",):
        return 3
    return 0 if "set" in thing.actions and _AUTOSTART.search(thing.shown[:500]) else 1 if "set" in thing.actions else 2


def _equal(_thing: Thing) -> int:
    return 0


@frozen
class ActivityTable:
    """One table: the things that `read` finds, the most interesting first.

    name: By which tags find it. column, action, details: Titles of its columns; an empty one leaves the column out.
    """

    name: str
    title: str
    column: str
    read: Reader
    action: str = "Action"
    details: str = ""
    rank: Callable[[Thing], int] = field(default=_equal, kw_only=True)


_MEMORY = {"memory_pattern_urls": "URL", "memory_pattern_domains": "domain", "memory_pattern_ips": "IP address"}
_FILES = {
    "files_dropped": "dropped",
    "files_written": "written",
    "files_copied": "copied",
    "files_moved": "moved",
    "files_attribute_changed": "attributes changed",
    "files_deleted": "deleted",
    "files_opened": "opened",
}
_REGISTRY = {"registry_keys_set": "set", "registry_keys_deleted": "deleted", "registry_keys_opened": "opened"}
_SERVICES = {f"services_{action}": action for action in ("created", "started", "opened", "stopped", "deleted", "bound")}
_TEXTS = {
    "text_decoded": "text decoded",
    "text_highlighted": "text highlighted",
    "calls_highlighted": "call highlighted",
    "crypto_plain_text": "plain text",
    "crypto_keys": "key",
    "crypto_algorithms_observed": "cryptographic algorithm",
    "encoding_algorithms_observed": "encoding",
}
_WINDOWS = {
    "windows_hidden": "window hidden",
    "windows_searched": "window searched for",
    "signals_observed": "signal observed",
    "signals_hooked": "signal hooked",
}
_MOBILE = {
    "permissions_requested": "permission requested",
    "permissions_checked": "permission checked",
    "activities_started": "activity started",
    "invokes": "method invoked",
    "content_model_observers": "content model observed",
    "content_model_sets": "content model set",
    "databases_opened": "database opened",
    "databases_deleted": "database deleted",
    "shared_preferences_lookups": "preference read",
    "shared_preferences_sets": "preference set",
    "system_property_lookups": "system property read",
    "system_property_sets": "system property set",
}

#: In the order in which they are shown.
TABLES = (
    ActivityTable("domains", "Domains contacted", "Domain", _domains, "By", "Answers"),
    ActivityTable("addresses", "IP addresses contacted", "Address", _addresses, "Traffic", "Network"),
    ActivityTable("urls", "URLs requested", "URL", _urls, "Method", "Response"),
    ActivityTable("commands", "Commands and processes", "Command", _commands),
    ActivityTable(
        "files",
        "Files",
        "File",
        _entries(_FILES, same_path, ("path", "destination", "source", "sha256")),
        details="Details",
        rank=_rank_file,
    ),
    ActivityTable(
        "registry",
        "Registry",
        "Key",
        _entries(_REGISTRY, same_registry_key),
        details="Value",
        rank=_rank_registry,
    ),
    ActivityTable(
        "mutexes", "Mutexes", "Mutex", _entries({"mutexes_created": "created", "mutexes_opened": "opened"}, same_mutex)
    ),
    ActivityTable("services", "Services", "Service", _entries(_SERVICES, str.lower)),
    ActivityTable("modules", "Modules loaded", "Module", _entries({"modules_loaded": ""}, same_path), ""),
    ActivityTable("memory", "Hosts and URLs in memory", "Value", _entries(_MEMORY), "Kind"),
    ActivityTable("texts", "Texts, calls and cryptography", "Text", _entries(_TEXTS), "Kind"),
    ActivityTable("windows", "Windows and signals", "Name", _entries(_WINDOWS), "Kind"),
    ActivityTable(
        "mobile",
        "Permissions and application data",
        "Name",
        _entries(_MOBILE, keys=("permission", "key")),
        "Kind",
        "Value",
    ),
)
#: Attributes that the tables read.
ATTRIBUTES = frozenset(
    (
        *("dns_lookups", "http_conversations", "ip_traffic", "tls", "processes_tree"),
        *("processes_created", "command_executions", "processes_terminated", "processes_killed", "processes_injected"),
        *("mutexes_created", "mutexes_opened", "modules_loaded"),
        *(*_FILES, *_REGISTRY, *_SERVICES, *_MEMORY, *_TEXTS, *_WINDOWS, *_MOBILE),
    )
)


def things(table: ActivityTable, sandboxes: Sequence[Sandbox]) -> tuple[Thing, ...]:
    """Return each thing once: by interest, then what most sandboxes saw, then in the order in which it was seen."""
    first: dict[str, Seen] = {}
    texts: dict[str, str] = {}
    seen_by: dict[str, dict[str, None]] = {}
    actions: dict[str, dict[str, None]] = {}
    details: dict[str, dict[str, Any]] = {}
    for sandbox in sandboxes:
        for seen in table.read(sandbox):
            first.setdefault(seen.key, seen)
            if isinstance(seen.value, str):
                texts.setdefault(seen.key, seen.shown)
            seen_by.setdefault(seen.key, {})[sandbox.name] = None
            if seen.action:
                actions.setdefault(seen.key, {})[seen.action] = None
            if seen.details[0] and len(details.setdefault(seen.key, {})) < MOST_DETAILS:
                details[seen.key].setdefault(*seen.details)
    merged = [
        Thing(
            seen.shown,
            seen.value,
            tuple(seen_by[key]),
            tuple(actions.get(key, ())),
            tuple(details.get(key, {}).items()),
            texts.get(key, ""),
        )
        for key, seen in first.items()
    ]
    return tuple(sorted(merged, key=lambda thing: (table.rank(thing), -len(thing.sandboxes))))


def activity_section(table: ActivityTable, found: Sequence[Thing], long_values: LongValues) -> Any | None:
    """Return the closed table of one kind of thing, or None where nothing of it was seen."""
    rows = [_row(table, thing, long_values) for thing in found[: tables.MOST_ROWS]]
    columns = [name for name in (table.column, table.action, table.details, "Sandboxes") if name]
    return tables.table(table.title, rows, columns, total=len(found), collapse=True)


def _row(table: ActivityTable, thing: Thing, long_values: LongValues) -> Mapping[str, Any]:
    heading = f"{table.details} of {thing.shown[:200]}"
    details = (long_values.cut(heading, value, cell) for cell, value in thing.details)
    return {
        table.column: long_values.cut(table.column, thing.value, thing.shown),
        table.action: long_values.cut(table.action, None, ", ".join(thing.actions)),
        table.details: long_values.cut(table.details, None, tables.listed(details, 5)),
        "Sandboxes": tables.listed(thing.sandboxes, 10),
    }


def no_entries(_sandbox: Sandbox) -> Iterator[Seen]:
    """Yield nothing: the reader of a table that is filled otherwise."""
    yield from ()


def other_things(sandboxes: Sequence[Sandbox], known: frozenset[str]) -> tuple[Thing, ...]:
    """Return the attributes that no table has, so that nothing is silently missing."""

    def read(sandbox: Sandbox) -> Iterator[Seen]:
        for attribute, value in sandbox.attributes.items():
            if attribute not in known and (cell := described(value)):
                yield Seen(str(attribute), label(attribute) or "(empty)", None, "", (cell, value))

    return things(ActivityTable("other", "", "", read), sandboxes)
