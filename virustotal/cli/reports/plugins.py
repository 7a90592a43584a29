"""Reports of `virustotal-service plugins` and `plugins check NAME`, without a terminal."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from attrs import asdict

from virustotal.core.plugin_host.hooks import LoadedPlugins
from virustotal.core.plugin_host.manager import load
from virustotal.core.plugin_host.plugin import AnalyzerInfo, Plugin
from virustotal.core.settings.service_config import service_settings
from virustotal.plugins import BUILTIN

if TYPE_CHECKING:
    from virustotal.testing.world_check import WorldCheck


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


def check_plugin(name: str, config: Mapping[str, Any]) -> "WorldCheck":
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
    from virustotal.testing.world_check import check_world  # the kit imports the emulator

    return check_world(loaded, plugin, service_settings(config))


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
