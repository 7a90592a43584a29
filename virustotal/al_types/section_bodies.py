"""Bodies of sections: of the shape that the user interface draws, finite, bounded and inert."""

import json
import math
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from virustotal.util.readers import clean

#: Levels of lists and mappings in one body: process trees of 200 processes, two levels each, inside a multi body.
MOST_BODY_LEVELS = 450
#: Processes of one tree from its root to its leaf (the framework's own serialiser ends near 480).
MOST_PROCESS_LEVELS = 200
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

    Raises BodyError for NaN and infinity, bytes, and whatever else JSON has no form for.
    """
    try:
        written = body if isinstance(body, str) else json.dumps(body, allow_nan=False)
        value = json.loads(written, parse_constant=_refuse)
    except (ValueError, TypeError, RecursionError) as error:
        raise BodyError(f"not a JSON value: {error}") from None
    if levels(value) > MOST_BODY_LEVELS:
        raise BodyError(f"more than {MOST_BODY_LEVELS} levels")
    return _inert(value) if _SUSPECT.search(written) else value


def _refuse(constant: str) -> Any:
    raise BodyError(f"{constant} is no number of JSON")


def levels(value: Any) -> int:
    """Return how many lists and mappings are inside each other, without recursion."""
    deepest, todo = 0, [(value, 1)]
    while todo:
        entry, level = todo.pop()
        if isinstance(entry, dict | list):
            deepest = max(deepest, level)
            below = entry.values() if isinstance(entry, dict) else entry
            todo.extend((each, level + 1) for each in below if isinstance(each, dict | list))
    return deepest


def _inert(value: Any) -> Any:
    """Clean all texts of a freshly parsed value, in place and without recursion."""
    holder = [value]
    todo: list[Any] = [holder]
    while todo:
        entry = todo.pop()
        if isinstance(entry, dict):
            for key in [key for key in entry if clean(key, len(key) + 1) != key]:
                entry[clean(key, len(key) + 1)] = entry.pop(key)
        for key, each in list(entry.items() if isinstance(entry, dict) else enumerate(entry)):
            if isinstance(each, str):
                entry[key] = clean(each, len(each) + 1)
            elif isinstance(each, dict | list):
                todo.append(each)
    return holder[0]


# --- shapes: what each format is drawn from --------------------------------------------------------------------------


def shaped(body_format: str, value: Any) -> Any:
    """Return the value in the shape of its format; raises BodyError where it cannot be drawn."""
    shape = _SHAPES.get(body_format)
    if shape is None:
        raise BodyError(f"no such format for a plugin's section: {body_format}")
    return shape(value)


def _scalar(value: Any) -> Any:
    """A cell: nested values are written as JSON, since the interface draws text and numbers alone."""
    return json.dumps(value) if isinstance(value, dict | list) else value


def _mapping(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BodyError(f"{what} is a mapping, not {type(value).__name__}")
    return value


def _list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise BodyError(f"{what} is a list, not {type(value).__name__}")
    return value


def _key_values(value: Any) -> Any:
    return {key: _scalar(entry) for key, entry in _mapping(value, "a KEY_VALUE body").items()}


def _ordered(value: Any) -> Any:
    found = []
    for pair in _list(value, "an ORDERED_KEY_VALUE body"):
        if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[0], str):
            raise BodyError("an entry of an ORDERED_KEY_VALUE body is a name and a value")
        found.append([pair[0], _scalar(pair[1])])
    return found


def _table(value: Any) -> Any:
    return [_mapping(row, "a row of a TABLE body") for row in _list(value, "a TABLE body")]


def _urls(value: Any) -> Any:
    return [_url(entry) for entry in ([value] if isinstance(value, dict) else _list(value, "a URL body"))]


def _url(value: Any) -> dict[str, str]:
    entry = _mapping(value, "an entry of a URL body")
    url, name = entry.get("url"), entry.get("name")
    if not isinstance(url, str) or not (_absolute(url) or (url.startswith("/") and not url.startswith("//"))):
        raise BodyError("a link of a URL body begins with http://, https:// or /")
    return {"url": url, "name": str(name)} if name else {"url": url}


def _absolute(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return False


def _graph(value: Any) -> Any:
    data = _mapping(_mapping(value, "a GRAPH_DATA body").get("data"), "`data` of a GRAPH_DATA body")
    numbers = [*_list(data.get("domain"), "`domain`"), *_list(data.get("values"), "`values`")]
    if value.get("type") != "colormap" or len(data["domain"]) != 2 or not all(map(_finite, numbers)):
        raise BodyError("a GRAPH_DATA body is a colormap of a domain of two numbers and of values")
    return value


def _finite(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _processes(value: Any) -> Any:
    todo = [(node, 1) for node in _list(value, "a PROCESS_TREE body")]
    while todo:
        node, level = todo.pop()
        if level > MOST_PROCESS_LEVELS:
            raise BodyError(f"a process tree of more than {MOST_PROCESS_LEVELS} levels")
        _mapping(node, "a process")
        for name in ("process_pid", "process_name", "command_line"):
            if name not in node:
                raise BodyError(f"a process has no {name}")
        node.setdefault("signatures", {})
        _mapping(node["signatures"], "`signatures` of a process")
        todo.extend((child, level + 1) for child in _list(node.setdefault("children", []), "`children` of a process"))
    return value


def _timeline(value: Any) -> Any:
    for node in _list(value, "a TIMELINE body"):
        _mapping(node, "a node of a TIMELINE body")
        for name in ("title", "content", "opposite_content"):
            if not isinstance(node.setdefault(name, ""), str):
                raise BodyError(f"`{name}` of a node of a TIMELINE body is a text")
        _list(node.setdefault("signatures", []), "`signatures` of a node of a TIMELINE body")
        node.setdefault("icon", None)
        if not _finite(node.setdefault("score", 0)):
            raise BodyError("`score` of a node of a TIMELINE body is a number")
    return value


def _sandbox(value: Any) -> Any:
    if _mapping(value, "a SANDBOX body").setdefault("analysis_information", None) is not None:
        _mapping(value["analysis_information"], "`analysis_information` of a SANDBOX body")
    for name in ("processes", "network_connections", "signatures"):
        for entry in _list(value.setdefault(name, []), f"`{name}` of a SANDBOX body"):
            _mapping(entry, f"an entry of `{name}` of a SANDBOX body")
    return value


def _multi(value: Any) -> Any:
    return [_part(part) for part in _list(value, "a MULTI body")]


def _part(part: Any) -> list[Any]:
    if not isinstance(part, list) or len(part) not in {2, 3} or not isinstance(part[0], str):
        raise BodyError("a part of a MULTI body is a format, a body and a configuration")
    body_format, body = part[0], part[1]
    config = config_of(body_format, part[2] if len(part) == 3 else None)
    if body_format == "DIVIDER":
        return [body_format, None, {}]
    if body_format in PLAIN:
        if not isinstance(body, str):
            raise BodyError("a text part of a MULTI body is a text")
        return [body_format, body, {}]
    if body_format == "MULTI":
        raise BodyError("a MULTI body inside a MULTI body")
    return [body_format, shaped(body_format, body), config]


def config_of(body_format: str, config: Any) -> dict[str, Any]:
    """Return what of a body's configuration the interface reads: the order of a table's columns."""
    order = config.get("column_order") if isinstance(config, Mapping) and body_format == "TABLE" else None
    return {"column_order": [clean(str(name)) for name in order]} if isinstance(order, list | tuple) and order else {}


_SHAPES: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "JSON": lambda value: value,
        "KEY_VALUE": _key_values,
        "ORDERED_KEY_VALUE": _ordered,
        "TABLE": _table,
        "URL": _urls,
        "GRAPH_DATA": _graph,
        "PROCESS_TREE": _processes,
        "TIMELINE": _timeline,
        "SANDBOX": _sandbox,
        "MULTI": _multi,
    }
)


def written(value: Any, longest: int) -> tuple[str | None, int]:
    """Return a JSON body as text of at most `longest` characters, and how many of its rows were cut off.

    None for the text where nothing of it fits, or it has no rows that could be left out.
    """
    found = json.dumps(value, allow_nan=False)
    if len(found) <= longest:
        return found, 0
    if not isinstance(value, list):
        return None, 0
    sizes, keep, used = [len(json.dumps(row)) + 2 for row in value], 0, 2
    while keep < len(sizes) and used + sizes[keep] <= longest:
        used += sizes[keep]
        keep += 1
    return (json.dumps(value[:keep]), len(value) - keep) if keep else (None, len(value))
