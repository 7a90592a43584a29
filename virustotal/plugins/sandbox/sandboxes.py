"""One sandbox's report of one file (API reference 6.7, `file_behaviour`), under a name that is inert and unique."""

import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from attrs import frozen

from virustotal.core import Object
from virustotal.core.readers import as_list, as_mapping, as_text, boolean, clean, integer, timestamp
from virustotal.plugins.sandbox.processes import Process, flatten

#: The name of a sandbox that VirusTotal does not name.
UNNAMED = "unnamed sandbox"
#: Sandboxes that are shown in full; VirusTotal knows some twenty-five.
MOST_SANDBOXES = 60
#: Entries of one attribute that are looked at; what is shown of them is less.
MOST_ENTRIES = 100_000

_ID = re.compile(r"[0-9a-fA-F]{64}_(.*)", re.DOTALL)
_NAMESPACE = uuid.UUID("6d9f3f0a-7f0e-5d0e-9c3b-5d9a1f3c7e21")


@frozen(eq=False)
class Sandbox:
    """A sandbox's report.

    name: inert and unique in the result. session: stable, made of the report's identifier.
    tree: every process of `processes_tree`, parents first; tree_cut: True where it has more than are looked at.
    """

    name: str
    obj: Object
    session: str
    tree: tuple[Process, ...] = ()
    tree_cut: bool = False

    @property
    def attributes(self) -> Mapping[str, Any]:
        """The raw attributes: each may be missing, null or of another type."""
        return as_mapping(self.obj.attributes)

    @property
    def analysed(self) -> datetime | None:
        """When the sandbox ran the file."""
        return timestamp(self.attributes.get("analysis_date"))

    def entries(self, name: str) -> tuple[Any, ...]:
        """Return an attribute that is a list, at most MOST_ENTRIES of it; a single value as a tuple of one."""
        value = self.attributes.get(name)
        if isinstance(value, list | tuple):
            return tuple(value[:MOST_ENTRIES])
        return () if value is None or value == "" or value == {} else (value,)

    @property
    def commands(self) -> Mapping[str, bool]:
        """Every command line, of the tree, the created processes and the executed commands: whether it was a text."""
        found: dict[str, bool] = {}
        for process in self.tree:
            found[process.command] = found.get(process.command, False) or process.given
        for name in ("processes_created", "command_executions"):
            for entry in self.entries(name):
                command = as_text(entry)
                found[command] = found.get(command, False) or isinstance(entry, str)
        found.pop("", None)
        return found

    def has(self, flag: str) -> bool:
        """True where VirusTotal says that it has an artefact, such as `has_pcap`."""
        return boolean(self.attributes.get(flag))

    def stable(self, *parts: Any) -> str:
        """Return an identifier that is the same whenever the same parts of the same report are named."""
        return uuid.uuid5(uuid.UUID(self.session), "\x1f".join(map(repr, parts))).hex


def sandbox_name(obj: Object) -> str:
    """Return the sandbox's name as its report has it, else as its identifier has it, on one line."""
    found = _ID.fullmatch(clean(obj.ref.id, 300))
    for candidate in (as_mapping(obj.attributes).get("sandbox_name"), found and found.group(1)):
        if isinstance(candidate, str) and (name := " ".join(as_text(candidate, 80).split())):
            return name
    return UNNAMED


def sandboxes(objects: Iterable[Object]) -> tuple[Sandbox, ...]:
    """Return the reports by name; a name that comes twice is numbered."""
    found: list[Sandbox] = []
    used: dict[str, int] = {}
    for obj in sorted(objects, key=lambda each: (sandbox_name(each).casefold(), each.ref.id)):
        name = sandbox_name(obj)
        used[name] = used.get(name, 0) + 1
        session = uuid.uuid5(_NAMESPACE, repr((obj.ref.kind, obj.ref.id)))
        tree, cut = flatten(as_list(as_mapping(obj.attributes).get("processes_tree")))
        found.append(Sandbox(name if used[name] == 1 else f"{name} ({used[name]})", obj, str(session), tree, cut))
    return tuple(found)


def confidence(value: Any) -> int | None:
    """Return a confidence of 0 to 100, or None."""
    found = integer(value)
    return found if found is not None and 0 <= found <= 100 else None
