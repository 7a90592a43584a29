"""The exhaustive search: seconds and requests of 300 tagged hosts and URLs, over real HTTP.

Usage: python -m bench.exhaustive [milliseconds of each answer, 100 by default]. The tags hold each of 240 public ones
once or twice, and 60 that are private or none; asked for side by side and, in the same run, one after the other. Exits
with 1 unless each distinct public one is asked for exactly once, and side by side is at least 5 times faster.
"""

import sys
import time
from collections import Counter
from hashlib import sha256

from virustotal.testing import obj  # first: it points the framework at the manifest

from virustotal.indicator_search.search import look_up  # isort: skip
from virustotal.indicator_search.plan import IocPlan, plan_iocs  # isort: skip
from virustotal.core.lookup import executor  # isort: skip
from virustotal.core.scoring.safelist import NO_SAFELIST  # isort: skip
from virustotal.core.settings import Credentials, Settings  # isort: skip
from virustotal.emulator.server import Emulator  # isort: skip
from virustotal.client.http_client import HttpClient  # isort: skip

TAGGED, FASTER = 300, 5.0
SUBJECT = obj("file").ref


def tags() -> dict[str, list[str]]:
    """300 distinct values: 240 public ones, a part of them under two types, and 60 that are not looked up."""
    domains = [f"d{place}.example.com" for place in range(100)]
    addresses = [f"8.8.{place // 10}.{place % 10 + 1}" for place in range(70)]
    urls = [f"http://example.com/{place}" for place in range(70)]
    private = [f"10.0.0.{place}" for place in range(1, 41)]
    broken = [f"../users/{place}" for place in range(20)]
    return {
        "network.dynamic.domain": domains + broken,
        "network.static.domain": [name.upper() for name in domains[:50]],
        "network.dynamic.ip": addresses + private,
        "network.dynamic.uri": urls,
        "network.static.uri": [f"{url}#again" for url in urls[:30]],
    }


def measured(plan: IocPlan, settings: Settings, workers: int) -> float:
    """Return the seconds of one search, in which all are found."""
    executor.WORKERS = workers
    client = HttpClient(settings, Credentials("premium"))
    start = time.perf_counter()
    lookups = look_up(plan, client, time.monotonic() + 120)
    seconds = time.perf_counter() - start
    client.close()
    if not all(lookup.report.outcome.found for lookup in lookups):
        raise RuntimeError("not all were found")
    return seconds


def main() -> int:
    """Print one line a way, and say whether it is as fast, and asks as little, as it must."""
    latency = float(sys.argv[1]) / 1000 if len(sys.argv) > 1 else 0.1
    plan = plan_iocs(tags(), {}, NO_SAFELIST, TAGGED)
    with Emulator({}, keys={"premium": "premium"}) as emulator:
        settings = Settings(host=emulator.url)
        for ioc in plan.wanted:
            id = sha256(ioc.label.encode()).hexdigest() if ioc.ref.kind == "url" else ioc.ref.id
            emulator.store.put({"type": ioc.ref.kind, "id": id, "attributes": {"reputation": 0}})
        emulator.switches.set(latency=latency)
        print(f"{1e3 * latency:.0f} ms an answer, {TAGGED} values: {len(plan.wanted)} to ask, {len(plan.refused)} not")
        print(f"{'way':20} {'requests':>8} {'distinct':>8} {'s':>7} {'faster':>7}")
        base, exact, faster = 0.0, True, 0.0
        for name, workers in (("one after the other", 1), ("side by side", 12)):
            emulator.requests.clear()
            seconds = measured(plan, settings, workers)
            base = base or seconds
            faster = base / seconds
            asked = Counter(each.path for each in emulator.requests)
            exact = exact and set(asked.values()) == {1} and len(asked) == len(plan.wanted)
            print(f"{name:20} {sum(asked.values()):8} {len(asked):8} {seconds:7.2f} {faster:6.1f}x")
    return 0 if exact and faster >= FASTER else 1


if __name__ == "__main__":
    sys.exit(main())
