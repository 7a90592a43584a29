"""The outermost source: asks the mirror first, and the next source for what the mirror does not know."""

import math
import threading
import time
from collections.abc import Sequence
from functools import partial

from attrs import evolve

from virustotal.api.source import MIRROR, Answer, RemainingQuota, Request, Source
from virustotal.core.errors import DeadlineError, QuotaError, UnavailableError, VirusTotalError
from virustotal.core.models import Ref, Status
from virustotal.mirror.documents import StoredObject
from virustotal.mirror.object_store import FetchResult, ObjectStore
from virustotal.mirror.prefetch import Lookup, PrefetchCache
from virustotal.mirror.request_parser import MirrorQuery, identifiers, parse_request
from virustotal.mirror.response_builder import (
    INSTEAD,
    NOT_HELD,
    Response,
    object_response,
    page_response,
    stored_page,
)
from virustotal.mirror.search_answers import MirrorError

#: Seconds for which the mirror does not answer for objects that this process reanalysed: feeds come an hour late.
CHANGED = 2 * 3600.0
SECONDS_A_DAY = 24 * 3600

_FALLBACK = (QuotaError, UnavailableError, DeadlineError)


class NotMirroredError(VirusTotalError):
    """The mirror does not store the object and VirusTotal is not asked: not looked up, which is not unknown."""

    status = Status.SKIPPED

    def __init__(self, message: str = NOT_HELD) -> None:
        super().__init__(message, code="LocalNotMirrored")


class NoSource(Source):
    """The source below an air-gapped mirror: no request leaves the site."""

    def ask(self, request: Request, deadline: float) -> Answer:
        """Raise NotMirroredError."""
        if request.method != "GET":
            raise NotMirroredError("Nothing is sent to VirusTotal (mirror.only).")
        raise NotMirroredError()


class MirrorSource(Source):
    """Answers from the mirror if that is complete and recent enough; the next source answers everything else.

    If the next source cannot answer (an outage, a quota), the mirror's incomplete answer is given. Air-gapped, the next
    source is `NoSource`: the mirror's answer is given at any age, and names what is missing. Thread-safe.
    """

    def __init__(self, source: Source, store: ObjectStore) -> None:
        self._source = source
        self._store = store
        self._only = store.config.only
        self._oldest = store.config.max_age_days * SECONDS_A_DAY
        self._changed: dict[Ref, float] = {}
        self._prefetched = PrefetchCache()
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the connections of the mirror and of the next source."""
        self._store.cluster.close()
        self._source.close()

    def remaining(self, deadline: float, *, for_subject: bool = False) -> RemainingQuota:
        """See `Source.remaining`."""
        return self._source.remaining(deadline, for_subject=for_subject)

    def holds(self, request: Request) -> bool:
        """See `Source.holds`; the look-up is kept for the request itself."""
        if self._only or self._source.holds(request):
            return True
        response = self._cached_lookup(request)
        return response is not None and self._is_sufficient(response)

    def has_fallback(self, request: Request) -> bool:
        """See `Source.has_fallback`: of any age, also an incomplete one."""
        return self._cached_lookup(request) is not None

    def _cached_lookup(self, request: Request) -> Response | None:
        query = parse_request(request)
        if query is None or self._is_outdated(query.ref):
            return None
        lookup = self._prefetched.peek(request, lambda: self._read(query, math.inf))
        return lookup if isinstance(lookup, Response) else None

    def bypass_cache(self) -> Source:
        """See `Source.bypass_cache`; an air-gapped mirror returns itself."""
        return self if self._only else self._source.bypass_cache()

    def forget(self, ref: Ref) -> None:
        """See `Source.forget`: the next source answers until the feeds have the new state."""
        now = time.monotonic()
        with self._lock:
            self._changed = {name: until for name, until in self._changed.items() if until > now}
            self._changed |= dict.fromkeys(_names(ref), now + CHANGED)
        self._source.forget(ref)

    def ask(self, request: Request, deadline: float) -> Answer:
        """See `Source.ask`. Answers of the mirror have their origin and age."""
        query = parse_request(request)
        if query is None or self._is_outdated(query.ref):
            return self._source.ask(request, deadline)
        lookup = self._prefetched.pop(request, lambda: self._read(query, deadline))
        if self._only and isinstance(lookup, MirrorError):
            raise _unavailable(lookup)
        response = lookup if isinstance(lookup, Response) else None
        if response is not None and (query.start or self._is_sufficient(response)):
            return response.answer
        if query.start and not self._only:  # no other source takes the mirror's cursor
            raise UnavailableError("The mirror does not go on with the list that it began.", code="LocalMirror")
        try:
            return self._source.ask(request, deadline)
        except _FALLBACK as error:
            if response is None:
                raise
            return evolve(response.answer, fallback_reason=f"{INSTEAD} {error}")

    def ask_many(self, requests: Sequence[Request], deadline: float) -> tuple[Answer | None, ...]:
        """See `Source.ask_many`: all objects without relationships in one multi-get."""
        queries = {request: query for request in requests if (query := self._object_query(request))}
        result = self._store.fetch((query.ref for query in queries.values()), deadline)
        lookups = {request: self._read(query, deadline, result) for request, query in queries.items()}
        answers = {
            request: lookup.answer
            for request, lookup in lookups.items()
            if isinstance(lookup, Response) and self._is_sufficient(lookup)
        }
        self._prefetched.keep({request: lookup for request, lookup in lookups.items() if request not in answers})
        return tuple(answers.get(request) for request in requests)

    def _object_query(self, request: Request) -> MirrorQuery | None:
        """Return the query of a request for an object without relationships, which fits into a multi-get."""
        query = parse_request(request)
        if query is None or query.relationship or query.names or self._is_outdated(query.ref):
            return None
        return query if identifiers(query.ref) else None

    def _read(self, query: MirrorQuery, deadline: float, result: FetchResult | None = None) -> Lookup:
        """Look up a query; of `result`, where its object was fetched with others."""
        try:
            if result is None and not identifiers(query.ref):
                subject = self._store.by_digest(query.ref, deadline)
            else:
                subject = (result or self._store.fetch((query.ref,), deadline)).object(query.ref)
            return self._response(query, subject, deadline) if subject else None
        except MirrorError as error:
            return error

    def _response(self, query: MirrorQuery, subject: StoredObject, deadline: float) -> Response | None:
        names = (query.relationship,) if query.relationship else query.names
        pages = {
            name: stored_page(subject, name, lambda: self._store.behaviours(subject.id, deadline)) for name in names
        }
        fetch = partial(self._store.fetch, deadline=deadline)
        if not query.relationship:
            return object_response(query, subject, pages, fetch, only=self._only)
        page = pages[query.relationship]
        return None if page is None else page_response(query, subject, page, fetch, only=self._only)

    def _is_sufficient(self, response: Response) -> bool:
        age, parts = response.answer.age, response.answer.parts.values()  # an age that is not known is 0
        recent = not self._oldest or (age > 0 and max((age, *parts)) <= self._oldest)
        return self._only or (response.whole and recent)

    def _is_outdated(self, ref: Ref) -> bool:
        now = time.monotonic()
        with self._lock:
            return any(self._changed.get(name, now) > now for name in _names(ref))


def _names(ref: Ref) -> tuple[Ref, ...]:
    return tuple(Ref(ref.kind, id) for id in dict.fromkeys((ref.id, *identifiers(ref))))


def _unavailable(error: MirrorError) -> UnavailableError:
    unavailable = UnavailableError(f"{error} VirusTotal is not asked (mirror.only).", code="LocalMirror")
    unavailable.origin = MIRROR
    return unavailable
