"""The thread that keeps the platform's safelist current, without ever holding up a task."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from virustotal.core.scoring.safelist import NO_SAFELIST, Safelist, read_safelist

log = logging.getLogger("assemblyline.service.virustotal.safelist")

#: Seconds after which the list is fetched again.
REFRESH_AFTER = 15 * 60.0
#: Seconds after which it is tried again where that failed.
RETRY_AFTER = 60.0
#: Seconds that a task waits for the first list.
WAIT = 3.0


class SafelistRefresher:
    """Keeps the list current in a daemon thread: the framework's own call can block for ever (ServiceAPI).

    Args:
        fetch: Returns the platform's answer (`ServiceAPI.get_safelist(list(TAG_TYPES))`), blocks or raises.
        refresh_after: Seconds after which the list is fetched again.
    """

    def __init__(self, fetch: Callable[[], Any], *, refresh_after: float = REFRESH_AFTER) -> None:
        self._fetch = fetch
        self._refresh_after = refresh_after
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._answered = threading.Event()  # the first fetch ended, well or not
        self._stopped = threading.Event()
        self._waited = False
        self._known = NO_SAFELIST
        self._fetched_at: float | None = None
        self._error = ""

    def start(self) -> None:
        """Begin to fetch; calling it again changes nothing."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="virustotal-safelist", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """Let the thread end; a fetch that hangs is left behind."""
        self._stopped.set()

    def current(self, wait: float = WAIT) -> tuple[Safelist, str]:
        """Return the last known list, and a sentence for the analyst where it may be wrong.

        Waits at most `wait` seconds, and only until the first fetch has ended or was once waited for in vain.
        """
        self.start()
        if not self._waited:
            self._answered.wait(wait)
            self._waited = True
        with self._lock:
            return self._known, self._note()

    def _note(self) -> str:
        if self._fetched_at is None:
            why = self._error or "it did not answer in time"
            return f"The platform's safelist could not be read ({why}); no value was taken as safelisted."
        age = time.monotonic() - self._fetched_at
        if age > 2 * self._refresh_after:
            return f"The platform's safelist could not be refreshed; the list used is {int(age // 60)} minutes old."
        if self._known.broken:
            return f"{self._known.broken} entries of the platform's safelist are not readable and were left out."
        return ""

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._refresh()
            self._answered.set()
            self._stopped.wait(min(self._refresh_after, RETRY_AFTER) if self._error else self._refresh_after)

    def _refresh(self) -> None:
        try:
            safelist = read_safelist(self._fetch())
        except Exception as error:
            # Said once for each outage, not once for each attempt.
            with self._lock:
                repeated, self._error = bool(self._error), type(error).__name__
            if not repeated:
                log.warning("The platform's safelist could not be read: %s: %s", type(error).__name__, error)
            return
        with self._lock:
            before = self._known
            self._known, self._fetched_at, self._error = safelist, time.monotonic(), ""
        if safelist.broken != before.broken:
            log.warning("%d entries of the platform's safelist are not readable and were left out", safelist.broken)
