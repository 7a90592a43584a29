"""Report to contributions: every analyser called on its own, so that a failing one costs its own findings alone."""

import contextlib
import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping

from attrs import evolve, frozen

from virustotal.core.analyzer import Analyzer, Evidence
from virustotal.core.findings import Finding
from virustotal.core.models import Object, Related, Report, Verdict
from virustotal.core.plugin_host.finding_collector import FindingCollector, LeftBehindError
from virustotal.core.plugin_host.hooks import LoadedPlugins, PluginId
from virustotal.core.plugin_host.isolation_util import copied, last_line, plugin_log, stack_of, watchdog
from virustotal.core.plugin_host.limits import BUILT_IN, EXTERNAL
from virustotal.core.plugin_host.output import AnalyzerOutput
from virustotal.core.plugin_host.process_state import ProcessChanges, preserved
from virustotal.core.plugin_host.registry import Registry
from virustotal.core.plugin_host.section_sanitizer import UsedLimits
from virustotal.core.plugin_host.timeout import OutOfTimeError, run_with_timeout
from virustotal.core.settings import Settings

#: Seconds that one external analyser has for one subject.
BUDGET = 20.0
#: Seconds after the deadline in which built-ins still show what is known; far less than the service keeps for layout.
GRACE = 5.0

Judge = Callable[[Object], Verdict]


def due(report: Report, registry: Registry) -> tuple[tuple[Analyzer, Related | None], ...]:
    """Return the analysers that a report calls for, each with its relationship's objects, by (order, name).

    Those of the subject, and those of every relationship of which something was found, also where a later page did not
    come; none where the subject was not found.
    """
    if not report.outcome.found:
        return ()
    kind = report.subject.ref.kind
    calls: list[tuple[Analyzer, Related | None]] = [(analyzer, None) for analyzer in registry.find(kind)]
    for name, related in report.related.items():
        if name and (related.outcome.found or related.items):
            calls.extend((analyzer, related) for analyzer in registry.find(kind, name))
    return tuple(sorted(calls, key=_place))


def _place(call: tuple[Analyzer, Related | None]) -> tuple[int, str, str]:
    analyzer, related = call
    return analyzer.order, analyzer.name, related.relationship if related else ""


def analyse(
    report: Report, plugins: LoadedPlugins, settings: Settings, judge: Judge, deadline: float, *, budget: float = BUDGET
) -> tuple[AnalyzerOutput, ...]:
    """Return what every analyser adds, in their order.

    Built-ins run in this thread, until GRACE seconds after `deadline` (of `time.monotonic()`): that is looked at
    between their findings. Each external one has copies of its own, and a share of the time left until the deadline:
    equal for all that are still to come, at most `budget` seconds. Raises nothing but KeyboardInterrupt.
    """
    used: dict[str, UsedLimits] = {}
    outputs = []
    calls = due(report, plugins.registry)
    external_left = sum(plugins.provider(analyzer).external for analyzer, _ in calls)
    with watchdog(deadline + GRACE):
        for analyzer, related in calls:
            provider = plugins.provider(analyzer)
            limits = EXTERNAL if provider.external else BUILT_IN
            collector = FindingCollector(limits, used.setdefault(provider.name, UsedLimits()), provider.external)
            if provider.external:
                share = (deadline - time.monotonic()) / external_left
                external_left -= 1
                task = _External(analyzer, provider, collector)
                error = task.run(report, related, settings, judge, plugins.busy, min(budget, share))
            else:
                error = _collect(collector, analyzer, Evidence(report, related, settings, judge), deadline + GRACE)
            outputs.append(collector.contribution(analyzer.name, str(provider), _explained(error, analyzer, provider)))
    return tuple(outputs)


def _explained(error: BaseException | None, analyzer: Analyzer, provider: PluginId) -> str:
    """Return why an analyser ended early as one line, with its traceback in the log; empty where it did not."""
    if error is None:
        return ""
    if isinstance(error, OutOfTimeError):
        line = details = f"{error} Its findings until then are shown." if error.began else str(error)
    else:
        line, details = last_line(error), stack_of(error)
    plugin_log(provider.name).warning("the analyser %s of %s failed: %s", analyzer.name, provider, details)
    return line


def _collect(
    collector: FindingCollector, analyzer: Analyzer, evidence: Evidence, deadline: float
) -> BaseException | None:
    """Take all findings; return why it ended early. Call and iteration are both the plugin's code."""
    try:
        if time.monotonic() >= deadline:
            return OutOfTimeError("It was not called: no time was left.")
        _fill(collector, analyzer.analyze(evidence), deadline)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit would leave the worker dead
        return error
    return None


def _fill(collector: FindingCollector, findings: Iterable[Finding], deadline: float = math.inf) -> None:
    if isinstance(findings, str | bytes | Mapping) or not isinstance(findings, Iterable):
        raise TypeError(f"analyze returned {type(findings).__name__}; it yields findings or returns a list of them")
    for finding in findings:
        taken = collector.take(finding)
        if time.monotonic() >= deadline:
            raise OutOfTimeError("It was stopped: no time was left.", began=True)
        if not taken:
            close = getattr(findings, "close", None)
            if callable(close):
                close()  # here, where its errors are caught
            break


@frozen(eq=False)
class _External:
    """One call of an external analyser, in a daemon thread that is waited for and then left behind."""

    analyzer: Analyzer
    provider: PluginId
    collector: FindingCollector

    def run(
        self,
        report: Report,
        related: Related | None,
        settings: Settings,
        judge: Judge,
        busy: dict[str, threading.Thread],
        seconds: float,
    ) -> BaseException | None:
        """Return why it ended early, or None; what it yielded until then is in the collector."""

        def call() -> None:
            with contextlib.suppress(LeftBehindError):
                _fill(self.collector, self.analyzer.analyze(_own(report, related, settings, judge)))

        changes = ProcessChanges()
        try:
            with preserved() as changes:
                run_with_timeout(self.analyzer.name, call, busy, seconds)
        except KeyboardInterrupt:
            raise
        except OutOfTimeError as error:
            self.collector.closed = True
            return error
        except BaseException as error:
            return error
        finally:
            self.collector.note(str(changes))
        return None


def _own(report: Report, related: Related | None, settings: Settings, judge: Judge) -> Evidence:
    copies = _Copies(report.related)
    own = evolve(report, subject=copied(report.subject), related=copies)
    return Evidence(own, None if related is None else copies[related.relationship], settings, judge)


class _Copies(Mapping[str, Related]):
    """The relationships of a report, each copied when it is first looked at."""

    def __init__(self, related: Mapping[str, Related]) -> None:
        self._related = related
        self._copies: dict[str, Related] = {}

    def __getitem__(self, name: str) -> Related:
        if name not in self._copies:
            related = self._related[name]
            self._copies[name] = evolve(related, items=tuple(map(copied, related.items)))
        return self._copies[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._related)

    def __len__(self) -> int:
        return len(self._related)

    def __repr__(self) -> str:
        return f"<{len(self)} relationships: {', '.join(self)}>"
