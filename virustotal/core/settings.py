"""Frozen settings from the config and the submission parameters, validated in one place; credentials apart."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import urlsplit

from attrs import evolve, field, fields, frozen

from virustotal.core.errors import ConfigurationError
from virustotal.core.models import EMPTY

T = TypeVar("T")

#: The name of an index or alias, as Elasticsearch and OpenSearch take it.
_INDEX = re.compile(r"[a-z0-9][a-z0-9._-]{0,254}", re.ASCII)

DEFAULT_HOST = "https://www.virustotal.com"
DEFAULT_RELATIONSHIPS = ("contacted_ips", "contacted_domains", "contacted_urls", "dropped_files", "behaviours")

#: `max_related` of a deep scan, where neither the parameter nor a higher config says otherwise.
DEEP_SCAN_RELATED = 200
#: The most that `max_related` may be, in configuration and parameter.
MOST_RELATED = 10_000
#: The most that `max_iocs` may be: tagged hosts and URLs that one task looks up.
MOST_IOCS = 1_000
#: VirusTotal takes no larger file, in megabytes (2**20 bytes).
MOST_SUBMIT_MB = 650


@frozen
class Credentials:
    """The secrets. They go to the sources alone; `Settings` and `Evidence` never hold them.

    proxy: the address of the proxy, perhaps with user and password; empty for none.
    mirror_api_key: as Elasticsearch and OpenSearch encode it; or mirror_user with mirror_password; or none of them.
    """

    api_key: str = field(default="", repr=False)
    proxy: str = field(default="", repr=False)
    mirror_api_key: str = field(default="", repr=False)
    mirror_user: str = field(default="", repr=False)
    mirror_password: str = field(default="", repr=False)


@frozen
class AvConfig:
    """`av_config`: which engines count, and for how much (docs/scoring.md)."""

    term_blocklist: tuple[str, ...] = ()
    specific_AVs: tuple[str, ...] = ()
    revised_sig_score_map: Mapping[str, int] = EMPTY
    revised_kw_score_map: Mapping[str, int] = EMPTY
    hit_threshold: int = 2


@frozen
class SubmitPolicy:
    """`submit_policy`: what may be submitted at all, where submitting is switched on.

    max_size_mb: in megabytes of 2**20 bytes.
    file_types: patterns of Assemblyline's file types, such as `executable/*`.
    max_depth: 0 for what the user submitted alone, never extracted children.
    max_classification: nothing above it is sent; empty for no bound.
    """

    max_size_mb: int = MOST_SUBMIT_MB
    file_types: tuple[str, ...] = ("*",)
    max_depth: int = 0
    max_classification: str = ""


@frozen
class QuotaConfig:
    """`quota`: requests that each window allows, where VirusTotal does not tell; 0 for not given."""

    minute: int = 0
    hour: int = 0
    day: int = 0
    month: int = 0


@frozen
class CacheConfig:
    """`cache`: how long answers count, and that something is unknown or forbidden; 0 for not at all.

    max_mb: what all answers may take, in megabytes of 2**20 bytes.
    """

    hours: int = 6
    negative_minutes: int = 15
    max_mb: int = 256


@frozen
class MirrorConfig:
    """`mirror`: a cluster of Elasticsearch or OpenSearch with VirusTotal's objects, which is asked first.

    hosts: its addresses; none for no mirror. files, urls, domains, ips, behaviours: its indices or aliases, each of one
    index; an empty one is not asked. only: nothing is asked of VirusTotal. max_age_days: what has changed longer ago is
    asked of VirusTotal all the same; 0 for never.
    """

    hosts: tuple[str, ...] = ()
    files: str = "virustotal-files"
    urls: str = "virustotal-urls"
    domains: str = "virustotal-domains"
    ips: str = "virustotal-ips"
    behaviours: str = "virustotal-behaviours"
    ca_bundle: str = ""
    only: bool = False
    max_age_days: int = 30


@frozen
class PluginConfig:
    """`plugins`: plugins or analysers to block by name, whether external ones load, and the settings of each."""

    disabled: tuple[str, ...] = ()
    external: bool = True
    settings: Mapping[str, Any] = EMPTY


@frozen
class Settings:
    """Everything that decides what a task does, but no secret.

    First the service's configuration, then the submission's parameters, last the task's own.
    """

    host: str = DEFAULT_HOST
    ca_bundle: str = ""
    allow_dynamic_submit: bool = False
    av_config: AvConfig = AvConfig()
    max_related: int = 40
    max_iocs: int = 50
    inline: bool = True
    max_download_mb: int = 256
    stale_after_days: int = 365
    max_classification: str = ""
    submit_policy: SubmitPolicy = SubmitPolicy()
    submit_file_name: str = "hash"
    storage: str = ""
    quota: QuotaConfig = QuotaConfig()
    cache: CacheConfig = CacheConfig()
    mirror: MirrorConfig = MirrorConfig()
    plugins: PluginConfig = PluginConfig()

    dynamic_submit: bool = False
    ignore_submitted_url: bool = False
    relationships: tuple[str, ...] = DEFAULT_RELATIONSHIPS
    analyze_relationship: bool = False
    download_evtx: bool = False
    download_pcap: bool = False
    download_memdump: bool = False
    download_html_report: bool = False
    download_dropped_files: bool = False
    reanalyze_after_days: int = 0
    submit_password: bool = False
    exhaustive_search: bool = False

    deep_scan: bool = False
    ignore_filtering: bool = False

    def plugin(self, name: str) -> Mapping[str, Any]:
        """Return the read-only `plugins.settings.NAME` of a plugin; empty where there are none."""
        found = self.plugins.settings.get(name)
        return found if isinstance(found, Mapping) else EMPTY


# --- reading, strict: a wrong entry stops the service at start with its path -----------------------------------------


def _switch(value: Any, path: str) -> bool:
    if isinstance(value, bool):
        return value
    raise ConfigurationError(f"{path}: expected true or false, not {value!r}")


def _text(value: Any, path: str) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    raise ConfigurationError(f"{path}: expected a text, not {value!r}")


def _whole(low: int, high: int) -> Callable[[Any, str], int]:
    def read(value: Any, path: str) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        raise ConfigurationError(f"{path}: expected a whole number from {low} to {high}, not {value!r}")

    return read


def _texts(value: Any, path: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, list | tuple) and all(isinstance(entry, str) for entry in value):
        return tuple(entry.strip() for entry in value if entry.strip())
    raise ConfigurationError(f"{path}: expected a list of texts, not {value!r}")


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
        raise ConfigurationError(f"{path}: expected names and scores, not {value!r}")
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
    except ValueError as error:
        raise ConfigurationError(f"{path}: not an address: {error}") from None
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
    return f"{scheme}://{rest.rpartition('@')[2]}" if sign else scheme


def _mapping(value: Any, path: str) -> Mapping[str, Any]:
    if value is None:
        return EMPTY
    if isinstance(value, Mapping):
        return MappingProxyType({str(key): _freeze(entry) for key, entry in value.items()})
    raise ConfigurationError(f"{path}: expected names and values, not {value!r}")


def _freeze(value: Any) -> Any:
    if isinstance(value, Mapping):
        return MappingProxyType({str(key): _freeze(entry) for key, entry in value.items()})
    return tuple(map(_freeze, value)) if isinstance(value, list | tuple) else value


def _file_name(value: Any, path: str) -> str:
    if isinstance(value, str) and value in {"hash", "name"}:
        return value
    raise ConfigurationError(f"{path}: expected hash or name, not {value!r}")


def _nested(cls: Callable[..., T], readers: Mapping[str, Callable[[Any, str], Any]]) -> Callable[[Any, str], T]:
    def read(value: Any, path: str) -> T:
        value = {} if value is None else value
        if not isinstance(value, Mapping):
            raise ConfigurationError(f"{path}: expected names and values, not {value!r}")
        for key in value:
            if key not in readers:
                raise ConfigurationError(f"{path}.{key}: no such setting; there are {', '.join(sorted(readers))}")
        return cls(**{key: readers[key](entry, f"{path}.{key}") for key, entry in value.items()})

    return read


def _hosts(value: Any, path: str) -> tuple[str, ...]:
    given = (value,) if isinstance(value, str) else value
    return tuple(dict.fromkeys(_host(each, f"{path}.{at}") for at, each in enumerate(_texts(given, path))))


def _index(value: Any, path: str) -> str:
    name = _text(value, path)
    if name and not _INDEX.fullmatch(name):
        raise ConfigurationError(f"{path}: expected the name of an index or alias, not {value!r}")
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
_MIRROR_SECRETS = ("mirror_api_key", "mirror_user", "mirror_password")
#: The secrets of the configuration, which `Settings` never holds.
SECRETS = ("api_key", "proxy", *_MIRROR_SECRETS)


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


# --- reading, lenient: a wrong parameter is said in the result and the default holds ---------------------------------

_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off", ""})
_BOOLEANS = (
    "dynamic_submit",
    "ignore_submitted_url",
    "analyze_relationship",
    "download_evtx",
    "download_pcap",
    "download_memdump",
    "download_html_report",
    "download_dropped_files",
    "submit_password",
    "exhaustive_search",
)
_NUMBERS: Mapping[str, tuple[int, int]] = {"max_related": (0, MOST_RELATED), "reanalyze_after_days": (0, 36_500)}
#: Every submission parameter, the secret one included.
PARAMETERS = ("api_key", "relationships", *_BOOLEANS, *_NUMBERS)
#: Every key of the configuration, the secret ones included.
CONFIG_KEYS = (*SECRETS, *_CONFIG)


#: Said in each result where `mirror.only` is set.
AIR_GAPPED = "Air-gapped (mirror.only): only the mirror was asked, and nothing of VirusTotal."


def _parameter_switch(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None


def _parameter_number(value: Any, low: int, high: int) -> int | None:
    try:
        number = int(str(value).strip() or "0")
    except ValueError:
        return None
    return number if low <= number <= high and not isinstance(value, bool) else None


def relationship_names(value: Any) -> tuple[str, ...]:
    """Read the `relationships` parameter: spaces, case, trailing commas and duplicates do not matter."""
    entries = value if isinstance(value, list | tuple) else str(value).replace("\n", ",").replace(";", ",").split(",")
    names = (str(entry).strip().lower() for entry in entries)
    return tuple(dict.fromkeys(name for name in names if name))


def task_settings(
    settings: Settings, parameters: Mapping[str, Any], *, deep_scan: bool = False, ignore_filtering: bool = False
) -> tuple[Settings, tuple[str, ...]]:
    """Return the settings of one task, and a sentence for each parameter that was not understood, or about its source.

    parameters: `task.service_config`; null and missing ones have their defaults. `max_related` of 0 means the
    configured one, which a deep scan lifts to DEEP_SCAN_RELATED.
    """
    changes: dict[str, Any] = {"deep_scan": deep_scan, "ignore_filtering": ignore_filtering}
    notes: list[str] = [AIR_GAPPED] if settings.mirror.only else []
    given = {name: parameters[name] for name in PARAMETERS if parameters.get(name) is not None}
    for name in _BOOLEANS:
        if name in given:
            changes[name] = _parameter_switch(given[name])
    for name, (low, high) in _NUMBERS.items():
        if name in given:
            changes[name] = _parameter_number(given[name], low, high)
    for name in [name for name, value in changes.items() if value is None]:
        notes.append(f"The parameter {name} was not understood; its default was used.")
        del changes[name]
    if "relationships" in given:
        changes["relationships"] = relationship_names(given["relationships"])
    if not changes.get("max_related"):
        changes["max_related"] = max(settings.max_related, DEEP_SCAN_RELATED) if deep_scan else settings.max_related
    return evolve(settings, **changes), tuple(notes)


def credentials(config: Mapping[str, Any], parameters: Mapping[str, Any]) -> Credentials:
    """The submission's own key goes before the configured one; an empty key where neither is given."""
    key = str(parameters.get("api_key") or "").strip() or str(config.get("api_key") or "").strip()
    others = {name: str(config.get(name) or "").strip() for name in ("proxy", *_MIRROR_SECRETS)}
    return Credentials(api_key=key, **others)


#: What a result depends on, beside the parameters: these configured settings are part of the tool version.
RESULT_SETTINGS = tuple(
    attribute.name
    for attribute in fields(Settings)
    if attribute.name in _CONFIG and attribute.name not in {"ca_bundle", "inline", "storage", "quota", "cache"}
)
