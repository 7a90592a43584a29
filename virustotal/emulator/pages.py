"""Pages: ``limit`` and ``cursor`` of every list, by docs.virustotal.com/reference/collections."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from attrs import define, field, frozen

from virustotal.emulator.errors import bad_request
from virustotal.emulator.switches import Switches

DEFAULT_LIMIT = 10
MAX_LIMIT = 40
_TOKEN = ("comments", "votes", "user_votes", "graphs", "resolutions", "submissions", "analyses", "historical_whois")
_PLAIN = ("collections", "references", "associations", "related_references")


@frozen
class Place:
    """Where a cursor leads: the list, the path and limit that it is bound to, and the next item's position."""

    collection: str
    path: str
    limit: int
    offset: int


@define
class Cursors:
    """The cursors that were given out; no other is accepted."""

    _places: dict[tuple[str, str], Place] = field(factory=dict)

    def issue(self, place: Place, name: str, following: Any) -> str:
        """Return the cursor of a place, in the shape that lists of that name have; ``following`` is the next item."""
        cursor = _shape(place, name, following)
        self._places[(place.collection, cursor)] = place
        return cursor

    def offset(self, cursor: str, collection: str, path: str, limit: int, switches: Switches) -> int:
        """Return the position of a cursor, or raise the 400 of one that was not given out for this list."""
        place = self._places.get((collection, cursor))
        bound = switches.cursor_limit == "bound" and place is not None and place.path
        if place is None or (bound and (place.path, place.limit) != (path, limit)):
            raise bad_request("Invalid cursor")
        return place.offset


def _shape(place: Place, name: str, following: Any) -> str:
    if name == "screenshots" and isinstance(following, Mapping):
        return str(following.get("id"))
    if name in _PLAIN:
        return str(place.offset)
    if name in _TOKEN:
        digest = hashlib.sha256(f"{place}".encode()).digest()
        return "Cl0KEQoEZGF0ZRII" + base64.urlsafe_b64encode(digest[:20]).decode() + "~-"
    return base64.b64encode(json.dumps({"limit": place.limit, "offset": place.offset}).encode()).decode()


def parse_limit(text: str | None, switches: Switches, largest: int = MAX_LIMIT) -> int:
    """Return the page size of a request; above the largest it is the known 400."""
    if text is None:
        return DEFAULT_LIMIT
    number = int(text) if text.isascii() and text.isdigit() else 0
    if number > largest:
        raise bad_request(f"Limit can't be larger than {largest}")
    if number > 0:
        return number
    if switches.bad_limit == "default":
        return DEFAULT_LIMIT
    raise bad_request(f'Invalid limit "{text}"')


@frozen
class Page:
    """One page of a list: its items, and the ``meta`` and ``links`` of the answer."""

    items: Sequence[Any]
    meta: dict[str, Any]
    links: dict[str, str]


def page(
    items: Sequence[Any],
    *,
    name: str,
    collection: str,
    address: str,
    query: Mapping[str, str],
    cursors: Cursors,
    switches: Switches,
    largest: int = MAX_LIMIT,
) -> Page:
    """Cut one page out of a list.

    ``collection`` names the list whatever form it is read in, ``address`` is the URL without a query; parameters of
    ``query`` other than the cursor are kept in the links.
    """
    limit = parse_limit(query.get("limit"), switches, largest)
    cursor_text = query.get("cursor")
    start = cursors.offset(cursor_text, collection, address, limit, switches) if cursor_text else 0
    taken = max(1, limit // 2) if switches.short_pages else limit
    end = start + taken
    parameters = {**{key: value for key, value in query.items() if key != "cursor"}, "limit": str(limit)}
    meta: dict[str, Any] = {}
    links = {"self": f"{address}?{urlencode({**parameters, **({'cursor': cursor_text} if cursor_text else {})})}"}
    if switches.count != "absent":
        meta["count"] = len(items) + (7 if switches.count == "wrong" else 0)
    if end < len(items):
        repeated = cursor_text if switches.cursor_repeats else None
        cursor = repeated or cursors.issue(Place(collection, address, limit, end), name, items[end])
        meta["cursor"] = cursor
        links["next"] = f"{address}?{urlencode({'cursor': cursor, **parameters})}"
    return Page(items[start:end], meta, links)
