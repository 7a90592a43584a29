"""Plugins to `LoadedPlugins`: pluggy lives here alone. Every plugin is loaded on its own; a failing one is listed."""

import contextlib
import importlib
import importlib.metadata
import logging
import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType, ModuleType
from typing import Any

import pluggy
from attrs import evolve

from virustotal.core import hookspecs
from virustotal.core.analyzer import ANY, Analyzer
from virustotal.core.plugin_host.candidate import Candidate, announced, block, built_in, log
from virustotal.core.plugin_host.hooks import AnalyzerInfo, Implementation, LoadedPlugins, PluginId, PluginInfo, State
from virustotal.core.plugin_host.isolation_util import last_line, plugin_log, stack_of
from virustotal.core.plugin_host.process_state import preserved
from virustotal.core.plugin_host.registration_checks import (
    RefusedError,
    check_api,
    check_functions,
    checked_analyzers,
    stated_api,
    warning,
)
from virustotal.core.plugin_host.registry import Registry
from virustotal.core.settings import Settings
from virustotal.util.deprecation import SurfaceWarning

#: Seconds after which a plugin that is still loading is named in the log.
SLOW_LOAD = 10.0


def load(builtin: Sequence[str | ModuleType], settings: Settings) -> LoadedPlugins:
    """Return the plugins of the service: the built-ins, and what installed distributions announce.

    builtin: dotted names, or modules. Raises nothing but KeyboardInterrupt: what does not load is in `listing`.
    """
    return _loaded([*map(built_in, builtin), *announced()], settings)


def load_modules(modules: Mapping[str, Any], settings: Settings) -> LoadedPlugins:
    """Return plugins of modules by name, as if distributions of these names had announced them; for tests."""
    return _loaded([Candidate(PluginId(name, "0", True), modules[name]) for name in sorted(modules)], settings)


def _loaded(candidates: Sequence[Candidate], settings: Settings) -> LoadedPlugins:
    block(candidates, settings.plugins)
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    for candidate in candidates:
        if candidate.used:
            _guarded(candidate, manager, settings)
    _settle_names(candidates, settings.plugins.disabled)
    _log_unknown(candidates, settings.plugins.disabled)
    return _plugins(candidates)


# --- loading one -----------------------------------------------------------------------------------------------------


def _guarded(candidate: Candidate, manager: pluggy.PluginManager, settings: Settings) -> None:
    try:
        with _named_if_slow(candidate), _observed(candidate):
            _load(candidate, manager, settings)
    except RefusedError as error:
        candidate.end(State.REFUSED, last_line(error).partition(": ")[2])
    except KeyboardInterrupt as error:
        if not candidate.provider.external:
            raise
        candidate.end(State.FAILED, last_line(error), stack_of(error))
    except BaseException as error:  # SystemExit and RecursionError too: the service starts whatever a plugin does
        candidate.end(State.FAILED, last_line(error), stack_of(error))
    if not candidate.used:
        candidate.analyzers.clear()
        _unregister(candidate, manager)


@contextlib.contextmanager
def _named_if_slow(candidate: Candidate) -> Iterator[None]:
    """Name an external plugin in the log while its import and start take longer than SLOW_LOAD."""
    message = "%s (%s) has been loading for more than %.3g seconds"
    arguments = (message, candidate.provider, candidate.origin, SLOW_LOAD)
    timer = threading.Timer(SLOW_LOAD, plugin_log(candidate.provider.name).warning, arguments)
    timer.daemon = True
    if candidate.provider.external:
        timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextlib.contextmanager
def _observed(candidate: Candidate) -> Iterator[None]:
    """Keep what an external plugin is warned of: deprecated names, and changes of the process, which are undone."""
    if not candidate.provider.external:
        yield
        return
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", SurfaceWarning)
        try:
            with preserved() as changes:
                yield
        finally:
            for entry in caught:
                if entry.category is SurfaceWarning:
                    candidate.warn(str(entry.message))
            candidate.warn(str(changes))
    for entry in caught:
        if entry.category is not SurfaceWarning:
            warnings.warn_explicit(entry.message, entry.category, entry.filename, entry.lineno)


def _load(candidate: Candidate, manager: pluggy.PluginManager, settings: Settings) -> None:
    candidate.module = _import(candidate.target)
    _adopt_log(candidate)
    candidate.api = stated_api(candidate.module)
    check_api(candidate.api)
    _register(candidate, manager)
    candidate.hooks = tuple(_implementations(candidate, manager))
    for hook in candidate.hooks:
        if hook.hook == "virustotal_analyzers":
            candidate.analyzers = [
                (analyzer, _info(analyzer)) for analyzer in checked_analyzers(hook.call({"settings": settings}))
            ]
    candidate.api = max((analyzer.api for analyzer, _ in candidate.analyzers), default=candidate.api)
    check_api(candidate.api)
    for _, info in candidate.analyzers:
        if info.warning:
            plugin_log(candidate.provider.name).warning(
                "the analyser %s of %s: %s", info.name, candidate.provider, info.warning
            )


def _import(target: Any) -> Any:
    if isinstance(target, importlib.metadata.EntryPoint):
        return target.load()
    return importlib.import_module(target) if isinstance(target, str) else target


def _adopt_log(candidate: Candidate) -> None:
    """Let what an external plugin logs by `logging.getLogger(__name__)` pass through its logger here.

    The framework sets the root logger to CRITICAL, so that its records would be lost otherwise.
    """
    name = getattr(candidate.module, "__name__", "")
    if candidate.provider.external and isinstance(name, str) and name:
        own = logging.getLogger(name)
        if own is not logging.getLogger():
            own.parent = plugin_log(candidate.provider.name)


def _register(candidate: Candidate, manager: pluggy.PluginManager) -> None:
    for name, other in manager.list_name_plugin():
        if other is candidate.module:
            raise RefusedError(f"it is registered twice: the same module is the plugin {name}")
        if name == candidate.provider.name:
            raise RefusedError(f"its name is taken by another plugin: {name}")
    check_functions(candidate.module)
    manager.register(candidate.module, candidate.provider.name)


def _implementations(candidate: Candidate, manager: pluggy.PluginManager) -> Iterator[Implementation]:
    manager.check_pending()
    for caller in manager.get_hookcallers(candidate.module) or ():
        for hook in caller.get_hookimpls():
            if hook.plugin is candidate.module and hasattr(hookspecs, caller.name):
                yield Implementation(candidate.provider, caller.name, hook.function, tuple(hook.argnames))


def _unregister(candidate: Candidate, manager: pluggy.PluginManager) -> None:
    # pluggy 1.6 still lists a plugin whose registration failed.
    if candidate.module is not None and manager.get_plugin(candidate.provider.name) is candidate.module:
        manager.unregister(candidate.module)


# --- its analysers ---------------------------------------------------------------------------------------------------


def _info(analyzer: Analyzer) -> AnalyzerInfo:
    return AnalyzerInfo(
        analyzer.name, analyzer.kind, analyzer.relationship, analyzer.order, analyzer.summary, warning=warning(analyzer)
    )


def _settle_names(candidates: Iterable[Candidate], disabled: Sequence[str]) -> None:
    """Block analysers by name, and give each name to one: built-ins come first, then plugins by name."""
    owners: dict[str, Candidate] = {}
    for candidate in candidates:
        for place, (analyzer, info) in enumerate(candidate.analyzers):
            owner = owners.setdefault(analyzer.name, candidate)
            if analyzer.name in disabled:
                settled = evolve(info, state=State.BLOCKED, reason="named in plugins.disabled")
            elif owner is not candidate:
                own = f"{candidate.provider} ({candidate.origin})"
                reason = f"the name is taken by {owner.provider} ({owner.origin}); this is {own}"
                settled = evolve(info, state=State.REFUSED, reason=reason)
                plugin_log(candidate.provider.name).error("the analyser %s refused: %s", analyzer.name, reason)
            else:
                continue
            candidate.analyzers[place] = (analyzer, settled)


def unknown(listing: Sequence[PluginInfo], disabled: Iterable[str]) -> tuple[str, ...]:
    """Return the names of `plugins.disabled` that no plugin or analyser of a listing has.

    What the analysers of a plugin that did not load are called is not known.
    """
    names = {row.name for plugin in listing for row in plugin.analyzers}
    names |= {plugin.name for plugin in listing} | {f"virustotal.plugins.{plugin.name}" for plugin in listing}
    names |= {plugin.distribution for plugin in listing}
    return tuple(name for name in disabled if name not in names)


def _log_unknown(candidates: Iterable[Candidate], disabled: Sequence[str]) -> None:
    listing = [plugin.info() for plugin in candidates]
    blocked = any(plugin.state is not State.LOADED for plugin in listing)
    for name in unknown(listing, disabled):
        hint = " (or it is an analyser of a plugin that did not load)" if blocked else ""
        log.warning("plugins.disabled names %s, which no plugin or analyser has%s", name, hint)


def _plugins(candidates: Sequence[Candidate]) -> LoadedPlugins:
    used = [
        (analyzer, candidate.provider)
        for candidate in candidates
        if candidate.used
        for analyzer, info in candidate.analyzers
        if info.state is State.LOADED
    ]
    hooks = tuple(hook for candidate in candidates for hook in candidate.hooks)
    return LoadedPlugins(
        registry=Registry(
            tuple(analyzer for analyzer, _ in used),
            frozenset(analyzer.name for analyzer, provider in used if provider.external),
            any(hook.hook == "virustotal_verdict" and hook.provider.external for hook in hooks),
            disabled=frozenset(
                (analyzer.kind, analyzer.relationship)
                for candidate in candidates
                for analyzer, info in candidate.analyzers
                if info.state is State.BLOCKED and analyzer.relationship not in ("", ANY)
            ),
        ),
        listing=tuple(candidate.info() for candidate in candidates),
        providers=MappingProxyType({analyzer.name: provider for analyzer, provider in used}),
        hooks=hooks,
    )
