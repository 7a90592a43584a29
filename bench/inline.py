"""Attributes in line: seconds and requests of a file with ten relationships of ten objects, over real HTTP.

Usage: python -m bench.inline [milliseconds of each answer, 100 by default]. Four ways against one emulator in one run:
the server gives the attributes in line; it ignores the parameter, and the relationships are fetched side by side; it
gives them for half of the objects; and, as what they are measured against, one request after the other. Then the
requests by the number of objects of each relationship that VirusTotal knows by their identifiers alone. Exits with 1
where in line is not always one request or not at least 8 times faster than one after the other.
"""

import sys
import time
from typing import Any

from virustotal.testing import obj  # first: it points the framework at the manifest

from virustotal.core.lookup import executor, planner  # isort: skip
from virustotal.api.relationships import CATALOGUE  # isort: skip
from virustotal.core.plugin_host.manager import load  # isort: skip
from virustotal.core.lookup.fetch import expand_report  # isort: skip
from virustotal.core.lookup.key_capabilities import KeyCapabilities  # isort: skip
from virustotal.core.lookup.object_request import look_up  # isort: skip
from virustotal.core.settings import Credentials, PluginConfig, Settings  # isort: skip
from virustotal.emulator.server import Emulator  # isort: skip
from virustotal.plugins import BUILTIN  # isort: skip
from virustotal.client.http_client import HttpClient  # isort: skip

FILE = obj("file").ref
NAMES = (
    *("contacted_domains", "contacted_ips", "contacted_urls", "dropped_files", "bundled_files", "embedded_domains"),
    *("embedded_ips", "embedded_urls", "execution_parents", "pe_resource_parents"),
)
OBJECTS, ENGINES, FASTER = 10, 70, 8.0


def related(name: str, bare: int = 0) -> list[dict[str, Any]]:
    """Ten objects with the verdicts of as many engines as VirusTotal has; the first `bare` have nothing."""
    (kind,) = CATALOGUE["file", name].yields
    results = {f"Engine{place}": {"category": "undetected", "result": None} for place in range(ENGINES)}
    attributes = {
        "last_analysis_results": results,
        "last_analysis_stats": {"undetected": ENGINES},
        "last_analysis_date": 1_700_000_000,
        "url": "http://example.com/",
        "size": 3,
        "names": ["a.exe"],
        "reputation": 0,
    }
    ids = {"domain": "d{}.example.com", "ip_address": "192.0.2.{}"}
    return [
        {"type": kind, "id": ids.get(kind, "{:064x}").format(place + 1), "attributes": attributes}
        if place >= bare
        else {"type": kind, "id": ids.get(kind, "{:064x}").format(place + 101)}
        for place in range(OBJECTS)
    ]


def measured(
    emulator: Emulator, settings: Settings, switch: str, workers: int, capabilities: KeyCapabilities
) -> tuple[float, int]:
    """Return seconds and requests of one look-up with all that it expands; the fastest of three."""
    emulator.switches.set(relationship_attributes=switch)
    plan = planner.plan(FILE, load(BUILTIN, settings).registry, settings)
    executor.WORKERS = workers
    seconds, requests = [], 0
    for _ in range(3):
        client = HttpClient(settings, Credentials("premium"))
        start = time.perf_counter()
        report = look_up(plan, client, time.monotonic() + 60, capabilities=capabilities)
        report = expand_report(plan, report, client, time.monotonic() + 60, capabilities=capabilities)
        seconds.append(time.perf_counter() - start)
        requests = client.usage.requests
        client.close()
        if {(len(each.items), each.detailed) for each in report.related.values()} != {(OBJECTS, True)}:
            raise RuntimeError("not all objects came")
    return min(seconds), requests


def main() -> int:
    """Print one line a way, and say whether in line is as much faster as it must be."""
    latency = float(sys.argv[1]) / 1000 if len(sys.argv) > 1 else 0.1
    capabilities = KeyCapabilities()
    with Emulator({}, keys={"premium": "premium"}) as emulator:
        settings = Settings(
            host=emulator.url,
            relationships=NAMES,
            analyze_relationship=True,
            plugins=PluginConfig(external=False),
        )
        stored = {name: related(name) for name in NAMES}
        emulator.store.put({"type": "file", "id": FILE.id, "attributes": {"size": 3}}, stored)
        emulator.switches.set(latency=latency)
        ways = (
            ("one after the other", "ignored", 1),
            ("side by side", "ignored", 12),
            ("half in line", "half", 12),
            ("in line", "honoured", 12),
        )
        print(f"{1e3 * latency:.0f} ms an answer, {len(NAMES)} relationships of {OBJECTS} objects")
        print(f"{'way':20} {'requests':>8} {'ms':>8} {'faster':>7}")
        base, faster, requests = 0.0, 0.0, 0
        for name, switch, workers in ways:
            seconds, requests = measured(emulator, settings, switch, workers, capabilities)
            base = base or seconds
            faster = base / seconds
            print(f"{name:20} {requests:8} {1e3 * seconds:8.0f} {faster:6.1f}x")
        print(f"{'bare items of each':20} {'requests':>8}")
        most = requests
        for bare in (0, 1, 2, 5, 9):
            stored = {name: related(name, bare) for name in NAMES}
            emulator.store.put({"type": "file", "id": FILE.id, "attributes": {"size": 3}}, stored)
            _, requests = measured(emulator, settings, "honoured", 12, capabilities)
            print(f"{bare:20} {requests:8}")
            most = max(most, requests)
        stored = {name: related(name, OBJECTS if name == "dropped_files" else 0) for name in NAMES}
        emulator.store.put({"type": "file", "id": FILE.id, "attributes": {"size": 3}}, stored)
        _, requests = measured(emulator, settings, "honoured", 12, capabilities)
        print(f"{'all dropped files':20} {requests:8}")
        most = max(most, requests)
    return 0 if most == 1 and faster >= FASTER else 1


if __name__ == "__main__":
    sys.exit(main())
