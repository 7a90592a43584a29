"""What the cache answers and what a key asks is counted for all replicas, by the hour."""

from pathlib import Path

import pytest

from tests.client.links import Fake, soon, unknown
from virustotal.api import endpoints
from virustotal.client import hourly_counts
from virustotal.client.cache import Cache
from virustotal.client.hourly_counts import CACHE, CACHE_COUNTERS, KEPT_HOURS, Hour, HourlyCounter, last_hours
from virustotal.core.errors import NotFoundError
from virustotal.core.models import Ref
from virustotal.storage import Stores, in_file

FILE = endpoints.object_request(Ref("file", "a" * 64))
FREE = endpoints.overall_quotas("somebody")


def analysed(request: object) -> dict[str, object]:
    return {"data": {"type": "file", "id": "a" * 64, "attributes": {"last_analysis_date": 1_735_689_600}}}


@pytest.fixture
def stores(tmp_path: Path) -> Stores:
    return in_file(tmp_path / "store.sqlite3", 2**20)


def open_cache(stores: Stores, source: Fake) -> Cache:
    return Cache(source, stores, "k", seconds=9, negative=9)


def counts(stores: Stores) -> tuple[int, ...]:
    (hour,) = last_hours(stores.values, CACHE, CACHE_COUNTERS, 1, stores.values.now())
    return tuple(hour.counts.values())


def test_answers_and_negative_ones_count(stores: Stores) -> None:
    assert counts(stores) == (0, 0)
    known, none = open_cache(stores, Fake(analysed)), open_cache(stores, Fake(unknown))
    other = endpoints.object_request(Ref("domain", "example.com"))
    for _ in range(3):
        known.ask(FILE, soon())
        with pytest.raises(NotFoundError):
            none.ask(other, soon())
    known.ask(FREE, soon())
    known.bypass_cache().ask(FILE, soon())
    known.close()
    none.close()
    assert counts(stores) == (6, 4)


def test_counts_are_written_now_and_then(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hourly_counts, "COUNTS", 3)
    cache = open_cache(stores, Fake(analysed))
    seen = []
    for _ in range(4):
        cache.ask(FILE, soon())
        seen.append(counts(stores)[0])
    assert seen == [0, 0, 3, 3]
    cache.close()
    assert counts(stores) == (4, 3)


def test_each_hour_has_its_own_counts(stores: Stores) -> None:
    counter = HourlyCounter(stores, "k")
    counter.count(requests=2, waited_ms=1500)
    counter.count(requests=1, refused=0)
    counter.write()
    stores.values.put("k", f"requests:{int(stores.values.now() // 3600) - 2}", "5", 60)
    hours = last_hours(stores.values, "k", ("requests", "waited_ms"), 3, stores.values.now())
    assert [dict(hour.counts) for hour in hours] == [
        {"requests": 3, "waited_ms": 1500},
        {"requests": 0, "waited_ms": 0},
        {"requests": 5, "waited_ms": 0},
    ]
    assert hours[0].begins % 3600 == 0
    assert hours[0].begins - hours[1].begins == 3600


def test_what_is_no_count_is_none(stores: Stores) -> None:
    now = stores.values.now()
    stores.values.put("k", f"requests:{int(now // 3600)}", "many", 60)
    assert last_hours(stores.values, "k", ("requests",), 1, now) == (Hour(now // 3600 * 3600, {"requests": 0}),)
    assert len(last_hours(stores.values, "k", ("requests",), KEPT_HOURS, now)) == KEPT_HOURS
