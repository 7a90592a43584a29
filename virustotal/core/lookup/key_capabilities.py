"""What was learnt about one key and its server: names that are refused, parameters that are, and the licence."""

import enum
import json
import threading
import time
from collections.abc import Mapping
from typing import Any, Protocol

from attrs import define, field

from virustotal.api import relationships
from virustotal.api.relationships import Licence
from virustotal.core.models import FOUND, Outcome, Status
from virustotal.util.readers import as_text, json_mapping, number

#: Seconds for which something learnt is remembered: licences and servers change, and a service runs for weeks.
REMEMBERED = 24 * 3600.0
#: Seconds after which it is looked at again what other replicas have learnt.
LOOK_AGAIN = 60.0
#: Names of one kind that are remembered from outside the catalogue; what submissions ask for has no bound.
MOST_NAMES = 200
#: The topic of what VirusTotal says of a key, and the name in it that tells whether the key's user has any privilege:
#: found or forbidden.
ACCOUNT, LICENCE = "account", "licence"


class Parameter(enum.StrEnum):
    """What not every server takes: `relationship_attributes`, `attributes`, and the cursor of a list in line."""

    INLINE = "relationship_attributes"
    ATTRIBUTES = "attributes"
    CURSOR = "cursor"


class KeyValueStore(Protocol):
    """Keeps texts for other processes. Raises nothing: a store that fails keeps nothing."""

    def get(self, key: str, name: str) -> str | None:
        """Return what was kept; None where nothing was, or too long ago."""
        ...

    def put(self, key: str, name: str, value: str, seconds: float) -> None:
        """Keep a text for so long."""
        ...


@define(eq=False)
class KeyCapabilities:
    """What was learnt about one key: outcomes by topic and name, each for a day. Thread-safe.

    Args:
        store: Shares it with other processes; None for this process alone. The text of a topic is JSON: by name a
            status, its detail, and until when it counts in Unix seconds.
        key: The key's name in the store.
    """

    _store: KeyValueStore | None = None
    _key: str = ""
    _read: dict[str, tuple[float, dict[str, tuple[float, Outcome]]]] = field(factory=dict, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    def refused(self, kind: str) -> Mapping[str, Outcome]:
        """Return the names that the key is refused for a kind of object, and how."""
        refused, licence = self._known(f"refused:{kind}"), self._known(ACCOUNT).get(LICENCE, FOUND)
        if licence.found:
            return refused
        premium = [
            entry.name for entry in relationships.of_kind(kind) if entry.licence in {Licence.PREMIUM, Licence.THREATS}
        ]
        return {**dict.fromkeys(premium, licence), **refused}

    def learn(self, kind: str, refusals: Mapping[str, Outcome]) -> None:
        """Remember names that the key is refused for a kind of object, and how."""
        topic = f"refused:{kind}"
        remembered = self._known(topic)
        unlisted = [name for name in refusals if name not in remembered and relationships.find(kind, name) is None]
        too_many = unlisted[max(0, MOST_NAMES - len(remembered)) :]
        self._keep(topic, {name: outcome for name, outcome in refusals.items() if name not in too_many})

    def takes(self, parameter: Parameter) -> bool | None:
        """Return whether the server takes a parameter, even if it ignores it; None where that is not known."""
        outcome = self._known(f"takes:{parameter}").get(parameter)
        return None if outcome is None else outcome.found

    def tried(self, parameter: Parameter, taken: bool) -> None:
        """Remember whether the server took a parameter. One that is still refused is not forgotten for a success."""
        before = self.takes(parameter)
        if before is None or (before and not taken):
            self._keep(f"takes:{parameter}", {parameter: FOUND if taken else Outcome(Status.INVALID)})

    def look_again(self) -> None:
        """Let the licence be looked at now, where it is not known: the source may just have learnt of it."""
        if not self._known(ACCOUNT):
            self._read.pop(ACCOUNT, None)

    def _known(self, topic: str) -> dict[str, Outcome]:
        """Return what was learnt less than a day ago, by this process or by another."""
        with self._lock:
            return {name: outcome for name, (_, outcome) in self._entries(topic).items()}

    def _keep(self, topic: str, outcomes: Mapping[str, Outcome]) -> None:
        if not outcomes:
            return
        with self._lock:
            ends = time.time() + REMEMBERED
            entries = {**self._entries(topic), **{name: (ends, outcome) for name, outcome in outcomes.items()}}
            self._read[topic] = (time.monotonic(), entries)
        if self._store is not None:
            value = {name: [outcome.status.value, outcome.detail, ends] for name, (ends, outcome) in entries.items()}
            self._store.put(self._key, topic, json.dumps(value), REMEMBERED)

    def _entries(self, topic: str) -> dict[str, tuple[float, Outcome]]:
        """Return until when each name counts, and how it ended; the store is looked at now and then."""
        looked, read = self._read.get(topic, (-LOOK_AGAIN, {}))
        entries = {name: entry for name, entry in read.items() if time.time() < entry[0]}
        if self._store is not None and time.monotonic() - looked >= LOOK_AGAIN:
            # What another process has overwritten meanwhile, or a broken store has lost, is not forgotten.
            entries |= _understood(json_mapping(self._store.get(self._key, topic)))
            self._read[topic] = (time.monotonic(), entries)
        return entries


def _understood(recalled: Mapping[str, Any]) -> dict[str, tuple[float, Outcome]]:
    """Return what a store kept and still counts: by this host's clock no longer than a day, whatever another said."""
    entries = {}
    for name, value in recalled.items():
        status, detail, until = value if isinstance(value, list) and len(value) == 3 else (None, None, None)
        ends = min(number(until) or 0.0, time.time() + REMEMBERED)
        if status in set(Status) and time.time() < ends:
            entries[name] = (ends, Outcome(Status(status), as_text(detail)))
    return entries


def is_lasting(kind: str, name: str, outcome: Outcome) -> bool:
    """Return whether an outcome will be the same again: the licence does not cover a name, or nobody knows it."""
    relationship = relationships.find(kind, name)
    if relationship is None:
        return outcome.status is Status.UNKNOWN
    return outcome.status is Status.FORBIDDEN and relationship.licence is not Licence.PUBLIC
