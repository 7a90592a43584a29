"""Any value as one inert cell: mappings and lists of whatever depth in a few words, and binary as hexadecimal."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from virustotal.core.readers import LONGEST_TEXT, as_text, clean

_DEEPEST = 3
_MOST = 20
_CONTROLS = frozenset(map(chr, (*range(9), *range(11, 32), *range(127, 160), 0xFFFD)))
_ATTRIBUTE = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)+", re.ASCII)


def describe(value: Any, longest: int = LONGEST_TEXT) -> str:
    """Return a value of any type as one inert text, such as `key: value, other: 3`; an empty text for nothing."""
    if isinstance(value, Mapping | list | tuple):
        return clean(", ".join(_parts(value, _DEEPEST)), longest)
    return as_text(value, longest)


def plain_text(value: Any, longest: int = LONGEST_TEXT) -> str:
    """Return a text as inert text; an empty one for all that is no text, of which a rendering is no tag."""
    return as_text(value, longest) if isinstance(value, str) else ""


def label(attribute: Any) -> str:
    """Return the name of an attribute as words: `files_opened` as `files opened`; anything else as it is."""
    name = as_text(attribute, 100)
    return name.replace("_", " ") if _ATTRIBUTE.fullmatch(name) else name


def _parts(value: Any, depth: int) -> Iterator[str]:
    """Yield the entries of a mapping or list; those that are one themselves in brackets, down to `depth` levels."""
    entries = value.items() if isinstance(value, Mapping) else ((None, entry) for entry in value)
    for index, (key, entry) in enumerate(entries):
        if index == _MOST:
            yield f"and {len(value) - _MOST} more"
            return
        cell = as_text(entry)
        if isinstance(entry, Mapping | list | tuple) and entry:
            cell = f"({', '.join(_parts(entry, depth - 1))})" if depth > 1 else "(…)"
        if cell:
            yield f"{label(key)}: {cell}" if key is not None else cell


def registry_value(value: Any) -> str:
    """Return a registry value: text as it is, what is mostly not text as hexadecimal."""
    if isinstance(value, str) and value:
        head = value[:LONGEST_TEXT].rstrip("\x00")
        if sum(mark in _CONTROLS for mark in head) * 4 > len(head):
            return clean(f"binary: {head.encode('utf-8', 'replace').hex(' ')}")
        return clean(value.rstrip("\x00")).strip()
    return describe(value)
