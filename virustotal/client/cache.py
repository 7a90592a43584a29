"""Answers that were given before: to the same key, about the same request, not too long ago; one request for all."""

import copy
import hashlib
import json
import re
import time
import zlib
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from attrs import frozen

from virustotal.api import decoding, endpoints, identifiers
from virustotal.api.decoding import parse
from virustotal.api.source import Answer, RemainingQuota, Request, Source
from virustotal.client import leases
from virustotal.client.answer_budget import LONG_BODY, AnswerBudget
from virustotal.client.body_reader import LARGEST_ANSWER
from virustotal.client.hourly_counts import CACHE, HourlyCounter
from virustotal.core.errors import DeadlineError, ForbiddenError, InvalidError, NotFoundError, VirusTotalError
from virustotal.core.models import Ref
from virustotal.storage.interfaces import Entry
from virustotal.storage.stores import Stores
from virustotal.util.readers import as_mapping, as_text

#: Seconds between two looks at what another one is asking for: the first, and at most.
LOOK, LOOK_AT_MOST = 0.01, 0.2
#: The largest answer that is kept, compressed, in bytes.
LARGEST = 4 * 2**20

_PATH = re.compile(r"/([a-z_]+)/([^/]+)(?:/(.+))?")
#: What changes by itself is not kept.
_KEPT = frozenset(identifiers.COLLECTIONS.values()) - {"analyses"}
_UNKNOWN = "unknown"
#: The first byte of what is kept.
_ERROR, _PAYLOAD = b"e", b"p"


@frozen
class Place:
    """Where an answer is kept.

    Args:
        group: The digest of the object.
        name: The digest of the request.
        whole: Whether the request is for the object itself.
        analysed: Whether the object is of a kind that VirusTotal analyses.
    """

    group: str
    name: str
    whole: bool
    analysed: bool

    @property
    def names(self) -> tuple[str, ...]:
        """What answers the request: its own answer, or that the object is unknown."""
        return (self.name, _UNKNOWN) if self.whole else (self.name,)


def place_of(request: Request) -> Place | None:
    """Return where the answer to a request is kept, or None for what never is: uploads, artefacts, analyses, users."""
    match = _PATH.fullmatch(request.path)
    other = request.save or request.upload or request.address or request.method != "GET"
    if match is None or other or match[1] not in _KEPT:
        return None
    identity = json.dumps([request.path, request.query])
    return Place(_digest(f"/{match[1]}/{match[2]}"), _digest(identity), match[3] is None, match[1] in {"files", "urls"})


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:40]


class Cache(Source):
    """Answers from what is kept, and keeps what it is answered. Thread-safe.

    Args:
        source: Answers the rest.
        stores: Where answers are kept.
        digest: By which the key is known there.
        seconds: For which answers count; 0 for not at all.
        negative: Seconds for which it counts that something is unknown or forbidden; 0 for not at all.
        budget: That of the task's answers.
    """

    def __init__(
        self,
        source: Source,
        stores: Stores,
        digest: str,
        *,
        seconds: float,
        negative: float,
        budget: AnswerBudget | None = None,
    ) -> None:
        self._source = source
        self._answers = stores.answers
        self._values = stores.values
        self._digest = digest
        self._seconds = seconds
        self._negative = negative
        self._budget = budget or AnswerBudget()
        self._reading = True  # False for a view that only keeps
        self._leases = leases.Leases(stores.leases)
        self._counter = HourlyCounter(stores, CACHE)

    def close(self) -> None:
        """See `Source.close`."""
        self._counter.write()
        self._source.close()

    def remaining(self, deadline: float, *, for_subject: bool = False) -> RemainingQuota:
        """See `Source.remaining`."""
        return self._source.remaining(deadline, for_subject=for_subject)

    def holds(self, request: Request) -> bool:
        """See `Source.holds`."""
        place = place_of(request)
        return self._reading and place is not None and self._entry(place) is not None

    def bypass_cache(self) -> "Cache":
        """See `Source.bypass_cache`."""
        view = copy.copy(self)
        view._reading = False
        return view

    def forget(self, ref: Ref) -> None:
        """See `Source.forget`."""
        try:
            place = place_of(endpoints.object_request(ref))
        except InvalidError:
            return
        if place is not None:
            self._answers.forget(self._digest, place.group)

    def ask(self, request: Request, deadline: float) -> Answer:
        """Return the kept answer, the one that another thread or process is being given, or VirusTotal's own."""
        place = place_of(request)
        if place is None:
            return self._source.ask(request, deadline)
        if not self._reading:
            return self._request(place, request, deadline)
        # Looked up; else requested, unless another one does that: then it waits for what that one gets.
        if answer := self._read(place, request, deadline):
            return answer
        name, token, pause = f"{self._digest}:{place.group}:{place.name}", uuid4().hex, LOOK
        while (lease := self._leases.take(name, token)) is leases.Lease.HELD:
            if time.monotonic() + pause >= deadline:
                raise DeadlineError("The time for this task is used up.")
            time.sleep(pause)
            pause = min(LOOK_AT_MOST, pause * 1.5)
            if answer := self._read(place, request, deadline):
                return answer
        if lease is leases.Lease.FAILED:
            return self._request(place, request, deadline)
        with self._leases.held(name, token) as held:
            if entry := self._entry(place):  # since the first look
                held.failed = False
                if answer := self._replay(entry, request, deadline):
                    return answer
            return self._request(place, request, deadline, held)

    def _request(self, place: Place, request: Request, deadline: float, lease: leases.Held | None = None) -> Answer:
        """Ask the source, and keep what may be kept. The lease has not failed where those who wait find an answer."""
        lease, began = lease or leases.Held("", ""), self._values.now()
        if self._reading:
            self._counter.count(asked=1)
        try:
            answer = self._source.ask(request, deadline)
        except (NotFoundError, ForbiddenError) as error:
            self._put_error(place, error, began, lease)
            raise
        except InvalidError:
            if any(name == "cursor" for name, _ in request.query):  # that of a kept page: VirusTotal does not take it
                self._answers.forget(self._digest, place.group)
            raise
        if self._seconds and answer.body and worth_keeping(place, answer.payload) and _is_of(request, answer.payload):
            self._put(place, place.name, packed(answer.body), self._seconds, began, lease)
        return answer

    def _put_error(self, place: Place, error: VirusTotalError, began: float, lease: leases.Held) -> None:
        """Keep that an object is unknown, whatever was asked with it, or a relationship unknown or forbidden."""
        if not self._negative or (place.whole and not isinstance(error, NotFoundError)):
            return
        name = _UNKNOWN if place.whole else place.name
        kind = "unknown" if isinstance(error, NotFoundError) else "forbidden"
        body = packed(json.dumps({"error": kind, "message": str(error), "code": error.code}).encode(), _ERROR)
        self._put(place, name, body, self._negative, began, lease)

    def _put(self, place: Place, name: str, body: bytes, seconds: float, began: float, lease: leases.Held) -> None:
        """Keep a body, unless the object has changed since it was requested, and give the lease back with it."""
        if len(body) > LARGEST:
            return
        drop = (place.name if name == _UNKNOWN else _UNKNOWN) if place.whole else ""
        entry = Entry(body, began, began + seconds)
        if self._answers.put(self._digest, place.group, name, entry, drop, (lease.name, lease.token)):
            lease.failed, lease.released = False, True

    def _entry(self, place: Place) -> Entry | None:
        now = self._values.now()
        entry = self._answers.get(self._digest, place.group, place.names, now)
        if entry is None:
            return None
        seconds = (
            self._negative if entry.body.startswith(_ERROR) else self._seconds
        )  # may be less than when it was kept
        return entry if now - entry.moment < seconds else None

    def _replay(self, entry: Entry, request: Request, deadline: float) -> Answer | None:
        """Return what was kept, or raise the error that was; None for what is broken, or of something else."""
        value, age = unpacked(entry.body, self._budget, deadline), max(0.0, self._values.now() - entry.moment)
        if not value:
            return None
        if not entry.body.startswith(_ERROR):
            if not _is_of(request, value):
                return None
            self._counter.count(asked=1, answered=1)
            return Answer(value, origin="cache", age=age)
        kind = NotFoundError if value.get("error") == "unknown" else ForbiddenError
        error = kind(as_text(value.get("message")), code=as_text(value.get("code")))
        error.origin, error.age = "cache", age
        self._counter.count(asked=1, answered=1)
        raise error

    def _read(self, place: Place, request: Request, deadline: float) -> Answer | None:
        entry = self._entry(place)
        return self._replay(entry, request, deadline) if entry is not None else None


def _is_of(request: Request, payload: Mapping[str, Any]) -> bool:
    """Return whether an answer is of what was requested."""
    try:
        decoding.check(request, payload)
    except VirusTotalError:
        return False
    return True


def worth_keeping(place: Place, payload: Mapping[str, Any]) -> bool:
    """Whether an answer is one of an object or a page, and of no object whose first analysis is not finished yet."""
    data = payload.get("data")
    if not place.whole:
        return data is None or isinstance(data, list | tuple | Mapping)
    attributes = as_mapping(as_mapping(data).get("attributes"))
    finished = attributes.get("last_analysis_date") or attributes.get("last_analysis_results")
    return bool(as_mapping(data).get("type")) and (not place.analysed or bool(finished))


def packed(body: bytes, mark: bytes = _PAYLOAD) -> bytes:
    """Return JSON as it is kept: compressed, behind a mark."""
    return mark + zlib.compress(body, 1)


def unpacked(body: bytes, budget: AnswerBudget, deadline: float) -> Mapping[str, Any]:
    """Return the value of what was packed; empty for what is broken, or inflates to more than an answer may have."""
    inflate = zlib.decompressobj()
    if body[:1] not in {_ERROR, _PAYLOAD}:
        return {}
    try:
        with budget.read(deadline) as grow:
            text = inflate.decompress(body[1:], LONG_BODY)
            if not inflate.eof:
                grow(LONG_BODY + 1)
                text += inflate.decompress(inflate.unconsumed_tail, LARGEST_ANSWER)
            if not inflate.eof:
                return {}
            with budget.parse(text, deadline):
                return as_mapping(parse(text))
    except (zlib.error, ValueError, VirusTotalError):
        return {}
