"""How often the cache has the answer is counted for all replicas, by days."""

from pathlib import Path

import pytest

from tests.client.links import Fake, soon, unknown
from virustotal import api
from virustotal.client import cache_statistics
from virustotal.client.cache import Cache
from virustotal.client.cache_statistics import DAYS, Statistics, statistics
from virustotal.core.errors import NotFoundError
from virustotal.core.models import Ref
from virustotal.storage import Stores, in_file

FILE = api.object_request(Ref("file", "a" * 64))
FREE = api.overall_quotas("somebody")
DAY = 86_400


def analysed(request: object) -> dict[str, object]:
    return {"data": {"type": "file", "id": "a" * 64, "attributes": {"last_analysis_date": 1_735_689_600}}}


@pytest.fixture
def stores(tmp_path: Path) -> Stores:
    return in_file(tmp_path / "store.sqlite3", 2**20)


def open_cache(stores: Stores, source: Fake) -> Cache:
    return Cache(source, stores, "k", seconds=9, negative=9)


def test_answers_and_negative_ones_count(stores: Stores) -> None:
    assert statistics(stores) == Statistics()
    known, none = open_cache(stores, Fake(analysed)), open_cache(stores, Fake(unknown))
    other = api.object_request(Ref("domain", "example.com"))
    for _ in range(3):
        known.ask(FILE, soon())
        with pytest.raises(NotFoundError):
            none.ask(other, soon())
    known.ask(FREE, soon())
    known.bypass_cache().ask(FILE, soon())
    known.close()
    none.close()
    assert statistics(stores) == Statistics(asked=6, answered=4)


def test_counts_are_written_now_and_then(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_statistics, "REQUESTS", 3)
    cache = open_cache(stores, Fake(analysed))
    seen = []
    for _ in range(4):
        cache.ask(FILE, soon())
        seen.append(statistics(stores).asked)
    assert seen == [0, 0, 3, 3]
    cache.close()
    assert statistics(stores) == Statistics(4, 3)


def test_the_last_days_count(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    today = int(stores.answers.now() // DAY)
    for day in range(today - DAYS, today + 1):
        stores.values.add("statistics", f"asked:{day}", 10, 60)
    assert statistics(stores).asked == 10 * DAYS
