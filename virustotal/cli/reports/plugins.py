"""Reports of `virustotal-service plugins` and `plugins check NAME`, without a terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import asdict, frozen

from virustotal.core.plugin_host.hooks import LoadedPlugins
from virustotal.core.plugin_host.manager import load
from virustotal.core.plugin_host.plugin import AnalyzerInfo, Plugin
from virustotal.core.settings import service_settings
from virustotal.plugins import BUILTIN


@frozen
class Checked:
    """The outcome of the contract checks of one plugin.

    Args:
        plugin: The plugin.
        runs: How often its analysers and hooks were called.
        problems: One line each; empty where it keeps the contract.
        idle: Analysers for which the emulator's world has nothing.
        warnings: Deprecated names that it uses, what it changed of the process, relationships that nobody knows.
    """

    plugin: Plugin
    runs: int = 0
    problems: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def plugins(config: Mapping[str, Any]) -> LoadedPlugins:
    """Return the plugins that the service would load by a `config` as in the manifest.

    Raises:
        ConfigurationError: A value is wrong.
    """
    return load(BUILTIN, service_settings(config))


def as_json(listing: tuple[Plugin, ...]) -> list[dict[str, Any]]:
    """Return a listing as JSON: the fields of `Plugin`, each analyser with what is listed of it."""
    return [
        asdict(plugin, recurse=False)
        | {
            "hooks": sorted(hook.hook for hook in plugin.hooks),
            "analyzers": [_row(analyzer) for analyzer in plugin.analyzers],
        }
        for plugin in listing
    ]


def _row(row: AnalyzerInfo) -> dict[str, Any]:
    names = ("name", "kind", "relationship", "order", "summary")
    own = {name: getattr(row.analyzer, name) for name in names}
    return {**own, "state": row.state, "reason": row.reason, "warning": row.warning}


def check_plugin(name: str, config: Mapping[str, Any]) -> Checked:
    """Run the contract checks of one plugin over the emulator's world.

    Args:
        name: Of the plugin, or of its distribution.
        config: As in the manifest, for the plugin's settings.

    Raises:
        LookupError: No plugin has this name.
    """
    loaded = plugins(config)
    plugin = next((entry for entry in loaded.listing if name in {entry.name, entry.distribution}), None)
    if plugin is None:
        raise LookupError(f"no plugin is named {name}; there are {', '.join(entry.name for entry in loaded.listing)}")
    if not plugin.used:
        return Checked(plugin, problems=(f"Not loaded, {plugin.state.value}: {plugin.reason}.",))
    from virustotal.testing.world_check import check_world  # the kit imports the emulator

    outcome = check_world(loaded, plugin, service_settings(config))
    warnings = (*plugin.warnings, *(f"{row.analyzer.name}: {row.warning}" for row in plugin.analyzers if row.warning))
    return Checked(plugin, outcome.runs, outcome.problems, outcome.idle, warnings)


def remarks(plugin: Plugin) -> Iterator[str]:
    """Yield a line for why a plugin, or an analyser of it, is not used, and for each of their warnings."""
    if plugin.reason:
        yield f"{plugin.name}: {plugin.state.value}: {plugin.reason}"
    yield from (f"{plugin.name}: warning: {message}" for message in plugin.warnings)
    for row in plugin.analyzers:
        name = f"{plugin.name}, analyser {row.analyzer.name}"
        if row.reason:
            yield f"{name}: {row.state.value}: {row.reason}"
        if row.warning:
            yield f"{name}: warning: {row.warning}"
