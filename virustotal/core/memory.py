"""What was learnt about one key and its server: names that are refused, and parameters that are."""

import enum
import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from attrs import define, field

from virustotal.core import catalogue
from virustotal.core.catalogue import Licence
from virustotal.core.models import Outcome, Status
from virustotal.core.values import text

#: Seconds for which something learnt is remembered: licences and servers change, and a service runs for weeks.
REMEMBERED = 24 * 3600.0
#: Seconds after which it is looked at again what other replicas have learnt.
LOOK_AGAIN = 60.0


class Parameter(enum.StrEnum):
    """What not every server takes: `relationship_attributes`, `attributes`, and the cursor of a list in line."""

    INLINE = "relationship_attributes"
    ATTRIBUTES = "attributes"
    CURSOR = "cursor"


class Learnt(Protocol):
    """Where what was learnt about one key is kept for other processes. Raises nothing: it costs its benefit."""

    def recall(self, name: str) -> Mapping[str, Any]:
        """Return what was kept under a name; empty where nothing was, or too long ago."""
        ...

    def keep(self, name: str, value: Mapping[str, Any], seconds: float) -> None:
        """Keep a value of JSON for so long."""
        ...


@define(eq=False)
class Memory:
    """What was learnt about one key. Thread-safe. learnt: where it is kept for others; None for this process alone."""

    _learnt: Learnt | None = None
    _refused: dict[str, tuple[float, Mapping[str, Outcome]]] = field(factory=dict, init=False)
    _taken: dict[Parameter, tuple[float, bool]] = field(factory=dict, init=False)
    _looked: dict[str, float] = field(factory=dict, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    def refused(self, kind: str) -> Mapping[str, Outcome]:
        """Return the names that were refused for a kind of object, and how."""
        theirs = self._recalled(f"refused:{kind}")
        with self._lock:
            moment, names = self._refused.get(kind, (0.0, {}))
            mine = names if time.monotonic() - moment < REMEMBERED else {}
            if theirs:
                mine = {**_outcomes(theirs), **mine}
                self._refused[kind] = (moment or time.monotonic(), mine)
            return mine

    def learn(self, kind: str, names: Iterable[str], refusal: Outcome) -> None:
        """Remember names that a combined request was refused with, and accepted without."""
        self._remember(kind, dict.fromkeys(names, refusal))

    def learn_premium(self, kind: str, outcomes: Mapping[str, Outcome]) -> None:
        """Remember those relationships that the key's licence does not cover, by the answer of their own address."""
        entries = {name: catalogue.find(kind, name) for name in outcomes}
        premium = [name for name, entry in entries.items() if entry is not None and entry.licence is Licence.PREMIUM]
        found = {name: outcomes[name] for name in premium if outcomes[name].status is Status.FORBIDDEN}
        if found and found.keys() - self.refused(kind).keys():
            self._remember(kind, found)

    def _remember(self, kind: str, outcomes: Mapping[str, Outcome]) -> None:
        learnt = {**self.refused(kind), **outcomes}
        with self._lock:
            self._refused[kind] = (time.monotonic(), learnt)
        if self._learnt is not None:
            value = {name: [outcome.status.value, outcome.detail] for name, outcome in learnt.items()}
            self._learnt.keep(f"refused:{kind}", value, REMEMBERED)

    def takes(self, parameter: Parameter) -> bool | None:
        """Return whether the server takes a parameter, even if it ignores it; None where that is not known."""
        theirs = self._recalled(f"takes:{parameter}").get("taken")
        with self._lock:
            moment, taken = self._taken.get(parameter, (0.0, None))
            mine = taken if time.monotonic() - moment < REMEMBERED else None
            if mine is None and isinstance(theirs, bool):
                mine, self._taken[parameter] = theirs, (time.monotonic(), theirs)
            return mine

    def tried(self, parameter: Parameter, taken: bool) -> None:
        """Remember whether the server took a parameter. One that is still refused is not forgotten for a success."""
        known = self.takes(parameter)
        if known is not None and (taken or known is taken):
            return
        with self._lock:
            self._taken[parameter] = (time.monotonic(), taken)
        if self._learnt is not None:
            self._learnt.keep(f"takes:{parameter}", {"taken": taken}, REMEMBERED)

    def _recalled(self, name: str) -> Mapping[str, Any]:
        """What others have learnt, looked at now and then; empty between two looks."""
        if self._learnt is None:
            return {}
        with self._lock:
            if time.monotonic() - self._looked.get(name, -LOOK_AGAIN) < LOOK_AGAIN:
                return {}
            self._looked[name] = time.monotonic()
        return self._learnt.recall(name)


def _outcomes(kept: Mapping[str, Any]) -> Mapping[str, Outcome]:
    """The outcomes of what was kept; what cannot be understood is left out."""
    found = {}
    for name, value in kept.items():
        status, detail = value if isinstance(value, list) and len(value) == 2 else (None, None)
        if status in set(Status):
            found[name] = Outcome(Status(status), text(detail))
    return found
