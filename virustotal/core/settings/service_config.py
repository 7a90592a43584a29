"""The service's configuration: a wrong value stops the start with its path, an unknown name is a warning."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from attrs import has

from virustotal.core.errors import ConfigurationError
from virustotal.core.settings import Credentials, Settings
from virustotal.core.settings.config_values import CONFIG, read_group, settings_from

#: The secrets of the configuration, which `Settings` never holds.
SECRETS = tuple(settings_from(Credentials, CONFIG))
MIRROR_SECRETS = tuple(name for name in SECRETS if name.startswith("mirror_"))
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
_SETTINGS = settings_from(Settings, CONFIG)
#: Every key of the configuration, the secret ones included.
CONFIG_KEYS = (*SECRETS, *_SETTINGS)
#: Configured settings that results depend on, beside the parameters: part of the tool version.
RESULT_SETTINGS = tuple(name for name in _SETTINGS if name not in {"ca_bundle", "inline", "storage", "quota", "cache"})


def service_settings(config: Mapping[str, Any]) -> Settings:
    """Read the manifest's `config`. Null and absent both mean the built-in default; unknown names are ignored.

    Raises:
        ConfigurationError: A value is wrong; the message has its path and never the value.
    """
    read_group(Credentials, config)
    settings = read_group(Settings, config)
    if settings.mirror.only and not settings.mirror.hosts:
        raise ConfigurationError("mirror.hosts: mirror.only needs the address of a mirror")
    return settings


def unknown_settings(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a sentence for each name that is no setting, nested ones too, with what to do."""
    settings = {name: value for name, value in config.items() if name not in {*SECRETS, *FRAMEWORK_KEYS}}
    return tuple(_unknown(Settings, settings, ""))


def _unknown(cls: type, config: Mapping[Any, Any], path: str) -> Iterator[str]:
    configured = settings_from(cls, CONFIG)
    for name, value in config.items():
        attribute = configured.get(name)
        if attribute is None:
            shown = path + str(name).partition(":")[0][:80]  # without a space after the colon, the name has the value
            others = ", ".join(sorted(configured))
            advice = RETIRED.get(shown, f"Remove it, or correct its name ({others}).")
            yield f"{shown} is no setting of this service and is ignored. {advice}"
        elif has(type(attribute.default)) and isinstance(value, Mapping):
            yield from _unknown(type(attribute.default), value, f"{path}{name}.")
