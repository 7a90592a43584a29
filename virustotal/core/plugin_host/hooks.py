"""The plugins of the service: who provides what, and their hooks, called one by one."""

import math
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar

from attrs import evolve, field, frozen

from virustotal.core.analyzer import Analyzer, never
from virustotal.core.models import Detection, Object, Ref, Verdict
from virustotal.core.plugin_host import hook_result_checks, timeout
from virustotal.core.plugin_host.isolation_util import HostError, copied, last_line, plugin_log, stack_of
from virustotal.core.plugin_host.output import AnalyzerOutput
from virustotal.core.plugin_host.plugin import Implementation, Plugin, State
from virustotal.core.plugin_host.process_state import preserved
from virustotal.core.plugin_host.registry import Registry
from virustotal.core.settings import Settings

T = TypeVar("T")

#: What a remap gets where nobody says which object the detections are of: tests of plugins.
UNKNOWN = Object(Ref("file", ""))


@frozen(eq=False)
class LoadedPlugins:
    """All plugins of the service, loaded or not; the same for its whole life.

    providers: by the name of the analyser. busy: threads of external plugins that were left behind, by name.
    """

    registry: Registry = field(factory=Registry)
    listing: tuple[Plugin, ...] = ()
    providers: Mapping[str, Plugin] = MappingProxyType({})
    hooks: tuple[Implementation, ...] = ()
    busy: dict[str, threading.Thread] = field(factory=dict, repr=False)

    def begin(self, settings: Settings, deadline: float = math.inf) -> "HookCaller":
        """Return the hooks for one task, which keep its failures.

        Args:
            settings: Of the task.
            deadline: Of `time.monotonic()`; no external hook runs beyond it.
        """
        return HookCaller(self, settings, deadline)

    @property
    def unloaded(self) -> tuple[str, ...]:
        """One line for each plugin or analyser that failed to load or was refused; not for those that are blocked."""
        bad = {State.FAILED, State.REFUSED}
        entries = []
        for plugin in self.listing:
            if plugin.state in bad:
                entries.append(f"{plugin}: {plugin.state.value}: {plugin.reason}")
            rows = (row for row in plugin.analyzers if row.state in bad)
            entries += [f"{plugin}, analyser {row.analyzer.name}: {row.state.value}: {row.reason}" for row in rows]
        return tuple(entries)


class HookCaller:
    """The hooks of one task. An implementation that fails costs only its own answer, and is listed in `failed`.

    Those of external plugins have a budget of time for the whole task, and are not called again when it is over.
    registry: the analysers, whose `wanted` is asked in the same way.
    """

    def __init__(self, plugins: LoadedPlugins, settings: Settings, deadline: float) -> None:
        self._plugins = plugins
        self._settings = settings
        self._deadline = deadline
        self._used: defaultdict[str, float] = defaultdict(float)  # seconds of each external hook
        self._over: set[str] = set()
        self._remaps = [hook for hook in plugins.hooks if hook.hook == "virustotal_remap"]
        self._verdicts = [hook for hook in plugins.hooks if hook.hook == "virustotal_verdict"]
        self._failed: dict[AnalyzerOutput, None] = {}
        self.registry = plugins.registry.asking(self._wants)

    def _wants(self, analyzer: Analyzer, settings: Settings) -> bool:
        if analyzer.wanted is never:
            return False
        what, provider = f"`wanted` of {analyzer.name}", self._plugins.providers[analyzer.name]
        return bool(self._answer(provider, what, lambda: bool(analyzer.wanted(settings))))

    def remap(self, detections: tuple[Detection, ...], obj: Object = UNKNOWN) -> tuple[Detection, ...]:
        """Return the detections of one object, after every implementation in order.

        Args:
            detections: What each engine says.
            obj: The object that the engines looked at.
        """
        for hook in self._remaps:
            check = partial(hook_result_checks.remapped, detections=detections)
            detections = self._call(hook, check, obj, detections) or detections
        return detections

    def decide(self, obj: Object, detections: tuple[Detection, ...]) -> Verdict | None:
        """Return the first verdict of an implementation; None where all leave it open, to the built-in verdict.

        Its first reason names the plugin, where that of the engines has their count.

        Args:
            obj: The object that is judged.
            detections: What each engine says of it, after all remaps.
        """
        for hook in self._verdicts:
            if (verdict := self._call(hook, hook_result_checks.verdict, obj, detections)) is not None:
                return evolve(verdict, reasons=(f"The plugin {hook.provider} says so.", *verdict.reasons))
        return None

    def _call(
        self, hook: Implementation, check: Callable[[Any], T], obj: Object, detections: tuple[Detection, ...]
    ) -> T | None:
        external = hook.provider.external
        own = copied(obj) if external else obj
        call = partial(hook.call, {"obj": own, "detections": detections, "settings": self._settings})
        return self._answer(hook.provider, hook.hook, (lambda: check(call())) if external else call)

    def _answer(self, provider: Plugin, what: str, call: Callable[[], T]) -> T | None:
        """Return what a call of a plugin's function answers; None where it failed or has no time left."""
        name = f"{what} of {provider}"
        try:
            if not provider.external:
                return call()
            if name in self._over:
                return None
            with preserved(lambda note: self._keep(AnalyzerOutput(what, str(provider), True, notes=(note,)))):
                return self._timed(name, call)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # SystemExit would leave the worker dead
            output = AnalyzerOutput(what, str(provider), provider.external, error=last_line(error))
            if self._keep(output):
                plugin_log(provider.name).warning("%s of %s failed: %s", what, provider, stack_of(error))
            return None

    def _timed(self, name: str, call: Callable[[], T]) -> T:
        """Return what an external hook returns, within the time that is left of its budget and of the task."""
        began = time.monotonic()
        left = min(timeout.HOOK_BUDGET - self._used[name], self._deadline - began)
        try:
            return timeout.run_with_timeout(name, call, self._plugins.busy, left)
        except HostError as error:
            self._over.add(name)
            raise HostError(f"{error} It is not called again in this task.") from None
        finally:
            # Added up: an analyser that was left behind may call it at the same time.
            self._used[name] += time.monotonic() - began

    def _keep(self, output: AnalyzerOutput) -> bool:
        """Keep a failure or a note for the result; True if it is new."""
        is_new = output not in self._failed
        self._failed[output] = None
        return is_new

    @property
    def failed(self) -> tuple[AnalyzerOutput, ...]:
        """What failed since the task began: one entry for each hook and error, with no findings.

        A hook that changed the process has an entry with a note in place of the error.
        """
        return tuple(self._failed)
