"""Readers of single configuration values: strict types, bounds, and no value in any error."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import urlsplit

from attrs import Attribute, field, fields

from virustotal.core.errors import ConfigurationError

T = TypeVar("T")

DEFAULT_HOST = "https://www.virustotal.com"
#: Keys of a field's metadata: its readers from the configuration and from the submission's parameters. A field without
#: one of them is not read from there.
CONFIG, PARAMETER = "config", "parameter"
#: The name of an index or alias, as Elasticsearch and OpenSearch take it.
_INDEX = re.compile(r"[a-z0-9][a-z0-9._-]{0,254}", re.ASCII)
#: The most characters of `private.command_line`.
LONGEST_COMMAND_LINE = 1024


class InvalidValueError(ConfigurationError):
    """A value of a wrong type or out of bounds. The message says what is expected and never shows the value.

    Args:
        expected: What is expected.
        path: The names and positions that lead to the value, outermost first.
    """

    def __init__(self, expected: str, *path: str) -> None:
        super().__init__(f"{'.'.join(path)}: {expected}" if path else expected)
        self.expected = expected
        self.path = path


def setting(
    default: Any,
    config: Callable[[Any], Any] | None = None,
    *,
    parameter: Callable[[Any], Any] | None = None,
    secret: bool = False,
) -> Any:
    """Return an attrs field of one setting.

    Args:
        default: Its value where nothing is given.
        config: Reads it from the configuration; None for a setting that is not configured.
        parameter: Reads it from the submission's parameters; None for a setting that is no parameter.
        secret: Whether the `repr` leaves it out.
    """
    readers = {CONFIG: config, PARAMETER: parameter}
    metadata = {source: reader for source, reader in readers.items() if reader}
    return field(default=default, metadata=metadata, repr=not secret)


def settings_from(cls: type, source: str) -> "dict[str, Attribute[Any]]":
    """Return the fields of a class that are read from `source`, by name."""
    return {attribute.name: attribute for attribute in fields(cls) if source in attribute.metadata}


def group(cls: type) -> Any:
    """Return an attrs field of settings in a group of their own, an attrs class."""
    return setting(cls(), partial(read_group, cls))


def read_group(cls: type[T], value: Any) -> T:
    """Read a mapping as an attrs class. Null means the default; unknown names are ignored."""
    config = _mapping(value)
    configured = settings_from(cls, CONFIG).items()
    return cls(
        **{
            name: _read_entry(name, config[name], attribute.metadata[CONFIG])
            for name, attribute in configured
            if config.get(name) is not None
        }
    )


def _read_entry(name: str, value: Any, reader: Callable[[Any], T]) -> T:
    """Read an entry of a mapping or a list; an error has its name in the path."""
    try:
        return reader(value)
    except InvalidValueError as error:
        raise InvalidValueError(error.expected, name, *error.path) from None


def _mapping(value: Any) -> Mapping[Any, Any]:
    if isinstance(value, Mapping):
        return value
    raise InvalidValueError("expected names and values")


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
    entries = _mapping(value)
    if not all(isinstance(name, str) and name.strip() for name in entries):
        raise InvalidValueError("expected a text as name")
    score = whole_number(0, 1000)
    return MappingProxyType(
        {name: _read_entry(name, number, score) for name, number in entries.items() if number is not None}
    )


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
    entries = texts((value,) if isinstance(value, str) else value)
    return tuple(dict.fromkeys(_read_entry(str(place), entry, address) for place, entry in enumerate(entries)))


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


def free_mapping(value: Any) -> Mapping[str, Any]:
    """Read names and values of any kind as a read-only copy."""
    return MappingProxyType({str(name): _freeze(entry) for name, entry in _mapping(value).items()})


def _freeze(value: Any) -> Any:
    if isinstance(value, Mapping):
        return free_mapping(value)
    return tuple(map(_freeze, value)) if isinstance(value, list | tuple) else value


def relationship_names(value: Any) -> tuple[str, ...]:
    """Read the `relationships` parameter: spaces, case, trailing commas and duplicates do not matter."""
    entries = value if isinstance(value, list | tuple) else str(value).replace("\n", ",").replace(";", ",").split(",")
    names = (str(entry).strip().lower() for entry in entries)
    return tuple(dict.fromkeys(name for name in names if name))
