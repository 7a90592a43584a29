"""Reports of `virustotal-service plugins` and `plugins check NAME`, without a terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

from assemblyline_v4_service.common.helper import get_service_manifest
from attrs import asdict, evolve, frozen

from virustotal.api.relationships import KINDS
from virustotal.core.models import Object, Report
from virustotal.core.plugin_host.hooks import LoadedPlugins, PluginInfo, State
from virustotal.core.plugin_host.manager import load
from virustotal.core.plugin_host.runner import due
from virustotal.core.scoring.verdicts import judge
from virustotal.core.settings import service_settings
from virustotal.platform.manifest import use_manifest
from virustotal.plugins import BUILTIN


@frozen
class Checked:
    """What the contract checks of one plugin found. problems: one line each; empty where it keeps the contract.

    runs: how often its analysers and hooks were called. idle: analysers for which the emulator's world has nothing.
    warnings: deprecated names that it uses, what it changed of the process, relationships that nobody knows.
    """

    plugin: PluginInfo
    runs: int = 0
    problems: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def plugins(config: Mapping[str, Any]) -> LoadedPlugins:
    """Return the plugins that the service would load by a `config` as in the manifest; ConfigurationError."""
    return load(BUILTIN, service_settings(config))


def as_json(listing: tuple[PluginInfo, ...]) -> list[dict[str, Any]]:
    """Return a listing as JSON: the fields of `PluginInfo`, each analyser with those of `AnalyzerInfo`."""
    return [asdict(each, value_serializer=lambda _, __, value: _plain(value)) for each in listing]


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, State) else value


def check_plugin(name: str, config: Mapping[str, Any]) -> Checked:
    """Run the contract checks of one plugin, by its name or its distribution's, over the emulator's world.

    config: as in the manifest, for the plugin's settings. Raises LookupError for a name that no plugin has.
    """
    loaded = plugins(config)
    found = [each for each in loaded.listing if name in {each.name, each.distribution}]
    if not found:
        raise LookupError(f"no plugin is named {name}; there are {', '.join(each.name for each in loaded.listing)}")
    plugin = found[0]
    if plugin.state is not State.LOADED:
        return Checked(plugin, problems=(f"It is {plugin.state.value}: {plugin.reason}.",))
    ran, problems = _analyzers(loaded, plugin.name, config)
    mine = [each for each in plugin.analyzers if each.state is State.LOADED]
    problems += [f"{each.name} is {each.state.value}: {each.reason}" for each in plugin.analyzers if each not in mine]
    hooked, failures = _hooks(loaded, plugin.name, config)
    idle = tuple(each.name for each in mine if each.name not in ran)
    warnings = (*plugin.warnings, *(f"{each.name}: {each.warning}" for each in mine if each.warning))
    return Checked(plugin, sum(ran.values()) + hooked, tuple(dict.fromkeys(problems + failures)), idle, warnings)


def _analyzers(loaded: LoadedPlugins, name: str, config: Mapping[str, Any]) -> tuple[dict[str, int], list[str]]:
    from virustotal.testing import check, examples, found  # the kit points the framework at the packaged manifest

    ran: dict[str, int] = {}
    problems: list[str] = []
    for report in examples():
        for analyzer, related in due(report, loaded.registry):
            if loaded.provider(analyzer).name == name:
                ran[analyzer.name] = ran.get(analyzer.name, 0) + 1
                problems += check(analyzer, found(report, related.relationship if related else "", dict(config)))
    return ran, problems


def _hooks(loaded: LoadedPlugins, name: str, config: Mapping[str, Any]) -> tuple[int, list[str]]:
    from virustotal.testing import examples

    mine = [each for each in loaded.hooks if each.provider.name == name and each.hook != "virustotal_analyzers"]
    settings = service_settings(config)
    hooks = evolve(loaded, hooks=tuple(mine)).begin(settings)
    for kind in KINDS:
        hooks.registry.wanted(kind, settings)
    objects = [obj for report in examples() for obj in _objects(report)] if mine else []
    for obj in objects:
        judge(obj, settings, hooks.remap, hooks.decide)
    own = {str(each) for each in loaded.providers.values() if each.name == name} | {str(each.provider) for each in mine}
    failed = [
        f"{each.analyzer} failed: {each.error}" if each.error else f"{each.analyzer}: {' '.join(each.notes)}"
        for each in hooks.failed
        if each.provider in own
    ]
    return len(objects) * len(mine), failed


def _objects(report: Report) -> Iterator[Object]:
    yield report.subject
    for related in report.related.values():
        yield from related.items


def lines(listing: tuple[PluginInfo, ...]) -> Iterator[str]:
    """Yield a line for each plugin, and those of `remarks`."""
    for plugin in listing:
        source = f" ({plugin.distribution})" if plugin.distribution else ""
        reason = f": {plugin.reason}" if plugin.reason else ""
        yield f"{plugin.name} {plugin.version}{source}: {plugin.state.value}{reason}"
        yield from remarks(plugin)


def remarks(plugin: PluginInfo) -> Iterator[str]:
    """Yield a line for each warning of a plugin, and for each analyser that is not used or may never be called."""
    yield from (f"{plugin.name}: warning: {message}" for message in plugin.warnings)
    for analyzer in plugin.analyzers:
        name = f"{plugin.name}, analyser {analyzer.name}"
        if analyzer.reason:
            yield f"{name}: {analyzer.state.value}: {analyzer.reason}"
        if analyzer.warning:
            yield f"{name}: warning: {analyzer.warning}"


if __name__ == "__main__":  # for images, which have no terminal of ours: python -m virustotal.cli.reports.plugins
    use_manifest()
    for line in lines(plugins(get_service_manifest().get("config") or {}).listing):
        print(line)
