"""Calls the analysers of a report, each on its own: one that fails loses its own findings alone."""

import contextlib
import faulthandler
import math
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import cache

from attrs import evolve

from virustotal.core.analyzer import Analyzer, Evidence
from virustotal.core.models import Object, Related, Report, Verdict
from virustotal.core.plugin_host.field_checks import iterable
from virustotal.core.plugin_host.finding_collector import FindingCollector
from virustotal.core.plugin_host.hooks import LoadedPlugins
from virustotal.core.plugin_host.isolation_util import HostError, copied, last_line, plugin_log, stack_of
from virustotal.core.plugin_host.limits import BUILT_IN, EXTERNAL, Usage
from virustotal.core.plugin_host.output import AnalyzerOutput
from virustotal.core.plugin_host.plugin import Plugin
from virustotal.core.plugin_host.process_state import preserved
from virustotal.core.plugin_host.registry import Registry
from virustotal.core.plugin_host.timeout import OutOfTimeError, run_with_timeout
from virustotal.core.settings import Settings

#: Seconds that one external analyser has for one subject.
BUDGET = 20.0
#: Seconds after the deadline in which built-ins still show what is known; far less than the service keeps for layout.
GRACE = 5.0
#: Seconds; a task has no later deadline, and the timer takes no infinite one.
_LONGEST_WATCH = 7 * 24 * 3600.0
#: The file descriptor of the standard error of the process.
_STDERR = 2

Judge = Callable[[Object], Verdict]


def due(report: Report, registry: Registry) -> tuple[tuple[Analyzer, Related | None], ...]:
    """Return the analysers that a report calls for, each with its relationship's objects, by (order, name).

    Those of the subject, and those of every relationship that was found, or has objects although a later page is
    missing; none where the subject was not found.
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

    Built-ins run in this thread, until GRACE seconds after the deadline: that is checked between their findings.
    Each external analyser gets copies, and an equal share of the time left until the deadline. Raises nothing but
    KeyboardInterrupt.

    Args:
        report: Of one subject.
        plugins: Whose analysers are called.
        settings: Of the task.
        judge: `Evidence.judge`.
        deadline: Of `time.monotonic()`.
        budget: The most seconds of one external analyser.
    """
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    outputs = []
    calls = due(report, plugins.registry)
    external_left = sum(plugins.providers[analyzer.name].external for analyzer, _ in calls)
    with _watchdog(deadline + GRACE):
        for analyzer, related in calls:
            provider = plugins.providers[analyzer.name]
            usage = Usage(EXTERNAL if provider.external else BUILT_IN, counts[provider.name])
            collector = FindingCollector(usage, provider.external)
            evidence = Evidence(report, related, settings, judge)
            error = ""
            try:
                if provider.external:
                    share = (deadline - time.monotonic()) / external_left
                    external_left -= 1
                    _collect_in_thread(collector, analyzer, evidence, plugins.busy, min(budget, share))
                else:
                    _collect(collector, analyzer, evidence, deadline + GRACE)
            except KeyboardInterrupt:
                raise
            except BaseException as raised:  # SystemExit would leave the worker dead
                error = _explain(raised, analyzer, provider)
            outputs.append(collector.output(analyzer.name, str(provider), error))
    return tuple(outputs)


@contextlib.contextmanager
def _watchdog(moment: float) -> Iterator[None]:
    """Write the stacks of all threads to standard error if the block still runs at a moment.

    faulthandler does so in a thread of C, which does not need the interpreter's lock: it works while a plugin holds it.

    Args:
        moment: Of `time.monotonic()`.
    """
    seconds = min(max(moment - time.monotonic(), 0.01), _LONGEST_WATCH)
    with contextlib.suppress(RuntimeError):  # no thread can be started: the task goes on unwatched
        faulthandler.dump_traceback_later(seconds, file=_STDERR)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


def _explain(error: BaseException, analyzer: Analyzer, provider: Plugin) -> str:
    """Return why an analyser ended early as one line, with its traceback in the log."""
    kept = " Its findings until then are shown." if isinstance(error, OutOfTimeError) else ""
    plugin_log(provider.name).warning("the analyser %s of %s failed: %s", analyzer.name, provider, stack_of(error))
    return last_line(error) + kept


def _collect(collector: FindingCollector, analyzer: Analyzer, evidence: Evidence, deadline: float = math.inf) -> None:
    """Collect all findings. Call and iteration are both the plugin's code."""
    if time.monotonic() >= deadline:
        raise HostError("It was not called: no time was left.")
    for finding in iterable("the answer of analyze", analyzer.analyze(evidence), "findings"):
        is_taken = collector.add(finding)
        if time.monotonic() >= deadline:
            raise OutOfTimeError("It was stopped: no time was left.")
        if not is_taken:
            break


def _collect_in_thread(
    collector: FindingCollector,
    analyzer: Analyzer,
    evidence: Evidence,
    busy: dict[str, threading.Thread],
    seconds: float,
) -> None:
    """Collect the findings of an external analyser, which gets copies; it is waited for and then left behind."""
    with preserved(collector.usage.note):
        run_with_timeout(analyzer.name, lambda: _collect(collector, analyzer, copied_evidence(evidence)), busy, seconds)


def copied_evidence(evidence: Evidence) -> Evidence:
    """Return evidence whose objects nobody else holds."""
    report = evidence.report
    copies = _Copies(report.related)
    related = None if evidence.related is None else copies[evidence.related.relationship]
    return evolve(evidence, report=evolve(report, subject=copied(report.subject), related=copies), related=related)


class _Copies(Mapping[str, Related]):
    """The relationships of a report, each copied when it is first looked at."""

    def __init__(self, related: Mapping[str, Related]) -> None:
        self._related = related
        self._copy = cache(lambda name: evolve(related[name], items=tuple(map(copied, related[name].items))))

    def __getitem__(self, name: str) -> Related:
        return self._copy(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._related)

    def __len__(self) -> int:
        return len(self._related)
