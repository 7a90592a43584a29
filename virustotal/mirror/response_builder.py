"""Answers in the shape of VirusTotal's own, of what the mirror holds; pure but for the `fetch` that they are given."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from attrs import evolve, frozen

from virustotal import api
from virustotal.api.source import Answer
from virustotal.core.models import Ref
from virustotal.mirror.documents import Stored
from virustotal.mirror.object_store import FetchResult
from virustotal.mirror.request_parser import KINDS, Asked, cursor
from virustotal.util.readers import EMPTY, as_mapping, integer, quantity

#: By whom an answer of the mirror is said to be.
ORIGIN = "mirror"
#: Said of what the mirror does not hold, where VirusTotal is not asked.
NOT_HELD = "The mirror does not hold this, and VirusTotal is not asked (mirror.only)."
#: Said of it where VirusTotal is asked first, and could not answer.
NOT_ANSWERED = "The mirror does not hold this, and VirusTotal did not answer."
#: Said where the mirror answers although VirusTotal was to.
INSTEAD = "VirusTotal did not answer, so the mirror did, with what it holds."

Fetch = Callable[[Iterable[Ref]], FetchResult]


@frozen
class Response:
    """What the mirror can say.

    whole: all that was asked for. moment: when what it is about changed, in Unix seconds. parts: the same of the oldest
    object of each relationship in line.
    """

    payload: Mapping[str, Any]
    whole: bool
    moment: float
    parts: Mapping[str, float] = EMPTY

    @property
    def age(self) -> float:
        """Seconds since any part of it changed last; 0 where that is not known."""
        return _age(min((each for each in (self.moment, *self.parts.values()) if each), default=0.0))

    def answer(self, instead: str = "") -> Answer:
        """Return the reply as a source answers it; instead: see `Answer`."""
        parts = {name: _age(moment) for name, moment in self.parts.items() if moment}
        return Answer(self.payload, origin=ORIGIN, age=_age(self.moment), fallback_reason=instead, parts=parts)


@frozen
class RelationshipPage:
    """One relationship as the mirror holds it. more: VirusTotal's own cursor, where there is more than is held."""

    entries: tuple[Mapping[str, Any], ...]
    one: bool = False
    more: str = ""
    count: int | None = None

    @property
    def data(self) -> Any:
        """The entries as a payload has them."""
        return list(self.entries) if not self.one else (self.entries[0] if self.entries else None)

    @property
    def refs(self) -> tuple[Ref, ...]:
        """The objects that the mirror may hold."""
        return tuple(ref for entry in self.entries if (ref := _ref(entry)).kind in KINDS)

    def missing(self, haul: FetchResult) -> tuple[Ref, ...]:
        """The objects that are not among those found."""
        return tuple(ref for entry in self.entries if (ref := _ref(entry)) not in haul.found)


def held(subject: Stored, name: str, behaviours: Callable[[], tuple[Stored, ...]]) -> RelationshipPage | None:
    """Return a relationship of a stored object, or None where it is not held.

    behaviours: asks for the behaviour reports, which the feed of files does not name.
    """
    block = as_mapping(as_mapping(subject.object.get("relationships")).get(name))
    found = _read(block) if "data" in block else None
    if name == "behaviours" and subject.object.get("type") == "file" and (found is None or not found.entries):
        reports = tuple({"type": "file_behaviour", "id": each.id} for each in behaviours())
        return RelationshipPage(reports, count=len(reports)) if reports else None
    return found


def _read(block: Mapping[str, Any]) -> RelationshipPage | None:
    data, meta = block.get("data"), as_mapping(block.get("meta"))
    more = meta.get("cursor")
    if data is None or isinstance(data, Mapping):
        return RelationshipPage((data,) if data else (), one=True)
    if not isinstance(data, list):
        return None
    entries = tuple(entry for entry in data if isinstance(entry, Mapping))
    return RelationshipPage(entries, more=more if isinstance(more, str) else "", count=integer(meta.get("count")))


def of_object(
    asked: Asked, subject: Stored, blocks: Mapping[str, RelationshipPage | None], fetch: Fetch, *, only: bool
) -> Response:
    """Return the answer to a request for an object, with those of its relationships that are held.

    Where attributes are wanted in line, the objects of all relationships come in one multi-get, unless another source
    is asked for the whole anyway. What is not held is said in its place. only: there is no other source.
    """
    found = {name: block for name, block in blocks.items() if block is not None}
    whole = all(name in found and not found[name].more for name in asked.names)
    lined = {name: found[name] for name in asked.lined if name in found and (whole or only)}
    haul = fetch(ref for block in lined.values() for ref in block.refs)
    related: dict[str, Any] = {}
    for name in asked.names:
        if name in lined:
            gap = _gap(lined[name], haul, only=True) if only else {}
            related[name] = _shown(_filled(lined[name], haul, asked.lined[name])) | gap
        else:
            related[name] = _shown(found[name]) if name in found else _error(only, NOT_HELD if only else NOT_ANSWERED)
    entry = {name: value for name, value in subject.object.items() if name in {"attributes", "links"}}
    entry |= {"type": asked.ref.kind, "id": subject.id}
    parts = {name: _oldest(haul.found[ref] for ref in block.refs if ref in haul.found) for name, block in lined.items()}
    return Response({"data": entry | ({"relationships": related} if related else {})}, whole, subject.moment, parts)


def of_page(asked: Asked, subject: Stored, block: RelationshipPage, fetch: Fetch, *, only: bool) -> Response | None:
    """Return the answer to a request for one page of a relationship; None for a page that VirusTotal alone has.

    The first page is whole if all pages are: nobody else can go on with a list that the mirror began. only: there is no
    other source.
    """
    if asked.start is None:
        return None
    stop = asked.start + max(1, min(asked.limit, api.PAGE))
    part = evolve(block, entries=block.entries[asked.start : stop], more="")
    rest = cursor(stop) if stop < len(block.entries) else block.more
    if asked.descriptors:
        return Response(_shown(evolve(part, more=rest)), not block.more, subject.moment)
    all_of_it = part if asked.start or only else block
    haul = fetch(all_of_it.refs)
    payload = _shown(evolve(_filled(part, haul, asked.attributes), more=rest)) | _gap(part, haul, only=only)
    moment = _oldest((subject, *haul.found.values()))
    return Response(payload, not all_of_it.missing(haul) and not block.more, moment)


def _oldest(kept: Iterable[Stored]) -> float:
    return min((each.moment for each in kept if each.moment), default=0.0)


def _age(moment: float) -> float:
    return max(0.0, time.time() - moment) if moment else 0.0


def _gap(block: RelationshipPage, haul: FetchResult, *, only: bool) -> dict[str, Any]:
    """Say beside the data that some objects are missing: those that could not be read, else those not held."""
    missing = block.missing(haul)
    if not missing:
        return {}
    reasons = [haul.failed[ref] for ref in missing if ref in haul.failed]
    why = reasons[0].rstrip(".") if reasons else "The mirror does not hold all"
    rest = "VirusTotal is not asked (mirror.only)" if only else "VirusTotal did not answer"
    said = f"Of {quantity(len(block.entries), 'object')} {len(missing)} came without a report: {why}, and {rest}."
    return _error(only and not reasons, said)


def _error(skipped: bool, message: str) -> dict[str, Any]:
    return {"error": {"code": api.NOT_LOOKED_UP if skipped else api.NOT_ANSWERED, "message": message}}


def _shown(block: RelationshipPage) -> dict[str, Any]:
    meta: dict[str, Any] = {} if block.count is None else {"count": block.count}
    return {"data": block.data, "meta": meta | ({"cursor": block.more} if block.more else {})}


def _filled(block: RelationshipPage, haul: FetchResult, wanted: tuple[str, ...]) -> RelationshipPage:
    """The block with the attributes that are wanted of what is held; all where none is named."""
    return evolve(block, entries=tuple(_with(entry, haul.found.get(_ref(entry)), wanted) for entry in block.entries))


def _with(entry: Mapping[str, Any], kept: Stored | None, wanted: tuple[str, ...]) -> Mapping[str, Any]:
    if kept is None:
        return entry
    attributes = as_mapping(kept.object.get("attributes"))
    if wanted:
        attributes = {name: attributes[name] for name in wanted if name in attributes}
    return {**entry, "links": as_mapping(kept.object.get("links")), "attributes": attributes}


def _ref(entry: Mapping[str, Any]) -> Ref:
    found = api.decode_object(entry)
    return found.ref if found is not None else Ref("", "")
