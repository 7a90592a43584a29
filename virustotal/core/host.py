"""The plugins that the service has: who provides what, and their hooks, walked one by one."""

import enum
import threading
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from attrs import field, frozen

from virustotal import __version__
from virustotal.core import answers
from virustotal.core.analyzer import HOOK_API, Analyzer
from virustotal.core.failures import copied, last_line, plugin_log
from virustotal.core.models import Detection, Object, Verdict
from virustotal.core.registry import Registry
from virustotal.core.sections import Contribution
from virustotal.core.settings import Settings


class State(enum.StrEnum):
    """What became of a plugin or of one of its analysers."""

    LOADED = "loaded"
    BLOCKED = "blocked"
    FAILED = "failed"
    REFUSED = "refused"


@frozen
class Provider:
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
    """One plugin in a listing. hooks: the names of its hooks. reason: why it is not used, or empty."""

    name: str
    distribution: str = ""
    version: str = ""
    external: bool = False
    hooks: tuple[str, ...] = ()
    analyzers: tuple[AnalyzerInfo, ...] = ()
    api: int = HOOK_API
    state: State = State.LOADED
    reason: str = ""


@frozen(eq=False)
class Implementation:
    """One plugin's implementation of one hook. arguments: those that it names; it is given no others."""

    provider: Provider
    hook: str
    function: Callable[..., Any] = field(repr=False)
    arguments: tuple[str, ...] = ()

    def call(self, given: Mapping[str, Any]) -> Any:
        """Call it with what it names of `given`."""
        return self.function(**{name: given[name] for name in self.arguments})


@frozen(eq=False)
class Plugins:
    """All plugins of the service, loaded or not; the same for its whole life.

    providers: by the name of the analyser. busy: threads of external analysers that were left behind, by its name.
    """

    registry: Registry = field(factory=Registry)
    listing: tuple[PluginInfo, ...] = ()
    providers: Mapping[str, Provider] = MappingProxyType({})
    hooks: tuple[Implementation, ...] = ()
    busy: dict[str, threading.Thread] = field(factory=dict, repr=False)

    def provider(self, analyzer: Analyzer) -> Provider:
        """Return who an analyser comes from."""
        return self.providers[analyzer.name]

    def begin(self, settings: Settings) -> "Hooks":
        """Return the hooks for one task, which keep its failures."""
        return Hooks(self.hooks, settings)

    @property
    def unloaded(self) -> tuple[str, ...]:
        """One line for each plugin or analyser that failed to load or was refused; blocked ones are as wanted."""
        bad = {State.FAILED, State.REFUSED}
        found = []
        for each in self.listing:
            name = f"{each.name} {each.version}".strip()
            if each.state in bad:
                found.append(f"{name}: {each.state.value}: {each.reason}")
            else:
                rows = (row for row in each.analyzers if row.state in bad)
                found.extend(f"{name}, analyser {row.name}: {row.state.value}: {row.reason}" for row in rows)
        return tuple(found)


def of(analyzers: Iterable[Analyzer], provider: Provider | None = None) -> Plugins:
    """Return plugins that consist of these analysers alone, of one provider; for tests and benchmarks."""
    found = tuple(analyzers)
    given = provider or Provider("given")
    return Plugins(Registry(found), providers=MappingProxyType({each.name: given for each in found}))


class Hooks:
    """The hooks of one task. An implementation that fails costs only its own answer, and is listed in `failed`."""

    def __init__(self, implementations: Iterable[Implementation], settings: Settings) -> None:
        found = tuple(implementations)
        self._settings = settings
        self._remaps = [each for each in found if each.hook == "virustotal_remap"]
        # The built-in verdict comes last: external plugins are asked first.
        verdicts = [each for each in found if each.hook == "virustotal_verdict"]
        self._verdicts = sorted(verdicts, key=lambda each: not each.provider.external)
        self._failures: dict[tuple[str, str, str], bool] = {}

    def remap(self, detections: tuple[Detection, ...]) -> tuple[Detection, ...]:
        """Fold the detections of one object through every implementation, in order."""
        for each in self._remaps:
            try:
                answer = each.call({"detections": detections, "settings": self._settings})
                detections = answers.remapped(answer, detections)
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                self._fail(each, error)
        return detections

    def decide(self, obj: Object, detections: tuple[Detection, ...]) -> Verdict | None:
        """Return the first verdict of an implementation, external ones first; None where all leave it open.

        Its first reason says whose it is, where that of the engines has their count.
        """
        for each in self._verdicts:
            try:
                own = copied(obj) if each.provider.external else obj
                answer = each.call({"obj": own, "detections": detections, "settings": self._settings})
                if answer is not None:
                    return answers.said_by(answers.verdict(answer), str(each.provider))
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                self._fail(each, error)
        return None

    def _fail(self, each: Implementation, error: BaseException) -> None:
        key = (str(each.provider), each.hook, last_line(error))
        if key not in self._failures:
            self._failures[key] = each.provider.external
            plugin_log(each.provider.name).warning("%s of %s failed: %s", each.hook, each.provider, key[2])

    @property
    def failed(self) -> tuple[Contribution, ...]:
        """What failed since the task began: one entry for each hook and error, with no findings."""
        return tuple(
            Contribution(hook, provider, external, error=error)
            for (provider, hook, error), external in list(self._failures.items())
        )
