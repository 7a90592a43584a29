"""The outermost link: asks the mirror first, and the next link for what the mirror does not know."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from virustotal.core.errors import DeadlineError, QuotaError, UnavailableError, VirusTotalError
from virustotal.core.models import Ref, Status
from virustotal.core.source import Answer, Request, Room, Source, forget, fresh, holds, room
from virustotal.sources.mirror.answering import NOT_HELD, ORIGIN, Block, Reply, held, of_object, of_page
from virustotal.sources.mirror.asking import Asked, identifiers, understood
from virustotal.sources.mirror.cluster import MirrorError
from virustotal.sources.mirror.documents import Stored
from virustotal.sources.mirror.shelf import Haul, Shelf

#: Seconds for which a multi-get's misses are not asked for again, one by one.
MISSED = 30.0
#: Seconds for which the mirror does not answer for what this process had analysed anew: feeds come an hour late.
CHANGED = 2 * 3600.0
SECONDS_A_DAY = 24 * 3600

_FALLBACK = (QuotaError, UnavailableError, DeadlineError)


class NotMirroredError(VirusTotalError):
    """The mirror does not hold it, and VirusTotal is not asked: it was not looked up, which is not unknown."""

    status = Status.SKIPPED

    def __init__(self, message: str = NOT_HELD) -> None:
        super().__init__(message, code="LocalNotMirrored")


class Alone:
    """What stands below an air-gapped mirror: no request leaves."""

    requests_made = 0

    def ask(self, request: Request, deadline: float) -> Answer:
        """Raise NotMirroredError."""
        if request.method != "GET":
            raise NotMirroredError("Nothing is sent to VirusTotal (mirror.only).")
        raise NotMirroredError()

    def close(self) -> None:
        """Nothing is open."""


class Mirror:
    """Answers from the mirror what it holds completely and not too old; the next link answers everything else.

    Where the next link cannot answer (an outage, a quota), what the mirror holds is given although it is not all.
    Air-gapped, the next link is `Alone`: what the mirror holds is given at any age, and what is missing is said.
    Thread-safe.
    """

    def __init__(self, source: Source, shelf: Shelf) -> None:
        self._source = source
        self._shelf = shelf
        self._only = shelf.config.only
        self._oldest = shelf.config.max_age_days * SECONDS_A_DAY
        self._changed: dict[Ref, float] = {}
        self._missed: dict[Ref, float] = {}
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

    def room(self, deadline: float) -> Room:
        """See `Budgeted.room`."""
        return room(self._source, deadline)

    def holds(self, request: Request) -> bool:
        """See `Caching.holds`; what the mirror itself holds is not known before it is asked."""
        return self._only or holds(self._source, request)

    def fresh(self) -> Source:
        """See `Caching.fresh`; an air-gapped mirror has nothing fresher than itself."""
        return self if self._only else fresh(self._source)

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
        try:
            reply = self._reply(asked, deadline)
        except MirrorError as error:
            if self._only:
                raise _unavailable(error) from None
            reply = None
        if reply is not None and (self._only or self._serves(reply)):
            return reply.answer
        try:
            return self._source.ask(request, deadline)
        except _FALLBACK:
            if reply is None:
                raise
            return reply.answer

    def ask_many(self, requests: Sequence[Request], deadline: float) -> tuple[Answer | None, ...]:
        """See `Batching.ask_many`: all plain objects in one multi-get."""
        known = [understood(request) for request in requests]
        plain = [each if each and not each.relationship and not each.names else None for each in known]
        refs = [each.ref for each in plain if each and not self._has_changed(each.ref)]
        try:
            haul = self._shelf.fetch(refs, deadline)
        except MirrorError:
            return (None,) * len(requests)
        found = haul.found
        self._miss(ref for ref in refs if ref not in found and ref not in haul.failed)
        replies = [self._plain(each, found.get(each.ref)) if each else None for each in plain]
        return tuple(each.answer if each and (self._only or self._serves(each)) else None for each in replies)

    def _plain(self, asked: Asked, subject: Stored | None) -> Reply | None:
        return None if subject is None else of_object(asked, subject, {}, lambda refs: {}, only=self._only)

    def _reply(self, asked: Asked, deadline: float) -> Reply | None:
        subject = self._subject(asked.ref, deadline)
        if subject is None:
            return None
        fetch = self._fetch(deadline)
        wanted = (asked.relationship,) if asked.relationship else asked.names
        blocks = {name: self._block(subject, name, deadline) for name in wanted}
        if not asked.relationship:
            return of_object(asked, subject, blocks, fetch, only=self._only)
        block = blocks[asked.relationship]
        return None if block is None else of_page(asked, subject, block, fetch)

    def _subject(self, ref: Ref, deadline: float) -> Stored | None:
        if not identifiers(ref):
            return self._shelf.by_digest(ref, deadline)
        with self._lock:
            missed = self._missed.get(ref, 0.0) > time.monotonic()
        if missed:
            return None
        haul: Haul = self._shelf.fetch((ref,), deadline)
        if ref in haul.failed:
            raise MirrorError(haul.failed[ref])
        return haul.found.get(ref)

    def _miss(self, refs: Iterable[Ref]) -> None:
        now = time.monotonic()
        with self._lock:
            self._missed = {ref: until for ref, until in self._missed.items() if until > now}
            self._missed |= dict.fromkeys(refs, now + MISSED)

    def _fetch(self, deadline: float) -> Callable[[Iterable[Ref]], Mapping[Ref, Stored]]:
        """Neighbours that cannot be read are shown as identifiers: the cluster's failure is told by its health."""

        def fetch(refs: Iterable[Ref]) -> Mapping[Ref, Stored]:
            try:
                return self._shelf.fetch(refs, deadline).found
            except MirrorError:
                return {}

        return fetch

    def _block(self, subject: Stored, name: str, deadline: float) -> Block | None:
        return held(subject, name, lambda: self._shelf.behaviours(subject.id, deadline))

    def _serves(self, reply: Reply) -> bool:
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
