"""A plugin's module, loaded as the host does, without being installed."""

import time
from collections.abc import Mapping
from typing import Any

from virustotal.core.analyzer import Analyzer, Evidence
from virustotal.core.plugin_host.hooks import HookCaller, LoadedPlugins
from virustotal.core.plugin_host.manager import load_modules
from virustotal.core.plugin_host.output import AnalyzerOutput
from virustotal.core.plugin_host.runner import analyse
from virustotal.core.settings import Settings, service_settings


class PluginError(AssertionError):
    """A plugin that the host does not load; the message says why."""


def plugins(module: Any, settings: Settings | Mapping[str, Any] | None = None) -> LoadedPlugins:
    """Return what the host makes of one plugin's module, as an external plugin.

    settings: `Settings`, or a `config` as in the manifest. Raises PluginError where the host does not load it.
    """
    configured = settings if isinstance(settings, Settings) else service_settings(settings or {})
    name = str(getattr(module, "__name__", "plugin")).rpartition(".")[2]
    loaded = load_modules({name.removeprefix("virustotal_"): module}, configured)
    if loaded.unloaded:
        raise PluginError(" ".join(loaded.unloaded))
    return loaded


def analyzers(module: Any, settings: Settings | Mapping[str, Any] | None = None) -> Mapping[str, Analyzer]:
    """Return the analysers of a plugin's module by name."""
    return {each.name: each for each in plugins(module, settings).registry.analyzers}


def hooks(module: Any, settings: Settings | Mapping[str, Any] | None = None) -> HookCaller:
    """Return the hooks of a plugin's module for one task: `remap(detections)`, `decide(obj, detections)`, `failed`."""
    configured = settings if isinstance(settings, Settings) else service_settings(settings or {})
    return plugins(module, configured).begin(configured)


def isolated(module: Any, given: Evidence, *, budget: float = 20.0) -> tuple[AnalyzerOutput, ...]:
    """Return what the host takes of a plugin's analysers for the evidence, with what it cut and their errors."""
    loaded = plugins(module, given.settings)
    return analyse(given.report, loaded, given.settings, given.judge, time.monotonic() + budget, budget=budget)
