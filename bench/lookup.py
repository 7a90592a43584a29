"""A file with ten relationships that are not empty, at 100 ms a request: concurrently, and one request after the other.

Both in one run over loopback, from plan to report. Usage: python -m bench.lookup
"""

import time

from virustotal.core.lookup import executor, fetch, object_request, planner
from virustotal.core.lookup.key_capabilities import KeyCapabilities
from virustotal.core.models import Ref
from virustotal.core.plugin_host.manager import load
from virustotal.core.settings import Credentials, PluginConfig, Settings
from virustotal.emulator.server import Emulator
from virustotal.plugins import BUILTIN
from virustotal.sources import build

NAMES = (
    *("contacted_domains", "contacted_ips", "contacted_urls", "dropped_files", "behaviours"),
    *("bundled_files", "execution_parents", "comments", "votes", "graphs"),
)
SAMPLE = "0f" * 32
LATENCY = 0.1
RUNS = 3
#: One attribute of each kind that is asked for: an object without any is a bare descriptor.
ASKED_FOR = {"last_analysis_date": 1_700_000_000, "date": 1_700_000_000, "creation_date": 1_700_000_000}


def fill(emulator: Emulator) -> None:
    """Give the sample ten objects of each relationship."""
    kinds = {"contacted_domains": "domain", "contacted_ips": "ip_address", "contacted_urls": "url"}
    other = {"behaviours": "file_behaviour", "comments": "comment", "votes": "vote", "graphs": "graph"}
    blocks = {}
    for name in NAMES:
        kind = {**kinds, **other}.get(name, "file")
        blocks[name] = [{"type": kind, "id": identifier(kind, number), "attributes": ASKED_FOR} for number in range(10)]
    emulator.store.put({"type": "file", "id": SAMPLE, "attributes": {}}, blocks)


def identifier(kind: str, number: int) -> str:
    """An identifier that is valid for its kind."""
    named = {
        "domain": f"d{number}.example.com",
        "ip_address": f"192.0.2.{number}",
        "file_behaviour": f"{SAMPLE}_Box {number}",
        "comment": f"f-{SAMPLE}-{number:08x}",
        "vote": f"f-{SAMPLE}-{number:08x}",
        "graph": f"g{number:064x}",
    }
    return named.get(kind, f"{number:064x}")


def seconds(emulator: Emulator, workers: int) -> tuple[float, int]:
    """The fastest of a few runs, and the requests of one."""
    settings = Settings(
        host=emulator.url, relationships=NAMES, analyze_relationship=True, plugins=PluginConfig(external=False)
    )
    registry = load(BUILTIN, settings).registry
    plan = planner.plan(Ref("file", SAMPLE), registry, settings)
    executor.WORKERS = workers
    best, capabilities = (
        float("inf"),
        KeyCapabilities(),
    )  # what the first run learns of the server, a process knows for a day
    for _ in range(RUNS):
        source = build(settings, Credentials("gti-key"))
        emulator.requests.clear()
        began = time.monotonic()
        report = object_request.look_up(plan, source, began + 60, capabilities=capabilities)
        report = fetch.expand_report(plan, report, source, began + 60, capabilities=capabilities)
        best = min(best, time.monotonic() - began)
        assert all(related.detailed for related in report.related.values())
        source.close()
    return best, len(emulator.requests)


def main() -> None:
    with Emulator() as emulator:
        fill(emulator)
        emulator.switches.latency = LATENCY
        pool, asked = seconds(emulator, executor.WORKERS)
        single, _ = seconds(emulator, 1)
    print(f"requests: {asked}; two rounds of requests take {2 * LATENCY:.2f} s at least")
    print(f"default pool     {pool:6.3f} s")
    print(f"one at a time    {single:6.3f} s")
    print(f"ratio            {single / pool:6.2f}")


if __name__ == "__main__":
    main()
