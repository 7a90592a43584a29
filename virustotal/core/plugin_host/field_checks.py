"""Checks of the fields of what plugins return. What is of another type is a TypeError that names the field."""

from collections.abc import Iterable, Mapping
from typing import Any

from virustotal.util.readers import clean

#: No score or amount is larger; every cap is far below.
MOST_POINTS = 1_000_000

_NOUNS: Mapping[type, str] = {str: "a text", int: "a whole number", bytes: "bytes", Mapping: "a mapping"}


def expect(what: str, value: Any, *kinds: type) -> None:
    """Raise TypeError for a value that has none of some types; a bool is no whole number.

    Args:
        what: What the value is, for the message.
        value: What a plugin gave.
        kinds: The types that it may have.
    """
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise TypeError(f"{what} is {' or '.join(map(_noun, kinds))}, not {type(value).__name__}")


def _noun(kind: type) -> str:
    article = "an" if kind.__name__[0] in "AEIO" else "a"
    return _NOUNS.get(kind, f"{article} {kind.__name__}")


def clamped(what: str, value: Any, least: int = -MOST_POINTS) -> int:
    """Return a whole number, clamped.

    Args:
        what: What the value is, for the message.
        value: What a plugin gave.
        least: The smallest number; the largest one is MOST_POINTS.
    """
    expect(what, value, int)
    return max(least, min(MOST_POINTS, int(value)))


def texts(owner: str, record: Any, **longest: int) -> dict[str, str]:
    """Return text fields of a record, inert and cut.

    Args:
        owner: What the record is, for the message.
        record: What a plugin gave.
        longest: By the name of the field, the most characters that are kept.
    """
    for name in longest:
        expect(f"`{name}` of {owner}", getattr(record, name), str)
    return {name: clean(getattr(record, name), most) for name, most in longest.items()}


def entries(what: str, value: Any, kind: type) -> tuple[Any, ...]:
    """Return a tuple or list as a tuple.

    Args:
        what: What the value is, for the message.
        value: What a plugin gave.
        kind: The type that all entries must have.
    """
    expect(what, value, tuple, list)
    for entry in value:
        expect(f"an entry of {what}", entry, kind)
    return tuple(value)


def iterable(what: str, value: Any, nouns: str) -> Iterable[Any]:
    """Return a value to be iterated over; a text or a mapping is refused, though Python would.

    Args:
        what: What the value is, for the message.
        value: What a plugin gave.
        nouns: What it should give, for the message.
    """
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise TypeError(f"{what} is an iterable of {nouns}, not {type(value).__name__}")
    return value
