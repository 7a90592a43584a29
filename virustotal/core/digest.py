"""A short digest of everything that changes results beside the parameters: part of the tool version."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import attrs

from virustotal.core.host import Plugins, State
from virustotal.core.settings import RESULT_SETTINGS, Settings


def digest(plugins: Plugins, settings: Settings) -> str:
    """Return eight hexadecimal digits of the plugins that are used, their versions, and the configuration.

    The same between tasks and processes; another one when a plugin, its version, or a setting that results depend on is
    another one.
    """
    used = [
        [each.name, each.distribution, each.version, *sorted(row.name for row in each.analyzers if _loaded(row))]
        for each in plugins.listing
        if _loaded(each)
    ]
    chosen = {name: _plain(getattr(settings, name)) for name in RESULT_SETTINGS}
    text = json.dumps([sorted(used), chosen], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _loaded(each: Any) -> bool:
    return bool(each.state is State.LOADED)


def _plain(value: Any) -> Any:
    if attrs.has(type(value)):
        return {each.name: _plain(getattr(value, each.name)) for each in attrs.fields(type(value))}
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    return [_plain(entry) for entry in value] if isinstance(value, list | tuple | set | frozenset) else value
