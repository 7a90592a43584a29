"""Answers that were given before: to the same key, about the same request, not too long ago; one request for all."""

import hashlib
import json
import re
import time
import zlib
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from attrs import frozen

from virustotal import api
from virustotal.api.deep_json import parse
from virustotal.api.source import Answer, RemainingQuota, Request, Source, remaining_quota
from virustotal.client.leases import Held, Leases
from virustotal.core.errors import DeadlineError, ForbiddenError, InvalidError, NotFoundError, VirusTotalError
from virustotal.core.models import Ref
from virustotal.storage.interfaces import AnswerCache, Entry, KeyValueStore, Lease
from virustotal.util.readers import as_mapping, as_text, number

#: Seconds between two looks at what another one is asking for: the first, and at most.
LOOK, LOOK_AT_MOST = 0.01, 0.2
#: The largest answer that is kept, compressed, in bytes.
LARGEST = 4 * 2**20
#: Seconds for which it is known that an object has changed: longer than any request is on its way.
CHANGED_SECONDS = 3600.0

_PATH = re.compile(r"/([a-z_]+)/([^/]+)(?:/(.+))?")
#: What changes by itself is not kept.
_KEPT = frozenset(api.COLLECTIONS.values()) - {"analyses"}
_UNKNOWN = "unknown"


@frozen
class Place:
    """Where an answer is kept. group: the digest of the object; name: that of the request. whole: of the object itself.

    analysed: the object is one of those that an analysis has to be finished of.
    """

    group: str
    name: str
    whole: bool
    analysed: bool

    @property
    def changed(self) -> str:
        """The name under which it is noted when the object changed: that outlives the answers."""
        return f"changed:{self.group}"


def place_of(request: Request) -> Place | None:
    """Return where the answer to a request is kept, or None for what never is: uploads, artefacts, analyses, users."""
    found = _PATH.fullmatch(request.path)
    other = request.save or request.upload or request.address or request.method != "GET"
    if found is None or other or found[1] not in _KEPT:
        return None
    asked = json.dumps([request.path, request.query])
    return Place(_digest(f"/{found[1]}/{found[2]}"), _digest(asked), found[3] is None, found[1] in {"files", "urls"})


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:40]


class Cache:
    """Answers from what is kept, and keeps what it is answered. Thread-safe.

    source: what is asked for the rest. digest: of the key. seconds, negative: how long answers count, and how long that
    something is unknown or forbidden; 0 for not at all. reading: False for a view that only keeps.
    """

    def __init__(
        self,
        source: Source,
        answers: AnswerCache,
        facts: KeyValueStore,
        digest: str,
        *,
        seconds: float,
        negative: float,
        reading: bool = True,
    ) -> None:
        self._source = source
        self._answers = answers
        self._facts = facts
        self._digest = digest
        self._seconds = seconds
        self._negative = negative
        self._reading = reading
        self._leases = Leases(answers)

    @property
    def requests_made(self) -> int:
        """See `Source.requests_made`."""
        return self._source.requests_made

    @property
    def waited(self) -> float:
        """Seconds in which at least one request waited for the quota."""
        return float(getattr(self._source, "waited", 0.0))

    def close(self) -> None:
        """See `Source.close`."""
        self._source.close()

    def room(self, deadline: float) -> RemainingQuota:
        """See `Budgeted.room`."""
        return remaining_quota(self._source, deadline)

    def holds(self, request: Request) -> bool:
        """See `Caching.holds`."""
        place = place_of(request)
        return self._reading and place is not None and self._kept(place) is not None

    def fresh(self) -> "Cache":
        """See `Caching.fresh`."""
        return Cache(
            self._source,
            self._answers,
            self._facts,
            self._digest,
            seconds=self._seconds,
            negative=self._negative,
            reading=False,
        )

    def forget(self, ref: Ref) -> None:
        """See `Caching.forget`."""
        try:
            place = place_of(api.object_request(ref))
        except InvalidError:
            return
        if place is not None:
            # First, so that an answer that is on its way and kept after the drop is known to be an old one.
            self._facts.keep(self._digest, place.changed, repr(self._answers.now()), CHANGED_SECONDS)
            self._answers.forget(self._digest, place.group)

    def ask(self, request: Request, deadline: float) -> Answer:
        """Return the kept answer, the one that another thread or process is being given, or VirusTotal's own."""
        place = place_of(request)
        if place is None:
            return self._source.ask(request, deadline)
        if not self._reading:
            return self._asked(place, request, deadline)
        if kept := self._kept(place):
            return self._replayed(kept)
        return self._alone(place, request, deadline)

    def _alone(self, place: Place, request: Request, deadline: float) -> Answer:
        """Ask, unless another one does: its answer is waited for, and its failure not repeated one after the other."""
        name, token, pause = f"{self._digest}:{place.group}:{place.name}", uuid4().hex, LOOK
        while (lease := self._leases.take(name, token)) is Lease.HELD:
            if time.monotonic() + pause >= deadline:
                raise DeadlineError("The time for this task is used up.")
            time.sleep(pause)
            pause = min(LOOK_AT_MOST, pause * 1.5)
            if kept := self._kept(place):
                return self._replayed(kept)
        if lease is Lease.FAILED:
            return self._asked(place, request, deadline)
        with self._leases.held(name, token) as held:
            if kept := self._kept(place):  # since the first look
                held.failed = False
                return self._replayed(kept)
            return self._asked(place, request, deadline, held)

    def _asked(self, place: Place, request: Request, deadline: float, held: Held | None = None) -> Answer:
        """Ask, and keep what may be kept. held: has not failed where those who wait find it."""
        held, began = held or Held(""), self._answers.now()
        try:
            answer = self._source.ask(request, deadline)
        except (NotFoundError, ForbiddenError) as error:
            held.failed = not self._keep_error(place, error, began)
            raise
        except InvalidError:
            if any(name == "cursor" for name, _ in request.query):  # that of a kept page: VirusTotal does not take it
                self._answers.forget(self._digest, place.group)
            raise
        if self._seconds and worth_keeping(place, answer.payload):
            held.failed = not self._keep(place, place.name, {"payload": answer.payload}, self._seconds, began)
        return answer

    def _keep_error(self, place: Place, error: VirusTotalError, began: float) -> bool:
        """Keep that an object is unknown, whatever was asked with it, or a relationship unknown or forbidden.

        Return whether it is there.
        """
        if not self._negative or (place.whole and not isinstance(error, NotFoundError)):
            return False
        name = _UNKNOWN if place.whole else place.name
        kind = "unknown" if isinstance(error, NotFoundError) else "forbidden"
        said = {"error": kind, "message": str(error), "code": error.code}
        return self._keep(place, name, said, self._negative, began)

    def _keep(self, place: Place, name: str, value: Mapping[str, Any], seconds: float, began: float) -> bool:
        """Keep a value, and return whether it is there: the store may have no room, or the object may have changed.

        began: when it was asked for.
        """
        body = packed(value)
        if not body or len(body) > LARGEST:
            return False
        now = self._answers.now()
        drop = (place.name if name == _UNKNOWN else _UNKNOWN) if place.whole else ""
        self._answers.put(self._digest, place.group, name, Entry(body, now, now + seconds), drop)
        if (number(self._facts.fact(self._digest, place.changed)) or 0.0) >= began:
            self._answers.forget(self._digest, place.group)
            return False
        return self._answers.get(self._digest, place.group, (name,), now) is not None

    def _kept(self, place: Place) -> "_Kept | None":
        names, now = (place.name, _UNKNOWN) if place.whole else (place.name,), self._answers.now()
        entry = self._answers.get(self._digest, place.group, names, now)
        if entry is None:
            return None
        value = unpacked(entry.body)
        seconds = self._negative if value.get("error") else self._seconds  # may be less than when it was kept
        return _Kept(value, entry.moment) if value and now - entry.moment < seconds else None

    def _replayed(self, kept: "_Kept") -> Answer:
        age = max(0.0, self._answers.now() - kept.moment)
        if not kept.value.get("error"):
            return Answer(as_mapping(kept.value.get("payload")), origin="cache", age=age)
        kind = NotFoundError if kept.value["error"] == "unknown" else ForbiddenError
        error = kind(as_text(kept.value.get("message")), code=as_text(kept.value.get("code")))
        error.origin, error.age = "cache", age
        raise error


@frozen
class _Kept:
    """What was kept, and when VirusTotal said it."""

    value: Mapping[str, Any]
    moment: float


def worth_keeping(place: Place, payload: Mapping[str, Any]) -> bool:
    """Whether an answer is one of an object or a page, and of no object whose first analysis is not finished yet."""
    data = payload.get("data")
    if not place.whole:
        return data is None or isinstance(data, list | tuple | Mapping)
    attributes = as_mapping(as_mapping(data).get("attributes"))
    finished = attributes.get("last_analysis_date") or attributes.get("last_analysis_results")
    return bool(as_mapping(data).get("type")) and (not place.analysed or bool(finished))


def packed(value: Mapping[str, Any]) -> bytes:
    """Return a value as compressed JSON; nothing for what is nested too deeply for that."""
    try:
        return zlib.compress(json.dumps(value, separators=(",", ":"), default=dict).encode("utf-8", "surrogatepass"), 1)
    except (RecursionError, TypeError, ValueError):
        return b""


def unpacked(body: bytes) -> Mapping[str, Any]:
    """Return what was packed; empty for what is broken."""
    try:
        return as_mapping(parse(zlib.decompress(body)))
    except (zlib.error, ValueError):
        return {}
