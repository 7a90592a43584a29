"""A plugin's module, loaded as the host does, without being installed."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from virustotal.core.analyzer import Analyzer, Evidence
from virustotal.core.models import Object, Verdict
from virustotal.core.plugin_host.hooks import HookCaller, LoadedPlugins
from virustotal.core.plugin_host.manager import load_modules
from virustotal.core.plugin_host.output import AnalyzerOutput
from virustotal.core.plugin_host.runner import analyse
from virustotal.core.scoring.verdicts import judge
from virustotal.core.settings import Settings
from virustotal.core.settings.service_config import service_settings


class PluginError(AssertionError):
    """A plugin that the host does not load, or a hook that fails; the message says why."""


def as_settings(settings: Settings | Mapping[str, Any] | None) -> Settings:
    """Return settings of a `config` as in the manifest, or those that are given."""
    return settings if isinstance(settings, Settings) else service_settings(settings or {})


def name_of(module: Any) -> str:
    """Return the name that the template gives the plugin of a module."""
    return str(getattr(module, "__name__", "plugin")).rpartition(".")[2].removeprefix("virustotal_").replace("_", "-")


def plugins(module: Any, settings: Settings | Mapping[str, Any] | None = None) -> LoadedPlugins:
    """Return what the host makes of one plugin's module, as an external plugin.

    Args:
        module: The plugin's.
        settings: `Settings`, or a `config` as in the manifest.

    Raises:
        PluginError: The host does not load it.
    """
    loaded = load_modules({name_of(module): module}, as_settings(settings))
    if loaded.unloaded:
        raise PluginError(" ".join(loaded.unloaded))
    return loaded


def analyzers(module: Any, settings: Settings | Mapping[str, Any] | None = None) -> Mapping[str, Analyzer]:
    """Return the analysers of a plugin's module by name.

    Args:
        module: The plugin's.
        settings: `Settings`, or a `config` as in the manifest.

    Raises:
        PluginError: The host does not load it.
    """
    return {analyzer.name: analyzer for analyzer in plugins(module, settings).registry.analyzers}


def hooks(module: Any, settings: Settings | Mapping[str, Any] | None = None) -> HookCaller:
    """Return the hooks of a plugin's module for one task: `remap(detections)`, `decide(obj, detections)`, `failed`.

    Args:
        module: The plugin's.
        settings: `Settings`, or a `config` as in the manifest.

    Raises:
        PluginError: The host does not load it.
    """
    configured = as_settings(settings)
    return plugins(module, configured).begin(configured)


def judge_of(loaded: LoadedPlugins | None, settings: Settings) -> Callable[[Object], Verdict]:
    """Return `Evidence.judge` with the remaps and verdicts of these plugins, whose mistakes are a PluginError."""
    if loaded is None:
        return lambda obj: judge(obj, settings)
    caller = loaded.begin(settings)

    def judged(obj: Object) -> Verdict:
        verdict = judge(obj, settings, caller.remap, caller.decide)
        if caller.failed:
            raise PluginError(
                " ".join(f"{output.analyzer}: {output.error or output.notes[0]}" for output in caller.failed)
            )
        return verdict

    return judged


def announce(module: Any, folder: Path) -> None:
    """Write the metadata of an installed distribution for a plugin's module.

    Args:
        module: The plugin's.
        folder: Where the metadata is written; it must be on `sys.path`.
    """
    name = name_of(module)
    info = folder / f"virustotal_{name}-0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: virustotal-{name}\nVersion: 0\n", encoding="utf-8")
    points = f"[virustotal.plugins]\n{name} = {module.__name__}\n"
    (info / "entry_points.txt").write_text(points, encoding="utf-8")


def isolated(module: Any, given: Evidence, *, budget: float = 20.0) -> tuple[AnalyzerOutput, ...]:
    """Return what the host takes of a plugin's analysers for the evidence, with what it cut and their errors.

    Args:
        module: The plugin's.
        given: The evidence; all analysers that its report calls for are run.
        budget: The most seconds of one analyser.
    """
    loaded = plugins(module, given.settings)
    return analyse(given.report, loaded, given.settings, given.judge, time.monotonic() + budget, budget=budget)
