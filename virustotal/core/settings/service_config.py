"""The service's configuration: a wrong value stops the start with its path, an unknown name is a warning."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from attrs import Attribute, fields, has

from virustotal.core.errors import ConfigurationError
from virustotal.core.settings.config_values import READER, InvalidValueError, text
from virustotal.core.settings.schema import Settings

T = TypeVar("T")

MIRROR_SECRETS = ("mirror_api_key", "mirror_user", "mirror_password")
#: The secrets of the configuration, which `Settings` never holds.
SECRETS = ("api_key", "proxy", *MIRROR_SECRETS)
#: Configuration that the framework reads itself (ServiceBase).
FRAMEWORK_KEYS = ("ocr",)
#: Names of earlier services of this name, and what to do about them (docs/migration.md).
RETIRED: Mapping[str, str] = MappingProxyType(
    {
        "allow_dynamic_resubmit": "Use allow_dynamic_submit and submit_policy; both are off by default.",
        "cache.cache_only": "Use mirror.only.",
        "cache.cache_interval": "Use cache.hours and cache.negative_minutes.",
        "cache.backends": "Use mirror.hosts and the names of its indices.",
    }
)


def _configured(cls: type) -> dict[str, "Attribute[Any]"]:
    return {
        attribute.name: attribute
        for attribute in fields(cls)
        if READER in attribute.metadata or has(type(attribute.default))
    }


_SETTINGS = _configured(Settings)
#: Every key of the configuration, the secret ones included.
CONFIG_KEYS = (*SECRETS, *_SETTINGS)
#: Configured settings that results depend on, beside the parameters: part of the tool version.
RESULT_SETTINGS = tuple(name for name in _SETTINGS if name not in {"ca_bundle", "inline", "storage", "quota", "cache"})


def service_settings(config: Mapping[str, Any]) -> Settings:
    """Read the manifest's `config`. Null and absent both mean the built-in default; unknown names are ignored.

    Raises:
        ConfigurationError: A value is wrong; the message has its path and never the value.
    """
    for name in SECRETS:
        _read("" if config.get(name) is None else config[name], name, text)
    settings = _structure(Settings, config, "")
    if settings.mirror.only and not settings.mirror.hosts:
        raise ConfigurationError("mirror.hosts: mirror.only needs the address of a mirror")
    return settings


def unknown_settings(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a sentence for each name that is no setting, nested ones too, with what to do."""
    known = dict.fromkeys((*SECRETS, *FRAMEWORK_KEYS))
    return tuple(_unknown(Settings, {name: value for name, value in config.items() if name not in known}, ""))


def _unknown(cls: type, config: Mapping[Any, Any], path: str) -> Iterator[str]:
    configured = _configured(cls)
    for name, value in config.items():
        attribute = configured.get(name)
        if attribute is None:
            shown = path + str(name).partition(":")[0][:80]  # without a space after the colon, the name has the value
            others = ", ".join(sorted(configured))
            advice = RETIRED.get(shown, f"Remove it, or correct its name ({others}).")
            yield f"{shown} is no setting of this service and is ignored. {advice}"
        elif has(type(attribute.default)) and isinstance(value, Mapping):
            yield from _unknown(type(attribute.default), value, f"{path}{name}.")


def _structure(cls: type[T], config: Any, path: str) -> T:
    if not isinstance(config, Mapping):
        raise ConfigurationError(f"{path.rstrip('.')}: expected names and values")
    values = {}
    for name, attribute in _configured(cls).items():
        if (value := config.get(name)) is not None:
            reader = attribute.metadata.get(READER)
            nested = type(attribute.default)
            values[name] = _read(value, path + name, reader) if reader else _structure(nested, value, f"{path}{name}.")
    return cls(**values)


def _read(value: Any, path: str, reader: Callable[[Any], T]) -> T:
    try:
        return reader(value)
    except InvalidValueError as error:
        raise ConfigurationError(f"{path}{error.below}: {error}") from None
