"""Answers in the form of VirusTotal's API from stored objects; no I/O but the `fetch` argument."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from attrs import evolve, frozen

from virustotal.api import decoding, endpoints
from virustotal.api.source import MIRROR, Answer
from virustotal.core.models import Ref
from virustotal.mirror.documents import StoredObject
from virustotal.mirror.object_store import FetchResult
from virustotal.mirror.request_parser import KINDS, MirrorQuery, cursor
from virustotal.util.readers import EMPTY, as_mapping, integer, quantity

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
    def data(self) -> Any:
        """The entries in the form of a payload's `data`."""
        return list(self.entries) if not self.one else (self.entries[0] if self.entries else None)

    @property
    def refs(self) -> tuple[Ref, ...]:
        """References of the kinds that the mirror stores."""
        return tuple(ref for entry in self.entries if (ref := _ref(entry)).kind in KINDS)

    def missing(self, result: FetchResult) -> tuple[Ref, ...]:
        """References that are not in a result."""
        return tuple(ref for entry in self.entries if (ref := _ref(entry)) not in result.objects)


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
    entries = tuple(entry for entry in data if isinstance(entry, Mapping))
    return RelationshipPage(entries, more=more if isinstance(more, str) else "", count=integer(meta.get("count")))


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
    whole = all(name in stored and not stored[name].more for name in query.names)
    inline = {name: stored[name] for name in query.inline if name in stored and (whole or only)}
    result = fetch(ref for page in inline.values() for ref in page.refs)
    related: dict[str, Any] = {}
    for name in query.names:
        if name in inline:
            gap = _missing_error(inline[name], result, only=True) if only else {}
            related[name] = _as_json(_with_attributes(inline[name], result, query.inline[name])) | gap
        else:
            related[name] = (
                _as_json(stored[name]) if name in stored else _error(only, NOT_HELD if only else NOT_ANSWERED)
            )
    entry = {name: value for name, value in subject.object.items() if name in {"attributes", "links"}}
    entry |= {"type": query.ref.kind, "id": subject.id}
    parts = {
        name: _oldest(result.objects[ref] for ref in page.refs if ref in result.objects)
        for name, page in inline.items()
    }
    return Response({"data": entry | ({"relationships": related} if related else {})}, whole, subject.moment, parts)


def page_response(
    query: MirrorQuery, subject: StoredObject, page: RelationshipPage, fetch: Fetch, *, only: bool
) -> Response | None:
    """Return the answer to a request for one page of a relationship, None for a page of VirusTotal's own cursor.

    The first page is whole only if all pages are: no other source can continue the mirror's list.

    Args:
        query: The request.
        subject: The object.
        page: The whole relationship.
        fetch: Reads related objects.
        only: Whether there is no other source.
    """
    if query.start is None:
        return None
    stop = query.start + max(1, min(query.limit, endpoints.PAGE))
    part = evolve(page, entries=page.entries[query.start : stop], more="")
    rest = cursor(stop) if stop < len(page.entries) else page.more
    needed = part if query.start or only else page
    result = fetch(needed.refs)
    payload = _as_json(evolve(_with_attributes(part, result, query.attributes), more=rest)) | _missing_error(
        part, result, only=only
    )
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


def _as_json(page: RelationshipPage) -> dict[str, Any]:
    meta: dict[str, Any] = {} if page.count is None else {"count": page.count}
    return {"data": page.data, "meta": meta | ({"cursor": page.more} if page.more else {})}


def _with_attributes(page: RelationshipPage, result: FetchResult, names: tuple[str, ...]) -> RelationshipPage:
    """Return the page with these attributes of the stored objects; all if none is named."""
    return evolve(
        page,
        entries=tuple(_entry_with_attributes(entry, result.objects.get(_ref(entry)), names) for entry in page.entries),
    )


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
