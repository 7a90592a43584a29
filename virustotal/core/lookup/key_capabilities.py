"""What was learnt about one key and its server: names that are refused, parameters that are, and the licence."""

import enum
import threading
import time
from collections.abc import Mapping
from typing import Any, Protocol

from attrs import define, field

from virustotal.api import relationships
from virustotal.api.relationships import Licence
from virustotal.core.models import Outcome, Status
from virustotal.util.readers import as_text, number

#: Seconds for which something learnt is remembered: licences and servers change, and a service runs for weeks.
REMEMBERED = 24 * 3600.0
#: Seconds after which it is looked at again what other replicas have learnt.
LOOK_AGAIN = 60.0
#: Names of one kind that are remembered; what submissions ask for has no bound.
MOST_NAMES = 200
#: The flag that tells whether the key's user has any privilege (`keep_flag`).
LICENCE = "licence"


class Parameter(enum.StrEnum):
    """What not every server takes: `relationship_attributes`, `attributes`, and the cursor of a list in line."""

    INLINE = "relationship_attributes"
    ATTRIBUTES = "attributes"
    CURSOR = "cursor"


class KeyValueStore(Protocol):
    """Where what was learnt about one key is kept for other processes. Raises nothing: it costs its benefit."""

    def recall(self, name: str) -> Mapping[str, Any]:
        """Return what was kept under a name; empty where nothing was, or too long ago."""
        ...

    def keep(self, name: str, value: Mapping[str, Any], seconds: float) -> None:
        """Keep a value of JSON for so long."""
        ...


def keep_flag(learnt: KeyValueStore, name: str, holds: bool | None) -> None:
    """Keep for others whether something holds; None for what could not be learnt, and is not asked again for a day."""
    learnt.keep(name, {"holds": holds, "until": time.time() + REMEMBERED}, REMEMBERED)


@define(eq=False)
class KeyCapabilities:
    """What was learnt about one key. Thread-safe. learnt: where it is kept for others; None for this process alone."""

    _learnt: KeyValueStore | None = None
    _refused: dict[str, dict[str, tuple[float, Outcome]]] = field(factory=dict, init=False)
    _flags: dict[str, tuple[float, bool]] = field(factory=dict, init=False)
    _looked: dict[str, float] = field(factory=dict, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    def refused(self, kind: str) -> Mapping[str, Outcome]:
        """Return the names that the key is refused for a kind of object, and how."""
        outcomes = {name: outcome for name, (_, outcome) in self._known(kind).items()}
        return {**_premium(kind), **outcomes} if self._flag(LICENCE) is False else outcomes

    def learn(self, kind: str, refusals: Mapping[str, Outcome]) -> None:
        """Remember names that a combined request was refused with and accepted without, and what that says of each."""
        self._remember(kind, refusals)

    def learn_alone(self, kind: str, outcomes: Mapping[str, Outcome]) -> None:
        """Remember relationships that the key's licence does not cover, and names that VirusTotal does not know.

        outcomes: of each name's own address.
        """
        entries = {name: relationships.find(kind, name) for name in outcomes}
        limited = [name for name, entry in entries.items() if entry is not None and entry.licence is not Licence.PUBLIC]
        refusals = {name: outcomes[name] for name in limited if outcomes[name].status is Status.FORBIDDEN}
        known = self._known(kind)
        misspelt = [name for name, entry in entries.items() if entry is None]
        refusals |= {name: outcomes[name] for name in misspelt if outcomes[name].status is Status.UNKNOWN}
        if len(known) + len(refusals) > MOST_NAMES:
            return
        if any(name not in known or known[name][1].status is not refusals[name].status for name in refusals):
            self._remember(kind, refusals)

    def _remember(self, kind: str, outcomes: Mapping[str, Outcome]) -> None:
        until = time.time() + REMEMBERED
        learnt = {**self._known(kind), **{name: (until, outcome) for name, outcome in outcomes.items()}}
        with self._lock:
            self._refused[kind] = learnt
        if self._learnt is not None:
            value = {name: [outcome.status.value, outcome.detail, ends] for name, (ends, outcome) in learnt.items()}
            self._learnt.keep(f"refused:{kind}", value, REMEMBERED)

    def _known(self, kind: str) -> dict[str, tuple[float, Outcome]]:
        """What was refused less than a day ago, to this process or to another; each name has a day of its own."""
        theirs, now = _outcomes(self._recalled(f"refused:{kind}")), time.time()
        with self._lock:
            both = {**theirs, **self._refused.get(kind, {})}
            self._refused[kind] = {name: each for name, each in both.items() if now < each[0]}
            return self._refused[kind]

    def takes(self, parameter: Parameter) -> bool | None:
        """Return whether the server takes a parameter, even if it ignores it; None where that is not known."""
        return self._flag(f"takes:{parameter}")

    def tried(self, parameter: Parameter, taken: bool) -> None:
        """Remember whether the server took a parameter. One that is still refused is not forgotten for a success."""
        before, name = self.takes(parameter), f"takes:{parameter}"
        if before is not None and (taken or before is taken):
            return
        with self._lock:
            self._flags[name] = (time.time() + REMEMBERED, taken)
        if self._learnt is not None:
            keep_flag(self._learnt, name, taken)

    def look_again(self) -> None:
        """Let the licence be looked at now, where it is not known: the source may just have learnt of it."""
        with self._lock:
            if LICENCE not in self._flags:
                self._looked.pop(LICENCE, None)

    def _flag(self, name: str) -> bool | None:
        theirs, now = self._recalled(name), time.time()
        with self._lock:
            until, holds = self._flags.get(name, (0.0, None))
            if now < until:
                return holds
            until, holds = _ends(theirs.get("until")), theirs.get("holds")
            if not isinstance(holds, bool) or until <= now:
                return None
            self._flags[name] = (until, holds)
            return holds

    def _recalled(self, name: str) -> Mapping[str, Any]:
        """What others have learnt, looked at now and then; empty between two looks."""
        if self._learnt is None:
            return {}
        with self._lock:
            if time.monotonic() - self._looked.get(name, -LOOK_AGAIN) < LOOK_AGAIN:
                return {}
            self._looked[name] = time.monotonic()
        return self._learnt.recall(name)


def _premium(kind: str) -> dict[str, Outcome]:
    """What a key without any privilege is not asked for."""
    lacking = Outcome(Status.FORBIDDEN, "VirusTotal grants the user of this API key no privilege.")
    paid = {Licence.PREMIUM, Licence.THREATS}
    return {entry.name: lacking for entry in relationships.of_kind(kind) if entry.licence in paid}


def _outcomes(kept: Mapping[str, Any]) -> dict[str, tuple[float, Outcome]]:
    """The outcomes of what was kept, and until when; what cannot be understood is left out."""
    outcomes = {}
    for name, value in kept.items():
        status, detail, until = value if isinstance(value, list) and len(value) == 3 else (None, None, None)
        if status in set(Status):
            outcomes[name] = (_ends(until), Outcome(Status(status), as_text(detail)))
    return outcomes


def _ends(until: Any) -> float:
    """Until when something counts by this host's clock: no longer than a day, whatever another clock said."""
    return min(number(until) or 0.0, time.time() + REMEMBERED)
