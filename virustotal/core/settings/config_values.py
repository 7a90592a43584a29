"""Readers of single configuration values: strict types, bounds, and no value in any error."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from attrs import field

from virustotal.util.readers import EMPTY

DEFAULT_HOST = "https://www.virustotal.com"
#: Key of a field's metadata: its reader. Fields without one are no configuration.
READER = "reader"
#: The name of an index or alias, as Elasticsearch and OpenSearch take it.
_INDEX = re.compile(r"[a-z0-9][a-z0-9._-]{0,254}", re.ASCII)
#: The most characters of `private.command_line`.
LONGEST_COMMAND_LINE = 1024
_CHOICES = ("hash", "name")


class InvalidValueError(ValueError):
    """A value of a wrong type or out of bounds. The message says what is expected and never shows the value.

    Args:
        expected: What is expected.
        below: The path of the wrong part below the setting, such as `.0`.
    """

    def __init__(self, expected: str, below: str = "") -> None:
        super().__init__(expected)
        self.below = below


def setting(default: Any, reader: Callable[[Any], Any]) -> Any:
    """Return an attrs field that is read from the configuration by `reader`."""
    return field(default=default, metadata={READER: reader})


def switch(value: Any) -> bool:
    """Read true or false; texts such as "false" are refused."""
    if isinstance(value, bool):
        return value
    raise InvalidValueError("expected true or false")


def text(value: Any) -> str:
    """Read a text without surrounding blanks."""
    if isinstance(value, str):
        return value.strip()
    raise InvalidValueError("expected a text in quotes")


def command_line(value: Any) -> str:
    """Read the arguments of a program: one line."""
    line = text(value)
    if len(line) <= LONGEST_COMMAND_LINE and line.isprintable():
        return line
    raise InvalidValueError(f"expected one line of at most {LONGEST_COMMAND_LINE} characters")


def whole_number(low: int, high: int) -> Callable[[Any], int]:
    """Return a reader of whole numbers within these bounds."""

    def read(value: Any) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        raise InvalidValueError(f"expected a whole number from {low} to {high}")

    return read


def share(value: Any) -> float:
    """Read a number from 0 to 1."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    raise InvalidValueError("expected a number from 0 to 1")


def one_of(*choices: str) -> Callable[[Any], str]:
    """Return a reader of one of these texts."""

    def read(value: Any) -> str:
        if isinstance(value, str) and value.strip() in choices:
            return value.strip()
        raise InvalidValueError(f"expected one of {', '.join(choice or 'an empty text' for choice in choices)}")

    return read


def texts(value: Any) -> tuple[str, ...]:
    """Read a list of texts; empty ones are left out."""
    if isinstance(value, list | tuple) and all(isinstance(entry, str) for entry in value):
        return tuple(entry.strip() for entry in value if entry.strip())
    raise InvalidValueError("expected a list of texts")


def terms(value: Any) -> tuple[str, ...]:
    """Read the terms of `av_config.term_blocklist`."""
    entries = texts(value)
    if any(not term.lower().removeprefix("engine:").removeprefix("result:").strip() for term in entries):
        raise InvalidValueError("an entry has no term")
    return entries


def scores(value: Any) -> Mapping[str, int]:
    """Read names and their scores, 0 to 1000; a null score is left out."""
    if not isinstance(value, Mapping):
        raise InvalidValueError("expected names and scores")
    found: dict[str, int] = {}
    for name, score in value.items():
        if not isinstance(name, str) or not name.strip():
            raise InvalidValueError("expected a text as name")
        try:
            found |= {} if score is None else {name: whole_number(0, 1000)(score)}
        except InvalidValueError as error:
            raise InvalidValueError(str(error), f".{name}") from None
    return MappingProxyType(found)


def address(value: Any) -> str:
    """Read the address of a server: http or https, without user, query or the API's own path."""
    host = text(value) or DEFAULT_HOST
    try:
        parts = urlsplit(host)
        parts.port  # noqa: B018 - the property raises for a port that is none
    except ValueError:  # without its message, which shows the password of http://user:password
        raise InvalidValueError(f"expected an address such as {DEFAULT_HOST}") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc or "?" in host or "#" in host:
        raise InvalidValueError(f"expected an address such as {DEFAULT_HOST}, without user or query")
    return host.rstrip("/").removesuffix("/api/v3")


def origin(value: Any) -> str:
    """Read an address that has no path."""
    host = address(value)
    if urlsplit(host).path:
        raise InvalidValueError(f"expected an address such as {DEFAULT_HOST}, without a path")
    return host


def addresses(value: Any) -> tuple[str, ...]:
    """Read one address or a list of them."""
    found: list[str] = []
    for position, entry in enumerate(texts((value,) if isinstance(value, str) else value)):
        try:
            found.append(address(entry))
        except InvalidValueError as error:
            raise InvalidValueError(str(error), f".{position}") from None
    return tuple(dict.fromkeys(found))


def index_name(value: Any) -> str:
    """Read the name of an index or alias; empty for none."""
    name = text(value)
    if name and not _INDEX.fullmatch(name):
        raise InvalidValueError("expected the name of an index or alias")
    return name


def storage(value: Any) -> str:
    """Read the place of the store without the part before an @, which is a user and password."""
    scheme, sign, rest = text(value).partition("://")
    if not sign and not scheme.startswith("/") and (":" in scheme or "//" in scheme):  # an address that is misspelt
        raise InvalidValueError("expected a file, redis://… or rediss://…")
    return f"{scheme}://{rest.rpartition('@')[2]}" if sign else scheme


def file_name(value: Any) -> str:
    """Read `submit_file_name`."""
    if isinstance(value, str) and value in _CHOICES:
        return value
    raise InvalidValueError(f"expected {' or '.join(_CHOICES)}")


def free_mapping(value: Any) -> Mapping[str, Any]:
    """Read names and values of any kind as a read-only copy."""
    if not isinstance(value, Mapping):
        raise InvalidValueError("expected names and values")
    frozen = _freeze(value)
    return frozen if isinstance(frozen, Mapping) else EMPTY


def _freeze(value: Any) -> Any:
    if isinstance(value, Mapping):
        return MappingProxyType({str(name): _freeze(entry) for name, entry in value.items()})
    return tuple(map(_freeze, value)) if isinstance(value, list | tuple) else value
