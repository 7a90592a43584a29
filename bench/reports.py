"""File reports to sections: milliseconds and peak memory of each recorded report, and of one with 14,000 exports.

Usage: python -m bench.reports [FOLDER]. FOLDER holds recorded answers (default: VIRUSTOTAL_REPORTS, or shared/reports
beside the checkout); where there is none, only the invented report is measured.
`static`: the analysers of virustotal.plugins.file_attributes alone. `whole`: all between the answer and the final
sections. Milliseconds are the fastest of three runs; memory is what Python allocated at most beside the report itself.
"""

import gc
import json
import os
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from virustotal.testing import obj  # first: it points the framework at the manifest

from virustotal.core import Evidence, Object  # isort: skip
from virustotal.core.plugin_host import runner  # isort: skip
from virustotal.core.plugin_host.hooks import LoadedPlugins  # isort: skip
from virustotal.result.layout import compose  # isort: skip
from virustotal.core.plugin_host.manager import load  # isort: skip
from virustotal.core.models import Report  # isort: skip
from virustotal.result.models import SubjectResult  # isort: skip
from virustotal.core.settings import PluginConfig, Settings  # isort: skip
from virustotal.core.scoring.verdicts import judge  # isort: skip
from virustotal.plugins import BUILTIN  # isort: skip

SETTINGS = Settings(plugins=PluginConfig(external=False))
REPORTS = Path(os.environ.get("VIRUSTOTAL_REPORTS", Path(__file__).resolve().parents[2] / "shared" / "reports"))
EXPORTS = 14_000


def file_objects(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the attributes of every file object inside an answer."""
    if isinstance(value, dict):
        if value.get("type") == "file" and isinstance(value.get("attributes"), dict):
            yield value["attributes"]
        for entry in value.values():
            yield from file_objects(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from file_objects(entry)


def reports(folder: Path) -> Iterator[tuple[str, Report]]:
    """Yield a name and a report for each file object below a folder, and the invented one."""
    for path in sorted(folder.rglob("*.json")) if folder.is_dir() else ():
        for attributes in file_objects(json.loads(path.read_text(encoding="utf-8"))):
            yield f"{path.parent.name}/{path.stem}", Report(obj("file", **attributes))
    exports = [f"?ExportedFunction{number}@Namespace@@QAEXPAUStructure@@H@Z" for number in range(EXPORTS)]
    yield f"invented, {EXPORTS} exports", Report(obj("file", pe_info={"exports": exports, "imphash": "0" * 32}))


def judged(each: Object) -> Any:
    """The verdict without any plugin."""
    return judge(each, SETTINGS)


def static(report: Report, plugins: LoadedPlugins) -> int:
    """Run the analysers of the package alone."""
    evidence = Evidence(report, None, SETTINGS, judged)
    given = [each for each in plugins.registry.find("file") if "plugins.static" in each.analyze.__module__]
    return sum(len(list(analyzer.analyze(evidence))) for analyzer in given)


def whole(report: Report, plugins: LoadedPlugins) -> int:
    """Run every built-in analyser, and layout."""
    found = runner.analyse(report, plugins, SETTINGS, judged, time.monotonic() + 600)
    if failed := [each.error for each in found if each.error]:
        raise RuntimeError(failed[0])
    return len(compose([SubjectResult(report, contributions=found)], SETTINGS).sections)


def fastest(run: Callable[[Report, LoadedPlugins], int], report: Report, plugins: LoadedPlugins) -> float:
    """Return the milliseconds of the fastest of three runs."""
    found = []
    for _ in range(3):
        start = time.perf_counter()
        run(report, plugins)
        found.append(time.perf_counter() - start)
    return min(found) * 1000


def peak(report: Report, plugins: LoadedPlugins) -> float:
    """Return the megabytes that a whole run allocates at most."""
    gc.collect()
    tracemalloc.start()
    whole(report, plugins)
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found / 1e6


def main() -> None:
    """Print one line a report, slowest last, and the totals."""
    plugins = load(BUILTIN, SETTINGS)
    rows = []
    for name, report in reports(Path(sys.argv[1]) if len(sys.argv) > 1 else REPORTS):
        size = len(json.dumps(dict(report.subject.attributes))) / 1024
        times = (fastest(static, report, plugins), fastest(whole, report, plugins))
        rows.append((*times, peak(report, plugins), size, name))
    print(f"{'static ms':>10} {'whole ms':>10} {'peak MB':>9} {'report KB':>10}  report")
    for static_ms, whole_ms, megabytes, size, name in sorted(rows, key=lambda row: row[1]):
        print(f"{static_ms:10.1f} {whole_ms:10.1f} {megabytes:9.1f} {size:10.0f}  {name}")
    totals = [sum(row[0] for row in rows), sum(row[1] for row in rows), max(row[2] for row in rows)]
    print(f"{totals[0]:10.1f} {totals[1]:10.1f} {totals[2]:9.1f} {sum(row[3] for row in rows):10.0f}  all {len(rows)}")


if __name__ == "__main__":
    main()
