"""How often the cache has the answer is counted for all replicas."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.client.links import Fake, soon, unknown
from virustotal import api
from virustotal.client import hits
from virustotal.client.hits import CountedCache
from virustotal.core.errors import NotFoundError
from virustotal.core.models import Ref
from virustotal.storage import Stores, in_file
from virustotal.storage.interfaces import Count

FILE = api.object_request(Ref("file", "a" * 64))
FREE = api.overall_quotas("somebody")


def analysed(request: object) -> dict[str, object]:
    return {"data": {"type": "file", "id": "a" * 64, "attributes": {"last_analysis_date": 1_735_689_600}}}


@pytest.fixture
def stores(tmp_path: Path) -> Stores:
    return in_file(tmp_path / "store.sqlite3", 2**20)


@pytest.fixture
def open_cache(stores: Stores) -> Callable[[Fake], CountedCache]:
    return lambda source: CountedCache(
        source, stores.answers, stores.facts, "k", seconds=9, negative=9, tally=stores.tally
    )


def read(stores: Stores) -> Count:
    return stores.tally.read(stores.answers.now())


def test_answers_and_negative_ones_count(stores: Stores, open_cache: Callable[[Fake], CountedCache]) -> None:
    known, none = open_cache(Fake(analysed)), open_cache(Fake(unknown))
    other = api.object_request(Ref("domain", "example.com"))
    for _ in range(3):
        known.ask(FILE, soon())
        with pytest.raises(NotFoundError):
            none.ask(other, soon())
    known.ask(FREE, soon())
    known.fresh().ask(FILE, soon())
    known.close()
    none.close()
    assert read(stores) == Count(asked=6, answered=4)


def test_it_is_written_now_and_then(
    stores: Stores, open_cache: Callable[[Fake], CountedCache], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hits, "REQUESTS", 3)
    cache = open_cache(Fake(analysed))
    seen = []
    for _ in range(4):
        cache.ask(FILE, soon())
        seen.append(read(stores).asked)
    assert seen == [0, 0, 3, 3]
    cache.close()
    assert read(stores) == Count(4, 3)
