"""From JSON to the nouns of the core. What is missing, null or of another type is left out."""

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote

from attrs import evolve, field, frozen

from virustotal.api.deep_json import parse_deep
from virustotal.api.identifiers import COLLECTIONS, LONGEST_ID, SHA256, valid_id
from virustotal.api.relationships import KINDS
from virustotal.api.source import Request
from virustotal.core.errors import InvalidError, UnavailableError
from virustotal.core.models import FOUND, Object, Outcome, Ref, Related, Report, Status
from virustotal.util.readers import as_mapping, as_text, integer

#: Codes of an error beside or in place of a relationship's data, as a mirror says that not all of it came: what it does
#: not hold was not looked up, what it could not read failed.
NOT_LOOKED_UP, NOT_ANSWERED = "LocalNotMirrored", "LocalMirror"

#: Digits of the largest integer that is read; Python refuses some thousands.
MOST_DIGITS = 400
#: Entries of one list that are read; a page of the API has 40 at most.
MOST_ENTRIES = 1_000

_OF_ANALYSIS = re.compile(r"u-([0-9a-f]{64})-[0-9]+")
_PATH = re.compile(r"/([a-z_]+)/([^/]+)(?:/(.+))?")
_BY_PATH: Mapping[str, str] = {path: kind for kind, path in COLLECTIONS.items()}
#: Length of a digest in hexadecimal, to the attribute that has it.
_DIGESTS: Mapping[int, str] = {32: "md5", 40: "sha1"}


@frozen
class Page:
    """One page of a collection.

    Args:
        cursor: Of the next page, or empty at the end.
        left_out: The number of entries that are no objects.
        outcome: Whether the page has all that it should.
    """

    items: tuple[Object, ...] = ()
    cursor: str = field(default="", repr=False)
    total: int | None = None
    left_out: int = 0
    outcome: Outcome = FOUND


def parse(body: bytes) -> Any:
    """Return the value of a JSON text.

    Bytes that are not UTF-8 are replaced; NaN, infinities and numbers beyond all bounds are null.

    Raises:
        ValueError: It is no JSON, or is nested deeper than `deep_json.DEEPEST`.
    """
    text = body.decode("utf-8-sig", "replace")
    try:
        return json.loads(text, parse_constant=_null, parse_float=_float, parse_int=_int, strict=False)
    except RecursionError:
        return parse_deep(text)


def _null(constant: str) -> None:
    """NaN and the infinities."""


def _float(text: str) -> float | None:
    return number if math.isfinite(number := float(text)) else None


def _int(digits: str) -> int | None:
    return int(digits) if len(digits) < MOST_DIGITS else None


def decode_object(data: Any) -> Object | None:
    """Return one object, or None for what has no type or no identifier. Without attributes it is not whole."""
    entry = as_mapping(data)
    kind, id = entry.get("type"), entry.get("id")
    if isinstance(id, int) and not isinstance(id, bool):
        id = f"{id:d}" if abs(id) < 2**63 else ""  # seen with analyses
    if not isinstance(kind, str) or not isinstance(id, str) or not kind or not 0 < len(id) <= LONGEST_ID:
        return None
    error = as_mapping(entry.get("error"))
    code = (as_text(error.get("code"), 100) or "error") if entry.get("error") else ""
    return Object(
        Ref(kind, _plain_id(kind, id)),
        as_mapping(entry.get("attributes")),
        as_mapping(entry.get("context_attributes")),
        as_mapping(entry.get("links")),
        whole=isinstance(entry.get("attributes"), Mapping) or bool(code),
        error=code,
    )


def _plain_id(kind: str, id: str) -> str:
    """Return the one spelling of an identifier; one that cannot be asked for as it is.

    Older answers name a URL by its analysis, `u-<SHA-256>-<seconds>`, which no address takes.
    """
    analysis = _OF_ANALYSIS.fullmatch(id) if kind == "url" else None
    if analysis or kind not in KINDS:
        return analysis.group(1) if analysis else id
    try:
        return valid_id(kind, id)
    except InvalidError:
        return id


def decode_page(payload: Mapping[str, Any]) -> Page:
    """Return a page: of a list, of a single object (to-one), or of null (none)."""
    data, meta = payload.get("data"), as_mapping(payload.get("meta"))
    entries = data if isinstance(data, list | tuple) else (data,) if data is not None else ()
    items = tuple(item for entry in entries[:MOST_ENTRIES] if (item := decode_object(entry)) is not None)
    left_out = len(entries) - len(items)
    unique = distinct(items)
    cursor = meta.get("cursor")
    total = integer(meta.get("count"))
    return Page(
        unique,
        cursor if isinstance(cursor, str) and len(cursor) <= LONGEST_ID else "",
        max(0, total - len(items) + len(unique)) if total is not None and total >= 0 else None,
        left_out,
        _ended(payload),
    )


def distinct(items: Iterable[Object]) -> tuple[Object, ...]:
    """Return each object once, in the order of the list, as the first that has attributes."""
    objects: dict[Ref, Object] = {}
    for item in items:
        if item.ref not in objects or (item.attributes and not objects[item.ref].attributes):
            objects[item.ref] = item
    return tuple(objects.values())


def _ended(block: Mapping[str, Any]) -> Outcome:
    error = as_mapping(block.get("error"))
    if not error:
        return FOUND
    status = Status.FAILED if error.get("code") == NOT_ANSWERED else Status.SKIPPED
    return Outcome(status, as_text(error.get("message"), 300))


def decode_related(relationship: str, block: Any) -> Related:
    """Return an inline block of `?relationships=`: descriptors, rarely with a few attributes."""
    page = decode_page(as_mapping(block))
    if not page.outcome.found and "data" not in as_mapping(block):
        return Related(relationship, outcome=page.outcome, complete=False)
    items = tuple(evolve(item, whole=False) for item in page.items)
    reported = [bool(item.attributes or item.error) for item in items]
    return Related(
        relationship,
        items,
        page.outcome if not page.outcome.found else _left_out(page.left_out),
        total(page.total, len(items), not page.cursor),
        complete=not page.cursor and len(items) + page.left_out <= MOST_ENTRIES,
        detailed=bool(items) and (all(reported) if page.outcome.found else any(reported)),
        cursor=page.cursor,
    )


def total(counted: int | None, shown: int, complete: bool) -> int | None:
    """How many there are: VirusTotal's own count unless it is disproved; the number shown where that is all."""
    if counted is not None and counted >= shown:
        return counted
    return shown if complete else None


def _left_out(count: int) -> Outcome:
    if not count:
        return FOUND
    return Outcome(Status.FOUND, f"{count} entries were left out: no type, no identifier, or beyond {MOST_ENTRIES}.")


def decode_report(payload: Mapping[str, Any], asked: Ref) -> Report:
    """Return the report of an object's own answer, with its inline relationships.

    Raises:
        UnavailableError: The answer is not of the object asked for; see `check`.
    """
    subject = _subject(payload, asked)
    blocks = as_mapping(as_mapping(payload.get("data")).get("relationships"))
    related = {name: decode_related(name, block) for name, block in blocks.items() if isinstance(name, str)}
    # The subject was asked for whole: attributes that are missing are absent, not unasked.
    return Report(evolve(subject, whole=True), related)


def check(request: Request, payload: Mapping[str, Any]) -> None:
    """Check that an answer is of what was requested, before it is kept or believed.

    An answer to the look-up of an object has the object's kind, its identifier and its attributes; an answer to one of
    its relationships has a list of objects, one object, or null. Other requests are not checked.

    Raises:
        UnavailableError: The answer is of something else.
    """
    path = _PATH.fullmatch(request.path)
    kind = _BY_PATH.get(path[1], "") if path else ""
    if request.method != "GET" or request.save or not path or not kind:
        return
    asked = Ref(kind, unquote(path[2]))
    try:
        valid_id(asked.kind, asked.id)
    except InvalidError:
        return  # an endpoint of the collection, such as /files/upload_url
    if path[3] is None:
        _subject(payload, asked)
    elif not isinstance(payload.get("data"), list | tuple | Mapping | None):
        raise UnavailableError("The answer is not a list of objects.", code="LocalNoData")


def _subject(payload: Mapping[str, Any], asked: Ref) -> Object:
    """Return the object asked for; UnavailableError for anything else."""
    data = as_mapping(payload.get("data"))
    subject = decode_object(data)
    if subject is None:
        raise UnavailableError("The answer holds no object.", code="LocalNoData")
    if not isinstance(data.get("attributes", {}), Mapping):
        raise UnavailableError("The answer holds an object without attributes.", code="LocalNoData")
    if subject.ref.kind != asked.kind or not _same(subject, asked, data.get("id")):
        raise UnavailableError("The answer is of another object than the one asked for.", code="LocalOtherObject")
    return subject


def _same(subject: Object, asked: Ref, id: Any) -> bool:
    """Whether an object has the identifier asked for.

    VirusTotal answers an MD5, a SHA-1 and the base64 of a URL with a SHA-256: a digest is compared with the attribute
    of its name, where the answer has that.
    """
    if asked.kind not in KINDS:
        return valid_id(asked.kind, asked.id) == subject.ref.id or asked.kind == "analysis"
    mine = valid_id(asked.kind, asked.id)
    try:
        theirs = valid_id(subject.ref.kind, subject.ref.id)
    except InvalidError:
        return False
    if mine == theirs:
        return isinstance(id, str)
    if asked.kind not in {"file", "url"} or SHA256.fullmatch(mine) or not SHA256.fullmatch(theirs):
        return False
    digest = subject.attributes.get(_DIGESTS.get(len(mine), "")) if asked.kind == "file" else None
    return not isinstance(digest, str) or digest.lower() == mine
