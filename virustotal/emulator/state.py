"""All that one emulator is made of, and the values that pass between its handlers."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import quote

from aiohttp import web
from attrs import Factory, define, field

from virustotal.emulator.analyses import Analyses
from virustotal.emulator.errors import forbidden
from virustotal.emulator.facts import PATHS
from virustotal.emulator.faults import Faults
from virustotal.emulator.keys import Clock, Key
from virustotal.emulator.pages import Cursors
from virustotal.emulator.private import PrivateScans
from virustotal.emulator.record import Record, Request
from virustotal.emulator.store import Store
from virustotal.emulator.switches import Switches


@define
class State:
    """One emulator: its world, its rules, and what happened so far."""

    store: Store
    keys: dict[str, Key]
    switches: Switches = field(factory=Switches)
    faults: Faults = field(factory=Faults)
    clock: Clock = field(factory=Clock)
    record: Record = field(factory=Record)
    cursors: Cursors = field(factory=Cursors)
    analyses: Analyses = field(factory=Analyses)
    private: PrivateScans = field(factory=PrivateScans)
    upload_tokens: dict[str, str] = field(factory=dict)
    """Token of an upload address -> the key that it was given to; each is used once."""
    url: str = ""
    """Origin of the API, without ``/api/v3``."""
    other_url: str = ""
    """Origin of the other host, which must never see a key."""

    def address(self, kind: str, identifier: str, *rest: str) -> str:
        """Return the canonical URL of an object, or of what lies below it."""
        segments = "/".join(quote(part, safe="") for part in (PATHS.get(kind, f"{kind}s"), identifier, *rest))
        return f"{self.url}/api/v3/{segments}"


@define
class Context:
    """One request on its way through a handler."""

    state: State
    key: Key
    http: web.Request
    params: tuple[str, ...]
    """The path's variable segments, decoded."""
    query: Mapping[str, str]
    entry: Request
    endpoint: str = ""
    """The name under which the request is counted."""

    def charge(self) -> None:
        """Count the request once, or raise the 429 of an exhausted quota."""
        if not self.entry.charged:
            self.key.charge(self.state.clock.now(), self.endpoint, self.state.switches)
            self.entry.charged = True

    def need(self, access: str) -> None:
        """Raise the 403 of a key whose tier does not cover an access letter."""
        if not self.key.may(access):
            raise forbidden()


Body = bytes | AsyncIterator[bytes]


@define
class Reply:
    """An answer before it is written: a body of known bytes, or chunks with a known length."""

    status: int = 200
    body: Body = b""
    content_type: str = "application/json"
    headers: dict[str, str] = Factory(dict)
    length: int | None = None


Handler = Callable[[Context], Awaitable[Reply | Any]]
"""A handler returns a :class:`Reply`, or the JSON value of a 200."""
