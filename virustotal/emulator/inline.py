"""Relationships inside an object: ``?relationships=``, and what large integrations send besides."""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs, urlencode

from virustotal.emulator.errors import ApiError, bad_request, forbidden
from virustotal.emulator.facts import RELATIONSHIPS, Relationship
from virustotal.emulator.pages import Place
from virustotal.emulator.state import Context
from virustotal.emulator.views import descriptor, facts_of, is_item, related, visible

Json = dict[str, Any]
_SELECTED = re.compile(r"relationship_attributes\[(\w+)\]")


def inline_relationships(context: Context, kind: str, identifier: str) -> Json | None:
    """Return the ``relationships`` that the query asks for inside an object, or None when it asks for none."""
    switches = context.state.switches
    names = [name for name in context.query.get("relationships", "").split(",") if name]
    counters = context.query.get("relationship_counters", "").lower() == "true"
    if counters and switches.relationship_counters == "400":
        raise bad_request("Unknown parameter: relationship_counters")
    selected = _selections(context)
    if not names and not (counters and switches.relationship_counters == "honoured"):
        return None
    shown: Json = {}
    for facts in _requested_facts(context, kind, names):
        block = _block(context, kind, identifier, facts, selected.get(facts.name))
        if block is not None:
            shown[facts.name] = block
    if counters and switches.relationship_counters == "honoured":
        _count(context, kind, identifier, shown)
    return shown


def _selections(context: Context) -> dict[str, list[str]]:
    """Return ``relationship_attributes[NAME]`` -> names, empty where the switch says to ignore them."""
    query = parse_qs(context.entry.query)
    selections = {match[1]: values for name, values in query.items() if (match := _SELECTED.fullmatch(name))}
    if selections and context.state.switches.relationship_attributes == "400":
        raise bad_request("Unknown parameter: relationship_attributes")
    if context.state.switches.relationship_attributes == "ignored":
        return {}
    return {name: ",".join(values).split(",") for name, values in selections.items()}


def _requested_facts(context: Context, kind: str, names: Iterable[str]) -> list[Relationship]:
    relationships: list[Relationship] = []
    switches = context.state.switches
    for name in names:
        facts = facts_of(context, kind, name)
        if facts is None:
            if switches.inline_bad_name == "400":
                raise ApiError("BadRequestError", f'Invalid relationship "{name}"')
        elif context.key.may(facts.access):
            relationships.append(facts)
        elif switches.inline_forbidden != "left-out":
            raise forbidden() if switches.inline_forbidden == "403" else bad_request(f'Invalid relationship "{name}"')
    return relationships


def _block(
    context: Context, kind: str, identifier: str, facts: Relationship, selected: list[str] | None
) -> Json | None:
    state = context.state
    links = {
        "self": state.address(kind, identifier, "relationships", facts.name),
        "related": state.address(kind, identifier, facts.name),
    }
    items = related(context, kind, identifier, facts)
    if not facts.many:
        if items is None:
            return None if state.switches.absent_one == "missing" else {"data": None, "links": links}
        return {"data": _inline(context, items, selected, True), "meta": {"count": 1}, "links": links}
    size = state.switches.inline_page
    own = links["self"]
    links["self"] += f"?limit={size}"
    half = (min(size, len(items)) + 1) // 2 if state.switches.relationship_attributes == "half" else size
    block: Json = {
        "data": [_inline(context, item, selected, index < half) for index, item in enumerate(items[:size])],
        "links": links,
    }
    if len(items) > size:
        place = Place(f"{kind}/{identifier}/{facts.name}", "", size, size)
        cursor = state.cursors.issue(place, facts.name, items[size])
        block["meta"] = {"cursor": cursor}
        links["next"] = f"{own}?{_query(cursor, size)}"
    return block


def _inline(context: Context, item: Any, selected: list[str] | None, detailed: bool) -> Any:
    shown = descriptor(context, item)
    if not is_item(item):
        return shown
    stored = item if isinstance(item.get("attributes"), dict) else context.state.store.get(item["type"], item["id"])
    if selected is not None and detailed and stored is not None:
        shown_whole = visible(context, item["type"], item["id"], stored["attributes"])
        attributes = shown_whole if isinstance(shown_whole, dict) else {}
        shown["attributes"] = {name: attributes[name] for name in selected if name in attributes}
    return shown


def _query(cursor: str, limit: int) -> str:
    return urlencode({"cursor": cursor, "limit": limit})


def _count(context: Context, kind: str, identifier: str, shown: Json) -> None:
    for name in RELATIONSHIPS[kind]:
        facts = facts_of(context, kind, name)
        if facts is None or not context.key.may(facts.access):
            continue
        items = related(context, kind, identifier, facts)
        count = len(items) if facts.many else int(items is not None)
        shown.setdefault(name, {}).setdefault("meta", {})["count"] = count
