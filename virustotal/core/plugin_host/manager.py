"""Loads plugins, each on its own: one that fails is listed. Only this module and `hookspecs` use pluggy."""

import contextlib
import logging
import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from types import MappingProxyType
from typing import Any

import pluggy
from attrs import evolve

from virustotal.core import hookspecs
from virustotal.core.analyzer import ANY, Analyzer
from virustotal.core.plugin_host.candidate import Candidate, announced, block, built_in, log, names_of
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
        [Candidate(PluginId(name, "0", True), partial(modules.get, name)) for name in sorted(modules)], settings
    )


def _loaded(candidates: Sequence[Candidate], settings: Settings) -> LoadedPlugins:
    block(candidates, settings.plugins)
    used: list[Candidate] = []
    for candidate in candidates:
        if candidate.used:
            _guarded(candidate, used, settings)
        if candidate.used:
            used.append(candidate)
    _settle_names(used, settings.plugins.disabled)
    plugins = _plugins(candidates)
    _log_unknown(plugins.listing, settings.plugins.disabled)
    return plugins


# --- loading one -----------------------------------------------------------------------------------------------------


def _guarded(candidate: Candidate, others: Sequence[Candidate], settings: Settings) -> None:
    try:
        with _watched(candidate) if candidate.provider.external else contextlib.nullcontext():
            _load(candidate, others, settings)
    except BaseException as error:  # SystemExit and RecursionError too: the service starts whatever a plugin does
        if isinstance(error, KeyboardInterrupt) and not candidate.provider.external:
            raise
        state = State.REFUSED if isinstance(error, RefusedError) else State.FAILED
        candidate.end(state, last_line(error), stack_of(error))


@contextlib.contextmanager
def _watched(candidate: Candidate) -> Iterator[None]:
    """Watch an external plugin while it loads.

    It is named in the log while that takes longer than SLOW_LOAD. Deprecated names that it uses, and changes of the
    process, which are undone, become its warnings.
    """
    shown = warnings.showwarning

    def show(message: Any, category: type[Warning], *place: Any, **options: Any) -> None:
        if category is SurfaceWarning:
            candidate.warn(str(message))
        else:
            shown(message, category, *place, **options)

    arguments = ("%s has been loading for more than %.3g seconds", candidate, SLOW_LOAD)
    timer = threading.Timer(SLOW_LOAD, plugin_log(candidate.provider.name).warning, arguments)
    timer.daemon = True
    timer.start()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", SurfaceWarning)
            warnings.showwarning = show
            with preserved(candidate.warn):
                yield
    finally:
        timer.cancel()


def _load(candidate: Candidate, others: Sequence[Candidate], settings: Settings) -> None:
    candidate.module = candidate.load()
    _adopt_log(candidate)
    candidate.update(api=stated_api(candidate.module))
    check_api(candidate.info.api)
    _check_unique(candidate, others)
    check_functions(candidate.module)
    candidate.hooks = _implementations(candidate)
    candidate.update(hooks=tuple(sorted(hook.hook for hook in candidate.hooks)))
    for hook in candidate.hooks:
        if hook.hook == "virustotal_analyzers":
            candidate.analyzers = checked_analyzers(hook.call({"settings": settings}))
    candidate.update(
        analyzers=tuple(map(_info, candidate.analyzers)),
        api=max((analyzer.api for analyzer in candidate.analyzers), default=candidate.info.api),
    )
    check_api(candidate.info.api)
    for row in candidate.info.analyzers:
        if row.warning:
            message = "the analyser %s of %s: %s"
            plugin_log(candidate.provider.name).warning(message, row.name, candidate.provider, row.warning)


def _adopt_log(candidate: Candidate) -> None:
    """Send what an external plugin logs with `logging.getLogger(__name__)` to its logger of the service.

    The framework sets the root logger to CRITICAL: its records would be lost.
    """
    name = getattr(candidate.module, "__name__", "")
    if candidate.provider.external and isinstance(name, str) and name:
        own = logging.getLogger(name)
        if own is not logging.getLogger():
            own.parent = plugin_log(candidate.provider.name)


def _check_unique(candidate: Candidate, others: Iterable[Candidate]) -> None:
    for other in others:
        if other.module is candidate.module:
            raise RefusedError(f"it is registered twice: the same module is the plugin {other.provider.name}")
        if other.provider.name == candidate.provider.name:
            raise RefusedError(f"its name is taken by another plugin: {other.provider.name}")


@cache
def _manager() -> pluggy.PluginManager:
    """Return a manager that knows the hooks. No plugin stays registered: HookCaller calls hooks one by one."""
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    return manager


def _implementations(candidate: Candidate) -> tuple[Implementation, ...]:
    manager, module, provider = _manager(), candidate.module, candidate.provider
    try:
        manager.register(module, provider.name)
        manager.check_pending()
        return tuple(
            Implementation(provider, caller.name, hook.function, tuple(hook.argnames))
            for caller in manager.get_hookcallers(module) or ()
            if hasattr(hookspecs, caller.name)  # not a hook of a later service
            for hook in caller.get_hookimpls()
        )
    finally:
        if manager.get_plugin(provider.name) is module:  # pluggy 1.6 lists one whose registration failed, too
            manager.unregister(module)


# --- its analysers ---------------------------------------------------------------------------------------------------


def _info(analyzer: Analyzer) -> AnalyzerInfo:
    return AnalyzerInfo(
        analyzer.name, analyzer.kind, analyzer.relationship, analyzer.order, analyzer.summary, warning=warning(analyzer)
    )


def _settle_names(candidates: Iterable[Candidate], disabled: Sequence[str]) -> None:
    """Block analysers by name, and refuse all but the first of a name: built-ins come first, then plugins by name."""
    owners: dict[str, Candidate] = {}
    for candidate in candidates:
        rows = []
        for row in candidate.info.analyzers:
            owner = owners.setdefault(row.name, candidate)
            if row.name in disabled:
                row = evolve(row, state=State.BLOCKED, reason="named in plugins.disabled")
            elif owner is not candidate:
                row = evolve(row, state=State.REFUSED, reason=f"the name is taken by {owner}; this is {candidate}")
                plugin_log(candidate.provider.name).error("the analyser %s refused: %s", row.name, row.reason)
            rows.append(row)
        candidate.update(analyzers=tuple(rows))


def unknown(listing: Iterable[PluginInfo], disabled: Iterable[str]) -> tuple[str, ...]:
    """Return the names of `plugins.disabled` that no plugin or analyser of a listing has.

    The analysers of a plugin that did not load are not known.

    Args:
        listing: Of all plugins.
        disabled: `plugins.disabled` of the configuration.
    """
    names: set[str] = set()
    for plugin in listing:
        names |= names_of(plugin) | {row.name for row in plugin.analyzers}
    return tuple(name for name in disabled if name not in names)


def _log_unknown(listing: Sequence[PluginInfo], disabled: Sequence[str]) -> None:
    is_complete = all(plugin.state is State.LOADED for plugin in listing)
    hint = "" if is_complete else " (or it is an analyser of a plugin that did not load)"
    for name in unknown(listing, disabled):
        log.warning("plugins.disabled names %s, which no plugin or analyser has%s", name, hint)


def _plugins(candidates: Sequence[Candidate]) -> LoadedPlugins:
    listed = [
        (analyzer, row, candidate.provider)
        for candidate in candidates
        for analyzer, row in zip(candidate.analyzers, candidate.info.analyzers, strict=True)
    ]
    used = {analyzer: provider for analyzer, row, provider in listed if row.state is State.LOADED}
    hooks = tuple(hook for candidate in candidates for hook in candidate.hooks)
    return LoadedPlugins(
        registry=Registry(
            tuple(used),
            frozenset(analyzer.name for analyzer, provider in used.items() if provider.external),
            any(hook.hook == "virustotal_verdict" and hook.provider.external for hook in hooks),
            disabled=frozenset(
                (row.kind, row.relationship)
                for _, row, _ in listed
                if row.state is State.BLOCKED and row.relationship not in ("", ANY)
            ),
        ),
        listing=tuple(candidate.info for candidate in candidates),
        providers=MappingProxyType({analyzer.name: provider for analyzer, provider in used.items()}),
        hooks=hooks,
    )
