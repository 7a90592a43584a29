"""Answers in the form of VirusTotal's API from stored objects; no I/O but the `fetch` argument."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from attrs import frozen

from virustotal.api import decoding
from virustotal.api.source import MIRROR, Answer
from virustotal.core.models import Ref
from virustotal.mirror.documents import StoredObject
from virustotal.mirror.object_store import FetchResult
from virustotal.mirror.request_parser import MirrorQuery, cursor
from virustotal.util.readers import as_mapping, as_mappings, quantity

#: Reason for a missing object without VirusTotal.
NOT_HELD = "The mirror does not hold this, and VirusTotal is not asked (mirror.only)."
#: Reason for a missing object if VirusTotal did not answer.
NOT_ANSWERED = "The mirror does not hold this, and VirusTotal did not answer."
#: Fallback reason if the mirror answers in place of VirusTotal.
INSTEAD = "VirusTotal did not answer, so the mirror did, with what it holds."

#: A stored relationship, `data` and `meta` in the form of VirusTotal's answers, with its cursor for what is not stored.
RelationshipPage: TypeAlias = Mapping[str, Any]
Fetch = Callable[[Iterable[Ref]], FetchResult]


@frozen
class Response:
    """An answer of the mirror.

    Args:
        answer: With the ages of its parts.
        whole: Whether it has all that was requested.
    """

    answer: Answer
    whole: bool


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
    data, meta = page.get("data"), as_mapping(page.get("meta"))
    if name == "behaviours" and subject.object.get("type") == "file" and not as_mappings(data):
        reports = [{"type": "file_behaviour", "id": report.id} for report in behaviours()]
        return {"data": reports, "meta": {"count": len(reports)}} if reports else None
    if isinstance(data, list):
        return {"data": list(as_mappings(data)), "meta": meta}
    return {"data": data, "meta": meta} if "data" in page and isinstance(data, Mapping | None) else None


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
    whole = not any(page is None or _has_more(page) for page in pages.values())
    inline = {name: page for name, page in pages.items() if page and name in query.inline and (whole or only)}
    result = fetch(ref for page in inline.values() for ref in _refs(page))
    related: dict[str, Any] = {}
    for name, page in pages.items():
        related[name] = page or _error(only, NOT_HELD if only else NOT_ANSWERED)
        if name in inline:
            related[name] = _with_attributes(inline[name], result, query.inline[name])
            if only:
                related[name] |= _missing_error(inline[name], result, only=True)
    entry = {name: value for name, value in subject.object.items() if name in {"attributes", "links"}}
    entry |= {"type": query.ref.kind, "id": subject.id} | ({"relationships": related} if related else {})
    parts = {
        name: age
        for name, page in inline.items()
        if (age := _age(result.objects[ref] for ref in _refs(page) if ref in result.objects))
    }
    return Response(Answer({"data": entry}, origin=MIRROR, age=_age((subject,)), parts=parts), whole)


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
    part, stop = page, query.start + query.limit
    if isinstance(page["data"], list):
        rest = {"cursor": cursor(stop)} if stop < len(page["data"]) else {}
        part = {"data": page["data"][query.start : stop], "meta": page["meta"] | rest}
    needed = part if query.start or only else page
    result = fetch(_refs(needed))
    payload = _with_attributes(part, result, query.attributes) | _missing_error(part, result, only=only)
    age = _age((subject, *result.objects.values()))
    whole = not _missing(needed, result) and not _has_more(page)
    return Response(Answer(payload, origin=MIRROR, age=age), whole)


def _has_more(page: RelationshipPage) -> bool:
    """Return whether VirusTotal has entries that are not stored."""
    more = page["meta"].get("cursor")
    return isinstance(more, str) and bool(more)


def _refs(page: RelationshipPage) -> list[Ref]:
    objects = map(decoding.decode_object, as_mappings(page["data"]))
    return [obj.ref if obj is not None else Ref("", "") for obj in objects]


def _missing(page: RelationshipPage, result: FetchResult) -> list[Ref]:
    return [ref for ref in _refs(page) if ref not in result.objects]


def _age(objects: Iterable[StoredObject]) -> float:
    """Return the seconds since the oldest of these objects changed; 0 where none of them says when."""
    moments = [object.moment for object in objects if object.moment]
    return max(0.0, time.time() - min(moments)) if moments else 0.0


def _missing_error(page: RelationshipPage, result: FetchResult, *, only: bool) -> dict[str, Any]:
    """Return an error beside the data for objects without a report: unreadable ones, else those not stored."""
    missing = _missing(page, result)
    if not missing:
        return {}
    reasons = [result.failed[ref] for ref in missing if ref in result.failed]
    why = reasons[0].rstrip(".") if reasons else "The mirror does not hold all"
    rest = "VirusTotal is not asked (mirror.only)" if only else "VirusTotal did not answer"
    message = f"Of {quantity(len(_refs(page)), 'object')} {len(missing)} came without a report: {why}, and {rest}."
    return _error(only and not reasons, message)


def _error(skipped: bool, message: str) -> dict[str, Any]:
    return {"error": {"code": decoding.NOT_LOOKED_UP if skipped else decoding.NOT_ANSWERED, "message": message}}


def _with_attributes(page: RelationshipPage, result: FetchResult, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the page with these attributes of the objects that were fetched; all if none is named."""
    entries = list(as_mappings(page["data"]))
    for at, ref in enumerate(_refs(page)):
        if ref in result.objects:
            stored = result.objects[ref].object
            attributes = as_mapping(stored.get("attributes"))
            if names:
                attributes = {name: attributes[name] for name in names if name in attributes}
            entries[at] = {**entries[at], "links": as_mapping(stored.get("links")), "attributes": attributes}
    return {**page, "data": entries if isinstance(page["data"], list) else next(iter(entries), None)}
