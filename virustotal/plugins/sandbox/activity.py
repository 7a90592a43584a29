"""What all sandboxes saw, by kind of thing: each thing once, with its actions and the sandboxes that saw it."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from attrs import field, frozen

from virustotal.core import tables
from virustotal.core.noise import is_noise_file
from virustotal.plugins.sandbox import behaviour_tags, things
from virustotal.plugins.sandbox.behaviour_tags import Noise, Pair, add, no_tags
from virustotal.plugins.sandbox.cell_text import describe, label
from virustotal.plugins.sandbox.sandboxes import Sandbox
from virustotal.plugins.sandbox.things import Reader, Seen, Thing, entries

#: Details of one thing that are kept.
MOST_DETAILS = 10

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
    if thing.actions.keys() == {"opened"}:
        return 4
    if thing.actions.keys() <= {"deleted", "opened"}:
        return 3
    return 0 if _RUNNABLE.search(thing.shown[-10:]) else 1 if "dropped" in thing.actions else 2


def _rank_registry(thing: Thing) -> int:
    if thing.actions.keys() == {"opened"}:
        return 3
    return 0 if "set" in thing.actions and _AUTOSTART.search(thing.shown[:500]) else 1 if "set" in thing.actions else 2


def _equal(_thing: Thing) -> int:
    return 0


@frozen
class ActivityTable:
    """One table: the things that `read` finds, the most interesting first.

    Attributes:
        column: The title of the column of the things; `action` and `details` are those of the next columns, which an
            empty title leaves out.
        tags: Yields the tags of one thing that has a text.
        report_tags: Yields tags of a whole report.
    """

    title: str
    column: str
    read: Reader
    action: str = "Action"
    details: str = ""
    rank: Callable[[Thing], int] = field(default=_equal, kw_only=True)
    tags: Callable[[Thing, Noise], Iterable[Pair]] = field(default=no_tags, kw_only=True)
    report_tags: Callable[[Sandbox, Noise], Iterable[Pair]] = field(default=no_tags, kw_only=True)


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
_MUTEXES = {"mutexes_created": "created", "mutexes_opened": "opened"}
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
    "windows_searched": "window searched",
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
    ActivityTable("Domains contacted", "Domain", things.domains, "By", "Answers", tags=behaviour_tags.of_domain),
    ActivityTable(
        "IP addresses contacted",
        "Address",
        things.addresses,
        "Traffic",
        "Network",
        tags=behaviour_tags.of_address,
        report_tags=behaviour_tags.of_traffic,
    ),
    ActivityTable(
        "URLs requested",
        "URL",
        things.urls,
        "Method",
        "Response",
        tags=behaviour_tags.of_url,
        report_tags=behaviour_tags.of_http,
    ),
    ActivityTable("Commands and processes", "Command", things.commands, tags=behaviour_tags.of_command),
    ActivityTable(
        "Files",
        "File",
        entries(_FILES, things.same_path, ("path", "destination", "source", "sha256")),
        details="Details",
        rank=_rank_file,
    ),
    ActivityTable(
        "Registry",
        "Key",
        entries(_REGISTRY, things.same_registry_key),
        details="Value",
        rank=_rank_registry,
        tags=behaviour_tags.of_registry_key,
    ),
    ActivityTable("Mutexes", "Mutex", entries(_MUTEXES, things.same_mutex), tags=behaviour_tags.of_mutex),
    ActivityTable("Services", "Service", entries(_SERVICES, str.lower)),
    ActivityTable("Modules loaded", "Module", entries({"modules_loaded": ""}, things.same_path), ""),
    ActivityTable("Hosts and URLs in memory", "Value", entries(_MEMORY), "Kind"),
    ActivityTable("Strings, calls and cryptography", "Text", entries(_TEXTS), "Kind"),
    ActivityTable("Windows and signals", "Name", entries(_WINDOWS), "Kind"),
    ActivityTable(
        "Permissions and application data",
        "Name",
        entries(_MOBILE, keys=("permission", "key")),
        "Kind",
        "Value",
    ),
)
#: Attributes that the tables read.
ATTRIBUTES = frozenset(
    (
        *("dns_lookups", "http_conversations", "ip_traffic", "tls", "processes_tree"),
        *("processes_created", "command_executions", "processes_terminated", "processes_killed", "processes_injected"),
        *("modules_loaded", *_FILES, *_REGISTRY, *_MUTEXES, *_SERVICES, *_MEMORY, *_TEXTS, *_WINDOWS, *_MOBILE),
    )
)


def merge_things(table: ActivityTable, sandboxes: Sequence[Sandbox]) -> Sequence[Thing]:
    """Return each thing once: by interest, then what most sandboxes saw, then in the order in which it was seen."""
    merged: dict[str, Thing] = {}
    for sandbox in sandboxes:
        for seen in table.read(sandbox):
            thing = merged.get(seen.key)
            if thing is None:
                thing = merged[seen.key] = Thing(seen.shown)
            thing.text = thing.text or seen.text
            thing.sandboxes[sandbox.name] = None
            if seen.action:
                thing.actions[seen.action] = None
            if seen.details and len(thing.details) < MOST_DETAILS:
                thing.details[seen.details] = None
    return sorted(merged.values(), key=lambda thing: (table.rank(thing), -len(thing.sandboxes)))


def activity_section(table: ActivityTable, sandboxes: Sequence[Sandbox], noise: Noise) -> Any | None:
    """Return the closed and tagged table of one kind of thing, or None where nothing of it was seen."""
    seen = merge_things(table, sandboxes)
    rows = [
        {
            table.column: thing.shown,
            table.action: ", ".join(thing.actions),
            table.details: tables.listed(thing.details, 5),
            "Sandboxes": tables.listed(thing.sandboxes, 10),
        }
        for thing in seen[: tables.MOST_ROWS]
    ]
    columns = [name for name in (table.column, table.action, table.details, "Sandboxes") if name]
    section = tables.table(table.title, rows, columns, total=len(seen), collapse=True)
    add(section, chain.from_iterable(table.tags(thing, noise) for thing in seen if thing.text))
    add(section, chain.from_iterable(table.report_tags(sandbox, noise) for sandbox in sandboxes))
    return section


def other_observations(read_elsewhere: frozenset[str]) -> ActivityTable:
    """Return the table of the attributes that no other has, so that nothing is silently missing."""

    def read(sandbox: Sandbox) -> Iterator[Seen]:
        for attribute, value in sandbox.attributes.items():
            if attribute not in read_elsewhere and (cell := describe(value)):
                yield Seen(str(attribute), label(attribute) or "(empty)", "", "", cell)

    return ActivityTable("Other observations", "What", read, "", "Value")
