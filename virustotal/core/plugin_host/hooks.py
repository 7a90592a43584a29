"""The plugins that the service has: who provides what, and their hooks, walked one by one."""

import enum
import math
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar

from attrs import field, frozen

from virustotal import __version__
from virustotal.core.analyzer import Analyzer, never
from virustotal.core.models import Detection, Object, Ref, Verdict
from virustotal.core.plugin_host import hook_result_checks, timeout
from virustotal.core.plugin_host.isolation_util import copied, last_line, plugin_log, stack_of
from virustotal.core.plugin_host.output import AnalyzerOutput
from virustotal.core.plugin_host.process_state import preserved
from virustotal.core.plugin_host.registry import Registry
from virustotal.core.plugin_host.timeout import OutOfTimeError, TimeBudget
from virustotal.core.settings import Settings

T = TypeVar("T")

#: What a remap gets where nobody says which object the detections are of: tests of plugins.
UNKNOWN = Object(Ref("file", ""))


class State(enum.StrEnum):
    """What became of a plugin or of one of its analysers."""

    LOADED = "loaded"
    BLOCKED = "blocked"
    FAILED = "failed"
    REFUSED = "refused"


@frozen
class PluginId:
    """Who an analyser or a hook comes from. distribution: the installed distribution; empty for built-ins."""

    name: str
    version: str = __version__
    external: bool = False
    distribution: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.version}".strip()


@frozen
class AnalyzerInfo:
    """One analyser in a listing. reason: why it is not used. warning: why it may never be called. Both may be empty."""

    name: str
    kind: str
    relationship: str
    order: int = 500
    summary: str = ""
    state: State = State.LOADED
    reason: str = ""
    warning: str = ""


@frozen
class PluginInfo:
    """One plugin in a listing. hooks: the names of its hooks. reason: why it is not used, or empty.

    home: the address of its home page, or empty. warnings: deprecated names that it uses, and what it changed of the
    process when it was loaded.
    """

    name: str
    distribution: str = ""
    version: str = ""
    external: bool = False
    hooks: tuple[str, ...] = ()
    analyzers: tuple[AnalyzerInfo, ...] = ()
    api: int = 1
    state: State = State.LOADED
    reason: str = ""
    home: str = ""
    warnings: tuple[str, ...] = ()


@frozen(eq=False)
class Implementation:
    """One plugin's implementation of one hook. arguments: those that it names; it is given no others."""

    provider: PluginId
    hook: str
    function: Callable[..., Any] = field(repr=False)
    arguments: tuple[str, ...] = ()

    def call(self, arguments: Mapping[str, Any]) -> Any:
        """Call it with those of the arguments that it names."""
        return self.function(**{name: arguments[name] for name in self.arguments})


@frozen(eq=False)
class LoadedPlugins:
    """All plugins of the service, loaded or not; the same for its whole life.

    providers: by the name of the analyser. busy: threads of external plugins that were left behind, by name.
    """

    registry: Registry = field(factory=Registry)
    listing: tuple[PluginInfo, ...] = ()
    providers: Mapping[str, PluginId] = MappingProxyType({})
    hooks: tuple[Implementation, ...] = ()
    busy: dict[str, threading.Thread] = field(factory=dict, repr=False)

    def provider(self, analyzer: Analyzer) -> PluginId:
        """Return who an analyser comes from."""
        return self.providers[analyzer.name]

    def begin(self, settings: Settings, deadline: float = math.inf) -> "HookCaller":
        """Return the hooks for one task, which keep its failures. deadline: of `time.monotonic()`."""
        return HookCaller(self.hooks, settings, TimeBudget(self.busy, timeout.HOOK_BUDGET, deadline)).of(self)

    @property
    def unloaded(self) -> tuple[str, ...]:
        """One line for each plugin or analyser that failed to load or was refused; blocked ones are as wanted."""
        bad = {State.FAILED, State.REFUSED}
        entries = []
        for plugin in self.listing:
            name = f"{plugin.name} {plugin.version}".strip()
            if plugin.state in bad:
                entries.append(f"{name}: {plugin.state.value}: {plugin.reason}")
            else:
                rows = (row for row in plugin.analyzers if row.state in bad)
                entries.extend(f"{name}, analyser {row.name}: {row.state.value}: {row.reason}" for row in rows)
        return tuple(entries)


def of(analyzers: Iterable[Analyzer], provider: PluginId | None = None) -> LoadedPlugins:
    """Return plugins that consist of these analysers alone, of one provider; for tests and benchmarks."""
    own = tuple(analyzers)
    source = provider or PluginId("given")
    return LoadedPlugins(Registry(own), providers=MappingProxyType({analyzer.name: source for analyzer in own}))


class HookCaller:
    """The hooks of one task. An implementation that fails costs only its own answer, and is listed in `failed`.

    Those of external plugins have a budget of time for the whole task, and are not called again when it is over.
    registry: the analysers, whose `wanted` is asked in the same way.
    """

    def __init__(
        self, implementations: Iterable[Implementation], settings: Settings, allowance: TimeBudget | None = None
    ) -> None:
        hooks = tuple(implementations)
        self._settings = settings
        self._allowance = allowance or TimeBudget({}, timeout.HOOK_BUDGET, math.inf)
        self._remaps = [hook for hook in hooks if hook.hook == "virustotal_remap"]
        # The built-in verdict comes last: external plugins are asked first.
        verdicts = [hook for hook in hooks if hook.hook == "virustotal_verdict"]
        self._verdicts = sorted(verdicts, key=lambda hook: not hook.provider.external)
        self._failures: dict[tuple[str, str, str], bool] = {}
        self._changes: set[tuple[str, str, str]] = set()
        self.registry = Registry()

    def of(self, plugins: LoadedPlugins) -> "HookCaller":
        """Ask the analysers of these plugins for their wishes too."""

        def asks(analyzer: Analyzer, settings: Settings) -> bool:
            what, provider = f"`wanted` of {analyzer.name}", plugins.provider(analyzer)
            wish = partial(analyzer.wanted, settings)
            return analyzer.wanted is not never and bool(self._guarded(provider, what, lambda: bool(wish())))

        self.registry = plugins.registry.asking(asks)
        return self

    def remap(self, detections: tuple[Detection, ...], obj: Object = UNKNOWN) -> tuple[Detection, ...]:
        """Fold the detections of one object through every implementation, in order."""
        for hook in self._remaps:
            arguments = {"detections": detections, "settings": self._settings, "obj": obj}
            detections = (
                self._call(hook, arguments, partial(hook_result_checks.remapped, detections=detections)) or detections
            )
        return detections

    def decide(self, obj: Object, detections: tuple[Detection, ...]) -> Verdict | None:
        """Return the first verdict of an implementation, external ones first; None where all leave it open.

        Its first reason says whose it is, where that of the engines has their count.
        """
        for hook in self._verdicts:
            arguments = {"obj": obj, "detections": detections, "settings": self._settings}
            if (verdict := self._call(hook, arguments, hook_result_checks.verdict_or_none)) is not None:
                return hook_result_checks.said_by(verdict, str(hook.provider))
        return None

    def _call(self, hook: Implementation, arguments: Mapping[str, Any], check: Callable[[Any], T | None]) -> T | None:
        if not hook.provider.external:
            return self._guarded(hook.provider, hook.hook, partial(hook.call, arguments))
        own = {name: copied(value) if isinstance(value, Object) else value for name, value in arguments.items()}
        return self._guarded(hook.provider, hook.hook, partial(hook.call, own), check)

    def _guarded(
        self,
        provider: PluginId,
        what: str,
        call: Callable[[], Any],
        checked: Callable[[Any], T | None] = lambda answer: answer,
    ) -> T | None:
        """Return what a plugin's function answers, checked; None where it failed or has no time left."""
        if not provider.external:
            return self._checked(provider, what, call, checked)
        name = f"{what} of {provider}"
        if self._allowance.over(name):
            return None
        with preserved() as changes:
            answer = self._checked(provider, what, partial(self._allowance.call, name, call), checked)
        if changes.names:
            self._changes.add((str(provider), what, str(changes)))
        return answer

    def _checked(
        self, provider: PluginId, what: str, call: Callable[[], Any], checked: Callable[[Any], T | None]
    ) -> T | None:
        try:
            return checked(call())
        except KeyboardInterrupt:
            raise
        except OutOfTimeError as error:
            self._fail(provider, what, str(error), str(error))
        except BaseException as error:
            self._fail(provider, what, last_line(error), stack_of(error))
        return None

    def _fail(self, provider: PluginId, what: str, error: str, details: str) -> None:
        key = (str(provider), what, error)
        if key not in self._failures:
            self._failures[key] = provider.external
            plugin_log(provider.name).warning("%s of %s failed: %s", what, provider, details)

    @property
    def failed(self) -> tuple[AnalyzerOutput, ...]:
        """What failed since the task began: one entry for each hook and error, with no findings.

        A hook that changed the process has an entry with a note in place of the error.
        """
        failures = (
            AnalyzerOutput(what, provider, external, error=error)
            for (provider, what, error), external in list(self._failures.items())
        )
        changes = (
            AnalyzerOutput(what, provider, True, notes=(note,)) for provider, what, note in sorted(self._changes)
        )
        return (*failures, *changes)
