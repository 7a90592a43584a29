"""Readers of single values: what is shown in a cell, and the stricter form in which a value is tagged."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from virustotal.core.readers import as_list, as_text, date, integer, moment, pairs
from virustotal.core.tables import brief, listed

_SNAKE_CASE = re.compile(r"[a-z0-9][a-z0-9_]*", re.ASCII)
_HEX = re.compile(r"[0-9a-f]+", re.ASCII)
_SEPARATORS = re.compile(r"[\s:]+")


def label(key: Any) -> str:
    """Return the name of an attribute as words: `resource_details` as `resource details`; anything else as it is."""
    name = as_text(key, 200) or "(empty)"
    return name.replace("_", " ") if _SNAKE_CASE.fullmatch(name) else name


def heading(key: Any) -> str:
    """Return the name of an attribute as words that begin with a capital: `resource_details` as `Resource details`."""
    words = label(key)
    return words[:1].upper() + words[1:]


def names(value: Any) -> str:
    """Return the texts of a list as one cell; a name that is empty is said to be."""
    return listed(brief(entry) or "(empty)" for entry in as_list(value))


def counts(value: Any) -> str:
    """Return a mapping of names and numbers as one cell, the largest first: `RT_ICON: 12, RT_STRING: 3`."""
    entries = sorted(pairs(value), key=lambda pair: -(integer(pair[1]) or 0))
    return listed(f"{name}: {brief(entry)}" for name, entry in entries) or str(brief(value))


def lower(value: Any) -> Any:
    """Return a text in lower case; anything else as it is shown."""
    return as_text(value).lower() or brief(value)


def digest(*lengths: int) -> Callable[[Any], str]:
    """Return a reader of lower-case hexadecimal digits of one of the lengths; empty for anything else."""

    def read(value: Any) -> str:
        plain = _SEPARATORS.sub("", as_text(value).lower())
        return plain if _HEX.fullmatch(plain) and (not lengths or len(plain) in lengths) else ""

    return read


md5 = digest(32)
sha1 = digest(40)
any_hex = digest()


def address(value: Any) -> Any:
    """Return a whole number as hexadecimal, such as `0x1000`; anything else as it is shown."""
    integral = integer(value)
    return brief(value) if integral is None or integral < 0 else f"0x{integral:x}"


def date_or_text(value: Any) -> Any:
    """Return a moment as it is shown; what is not readable as it is."""
    return date(value) or brief(value)


def day(value: Any) -> Any:
    """Return the day of a moment, `YYYY-MM-DD`; what is not readable as it is."""
    return moment(value)[:10] or brief(value)


def literal(table: Mapping[Any, str]) -> Callable[[Any], Any]:
    """Return a reader that names a number by a table and keeps the number beside it; unknown ones stay as they are."""

    def read(value: Any) -> Any:
        integral = integer(value)
        return f"{table[integral]} ({integral})" if integral in table else brief(value)

    return read


def whole(value: Any) -> str:
    """Return a whole number as it is tagged; empty for anything else."""
    integral = integer(value)
    return "" if integral is None else str(integral)
