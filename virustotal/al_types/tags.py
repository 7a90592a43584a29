"""Tags that Assemblyline keeps: exact types of its Tagging model, values that its own validators take."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from typing import Any

from assemblyline.odm.models.tagging import Tagging

from virustotal.util import readers
from virustotal.util.readers import EMPTY_DIGESTS, clean

#: Longest value of a tag; Elasticsearch keeps no longer keyword.
LONGEST_TAG = 8_000

# The one open family: its last part is a name of the author's. A model takes these as keyword arguments.
_RULE = re.compile(r"file\.rule\.(?!(?:index|store|sanitizer|self|type_p|ignore_extra_values)$)[a-z][a-z0-9_]*")


#: Types whose values name the same thing in any case.
_CASELESS = frozenset(
    (
        *("attribution.actor", "attribution.campaign", "attribution.exploit", "attribution.family"),
        *("attribution.implant", "attribution.network", "dynamic.mutex", "dynamic.registry_key"),
        *("dynamic.process.command_line", "dynamic.process.file_name", "dynamic.process.file_path"),
        *("network.dynamic.domain", "network.email.address", "network.static.domain", "network.tls.sni"),
    )
)


@cache
def _fields() -> Mapping[str, Any]:
    fields: dict[str, Any] = Tagging.flat_fields(skip_mappings=True)
    return fields


def known(tag_type: Any) -> bool:
    """True if the type is exactly one of Assemblyline's (assemblyline.odm.models.tagging.Tagging).

    `network` and `network.static.url` are none: the platform drops such tags in silence, or fails the task.
    """
    return isinstance(tag_type, str) and (tag_type in _fields() or _RULE.fullmatch(tag_type) is not None)


@lru_cache(maxsize=16_384)
def normal(tag_type: str, value: str) -> str | None:
    """Return the value as Assemblyline keeps it under a known type; None where its validator refuses it.

    The digest of no bytes is no tag: it would join files that share nothing.
    """
    if value in EMPTY_DIGESTS or not value or len(value) > LONGEST_TAG or clean(value, LONGEST_TAG) != value:
        return None
    field = _fields().get(tag_type)
    if field is None:
        return value
    try:
        checked = field.check(value)
    except Exception:  # the validators raise ValueError, UnicodeError and IndexError
        return None
    return None if checked is None or checked == "" else str(checked)


def distinct(tag_type: str, values: Iterable[str]) -> tuple[str, ...]:
    """Return each value once, as its first spelling where the case says nothing; in their order."""
    return readers.distinct(values) if tag_type in _CASELESS else tuple(dict.fromkeys(values))


def values_of(values: Any) -> Iterator[str | None]:
    """Yield the values of one tag type as text; None for what is no text, number or UTF-8 bytes."""
    if isinstance(values, str | bytes | int):
        values = (values,)
    if not isinstance(values, Iterable) or isinstance(values, Mapping):
        yield None
        return
    for value in values:
        if isinstance(value, bytes):
            yield value.decode("utf-8", "replace")
        elif isinstance(value, str):
            yield value
        elif isinstance(value, int) and not isinstance(value, bool):
            yield str(value)
        else:
            yield None
