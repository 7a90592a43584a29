"""Loads plugins, each on its own: one that fails is listed. Only this module and `hookspecs` use pluggy."""

import contextlib
import logging
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

import pluggy

from virustotal.core import hookspecs
from virustotal.core.analyzer import ANY
from virustotal.core.plugin_host.entry_points import Source, announced, built_in, log
from virustotal.core.plugin_host.hooks import LoadedPlugins
from virustotal.core.plugin_host.isolation_util import HostError, last_line, plugin_log, stack_of
from virustotal.core.plugin_host.plugin import AnalyzerInfo, Implementation, Plugin, State
from virustotal.core.plugin_host.process_state import preserved
from virustotal.core.plugin_host.registration_checks import (
    HOOKS,
    check_api,
    check_hooks,
    checked_analyzers,
    stated_api,
    warning,
)
from virustotal.core.plugin_host.registry import Registry
from virustotal.core.settings import PluginConfig, Settings
from virustotal.util.deprecation import SurfaceWarning

#: Seconds after which a plugin that is still loading is named in the log.
SLOW_LOAD = 10.0


def load(builtin: Sequence[str], settings: Settings) -> LoadedPlugins:
    """Return the plugins of the service: the built-ins, and what installed distributions announce.

    Raises nothing but KeyboardInterrupt: what does not load is in `listing`.

    Args:
        builtin: Dotted names of modules.
        settings: Say what is blocked, and are given to the plugins.
    """
    return _loaded([*map(built_in, builtin), *announced()], settings)


def load_modules(modules: Mapping[str, Any], settings: Settings) -> LoadedPlugins:
    """Return plugins as if distributions had announced them; for tests.

    Args:
        modules: By the name of the plugin.
        settings: As for `load`.
    """
    return _loaded(
        [(Plugin(name, version="0", external=True), partial(modules.get, name)) for name in sorted(modules)], settings
    )


def _loaded(sources: Sequence[Source], settings: Settings) -> LoadedPlugins:
    plugins = [plugin for plugin, _ in sources]
    _block(plugins, settings.plugins)
    modules: dict[Plugin, Any] = {}
    for plugin, load_module in sources:
        if plugin.used:
            _load_guarded(plugin, load_module, modules, settings)
    _settle_names(plugins, settings.plugins.disabled)
    for name in unknown(plugins, settings.plugins.disabled):
        sentence = "plugins.disabled names %s: no plugin, and no analyser of a plugin that loaded, has that name"
        log.warning(sentence, name)
    return _plugins(plugins)


def _block(plugins: Iterable[Plugin], config: PluginConfig) -> None:
    """Block the plugins that the configuration names, before they are imported."""
    for plugin in plugins:
        if plugin.external and not config.external:
            plugin.end(State.BLOCKED, "plugins.external is false")
        elif not plugin.names.isdisjoint(config.disabled):
            plugin.end(State.BLOCKED, "named in plugins.disabled")


# --- loading one -----------------------------------------------------------------------------------------------------


def _load_guarded(
    plugin: Plugin, load_module: Callable[[], Any], modules: dict[Plugin, Any], settings: Settings
) -> None:
    try:
        with _watched(plugin) if plugin.external else contextlib.nullcontext():
            module = load_module()
            _load(plugin, module, modules, settings)
        modules[plugin] = module
    except BaseException as error:  # SystemExit and RecursionError too: the service starts whatever a plugin does
        if isinstance(error, KeyboardInterrupt) and not plugin.external:
            raise
        state = State.REFUSED if isinstance(error, HostError) else State.FAILED
        plugin.end(state, last_line(error), stack_of(error))


@contextlib.contextmanager
def _watched(plugin: Plugin) -> Iterator[None]:
    """Watch an external plugin while it loads.

    It is named in the log while that takes longer than SLOW_LOAD. Deprecated names that it uses, and changes of the
    process, which are undone, become its warnings.
    """
    shown = warnings.showwarning

    def show(message: Any, category: type[Warning], *place: Any, **options: Any) -> None:
        if category is SurfaceWarning:
            plugin.warn(str(message))
        else:
            shown(message, category, *place, **options)

    arguments = ("%s has been loading for more than %.3g seconds", plugin.described, SLOW_LOAD)
    timer = threading.Timer(SLOW_LOAD, plugin_log(plugin.name).warning, arguments)
    timer.daemon = True
    timer.start()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", SurfaceWarning)
            warnings.showwarning = show
            with preserved(plugin.warn):
                yield
    finally:
        timer.cancel()


def _load(plugin: Plugin, module: Any, others: Mapping[Plugin, Any], settings: Settings) -> None:
    _adopt_log(plugin, module)
    plugin.api = stated_api(module)
    check_api(plugin.api)
    _check_unique(plugin, module, others)
    plugin.hooks = _implementations(plugin, module)
    for hook in plugin.hooks:
        if hook.hook == "virustotal_analyzers":
            analyzers = checked_analyzers(hook.call({"settings": settings}))
            plugin.analyzers = tuple(AnalyzerInfo(analyzer, warning=warning(analyzer)) for analyzer in analyzers)
    plugin.api = max((row.analyzer.api for row in plugin.analyzers), default=plugin.api)
    check_api(plugin.api)
    for row in plugin.analyzers:
        if row.warning:
            plugin_log(plugin.name).warning("the analyser %s of %s: %s", row.analyzer.name, plugin, row.warning)


def _adopt_log(plugin: Plugin, module: Any) -> None:
    """Send what an external plugin logs with `logging.getLogger(__name__)` to its logger of the service.

    The framework sets the root logger to CRITICAL: its records would be lost.
    """
    name = getattr(module, "__name__", "")
    if plugin.external and isinstance(name, str) and name not in ("", logging.root.name):
        logging.getLogger(name).parent = plugin_log(plugin.name)


def _check_unique(plugin: Plugin, module: Any, others: Mapping[Plugin, Any]) -> None:
    for other, its_module in others.items():
        if its_module is module:
            raise HostError(f"it is registered twice: the same module is the plugin {other.name}")
        if other.name == plugin.name:
            raise HostError(f"its name is taken by another plugin: {other.name}")


def _implementations(plugin: Plugin, module: Any) -> tuple[Implementation, ...]:
    """Return the hooks of a plugin. It has a manager of its own: HookCaller calls hooks one by one."""
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    manager.register(module, plugin.name)
    callers = manager.get_hookcallers(module) or ()
    hooks = [(caller.name, hook) for caller in callers for hook in caller.get_hookimpls()]
    check_hooks(module, hooks)
    manager.check_pending()
    return tuple(
        Implementation(plugin, name, hook.function, tuple(hook.argnames)) for name, hook in hooks if name in HOOKS
    )


# --- its analysers ---------------------------------------------------------------------------------------------------


def _settle_names(plugins: Iterable[Plugin], disabled: Sequence[str]) -> None:
    """Block analysers by name, and refuse all but the first of a name: built-ins come first, then plugins by name."""
    owners: dict[str, Plugin] = {}
    for plugin in plugins:
        for row in plugin.analyzers:
            name = row.analyzer.name
            owner = owners.setdefault(name, plugin)
            if name in disabled:
                row.state, row.reason = State.BLOCKED, "named in plugins.disabled"
            elif owner is not plugin:
                row.state = State.REFUSED
                row.reason = f"the name is taken by {owner.described}; this is {plugin.described}"
                plugin_log(plugin.name).error("the analyser %s refused: %s", name, row.reason)


def unknown(listing: Iterable[Plugin], disabled: Iterable[str]) -> tuple[str, ...]:
    """Return the names of `plugins.disabled` that no plugin or analyser of a listing has.

    The analysers of a plugin that did not load are not known.

    Args:
        listing: Of all plugins.
        disabled: `plugins.disabled` of the configuration.
    """
    names: set[str] = set()
    for plugin in listing:
        names |= plugin.names | {row.analyzer.name for row in plugin.analyzers}
    return tuple(name for name in disabled if name not in names)


def _plugins(plugins: Sequence[Plugin]) -> LoadedPlugins:
    rows = [(plugin, row) for plugin in plugins for row in plugin.analyzers]
    used = {row.analyzer: plugin for plugin, row in rows if row.state is State.LOADED}
    hooks = tuple(hook for plugin in plugins for hook in plugin.hooks)
    return LoadedPlugins(
        registry=Registry(
            tuple(used),
            frozenset(analyzer.name for analyzer, plugin in used.items() if plugin.external),
            any(hook.hook == "virustotal_verdict" and hook.provider.external for hook in hooks),
            disabled=frozenset(
                (row.analyzer.kind, row.analyzer.relationship)
                for _, row in rows
                if row.state is State.BLOCKED and row.analyzer.relationship not in ("", ANY)
            ),
        ),
        listing=tuple(plugins),
        providers=MappingProxyType({analyzer.name: plugin for analyzer, plugin in used.items()}),
        hooks=hooks,
    )
