"""One sandbox's report of one file (`file_behaviour`), under a name that is inert and unique."""

import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any

from attrs import frozen

from virustotal.core import Object
from virustotal.core.readers import as_list, as_mapping, as_text, clean
from virustotal.plugins.sandbox.processes import LONGEST_COMMAND, Process, flatten

#: The name of a sandbox that VirusTotal does not name.
UNNAMED = "unnamed sandbox"
#: Sandboxes that are shown in full; VirusTotal knows some twenty-five.
MOST_SANDBOXES = 60
#: Entries of one attribute that are looked at; what is shown of them is less.
MOST_ENTRIES = 100_000
#: Matches of one sort of rule in one report that are looked at.
MOST_MATCHES = 2_000
#: Characters of one value, such as a command line or a URL; longer ones are cut.
LONGEST_VALUE = LONGEST_COMMAND

#: Attributes of a report as a whole and of rules, which have a place of their own.
HEAD = frozenset(
    (
        *("sandbox_name", "analysis_date", "last_modification_date", "behash"),
        *("has_html_report", "has_pcap", "has_evtx", "has_memdump"),
        *("tags", "verdicts", "verdict_confidence", "verdict_labels", "processes_tree"),
        *("mitre_attack_techniques", "attack_techniques", "signature_matches"),
        *("sigma_analysis_results", "ids_alerts", "ids_results"),
    )
)

_ID = re.compile(r"[0-9a-fA-F]{64}_(.*)", re.DOTALL)
_NAMESPACE = uuid.UUID("6d9f3f0a-7f0e-5d0e-9c3b-5d9a1f3c7e21")


@frozen(eq=False)
class Sandbox:
    """A sandbox's report.

    Attributes:
        name: Inert and unique in the result.
        session: Stable, made of the report's identifier.
        tree: Every process of `processes_tree`, parents first.
        tree_cut: True if it has more processes than are read.
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

    def entries(self, name: str) -> tuple[Any, ...]:
        """Return an attribute that is a list, at most MOST_ENTRIES of it; a single value as a tuple of one."""
        value = self.attributes.get(name)
        if isinstance(value, list | tuple):
            return tuple(value[:MOST_ENTRIES])
        return () if value is None or value == "" or value == {} else (value,)

    def matches(self, *attributes: str) -> Iterator[Mapping[str, Any]]:
        """Yield the entries of attributes that hold rules that matched, at most MOST_MATCHES."""
        entries = chain.from_iterable(map(self.entries, attributes))
        return islice((entry for entry in entries if isinstance(entry, Mapping)), MOST_MATCHES)


def sandbox_name(obj: Object) -> str:
    """Return the sandbox's name as its report has it, else as its identifier has it, on one line."""
    identifier = _ID.fullmatch(clean(obj.ref.id, 300))
    for candidate in (as_mapping(obj.attributes).get("sandbox_name"), identifier and identifier.group(1)):
        if isinstance(candidate, str) and (name := " ".join(as_text(candidate, 80).split())):
            return name
    return UNNAMED


def sandboxes(objects: Iterable[Object]) -> tuple[Sandbox, ...]:
    """Return the reports by name; a name that comes twice is numbered."""
    reports: list[Sandbox] = []
    used: dict[str, int] = {}
    for obj in sorted(objects, key=lambda report: (sandbox_name(report).casefold(), report.ref.id)):
        name = sandbox_name(obj)
        used[name] = used.get(name, 0) + 1
        session = uuid.uuid5(_NAMESPACE, repr((obj.ref.kind, obj.ref.id)))
        tree, cut = flatten(as_list(as_mapping(obj.attributes).get("processes_tree")))
        reports.append(Sandbox(name if used[name] == 1 else f"{name} ({used[name]})", obj, str(session), tree, cut))
    return tuple(reports)
