"""What was learnt about one key and its server: names that are refused, and parameters that are."""

import enum
import threading
import time
from collections.abc import Iterable, Mapping

from attrs import define, field

from virustotal.core.models import Outcome

#: Seconds for which something learnt is remembered: licences and servers change, and a service runs for weeks.
REMEMBERED = 6 * 3600.0


class Parameter(enum.StrEnum):
    """What not every server takes: `relationship_attributes`, `attributes`, and the cursor of a list in line."""

    INLINE = "relationship_attributes"
    ATTRIBUTES = "attributes"
    CURSOR = "cursor"


@define(eq=False)
class Memory:
    """What was learnt about one key. Thread-safe."""

    _refused: dict[str, tuple[float, Mapping[str, Outcome]]] = field(factory=dict, init=False)
    _taken: dict[Parameter, tuple[float, bool]] = field(factory=dict, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    def refused(self, kind: str) -> Mapping[str, Outcome]:
        """Return the names that were refused for a kind of object, and how."""
        with self._lock:
            moment, names = self._refused.get(kind, (0.0, {}))
            return names if time.monotonic() - moment < REMEMBERED else {}

    def learn(self, kind: str, names: Iterable[str], refusal: Outcome) -> None:
        """Remember names that a combined request was refused with, and accepted without."""
        learnt = {**self.refused(kind), **dict.fromkeys(names, refusal)}
        with self._lock:
            self._refused[kind] = (time.monotonic(), learnt)

    def takes(self, parameter: Parameter) -> bool | None:
        """Return whether the server takes a parameter, even if it ignores it; None where that is not known."""
        with self._lock:
            moment, taken = self._taken.get(parameter, (0.0, None))
            return taken if time.monotonic() - moment < REMEMBERED else None

    def tried(self, parameter: Parameter, taken: bool) -> None:
        """Remember whether the server took a parameter. One that is still refused is not forgotten for a success."""
        if self.takes(parameter) is None or not taken:
            with self._lock:
                self._taken[parameter] = (time.monotonic(), taken)
