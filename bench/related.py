"""Related objects to sections: seconds and peak memory from 10 to 10,000 contacted domains and dropped files.

Usage: python -m bench.related. Measured is everything between the fetched objects and the final sections: verdicts,
analysers, rebuilding, layout. Seconds are the fastest of three runs (from 10,000 objects on, of one); memory is what
Python allocated at most beside the objects themselves. The last column is the time for one object: where it does not
grow, the cost is linear.
"""

import gc
import time
import tracemalloc
from typing import Any

from virustotal.testing import obj  # first: it points the framework at the manifest

from virustotal.core.models import Object, Ref, Related, Report  # isort: skip
from virustotal.core.plugin_host import runner  # isort: skip
from virustotal.core.plugin_host.hooks import LoadedPlugins  # isort: skip
from virustotal.result.layout import compose  # isort: skip
from virustotal.core.plugin_host.manager import load  # isort: skip
from virustotal.result.models import SubjectResult  # isort: skip
from virustotal.core.settings import PluginConfig, Settings  # isort: skip
from virustotal.core.scoring.verdicts import judge  # isort: skip
from virustotal.plugins import BUILTIN  # isort: skip

SETTINGS = Settings(plugins=PluginConfig(external=False), analyze_relationship=True)
ENGINES = 70


def results(malicious: int) -> dict[str, Any]:
    """The verdicts of as many engines as VirusTotal has."""
    return {
        f"engine{place}": {
            "engine_name": f"engine{place}",
            "category": "malicious" if place < malicious else "undetected",
            "result": "Trojan.Invented" if place < malicious else None,
        }
        for place in range(ENGINES)
    }


def related(kind: str, name: str, count: int) -> Related:
    """As many objects as asked for; one in ten is malicious."""
    items = []
    for place in range(count):
        id = f"host{place}.example.net" if kind == "domain" else f"{place:064x}"
        attributes = {
            "last_analysis_results": results(9 if place % 10 == 0 else 0),
            "names": [f"file{place}.exe"],
            "registrar": "Example Registrar",
            "last_analysis_date": 1_700_000_000,
        }
        items.append(Object(Ref(kind, id), attributes))
    return Related(name, tuple(items), total=count)


def rendered(report: Report, plugins: LoadedPlugins) -> int:
    """Return the number of final sections."""
    hooks = plugins.begin(SETTINGS)

    def judged(each: Object) -> Any:
        return judge(each, SETTINGS, hooks.remap, hooks.decide)

    found = runner.analyse(report, plugins, SETTINGS, judged, time.monotonic() + 600)
    if failed := [each.error for each in found if each.error]:
        raise RuntimeError(failed[0])
    return len(compose([SubjectResult(report, contributions=found)], SETTINGS).sections)


def measured(report: Report, plugins: LoadedPlugins) -> tuple[float, float, int]:
    """Return seconds, peak in MB, and the number of sections."""
    seconds = []
    for _ in range(3 if sum(len(each.items) for each in report.related.values()) < 10_000 else 1):
        start = time.perf_counter()
        count = rendered(report, plugins)
        seconds.append(time.perf_counter() - start)
    gc.collect()
    tracemalloc.start()
    rendered(report, plugins)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return min(seconds), peak / 1e6, count


def main() -> None:
    """Print one line for each number of objects."""
    plugins = load(BUILTIN, SETTINGS)
    print(f"{'relationship':20} {'objects':>8} {'ms':>9} {'peak MB':>8} {'sections':>9} {'us each':>8}")
    for kind, name in (("domain", "contacted_domains"), ("file", "dropped_files")):
        for count in (10, 100, 1_000, 10_000):
            report = Report(obj("file"), {name: related(kind, name, count)})
            seconds, peak, sections = measured(report, plugins)
            print(f"{name:20} {count:8,} {1e3 * seconds:9.1f} {peak:8.2f} {sections:9} {1e6 * seconds / count:8.1f}")


if __name__ == "__main__":
    main()
