"""What does not work at the moment: said once, and left alone for a while."""

import threading
import time
from collections.abc import Callable

from attrs import define, field


@define(eq=False)
class Health:
    """The state of the cluster (an empty part) and of its indices. Thread-safe.

    warn, inform: take one line when something breaks, and one when it works again. pause: seconds for which what is
    broken is not tried. without: what goes on meanwhile, as a sentence.
    """

    warn: Callable[[str], None]
    inform: Callable[[str], None]
    pause: float = 30.0
    without: str = "Until it works, look-ups go on without it."
    _broken: dict[str, tuple[str, float]] = field(factory=dict, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False)

    def resting(self) -> str:
        """Return why the cluster is not to be tried now; empty where it is. After the pause one thread tries."""
        with self._lock:
            reason, until = self._broken.get("", ("", 0.0))
            now = time.monotonic()
            if not reason or now < until:
                return reason
            self._broken[""] = (reason, now + self.pause)
            return ""

    def failed(self, reason: str, part: str = "") -> None:
        """Remember that a part does not work."""
        with self._lock:
            fresh = part not in self._broken
            self._broken[part] = (reason, time.monotonic() + self.pause)
        if fresh:
            self.warn(f"{reason} {self.without}")

    def works(self, part: str = "") -> None:
        """Remember that a part works."""
        if part in self._broken:
            with self._lock:
                mended = self._broken.pop(part, None) is not None
            if mended:
                self.inform(f"The mirror{f', index {part},' if part else ''} works again.")
