"""Bodies of sections: of the shape that the user interface draws, finite, bounded and inert."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from virustotal.util.readers import clean

#: Levels of lists and mappings in one body: a process tree of 200 levels, two of JSON each, inside a multi body.
MOST_BODY_LEVELS = 450
#: Formats whose body is plain text (assemblyline_v4_service.common.result.BODY_FORMAT).
PLAIN = frozenset({"TEXT", "MEMORY_DUMP"})

# Whether a JSON text may hold what `clean` replaces: raw, or as an escape (backslash, u, 4 digits).
_SUSPECT = re.compile(
    r"\\u(?:00[018][0-9a-f]|007f|009[0-9a-f]|200[b-f]|202[a-e]|206[0-9a-f]|feff|fff[9-b]|d[89a-f])|[^\n\x20-\x7e]",
    re.IGNORECASE,
)


class BodyError(ValueError):
    """A body that the platform or its user interface cannot take."""


def plain(body: Any, longest: int) -> tuple[str, int]:
    """Return a plain body as inert text, and how many characters were cut off."""
    if not isinstance(body, str):
        raise BodyError(f"a plain body is a text, not {type(body).__name__}")
    return clean(body, longest), max(0, len(body) - longest)


def parsed(body: Any) -> Any:
    """Return the value of a JSON body, which is text or what it is made of.

    Raises:
        BodyError: It has NaN, infinity, bytes, or whatever else JSON has no form for.
    """
    try:
        written = body if isinstance(body, str) else json.dumps(body, allow_nan=False)
        value = json.loads(written, parse_constant=_refuse)
    except (ValueError, TypeError, RecursionError) as error:
        raise BodyError(f"not a JSON value: {error}") from None
    if max((level for _, level in _containers(value)), default=0) > MOST_BODY_LEVELS:
        raise BodyError(f"more than {MOST_BODY_LEVELS} levels")
    return _inert(value) if _SUSPECT.search(written) else value


def _refuse(constant: str) -> Any:
    raise BodyError(f"{constant} is no number of JSON")


def _containers(value: Any) -> Iterator[tuple[Any, int]]:
    """Yield all lists and mappings of a value with their levels, without recursion; a container before its entries."""
    todo = [(value, 1)]
    while todo:
        entry, level = todo.pop()
        if isinstance(entry, dict | list):
            yield entry, level
            entries = entry.values() if isinstance(entry, dict) else entry
            todo.extend((below, level + 1) for below in entries if isinstance(below, dict | list))


def _inert(value: Any) -> Any:
    """Clean all texts of a freshly parsed value, in place."""
    holder = [value]
    for container, _ in _containers(holder):
        if isinstance(container, dict):
            for key in [key for key in container if clean(key, len(key) + 1) != key]:
                container[clean(key, len(key) + 1)] = container.pop(key)
        for key, entry in list(container.items() if isinstance(container, dict) else enumerate(container)):
            if isinstance(entry, str):
                container[key] = clean(entry, len(entry) + 1)
    return holder[0]


# --- shapes ----------------------------------------------------------------------------------------------------------

#: What the interface reads of each format without a check of its own: one section of another shape ends the whole page.
#: A type, a list of one shape, a mapping of keys to shapes, or the name of another format.
_SHAPES: Mapping[str, Any] = {
    "TEXT": str,
    "MEMORY_DUMP": str,
    "JSON": object,
    "KEY_VALUE": dict,
    "ORDERED_KEY_VALUE": [list],
    "TABLE": [dict],
    "URL": [{"url": str, "name": str}],
    "GRAPH_DATA": {"data": {"domain": list, "values": list}},
    "PROCESS_TREE": [{"signatures": dict, "children": "PROCESS_TREE"}],
    "TIMELINE": [{"title": str, "content": str, "opposite_content": str}],
    "SANDBOX": {"processes": [dict], "network_connections": [dict], "signatures": [dict]},
    "MULTI": [list],
}
_NOUNS: Mapping[type, str] = {str: "a text", list: "a list", dict: "a mapping"}


def shaped(body_format: str, value: Any) -> Any:
    """Return a body in the shape of its format; lists and mappings that it lacks are filled in, empty.

    Args:
        body_format: Of a body that is no plain text.
        value: What `parsed` returned; it may be changed.

    Raises:
        BodyError: The body has another shape, or there is no such format.
    """
    if body_format not in _SHAPES:
        raise BodyError(f"no such format for a plugin's section: {body_format}")
    if body_format == "URL" and isinstance(value, dict):
        value = [value]
    _check(value, body_format)
    if body_format == "ORDERED_KEY_VALUE" and not all(len(pair) == 2 and isinstance(pair[0], str) for pair in value):
        raise BodyError("a row of an ORDERED_KEY_VALUE body is a name and a value")
    if body_format == "URL" and not all(_is_link(entry.get("url")) for entry in value):
        raise BodyError("a link of a URL body begins with http://, https:// or /")
    return [_part(part) for part in value] if body_format == "MULTI" else value


def _check(value: Any, body_format: str) -> None:
    body = f"a {body_format} body"
    todo: list[tuple[str, Any, Any]] = [(body, value, _SHAPES[body_format])]
    while todo:
        what, entry, shape = todo.pop()
        kind: Any = shape if isinstance(shape, type) else type(shape)
        if not isinstance(entry, kind):
            raise BodyError(f"{what} is {_NOUNS[kind]}, not {type(entry).__name__}")
        if kind is list and shape is not list:
            row = f"a row of {what}"
            todo.extend((row, below, shape[0]) for below in entry)
        elif kind is dict and shape is not dict:
            for name, wanted in shape.items():
                below = _SHAPES[wanted] if isinstance(wanted, str) else wanted
                if below is not str and entry.get(name) is None:
                    entry[name] = [] if isinstance(below, list) or below is list else {}
                if entry.get(name) is not None:
                    todo.append((f"`{name}` of {body}", entry[name], below))


def _is_link(url: Any) -> bool:
    if not isinstance(url, str):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    absolute = parts.scheme in {"http", "https"} and bool(parts.hostname)
    return absolute or (url.startswith("/") and not url.startswith("//"))


def _part(part: list[Any]) -> list[Any]:
    if len(part) not in {2, 3} or not isinstance(part[0], str) or part[0] == "MULTI":
        raise BodyError("a part of a MULTI body is another format, a body and a configuration")
    body_format, body, config = (*part, None)[:3]
    if body_format == "DIVIDER":
        return [body_format, None, {}]
    return [body_format, shaped(body_format, body), config_of(body_format, config)]


def config_of(body_format: str, config: Any) -> dict[str, Any]:
    """Return what of a body's configuration the interface reads: the order of a table's columns."""
    order = config.get("column_order") if isinstance(config, Mapping) and body_format == "TABLE" else None
    return {"column_order": [clean(str(name)) for name in order]} if isinstance(order, list | tuple) and order else {}


def written(value: Any, longest: int) -> tuple[str | None, int]:
    """Return a JSON body as text of at most `longest` characters, and how many of its rows were cut off.

    None for the text where nothing of it fits, or it has no rows that could be left out.
    """
    body = json.dumps(value, allow_nan=False)
    if len(body) <= longest:
        return body, 0
    if not isinstance(value, list):
        return None, 0
    sizes, keep, used = [len(json.dumps(row)) + 2 for row in value], 0, 2
    while keep < len(sizes) and used + sizes[keep] <= longest:
        used += sizes[keep]
        keep += 1
    return (json.dumps(value[:keep]), len(value) - keep) if keep else (None, len(value))
