"""Lenient readers of attributes: each may be missing, null or of another type, and none of these raises."""

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

#: An empty mapping that nobody can fill.
EMPTY: Mapping[str, Any] = MappingProxyType({})
#: Longest text of one cell, title or value; what is cut ends in an ellipsis.
LONGEST_TEXT = 1_000

#: Digests of no bytes: SHA-256, SHA-1 and MD5.
EMPTY_DIGESTS = frozenset(
    (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "d41d8cd98f00b204e9800998ecf8427e",
    )
)

# Control characters but tab and newline; what turns the direction of text, ends a line or hides in it (bidi,
# separators, zero width, BOM, tags); surrogates and noncharacters.
_INERT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\ud800-\udfff\ufdd0-\ufdef\U000e0000-\U000e007f"
    f"{''.join(chr(plane << 16 | last) for plane in range(1, 17) for last in (0xFFFE, 0xFFFF))}]"
)
_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_LAST_DATE = 253_402_300_799  # 9999-12-31T23:59:59Z


def clean(value: str, longest: int = LONGEST_TEXT) -> str:
    """Return a text without control and direction characters, at most `longest` characters long."""
    inert = value[: longest + 1]  # a text of megabytes costs no more than what is shown of it
    if not inert.isprintable():  # no inert character is printable
        inert = _INERT.sub("\N{REPLACEMENT CHARACTER}", inert)
    return inert if len(inert) <= longest else inert[: longest - 1] + "…"


def as_text(value: Any, longest: int = LONGEST_TEXT) -> str:
    """Return a text or a number as inert text; an empty text for anything else."""
    if isinstance(value, str):
        return clean(value, longest).strip()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return clean(f"{value:d}" if abs(value) < 10**100 else "", longest)
    return f"{value:.10g}" if isinstance(value, float) and math.isfinite(value) else ""


def integer(value: Any) -> int | None:
    """Return a whole number, also where it is written as text or float; None for anything else or beyond 64 bits."""
    finite = number(value)
    return int(finite) if finite is not None and finite == int(finite) and abs(finite) < 2**63 else None


def number(value: Any) -> int | float | None:
    """Return a finite number, also where it is written as text; None for anything else or beyond 64 bits."""
    if isinstance(value, str) and len(value) <= 40:
        try:
            value = int(value, 10)
        except ValueError:
            try:
                value = float(value)
            except ValueError:
                return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if (isinstance(value, int) or math.isfinite(value)) and abs(value) < 2**63 else None


def as_mapping(value: Any) -> Mapping[str, Any]:
    """Return a mapping as it is, and an empty one for anything else."""
    return value if isinstance(value, (dict, Mapping)) else EMPTY  # dict first: an abstract class is slow to ask


def json_mapping(text: str | None) -> Mapping[str, Any]:
    """Return the object of a JSON text; an empty one for what is none."""
    try:
        return as_mapping(json.loads(text)) if text else EMPTY
    except ValueError:
        return EMPTY


def as_list(value: Any) -> tuple[Any, ...]:
    """Return a list as a tuple; a mapping or another single value but None and "" as a tuple of one."""
    if isinstance(value, list | tuple):
        return tuple(value)
    return () if value is None or value == "" else (value,)


def as_texts(value: Any, longest: int = LONGEST_TEXT) -> tuple[str, ...]:
    """Return the non-empty texts of a list, inert, in order, without duplicates."""
    return tuple(dict.fromkeys(text for entry in as_list(value) if (text := as_text(entry, longest))))


def as_mappings(value: Any) -> tuple[Mapping[str, Any], ...]:
    """Return the mappings of a list, or of one mapping; everything else in it is left out."""
    return tuple(entry for entry in as_list(value) if isinstance(entry, Mapping))


def pairs(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield key and value of a mapping, the key as inert text; keys that leave no text are skipped."""
    for key, entry in as_mapping(value).items():
        if name := as_text(key):
            yield name, entry


def boolean(value: Any) -> bool:
    """True for true, a number but 0, and the texts true, yes and 1."""
    return value.strip().lower() in {"true", "yes", "1"} if isinstance(value, str) else value is True or value == 1


def timestamp(value: Any) -> datetime | None:
    """Return a moment in UTC of Unix seconds, milliseconds or ISO 8601 text; None for anything else.

    0 and negative numbers are VirusTotal's "not known".
    """
    seconds = number(value)
    if seconds is not None:
        if seconds > _LAST_DATE:
            seconds /= 1000
        return datetime.fromtimestamp(seconds, UTC) if 0 < seconds <= _LAST_DATE else None
    if isinstance(value, str) and 8 <= len(value) <= 40:
        try:
            moment = datetime.fromisoformat(value.strip())
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError):
            return None
    return None


def date(value: Any) -> str:
    """Return a moment as `YYYY-MM-DD hh:mm:ss UTC`; an unreadable one as its inert text; nothing as an empty text."""
    moment = timestamp(value)
    if moment is not None:
        return moment.strftime("%Y-%m-%d %H:%M:%S UTC")
    return as_text(value, 64) if isinstance(value, str) and number(value) is None else ""


def day(value: Any) -> str:
    """Return the day of a moment, `YYYY-MM-DD`; the first word of an unreadable one; nothing as an empty text."""
    return date(value).partition(" ")[0]


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """Return each name once in any case, as it is written first, in their order."""
    spellings: dict[str, str] = {}
    for name in names:
        spellings.setdefault(name.casefold(), name)
    return tuple(spellings.values())


def moment(value: Any) -> str:
    """Return a moment as it is tagged, `YYYY-MM-DD hh:mm:ss`; empty where it is not readable."""
    time = timestamp(value)
    return time.strftime("%Y-%m-%d %H:%M:%S") if time else ""


def quantity(number: int, noun: str) -> str:
    """Return a number with its noun, such as `1 request` and `2 requests`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def safe_name(*parts: Any) -> str:
    """Return a file name of letters, digits, `.`, `-` and `_`: at most 120 characters, never hidden or empty."""
    joined = "_".join(filter(None, (_NAME.sub("_", as_text(part, 120)).strip("._-") for part in parts)))
    return joined[:120] or "unnamed"


def named_counts(value: Any) -> tuple[tuple[str, int], ...]:
    """Return names with counts, the highest first, of `{value, count}` or, in older reports, of `[value, count]`.

    Entries without a name are left out, and a name stands once.
    """
    counts: dict[str, int] = {}
    for entry in as_list(value):
        one = as_mapping(entry)
        pair = (one.get("value"), one.get("count")) if one else (*as_list(entry), None, None)
        if name := as_text(pair[0], 120):
            counts[name] = max(counts.get(name, 0), integer(pair[1]) or 0)
    return tuple(sorted(counts.items(), key=lambda entry: -entry[1]))


def whole_text(value: Any) -> str:
    """Return a text as `text` does; empty where it was cleaned or cut, since that is not the value any more.

    What is tagged is read so: the tag of a changed value names something that nobody saw.
    """
    text = as_text(value)
    return "" if "\N{REPLACEMENT CHARACTER}" in text or text.endswith("…") else text
