"""The platform's safelist as a value, and how it is kept current without ever holding up a task."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import regex
from attrs import field, frozen

from virustotal.util.hosts import host_of
from virustotal.util.readers import EMPTY, as_list, as_text, pairs

log = logging.getLogger("assemblyline.service.virustotal.safelist")

#: Seconds after which the list is fetched again.
REFRESH_AFTER = 15 * 60.0
#: Seconds after which it is tried again where that failed.
RETRY_AFTER = 60.0
#: Seconds that a task waits for the first list.
WAIT = 3.0

#: Seconds that one expression may take for one value; administrators write them, and they may backtrack without end.
PATTERN_SECONDS = 0.1
DOMAINS = ("network.static.domain", "network.dynamic.domain")
ADDRESSES = ("network.static.ip", "network.dynamic.ip")
URIS = ("network.static.uri", "network.dynamic.uri")
#: What the service asks the platform for.
TAG_TYPES = ("av.virus_name", *DOMAINS, *ADDRESSES, *URIS)


@frozen
class Safelist:
    """Values that the platform's administrators hold to be harmless (ServiceAPI.get_safelist). Empty matches nothing.

    exact: tag type to values, in lower case. patterns: tag type to regular expressions, compiled once.
    broken: how many entries were unreadable and left out.
    """

    exact: Mapping[str, frozenset[str]] = EMPTY
    patterns: Mapping[str, tuple[regex.Pattern[str], ...]] = field(default=EMPTY, eq=False)
    broken: int = 0
    #: Expressions that once took longer than PATTERN_SECONDS, and are not used again.
    _slow: set[str] = field(factory=set, init=False, eq=False, repr=False)

    def lists(self, tag_type: str) -> bool:
        """True if anything of a tag type is listed."""
        return bool(self.exact.get(tag_type) or self.patterns.get(tag_type))

    def matches(self, tag_type: str, value: str) -> bool:
        """True if a value of a tag type is listed, a domain also by a parent, or matched by a regular expression.

        Upper and lower case do not matter. As on the platform, an expression must match from the beginning.
        """
        plain = value.strip().lower()
        if not plain or not self.lists(tag_type):
            return False
        listed = self.exact.get(tag_type, frozenset())
        names = _parents(plain) if tag_type in DOMAINS else (plain,)
        return any(name in listed for name in names) or any(
            self._matches(pattern, plain) for pattern in self.patterns.get(tag_type, ())
        )

    def _matches(self, pattern: regex.Pattern[str], value: str) -> bool:
        if pattern.pattern in self._slow:
            return False
        try:
            return pattern.match(value, timeout=PATTERN_SECONDS) is not None
        except TimeoutError:
            self._slow.add(pattern.pattern)
            log.warning("an expression of the platform's safelist takes too long and is not used: %s", pattern.pattern)
            return False

    def holds_host(self, host: str) -> bool:
        """True if a domain or an address is listed, whether as static or dynamic tag."""
        return any(self.matches(tag_type, host) for tag_type in (*DOMAINS, *ADDRESSES))

    def holds_url(self, url: str) -> bool:
        """True if a URL is listed itself, whatever its host is."""
        return any(self.matches(tag_type, url) for tag_type in URIS)

    def holds_tag(self, tag_type: str, value: str) -> bool:
        """True if the tag is listed, or is a URL of a listed host."""
        return self.matches(tag_type, value) or (tag_type in URIS and self.holds_host(host_of(value)))


#: The safelist of a platform that has none.
NO_SAFELIST = Safelist()


def _parents(domain: str) -> tuple[str, ...]:
    labels = domain.rstrip(".").split(".")
    return tuple(".".join(labels[start:]) for start in range(len(labels)))


def read_safelist(answer: Any) -> Safelist:
    """Return the safelist of `{"match": {type: [value]}, "regex": {type: [expression]}}`; wrong entries are counted."""
    given = answer if isinstance(answer, Mapping) else {}
    broken = 0
    exact: dict[str, frozenset[str]] = {}
    for tag_type, values in pairs(given.get("match")):
        end = "." if tag_type in DOMAINS else ""
        found = [as_text(value, 4096).lower().rstrip(end or None) for value in as_list(values)]
        broken += found.count("")
        exact[tag_type] = frozenset(filter(None, found))
    patterns: dict[str, tuple[regex.Pattern[str], ...]] = {}
    for tag_type, values in pairs(given.get("regex")):
        compiled = [_compiled(value) for value in as_list(values)]
        broken += compiled.count(None)
        patterns[tag_type] = tuple(pattern for pattern in compiled if pattern is not None)
    return Safelist(MappingProxyType(exact), MappingProxyType(patterns), broken)


def _compiled(value: Any) -> regex.Pattern[str] | None:
    # An empty expression matches everything, and is never what an administrator meant.
    if not isinstance(value, str) or not value.strip():
        return None
    try:
        return regex.compile(value, regex.IGNORECASE)
    except (regex.error, RecursionError, OverflowError):
        return None


class SafelistRefresher:
    """Keeps the list current in a daemon thread: the framework's own call can block for ever (ServiceAPI).

    fetch: returns the platform's answer (`ServiceAPI.get_safelist(list(TAG_TYPES))`), blocks or raises.
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
            found = read_safelist(self._fetch())
        except Exception as error:
            # Said once for each outage, not once for each attempt.
            with self._lock:
                repeated, self._error = bool(self._error), type(error).__name__
            if not repeated:
                log.warning("The platform's safelist could not be read: %s: %s", type(error).__name__, error)
            return
        with self._lock:
            before = self._known
            self._known, self._fetched_at, self._error = found, time.monotonic(), ""
        if found.broken != before.broken:
            log.warning("%d entries of the platform's safelist are not readable and were left out", found.broken)
