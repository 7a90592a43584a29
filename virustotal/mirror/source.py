"""The outermost link: asks the mirror first, and the next link for what the mirror does not know."""

import math
import threading
import time
from collections.abc import Callable, Iterable, Sequence

from virustotal.api.source import Answer, RemainingQuota, Request, Source, bypass_cache, forget, holds, remaining_quota
from virustotal.core.errors import DeadlineError, QuotaError, UnavailableError, VirusTotalError
from virustotal.core.models import Ref, Status
from virustotal.mirror.documents import Stored
from virustotal.mirror.object_store import FetchResult, ObjectStore
from virustotal.mirror.prefetch import PrefetchCache, Said
from virustotal.mirror.request_parser import Asked, identifiers, understood
from virustotal.mirror.response_builder import (
    INSTEAD,
    NOT_HELD,
    ORIGIN,
    RelationshipPage,
    Response,
    held,
    of_object,
    of_page,
)
from virustotal.mirror.search_client import MirrorError

#: Seconds for which the mirror does not answer for what this process had analysed anew: feeds come an hour late.
CHANGED = 2 * 3600.0
SECONDS_A_DAY = 24 * 3600

_FALLBACK = (QuotaError, UnavailableError, DeadlineError)


class NotMirroredError(VirusTotalError):
    """The mirror does not hold it, and VirusTotal is not asked: it was not looked up, which is not unknown."""

    status = Status.SKIPPED

    def __init__(self, message: str = NOT_HELD) -> None:
        super().__init__(message, code="LocalNotMirrored")


class NoSource:
    """What stands below an air-gapped mirror: no request leaves."""

    requests_made = 0

    def ask(self, request: Request, deadline: float) -> Answer:
        """Raise NotMirroredError."""
        if request.method != "GET":
            raise NotMirroredError("Nothing is sent to VirusTotal (mirror.only).")
        raise NotMirroredError()

    def close(self) -> None:
        """Nothing is open."""


class MirrorSource:
    """Answers from the mirror what it holds completely and not too old; the next link answers everything else.

    Where the next link cannot answer (an outage, a quota), what the mirror holds is given although it is not all.
    Air-gapped, the next link is `NoSource`: what the mirror holds is given at any age, and what is missing is said.
    Thread-safe.
    """

    def __init__(self, source: Source, shelf: ObjectStore) -> None:
        self._source = source
        self._shelf = shelf
        self._only = shelf.config.only
        self._oldest = shelf.config.max_age_days * SECONDS_A_DAY
        self._changed: dict[Ref, float] = {}
        self._ready = PrefetchCache()
        self._lock = threading.Lock()

    @property
    def requests_made(self) -> int:
        """How many requests reached VirusTotal."""
        return self._source.requests_made

    @property
    def waited(self) -> float:
        """Seconds that requests waited for the quota."""
        return float(getattr(self._source, "waited", 0.0))

    def close(self) -> None:
        """Close the connections of the mirror and of the next link."""
        self._shelf.cluster.close()
        self._source.close()

    def room(self, deadline: float) -> RemainingQuota:
        """See `Budgeted.room`."""
        return remaining_quota(self._source, deadline)

    def holds(self, request: Request) -> bool:
        """See `Caching.holds`; what the mirror says is kept for the request itself."""
        if self._only or holds(self._source, request):
            return True
        reply = self._looked_at(request)
        return reply is not None and self._serves(reply)

    def has_fallback(self, request: Request) -> bool:
        """See `StandIn.stands_in`: with what it holds, at any age and although it is not all."""
        return self._looked_at(request) is not None

    def _looked_at(self, request: Request) -> Response | None:
        asked = understood(request)
        if asked is None or self._has_changed(asked.ref):
            return None
        said = self._ready.look(request, lambda: self._read(asked, math.inf))
        return said if isinstance(said, Response) else None

    def fresh(self) -> Source:
        """See `Caching.fresh`; an air-gapped mirror has nothing fresher than itself."""
        return self if self._only else bypass_cache(self._source)

    def forget(self, ref: Ref) -> None:
        """See `Caching.forget`: the next link answers for it, until the feeds have caught up."""
        now = time.monotonic()
        with self._lock:
            self._changed = {each: until for each, until in self._changed.items() if until > now}
            self._changed |= dict.fromkeys(_names(ref), now + CHANGED)
        forget(self._source, ref)

    def ask(self, request: Request, deadline: float) -> Answer:
        """See `Source.ask`. An answer of the mirror has its origin and age."""
        asked = understood(request)
        if asked is None or self._has_changed(asked.ref):
            return self._source.ask(request, deadline)
        said = self._ready.take(request, lambda: self._read(asked, deadline))
        if self._only and isinstance(said, MirrorError):
            raise _unavailable(said)
        reply = said if isinstance(said, Response) else None
        if reply is not None and (self._only or asked.start or self._serves(reply)):
            return reply.answer()
        if asked.start and not self._only:  # the cursor is the mirror's own, which nobody else takes
            raise UnavailableError("The mirror does not go on with the list that it began.", code="LocalMirror")
        try:
            return self._source.ask(request, deadline)
        except _FALLBACK as error:
            if reply is None:
                raise
            return reply.answer(f"{INSTEAD} {error}")

    def ask_many(self, requests: Sequence[Request], deadline: float) -> tuple[Answer | None, ...]:
        """See `Batching.ask_many`: all plain objects in one multi-get, each of which is not asked for again."""
        asked = {request: each for request in requests if (each := self._alone(request))}
        haul = self._fetch(deadline)(each.ref for each in asked.values())
        said = {request: self._plain(each, haul) for request, each in asked.items()}
        served = {
            request: each.answer()
            for request, each in said.items()
            if isinstance(each, Response) and (self._only or self._serves(each))
        }
        self._ready.keep({request: each for request, each in said.items() if request not in served})
        return tuple(served.get(request) for request in requests)

    def _alone(self, request: Request) -> Asked | None:
        """What a request asks for, if that is an object alone that one multi-get may bring with others."""
        asked = understood(request)
        if asked is None or asked.relationship or asked.names or self._has_changed(asked.ref):
            return None
        return asked if identifiers(asked.ref) else None

    def _plain(self, asked: Asked, haul: FetchResult) -> Said:
        if asked.ref in haul.failed:
            return MirrorError(haul.failed[asked.ref])
        subject = haul.found.get(asked.ref)
        return None if subject is None else of_object(asked, subject, {}, lambda refs: FetchResult(), only=self._only)

    def _read(self, asked: Asked, deadline: float) -> Said:
        try:
            return self._answer(asked, deadline)
        except MirrorError as error:
            return error

    def _answer(self, asked: Asked, deadline: float) -> Response | None:
        subject = self._subject(asked.ref, deadline)
        if subject is None:
            return None
        fetch = self._fetch(deadline)
        wanted = (asked.relationship,) if asked.relationship else asked.names
        blocks = {name: self._block(subject, name, deadline) for name in wanted}
        if not asked.relationship:
            return of_object(asked, subject, blocks, fetch, only=self._only)
        block = blocks[asked.relationship]
        return None if block is None else of_page(asked, subject, block, fetch, only=self._only)

    def _subject(self, ref: Ref, deadline: float) -> Stored | None:
        if not identifiers(ref):
            return self._shelf.by_digest(ref, deadline)
        haul = self._shelf.fetch((ref,), deadline)
        if ref in haul.failed:
            raise MirrorError(haul.failed[ref])
        return haul.found.get(ref)

    def _fetch(self, deadline: float) -> Callable[[Iterable[Ref]], FetchResult]:
        """Objects that cannot be read are said to be so: the cluster's failure costs those, and not the answer."""

        def fetch(refs: Iterable[Ref]) -> FetchResult:
            wanted = tuple(refs)
            try:
                return self._shelf.fetch(wanted, deadline)
            except MirrorError as error:
                return FetchResult(failed=dict.fromkeys(wanted, str(error)))

        return fetch

    def _block(self, subject: Stored, name: str, deadline: float) -> RelationshipPage | None:
        return held(subject, name, lambda: self._shelf.behaviours(subject.id, deadline))

    def _serves(self, reply: Response) -> bool:
        return reply.whole and (not self._oldest or (bool(reply.moment) and reply.age <= self._oldest))

    def _has_changed(self, ref: Ref) -> bool:
        with self._lock:
            moments = [self._changed.get(each, 0.0) for each in _names(ref)] if self._changed else []
        return any(until > time.monotonic() for until in moments)


def _names(ref: Ref) -> tuple[Ref, ...]:
    return tuple(Ref(ref.kind, id) for id in dict.fromkeys((ref.id, *identifiers(ref))))


def _unavailable(error: MirrorError) -> UnavailableError:
    told = UnavailableError(f"{error} VirusTotal is not asked (mirror.only).", code="LocalMirror")
    told.origin = ORIGIN
    return told
