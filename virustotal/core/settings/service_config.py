"""The configuration, read strictly: a wrong entry stops the service at start with its path."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import urlsplit

from attrs import fields

from virustotal.core.errors import ConfigurationError
from virustotal.core.settings.schema import (
    DEFAULT_HOST,
    MOST_IOCS,
    MOST_RELATED,
    MOST_SUBMIT_MB,
    AvConfig,
    CacheConfig,
    MirrorConfig,
    PluginConfig,
    QuotaConfig,
    Settings,
    SubmitPolicy,
)
from virustotal.util.readers import EMPTY

T = TypeVar("T")

#: The name of an index or alias, as Elasticsearch and OpenSearch take it.
_INDEX = re.compile(r"[a-z0-9][a-z0-9._-]{0,254}", re.ASCII)


def _shown(value: Any) -> str:
    """A wrong value; not what is in a list or in names, which by a slip of the indentation is a secret."""
    return "names and values" if isinstance(value, Mapping) else "a list" if isinstance(value, list) else repr(value)


def _switch(value: Any, path: str) -> bool:
    if isinstance(value, bool):
        return value
    raise ConfigurationError(f"{path}: expected true or false, not {_shown(value)}")


def _text(value: Any, path: str) -> str:
    """Read a text. A wrong one is never shown: keys, passwords and addresses with them are texts."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    raise ConfigurationError(f"{path}: expected a text in quotes")


def _whole(low: int, high: int) -> Callable[[Any, str], int]:
    def read(value: Any, path: str) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        raise ConfigurationError(f"{path}: expected a whole number from {low} to {high}, not {_shown(value)}")

    return read


def _texts(value: Any, path: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, list | tuple) and all(isinstance(entry, str) for entry in value):
        return tuple(entry.strip() for entry in value if entry.strip())
    raise ConfigurationError(f"{path}: expected a list of texts")


def _terms(value: Any, path: str) -> tuple[str, ...]:
    terms = _texts(value, path)
    for term in terms:
        if term.lower().removeprefix("engine:").removeprefix("result:").strip() == "":
            raise ConfigurationError(f"{path}: {term!r} has no term")
    return terms


def _scores(value: Any, path: str) -> Mapping[str, int]:
    if value is None:
        return EMPTY
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"{path}: expected names and scores")
    read = _whole(0, 1000)
    for key in value:
        if not isinstance(key, str) or not key.strip():
            raise ConfigurationError(f"{path}: expected a text as name, not {key!r}")
    return MappingProxyType({key: read(score, f"{path}.{key}") for key, score in value.items()})


def _host(value: Any, path: str) -> str:
    host = _text(value, path) or DEFAULT_HOST
    try:
        parts = urlsplit(host)
        parts.port  # noqa: B018 - the property raises for a port that is none
    except ValueError:  # without what it says: that names the password of http://user:password
        raise ConfigurationError(f"{path}: not an address, such as {DEFAULT_HOST}") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc or "?" in host or "#" in host:
        raise ConfigurationError(f"{path}: expected an address such as {DEFAULT_HOST}, without user or query")
    return host.rstrip("/").removesuffix("/api/v3")


def _origin(value: Any, path: str) -> str:
    host = _host(value, path)
    if urlsplit(host).path:
        raise ConfigurationError(f"{path}: expected an address such as {DEFAULT_HOST}, without a path")
    return host


def _storage(value: Any, path: str) -> str:
    """The place without what stands before an @, since that is a user and password."""
    scheme, sign, rest = _text(value, path).partition("://")
    if not sign and not scheme.startswith("/") and (":" in scheme or "//" in scheme):  # an address that is misspelt
        raise ConfigurationError(f"{path}: expected a file, redis://… or rediss://…")
    return f"{scheme}://{rest.rpartition('@')[2]}" if sign else scheme


def _mapping(value: Any, path: str) -> Mapping[str, Any]:
    if value is None:
        return EMPTY
    if isinstance(value, Mapping):
        return MappingProxyType({str(key): _freeze(entry) for key, entry in value.items()})
    raise ConfigurationError(f"{path}: expected names and values")


def _freeze(value: Any) -> Any:
    if isinstance(value, Mapping):
        return MappingProxyType({str(key): _freeze(entry) for key, entry in value.items()})
    return tuple(map(_freeze, value)) if isinstance(value, list | tuple) else value


def _file_name(value: Any, path: str) -> str:
    if isinstance(value, str) and value in {"hash", "name"}:
        return value
    raise ConfigurationError(f"{path}: expected hash or name, not {_shown(value)}")


def _nested(cls: Callable[..., T], readers: Mapping[str, Callable[[Any, str], Any]]) -> Callable[[Any, str], T]:
    def read(value: Any, path: str) -> T:
        value = {} if value is None else value
        if not isinstance(value, Mapping):
            raise ConfigurationError(f"{path}: expected names and values")
        for key in value:
            if key not in readers:
                shown = str(key).partition(":")[0]  # without a space after the colon, the value is part of the name
                raise ConfigurationError(f"{path}.{shown}: no such setting; there are {', '.join(sorted(readers))}")
        return cls(**{key: readers[key](entry, f"{path}.{key}") for key, entry in value.items()})

    return read


def _hosts(value: Any, path: str) -> tuple[str, ...]:
    given = (value,) if isinstance(value, str) else value
    return tuple(dict.fromkeys(_host(each, f"{path}.{at}") for at, each in enumerate(_texts(given, path))))


def _index(value: Any, path: str) -> str:
    name = _text(value, path)
    if name and not _INDEX.fullmatch(name):
        raise ConfigurationError(f"{path}: expected the name of an index or alias")
    return name


def _mirror(value: Any, path: str) -> MirrorConfig:
    names = dict.fromkeys(("files", "urls", "domains", "ips", "behaviours"), _index)
    others = {"hosts": _hosts, "ca_bundle": _text, "only": _switch, "max_age_days": _whole(0, 36_500)}
    found = _nested(MirrorConfig, {**others, **names})(value, path)
    if found.only and not found.hosts:
        raise ConfigurationError(f"{path}.hosts: {path}.only needs the address of a mirror")
    return found


_CONFIG: Mapping[str, Callable[[Any, str], Any]] = {
    "host": _origin,
    "ca_bundle": _text,
    "allow_dynamic_submit": _switch,
    "av_config": _nested(
        AvConfig,
        {
            "term_blocklist": _terms,
            "specific_AVs": _texts,
            "revised_sig_score_map": _scores,
            "revised_kw_score_map": _scores,
            "hit_threshold": _whole(0, 1000),
        },
    ),
    "max_related": _whole(1, MOST_RELATED),
    "max_iocs": _whole(0, MOST_IOCS),
    "inline": _switch,
    "max_download_mb": _whole(1, 4096),
    "stale_after_days": _whole(0, 36_500),
    "max_classification": _text,
    "submit_policy": _nested(
        SubmitPolicy,
        {
            "max_size_mb": _whole(0, MOST_SUBMIT_MB),
            "file_types": _texts,
            "max_depth": _whole(0, 100),
            "max_classification": _text,
        },
    ),
    "submit_file_name": _file_name,
    "storage": _storage,
    "quota": _nested(QuotaConfig, dict.fromkeys(("minute", "hour", "day", "month"), _whole(0, 10**9))),
    "cache": _nested(
        CacheConfig, {"hours": _whole(0, 8760), "negative_minutes": _whole(0, 10_080), "max_mb": _whole(1, 10**6)}
    ),
    "mirror": _mirror,
    "plugins": _nested(PluginConfig, {"disabled": _texts, "external": _switch, "settings": _mapping}),
}
MIRROR_SECRETS = ("mirror_api_key", "mirror_user", "mirror_password")
#: The secrets of the configuration, which `Settings` never holds.
SECRETS = ("api_key", "proxy", *MIRROR_SECRETS)
#: Every key of the configuration, the secret ones included.
CONFIG_KEYS = (*SECRETS, *_CONFIG)


def service_settings(config: Mapping[str, Any]) -> Settings:
    """Read the manifest's `config`.

    Raises ConfigurationError, which names the path of the wrong entry. Names that are not the service's own are left
    alone: the framework adds some (`ocr`).
    """
    for name in SECRETS:
        _text(config.get(name), name)
    return Settings(
        **{name: read(config[name], name) for name, read in _CONFIG.items() if config.get(name) is not None}
    )


#: What a result depends on, beside the parameters: these configured settings are part of the tool version.
RESULT_SETTINGS = tuple(
    attribute.name
    for attribute in fields(Settings)
    if attribute.name in _CONFIG and attribute.name not in {"ca_bundle", "inline", "storage", "quota", "cache"}
)
