"""How objects and related objects are shown: whole, or as descriptors."""

from typing import Any

from virustotal.emulator.derived import derive
from virustotal.emulator.errors import bad_request, not_found
from virustotal.emulator.facts import PREMIUM_ATTRIBUTES, RELATIONSHIPS, Relationship
from virustotal.emulator.state import Context

Json = dict[str, Any]


def facts_of(context: Context, kind: str, name: str) -> Relationship | None:
    """Return the facts of a relationship, or None where neither this server nor its world knows the name."""
    facts = RELATIONSHIPS.get(kind, {}).get(name)
    if facts is None and context.state.store.has_relationship(kind, name):
        facts = Relationship(name, (), True, "E", "")
    gone = facts is not None and facts.withdrawn and context.state.switches.withdrawn == "unknown"
    return None if gone else facts


def whole(context: Context, value: Json) -> Json:
    """Return an object with its attributes, as this key may see them."""
    kind, identifier = value["type"], value["id"]
    return {
        "type": kind,
        "id": identifier,
        "links": {"self": context.state.address(kind, identifier)},
        "attributes": visible(context, kind, identifier, value["attributes"]),
    }


def visible(context: Context, kind: str, identifier: str, attributes: Any) -> Any:
    """Return the attributes that this key and request may see; what is no dictionary, as a test may want, stays."""
    if not isinstance(attributes, dict):
        return attributes
    licensed = context.key.tier == "gti" and "x-tool" in context.http.headers
    hidden = set() if licensed else {"gti_assessment"}
    if context.key.tier == "public":
        hidden |= PREMIUM_ATTRIBUTES
    shown = {name: value for name, value in attributes.items() if name not in hidden}
    if kind == "screenshot" and (identifier, "png") in context.state.store.artefacts:
        shown["link"] = context.state.address(kind, identifier).replace(
            f"{context.state.url}/api/v3", context.state.other_url
        )
    return _selected(context, shown)


def _selected(context: Context, attributes: Json) -> Json:
    """Apply ``attributes=`` and ``exclude_attributes=``, as the switch says."""
    wanted, unwanted = context.query.get("attributes"), context.query.get("exclude_attributes")
    if (wanted is None and unwanted is None) or context.state.switches.attributes == "ignored":
        return attributes
    if context.state.switches.attributes == "400":
        raise bad_request("Unknown parameter: attributes")
    names = set(attributes if wanted is None else wanted.split(",")) - set((unwanted or "").split(","))
    return {name: value for name, value in attributes.items() if name in names}


def related(context: Context, kind: str, identifier: str, facts: Relationship) -> Any:
    """Return the stored items of a relationship: a list, or one object or None for a one-to-one relationship."""
    exists, items = context.state.store.related(kind, identifier, facts.name)
    if not exists or (not facts.many and items == []):
        exists, items = derive(context.state.store, kind, identifier, facts.name)
    if not facts.many:
        return items[0] if isinstance(items, list) and items else items or None
    if items is None:
        return []
    return items if isinstance(items, list) else [items]


def is_item(item: Any) -> bool:
    """Return whether a related item is one at all; what is none, as a test may want, is shown as it is."""
    return isinstance(item, dict) and isinstance(item.get("type"), str) and isinstance(item.get("id"), str)


def descriptor(context: Context, item: Any) -> Any:
    """Return a related object as type, id and what is known of the link."""
    if not is_item(item):
        return item
    shown: Json = {"type": item["type"], "id": item["id"]}
    about = _link_context(context, item)
    if about:
        shown["context_attributes"] = about
    return shown


def full(context: Context, item: Any) -> Any:
    """Return a related object with its attributes, or with the error of one that VirusTotal never saw."""
    if not is_item(item):
        return item
    kind, identifier = item["type"], item["id"]
    stored = item if isinstance(item.get("attributes"), dict) else context.state.store.get(kind, identifier)
    about = _link_context(context, item)
    extra: Json = {"context_attributes": about} if about else {}
    if "error" in item or stored is None:
        missing = not_found(kind, identifier)
        return {"type": kind, "id": identifier, "error": item.get("error") or missing.body["error"], **extra}
    return {**whole(context, stored), **extra}


def _link_context(context: Context, item: Json) -> Json:
    about = item.get("context_attributes")
    shown = dict(about) if isinstance(about, dict) else {}
    if item["type"] == "url" and "url" not in shown:
        own = item.get("attributes")
        url = (own if isinstance(own, dict) else context.state.store.attributes("url", item["id"])).get("url")
        if url is not None:
            shown["url"] = url
    return shown
