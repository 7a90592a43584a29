"""The tool version: part of the platform's result cache key, so it changes when results would."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import attrs

from virustotal import __version__
from virustotal.core.plugin_host.hooks import LoadedPlugins
from virustotal.core.settings import Settings
from virustotal.core.settings.service_config import RESULT_SETTINGS


def tool_version(settings: Settings, plugins: LoadedPlugins) -> str:
    """Return the package's version and a short digest of the plugins, their versions and the configuration.

    The same in every process with the same plugins and configuration. Secrets have no part in it.
    """
    loaded = sorted(
        [
            plugin.name,
            plugin.version,
            plugin.state.value,
            *sorted(f"{row.analyzer.name}:{row.state.value}" for row in plugin.analyzers),
        ]
        for plugin in plugins.listing
    )
    configured = {name: _plain(getattr(settings, name)) for name in RESULT_SETTINGS}
    text = json.dumps([loaded, configured], sort_keys=True, default=str)
    return f"{__version__}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def with_time_slice(version: str, days: int, now: float) -> str:
    """Return the version with the number of the current slice of `days`.

    The framework reads the version when a container starts, so a running container keeps the slice of its start.

    Args:
        now: Seconds since 1970.
    """
    return f"{version}-{int(now // (days * 86_400))}"


def _plain(value: Any) -> Any:
    if attrs.has(type(value)):
        return {field.name: _plain(getattr(value, field.name)) for field in attrs.fields(type(value))}
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    return [_plain(entry) for entry in value] if isinstance(value, list | tuple) else value
