"""Faults: what may go wrong on a path, how often, and which rule answers a request."""

import fnmatch
import re
import threading
from typing import Any

from attrs import asdict, define, field, validators

KINDS = {
    "delay": "wait `seconds`, then answer as usual",
    "status": "answer `status`: body `json` (documented error), `html`, `text`, `empty`, or a recorded error's path",
    "answer": "answer `status` (200) with the JSON `document`",
    "garbage": "status 200 (or `status`) with bytes that are no JSON, declared as JSON",
    "error200": "status 200 with a JSON error as the body, declared as what was asked for",
    "truncate": "send only `size` bytes of the answer (default: half), then close; the length tells the whole",
    "partial": "send only `size` bytes, with a length that fits them",
    "reset": "cut the connection at once, or after `size` bytes of the request; with `stored` the upload counts",
    "close": "close the connection without an answer",
    "slow": "send the answer in pieces of `size` bytes (default 1024) with `seconds` between them",
    "bomb": "answer with gzip that inflates to `size` bytes (default 1 GiB) of JSON text",
    "big": "answer with a capture of `size` bytes (default 200 MiB): a valid PCAP header, then generated packets",
    "redirect": "answer 302 to `location` (default: the same path on the other host)",
    "nested": "give the (first) object of the answer a process tree `size` levels deep (default 2000)",
}
"""Kind -> what it does."""


@define
class Fault:
    """One rule. ``pattern`` is matched against ``METHOD /path`` below ``/api/v3`` and against the full path.

    Paths of the other host start with ``/other``.

    It is a shell pattern (``GET /files/*/contacted_ips``; without a method it fits every method), or a regular
    expression after ``re:``, on the decoded path. ``times`` bounds how often it acts (None: always), ``skip`` lets the
    first matches pass.
    """

    pattern: str
    kind: str = field(default="status", validator=validators.in_(KINDS))
    status: int | None = None
    body: str = "json"
    code: str | None = None
    seconds: float = 0
    size: int | None = None
    times: int | None = None
    skip: int = 0
    stored: bool = False
    location: str | None = None
    document: Any = None
    retry_after: float | None = None
    seen: int = 0
    """How often it matched so far."""

    def matches(self, method: str, path: str) -> bool:
        """Return whether the pattern fits; both forms of the path are tried."""
        below = path.removeprefix("/api/v3")
        candidates = (f"{method} {below}", f"{method} {path}", below, path)
        if self.pattern.startswith("re:"):
            return any(re.fullmatch(self.pattern[3:], candidate) for candidate in candidates)
        return any(fnmatch.fnmatchcase(candidate, self.pattern) for candidate in candidates)


@define
class Faults:
    """The rules in force, first come first served; any thread may change them."""

    _rules: list[Fault] = field(factory=list)
    _lock: threading.Lock = field(factory=threading.Lock)

    def add(self, pattern: str, kind: str = "status", **values: Any) -> Fault:
        """Add one rule and return it."""
        return self.append(Fault(pattern, kind, **values))

    def append(self, fault: Fault) -> Fault:
        """Add a rule made elsewhere."""
        with self._lock:
            self._rules.append(fault)
        return fault

    def remove(self, fault: Fault) -> None:
        """Take one rule back."""
        with self._lock:
            self._rules.remove(fault)

    def clear(self) -> None:
        """Take all rules back."""
        with self._lock:
            self._rules.clear()

    def take(self, method: str, path: str) -> list[Fault]:
        """Return the rules that act on a request: every delay, and the first of another kind; and count them."""
        acting: list[Fault] = []
        with self._lock:
            for rule in self._rules:
                decided = any(fault.kind != "delay" for fault in acting)
                if (decided and rule.kind != "delay") or not rule.matches(method, path):
                    continue
                rule.seen += 1
                if rule.seen > rule.skip and (rule.times is None or rule.seen <= rule.skip + rule.times):
                    acting.append(rule)
        return acting

    def as_json(self) -> list[dict[str, Any]]:
        """Return the rules as plain values."""
        with self._lock:
            return [asdict(rule) for rule in self._rules]
