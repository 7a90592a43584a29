"""Plugins to `LoadedPlugins`: pluggy lives here alone. Every plugin is loaded on its own; a failing one is listed."""

import contextlib
import importlib
import importlib.metadata
import logging
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType, ModuleType
from typing import Any

import pluggy
from attrs import define, evolve, field

from virustotal.core import hookspecs
from virustotal.core.analyzer import ANY, Analyzer
from virustotal.core.plugin_host.hooks import AnalyzerInfo, Implementation, LoadedPlugins, PluginId, PluginInfo, State
from virustotal.core.plugin_host.isolation_util import last_line, plugin_log, stack_of
from virustotal.core.plugin_host.registration_checks import (
    RefusedError,
    check_api,
    check_functions,
    checked_analyzers,
    stated_api,
    warning,
)
from virustotal.core.plugin_host.registry import Registry
from virustotal.core.settings import PluginConfig, Settings

#: The group in which distributions announce their plugins.
GROUP = "virustotal.plugins"
#: Seconds after which a plugin that is still loading is named in the log.
SLOW_LOAD = 10.0

log = logging.getLogger("assemblyline.service.virustotal.loader")


@define(eq=False)
class _Candidate:
    """A plugin on its way. target: a dotted name, the plugin itself, or the entry point that leads to it."""

    provider: PluginId
    target: Any
    module: Any = None
    hooks: tuple[Implementation, ...] = ()
    analyzers: list[tuple[Analyzer, AnalyzerInfo]] = field(factory=list)
    api: int = 1
    state: State = State.LOADED
    reason: str = ""

    def end(self, state: State, reason: str, details: str = "") -> None:
        """Say why the plugin is not used. details: in place of the reason in the log."""
        self.state, self.reason, self.hooks = state, reason, ()
        if state is not State.BLOCKED:
            said = details or reason
            plugin_log(self.provider.name).error("%s (%s) %s: %s", self.provider, self.where, state.value, said)

    @property
    def where(self) -> str:
        return self.provider.distribution or ("not installed" if self.provider.external else "built-in")

    @property
    def used(self) -> bool:
        return self.state is State.LOADED

    def info(self) -> PluginInfo:
        return PluginInfo(
            name=self.provider.name,
            distribution=self.provider.distribution,
            version=self.provider.version,
            external=self.provider.external,
            hooks=tuple(sorted(each.hook for each in self.hooks)),
            analyzers=tuple(info for _, info in self.analyzers),
            api=self.api,
            state=self.state,
            reason=self.reason,
        )


def load(builtin: Sequence[str | ModuleType], settings: Settings) -> LoadedPlugins:
    """Return the plugins of the service: the built-ins, and what installed distributions announce.

    builtin: dotted names, or modules. Raises nothing but KeyboardInterrupt: what does not load is in `listing`.
    """
    return _loaded([*map(_built_in, builtin), *sorted(_announced(), key=lambda each: each.provider.name)], settings)


def load_modules(modules: Mapping[str, Any], settings: Settings) -> LoadedPlugins:
    """Return plugins of modules by name, as if distributions of these names had announced them; for tests."""
    return _loaded([_Candidate(PluginId(name, "0", True), modules[name]) for name in sorted(modules)], settings)


def _loaded(candidates: Sequence[_Candidate], settings: Settings) -> LoadedPlugins:
    _block(candidates, settings.plugins)
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    for each in candidates:
        if each.used:
            _guarded(each, manager, settings)
    _settle_names(candidates, settings.plugins.disabled)
    _log_unknown(candidates, settings.plugins.disabled)
    return _plugins(candidates)


# --- finding ---------------------------------------------------------------------------------------------------------


def _built_in(target: str | ModuleType) -> _Candidate:
    name = target if isinstance(target, str) else target.__name__
    return _Candidate(PluginId(name.removeprefix("virustotal.plugins.")), target)


def _announced() -> Iterator[_Candidate]:
    """Yield what every distribution announces; one whose metadata cannot be read costs only itself."""
    seen: set[str] = set()
    for distribution in importlib.metadata.distributions():
        try:
            points = [each for each in distribution.entry_points if each.group == GROUP]
            metadata: Any = distribution.metadata if points else {}
            name, version = str(metadata.get("Name") or "unknown"), str(metadata.get("Version") or "")
        except Exception as error:
            log.warning("a distribution with unreadable metadata was passed over: %s", last_line(error))
            continue
        # The same distribution in two folders of the path: the first one is what an import finds.
        plain = name.lower().replace("_", "-")
        if points and plain not in seen:
            seen.update({plain} - {"unknown"})
            yield from (_Candidate(PluginId(each.name, version, True, name), each) for each in points)


def _block(candidates: Iterable[_Candidate], config: PluginConfig) -> None:
    for each in candidates:
        names = {each.provider.name, each.provider.distribution, f"virustotal.plugins.{each.provider.name}"} - {""}
        if each.provider.external and not config.external:
            each.end(State.BLOCKED, "plugins.external is false")
        elif names & set(config.disabled):
            each.end(State.BLOCKED, "named in plugins.disabled")


# --- loading one -----------------------------------------------------------------------------------------------------


def _guarded(each: _Candidate, manager: pluggy.PluginManager, settings: Settings) -> None:
    try:
        with _named_if_slow(each):
            _load(each, manager, settings)
    except RefusedError as error:
        each.end(State.REFUSED, last_line(error).partition(": ")[2])
    except KeyboardInterrupt as error:
        if not each.provider.external:
            raise
        each.end(State.FAILED, last_line(error), stack_of(error))
    except BaseException as error:  # SystemExit and RecursionError too: the service starts whatever a plugin does
        each.end(State.FAILED, last_line(error), stack_of(error))
    if not each.used:
        each.analyzers.clear()
        _unregister(each, manager)


@contextlib.contextmanager
def _named_if_slow(each: _Candidate) -> Iterator[None]:
    """Name an external plugin in the log while its import and start take longer than SLOW_LOAD."""
    message = "%s (%s) has been loading for more than %.3g seconds"
    arguments = (message, each.provider, each.where, SLOW_LOAD)
    timer = threading.Timer(SLOW_LOAD, plugin_log(each.provider.name).warning, arguments)
    timer.daemon = True
    if each.provider.external:
        timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _load(each: _Candidate, manager: pluggy.PluginManager, settings: Settings) -> None:
    each.module = _import(each.target)
    _adopt_log(each)
    each.api = stated_api(each.module)
    check_api(each.api)
    _register(each, manager)
    each.hooks = tuple(_implementations(each, manager))
    for hook in each.hooks:
        if hook.hook == "virustotal_analyzers":
            each.analyzers = [(found, _info(found)) for found in checked_analyzers(hook.call({"settings": settings}))]
    each.api = max((found.api for found, _ in each.analyzers), default=each.api)
    check_api(each.api)
    for _, info in each.analyzers:
        if info.warning:
            plugin_log(each.provider.name).warning("the analyser %s of %s: %s", info.name, each.provider, info.warning)


def _import(target: Any) -> Any:
    if isinstance(target, importlib.metadata.EntryPoint):
        return target.load()
    return importlib.import_module(target) if isinstance(target, str) else target


def _adopt_log(each: _Candidate) -> None:
    """Let what an external plugin logs by `logging.getLogger(__name__)` pass through its logger here.

    The framework sets the root logger to CRITICAL, so that its records would be lost otherwise.
    """
    name = getattr(each.module, "__name__", "")
    if each.provider.external and isinstance(name, str) and name:
        own = logging.getLogger(name)
        if own is not logging.getLogger():
            own.parent = plugin_log(each.provider.name)


def _register(each: _Candidate, manager: pluggy.PluginManager) -> None:
    for name, other in manager.list_name_plugin():
        if other is each.module:
            raise RefusedError(f"it is registered twice: the same module is the plugin {name}")
        if name == each.provider.name:
            raise RefusedError(f"its name is taken by another plugin: {name}")
    check_functions(each.module)
    manager.register(each.module, each.provider.name)


def _implementations(each: _Candidate, manager: pluggy.PluginManager) -> Iterator[Implementation]:
    manager.check_pending()
    for caller in manager.get_hookcallers(each.module) or ():
        for found in caller.get_hookimpls():
            if found.plugin is each.module and hasattr(hookspecs, caller.name):
                yield Implementation(each.provider, caller.name, found.function, tuple(found.argnames))


def _unregister(each: _Candidate, manager: pluggy.PluginManager) -> None:
    # pluggy 1.6 still lists a plugin whose registration failed.
    if each.module is not None and manager.get_plugin(each.provider.name) is each.module:
        manager.unregister(each.module)


# --- its analysers ---------------------------------------------------------------------------------------------------


def _info(each: Analyzer) -> AnalyzerInfo:
    return AnalyzerInfo(each.name, each.kind, each.relationship, each.order, each.summary, warning=warning(each))


def _settle_names(candidates: Iterable[_Candidate], disabled: Sequence[str]) -> None:
    """Block analysers by name, and give each name to one: built-ins come first, then plugins by name."""
    owners: dict[str, _Candidate] = {}
    for each in candidates:
        for place, (analyzer, info) in enumerate(each.analyzers):
            owner = owners.setdefault(analyzer.name, each)
            if analyzer.name in disabled:
                settled = evolve(info, state=State.BLOCKED, reason="named in plugins.disabled")
            elif owner is not each:
                reason = (
                    f"the name is taken by {owner.provider} ({owner.where}); this is {each.provider} ({each.where})"
                )
                settled = evolve(info, state=State.REFUSED, reason=reason)
                plugin_log(each.provider.name).error("the analyser %s refused: %s", analyzer.name, reason)
            else:
                continue
            each.analyzers[place] = (analyzer, settled)


def unknown(listing: Sequence[PluginInfo], disabled: Iterable[str]) -> tuple[str, ...]:
    """Return the names of `plugins.disabled` that no plugin or analyser of a listing has.

    What the analysers of a plugin that did not load are called is not known.
    """
    names = {row.name for each in listing for row in each.analyzers}
    names |= {each.name for each in listing} | {f"virustotal.plugins.{each.name}" for each in listing}
    names |= {each.distribution for each in listing}
    return tuple(name for name in disabled if name not in names)


def _log_unknown(candidates: Iterable[_Candidate], disabled: Sequence[str]) -> None:
    found = [each.info() for each in candidates]
    blocked = any(each.state is not State.LOADED for each in found)
    for name in unknown(found, disabled):
        hint = " (or it is an analyser of a plugin that did not load)" if blocked else ""
        log.warning("plugins.disabled names %s, which no plugin or analyser has%s", name, hint)


def _plugins(candidates: Sequence[_Candidate]) -> LoadedPlugins:
    used = [
        (analyzer, each.provider)
        for each in candidates
        if each.used
        for analyzer, info in each.analyzers
        if info.state is State.LOADED
    ]
    hooks = tuple(hook for each in candidates for hook in each.hooks)
    return LoadedPlugins(
        registry=Registry(
            tuple(analyzer for analyzer, _ in used),
            frozenset(analyzer.name for analyzer, provider in used if provider.external),
            any(hook.hook == "virustotal_verdict" and hook.provider.external for hook in hooks),
            disabled=frozenset(
                (analyzer.kind, analyzer.relationship)
                for each in candidates
                for analyzer, info in each.analyzers
                if info.state is State.BLOCKED and analyzer.relationship not in ("", ANY)
            ),
        ),
        listing=tuple(each.info() for each in candidates),
        providers=MappingProxyType({analyzer.name: provider for analyzer, provider in used}),
        hooks=hooks,
    )
