"""What the plugin layer costs: 60 analysers over one report, called directly and through routing and isolation.

Both take and rebuild what is yielded, as layout needs it: the difference is the routing, the tries and, for external
plugins, the threads and copies. What rebuilding itself costs stands beside it.
"""

import time
from collections.abc import Callable, Iterator
from statistics import median

from assemblyline_v4_service.common.result import ResultTableSection, TableRow

from virustotal.core.analyzer import Analyzer, Evidence
from virustotal.core.findings import Points
from virustotal.core.plugin_host.finding_collector import FindingCollector
from virustotal.core.plugin_host.hooks import LoadedPlugins
from virustotal.core.plugin_host.plugin import Plugin
from virustotal.core.plugin_host.registry import Registry
from virustotal.core.plugin_host.runner import analyse
from virustotal.testing import found, realistic

RUNS = 41
ANALYSERS = 60


def analyze(evidence: Evidence) -> Iterator[ResultTableSection | Points]:
    """What analysers do: judge the related objects, and show them in a table."""
    section = ResultTableSection("Related objects")
    items = evidence.related.items if evidence.related is not None else (evidence.report.subject,)
    worst = 0
    for each in items:
        verdict = evidence.judge(each)
        worst = max(worst, verdict.score)
        section.add_row(TableRow({"id": each.ref.id, "level": verdict.level.value, "score": verdict.score}))
    yield section
    yield Points("related", "table", worst, "The worst of them.", section)


def timed(functions: list[Callable[[], object]]) -> list[float]:
    """Return the median seconds of each, run in turn so that a busy machine slows all of them down alike."""
    taken: list[list[float]] = [[] for _ in functions]
    for _ in range(RUNS):
        for place, function in enumerate(functions):
            start = time.perf_counter()
            function()
            taken[place].append(time.perf_counter() - start)
    return [median(each) for each in taken]


def main() -> None:
    """Print the times of 60 analysers, and what the layer adds to the sum of direct calls."""
    report = realistic("file").report
    names = ["", *sorted(name for name in report.related if report.related[name].items)]
    analyzers = [
        Analyzer(f"analyser_{number:02}", "file", names[number % len(names)], analyze=analyze)
        for number in range(ANALYSERS)
    ]
    evidence = [found(report, each.relationship) for each in analyzers]
    pairs = list(zip(analyzers, evidence, strict=True))
    settings, judge = evidence[0].settings, evidence[0].judge

    def direct() -> None:
        for analyzer, given in pairs:
            list(analyzer.analyze(given))

    def rebuilt() -> None:
        for analyzer, given in pairs:
            intake = FindingCollector()
            for finding in analyzer.analyze(given):
                intake.add(finding)
            intake.output(analyzer.name, "direct")

    def layer(external: bool) -> Callable[[], object]:
        provider = Plugin("bench", version="1", external=external)
        plugins = LoadedPlugins(Registry(tuple(analyzers)), providers={each.name: provider for each in analyzers})
        return lambda: analyse(report, plugins, settings, judge, time.monotonic() + 60)

    called, taken, built_in, external = timed([direct, rebuilt, layer(False), layer(True)])
    items = sum(len(each.related.items) for each in evidence if each.related is not None)
    print(f"{ANALYSERS} analysers, {items} related objects, median of {RUNS} runs")
    print(f"called directly             {1000 * called:8.2f} ms")
    print(f"called and rebuilt          {1000 * taken:8.2f} ms")
    print(f"as built-ins                {1000 * built_in:8.2f} ms: {100 * (built_in / taken - 1):+.1f} % by the layer")
    each = 1000 * (external - taken) / ANALYSERS
    print(f"as external plugins         {1000 * external:8.2f} ms: {each:+.2f} ms each, for its thread and its copies")


if __name__ == "__main__":
    main()
