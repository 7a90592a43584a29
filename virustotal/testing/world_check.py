"""The contract of all analysers and hooks of a plugin, checked over the emulator's world."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from attrs import evolve, frozen

from virustotal.api.relationships import KINDS
from virustotal.core.plugin_host.hooks import LoadedPlugins
from virustotal.core.plugin_host.plugin import Plugin
from virustotal.core.plugin_host.runner import due
from virustotal.core.scoring.verdicts import judge
from virustotal.core.settings import Settings
from virustotal.testing.builders import found
from virustotal.testing.contract import check, objects
from virustotal.testing.plugins import as_settings, plugins
from virustotal.testing.world import examples


@frozen
class WorldCheck:
    """What the check of one plugin found.

    Args:
        plugin: The plugin.
        runs: How often its analysers and hooks were called.
        problems: One line each; empty where it keeps the contract.
        idle: Analysers for which the world has nothing.
    """

    plugin: Plugin
    runs: int = 0
    problems: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """Deprecated names that it uses, what it changed of the process, relationships that nobody knows."""
        rows = (f"{row.analyzer.name}: {row.warning}" for row in self.plugin.analyzers if row.warning)
        return (*self.plugin.warnings, *rows)


def problems(module: Any, settings: Settings | Mapping[str, Any] | None = None) -> list[str]:
    """Return why a plugin's module breaks the contract, over every object of the emulator's world; one line each.

    `virustotal-service plugins check` does this with an installed plugin.

    Args:
        module: The plugin's.
        settings: `Settings`, or a `config` as in the manifest.

    Raises:
        PluginError: The host does not load it.
    """
    configured = as_settings(settings)
    loaded = plugins(module, configured)
    return list(check_world(loaded, loaded.listing[0], configured).problems)


def check_world(loaded: LoadedPlugins, plugin: Plugin, settings: Settings) -> WorldCheck:
    """Check one plugin, with its own remaps and verdicts.

    Args:
        loaded: All plugins.
        plugin: One of them.
        settings: Of the service.
    """
    if not plugin.used:
        return WorldCheck(plugin, problems=(f"Not loaded, {plugin.state.value}: {plugin.reason}.",))
    own = evolve(loaded, hooks=plugin.hooks)
    runs: Counter[str] = Counter()
    lines = [f"{row.analyzer.name} is {row.state.value}: {row.reason}" for row in plugin.analyzers if row.reason]
    for report in examples():
        for analyzer, related in due(report, loaded.registry):
            if loaded.providers[analyzer.name] is plugin:
                runs[analyzer.name] += 1
                given = found(report, related.relationship if related else "", settings, plugin=own)
                lines += check(analyzer, given)
    called, failures = _hooks(own, plugin, settings)
    idle = tuple(name for name, provider in own.providers.items() if provider is plugin and name not in runs)
    return WorldCheck(plugin, runs.total() + called, tuple(dict.fromkeys((*lines, *failures))), idle)


def _hooks(own: LoadedPlugins, plugin: Plugin, settings: Settings) -> tuple[int, list[str]]:
    caller = own.begin(settings)
    for kind in KINDS:
        caller.registry.wanted(kind, settings)
    hooks = [hook for hook in plugin.hooks if hook.hook != "virustotal_analyzers"]
    examined = [obj for report in examples() for obj in objects(report)] if hooks else []
    for obj in examined:
        judge(obj, settings, caller.remap, caller.decide)
    failed = [output for output in caller.failed if output.provider == str(plugin)]
    return len(examined) * len(hooks), [
        f"{output.analyzer} failed: {output.error}" if output.error else f"{output.analyzer}: {output.notes[0]}"
        for output in failed
    ]
