"""Answers in the form of VirusTotal's API from stored objects; no I/O but the `fetch` argument."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from attrs import evolve, frozen

from virustotal.api import decoding
from virustotal.api.source import MIRROR, Answer
from virustotal.core.models import Ref
from virustotal.mirror.documents import StoredObject
from virustotal.mirror.object_store import FetchResult
from virustotal.mirror.request_parser import MirrorQuery, cursor
from virustotal.util.readers import EMPTY, as_mapping, as_mappings, integer, quantity

#: Reason for a missing object without VirusTotal.
NOT_HELD = "The mirror does not hold this, and VirusTotal is not asked (mirror.only)."
#: Reason for a missing object if VirusTotal did not answer.
NOT_ANSWERED = "The mirror does not hold this, and VirusTotal did not answer."
#: Fallback reason if the mirror answers in place of VirusTotal.
INSTEAD = "VirusTotal did not answer, so the mirror did, with what it holds."

Fetch = Callable[[Iterable[Ref]], FetchResult]


@frozen
class Response:
    """An answer of the mirror.

    Args:
        payload: In the form of VirusTotal's answers.
        whole: Whether it has all that was requested.
        moment: The last change of its object, in Unix seconds; 0 for unknown.
        parts: The same of the oldest object of each relationship in line.
    """

    payload: Mapping[str, Any]
    whole: bool
    moment: float
    parts: Mapping[str, float] = EMPTY

    @property
    def age(self) -> float:
        """Seconds since the last change of its oldest part; 0 for unknown."""
        return _age(min(filter(None, (self.moment, *self.parts.values())), default=0.0))

    def answer(self, fallback_reason: str = "") -> Answer:
        """Return the `Answer` of a source."""
        parts = {name: _age(moment) for name, moment in self.parts.items() if moment}
        return Answer(self.payload, origin=MIRROR, age=_age(self.moment), fallback_reason=fallback_reason, parts=parts)


@frozen
class RelationshipPage:
    """The stored entries of one relationship.

    Args:
        entries: Descriptors, or whole objects.
        one: Whether the relationship has one object at most.
        more: VirusTotal's cursor for the entries that are not stored; empty for none.
        count: Entries that VirusTotal has; None for unknown.
    """

    entries: tuple[Mapping[str, Any], ...]
    one: bool = False
    more: str = ""
    count: int | None = None

    @property
    def refs(self) -> tuple[Ref, ...]:
        """The reference of each entry."""
        return tuple(map(_ref, self.entries))

    def missing(self, result: FetchResult) -> list[Ref]:
        """Return the references that are not in a result."""
        return [ref for ref in self.refs if ref not in result.objects]

    def payload(self, result: FetchResult, names: tuple[str, ...] = ()) -> dict[str, Any]:
        """Return the page in the form of VirusTotal's answers, with attributes of the objects that were fetched.

        Args:
            result: The objects.
            names: Of the attributes; empty for all.
        """
        entries = [
            _entry_with_attributes(entry, result.objects.get(ref), names)
            for entry, ref in zip(self.entries, self.refs, strict=True)
        ]
        meta: dict[str, Any] = {} if self.count is None else {"count": self.count}
        meta |= {"cursor": self.more} if self.more else {}
        return {"data": next(iter(entries), None) if self.one else entries, "meta": meta}


def stored_page(
    subject: StoredObject, name: str, behaviours: Callable[[], tuple[StoredObject, ...]]
) -> RelationshipPage | None:
    """Return a relationship of a stored object, None if it is not stored.

    Args:
        subject: The object.
        name: Of the relationship.
        behaviours: Searches the behaviour reports, which the feed of files does not name.
    """
    page = as_mapping(as_mapping(subject.object.get("relationships")).get(name))
    stored = _read(page) if "data" in page else None
    if name == "behaviours" and subject.object.get("type") == "file" and (stored is None or not stored.entries):
        reports = tuple({"type": "file_behaviour", "id": report.id} for report in behaviours())
        return RelationshipPage(reports, count=len(reports)) if reports else None
    return stored


def _read(page: Mapping[str, Any]) -> RelationshipPage | None:
    data, meta = page.get("data"), as_mapping(page.get("meta"))
    more = meta.get("cursor")
    if data is None or isinstance(data, Mapping):
        return RelationshipPage((data,) if data else (), one=True)
    if not isinstance(data, list):
        return None
    more = more if isinstance(more, str) else ""
    return RelationshipPage(as_mappings(data), more=more, count=integer(meta.get("count")))


def object_response(
    query: MirrorQuery, subject: StoredObject, pages: Mapping[str, RelationshipPage | None], fetch: Fetch, *, only: bool
) -> Response:
    """Return the answer to a request for an object, with its stored relationships.

    Attributes in line are read in one multi-get for all relationships, unless another source answers anyway. A
    relationship that is not stored has an error in its place.

    Args:
        query: The request.
        subject: The object.
        pages: Its relationships by name; None for one that is not stored.
        fetch: Reads related objects.
        only: Whether there is no other source.
    """
    stored = {name: page for name, page in pages.items() if page is not None}
    whole = len(stored) == len(pages) and not any(page.more for page in stored.values())
    inline = {name: page for name, page in stored.items() if name in query.inline and (whole or only)}
    result = fetch(ref for page in inline.values() for ref in page.refs)
    related: dict[str, Any] = {}
    for name in pages:
        if name in inline:
            related[name] = inline[name].payload(result, query.inline[name])
            related[name] |= _missing_error(inline[name], result, only=True) if only else {}
        elif name in stored:
            related[name] = stored[name].payload(FetchResult())
        else:
            related[name] = _error(only, NOT_HELD if only else NOT_ANSWERED)
    entry = {name: value for name, value in subject.object.items() if name in {"attributes", "links"}}
    entry |= {"type": query.ref.kind, "id": subject.id} | ({"relationships": related} if related else {})
    parts = {
        name: _oldest(result.objects[ref] for ref in page.refs if ref in result.objects)
        for name, page in inline.items()
    }
    return Response({"data": entry}, whole, subject.moment, parts)


def page_response(
    query: MirrorQuery, subject: StoredObject, page: RelationshipPage, fetch: Fetch, *, only: bool
) -> Response:
    """Return the answer to a request for one page of a relationship.

    The first page is whole only if all pages are: no other source can continue the mirror's list.

    Args:
        query: The request.
        subject: The object.
        page: The whole relationship.
        fetch: Reads related objects.
        only: Whether there is no other source.
    """
    stop = query.start + query.limit
    rest = cursor(stop) if stop < len(page.entries) else page.more
    part = evolve(page, entries=page.entries[query.start : stop], more=rest)
    needed = part if query.start or only else page
    result = fetch(needed.refs)
    payload = part.payload(result, query.attributes) | _missing_error(part, result, only=only)
    moment = _oldest((subject, *result.objects.values()))
    return Response(payload, not needed.missing(result) and not page.more, moment)


def _oldest(objects: Iterable[StoredObject]) -> float:
    return min((object.moment for object in objects if object.moment), default=0.0)


def _age(moment: float) -> float:
    return max(0.0, time.time() - moment) if moment else 0.0


def _missing_error(page: RelationshipPage, result: FetchResult, *, only: bool) -> dict[str, Any]:
    """Return an error beside the data for objects without a report: unreadable ones, else those not stored."""
    missing = page.missing(result)
    if not missing:
        return {}
    reasons = [result.failed[ref] for ref in missing if ref in result.failed]
    why = reasons[0].rstrip(".") if reasons else "The mirror does not hold all"
    rest = "VirusTotal is not asked (mirror.only)" if only else "VirusTotal did not answer"
    message = f"Of {quantity(len(page.entries), 'object')} {len(missing)} came without a report: {why}, and {rest}."
    return _error(only and not reasons, message)


def _error(skipped: bool, message: str) -> dict[str, Any]:
    return {"error": {"code": decoding.NOT_LOOKED_UP if skipped else decoding.NOT_ANSWERED, "message": message}}


def _entry_with_attributes(
    entry: Mapping[str, Any], stored: StoredObject | None, names: tuple[str, ...]
) -> Mapping[str, Any]:
    if stored is None:
        return entry
    attributes = as_mapping(stored.object.get("attributes"))
    if names:
        attributes = {name: attributes[name] for name in names if name in attributes}
    return {**entry, "links": as_mapping(stored.object.get("links")), "attributes": attributes}


def _ref(entry: Mapping[str, Any]) -> Ref:
    obj = decoding.decode_object(entry)
    return obj.ref if obj is not None else Ref("", "")
