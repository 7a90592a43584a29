"""The count of the cache's answers, over every store."""

from collections.abc import Callable
from pathlib import Path

from virustotal.storage import Stores, in_file
from virustotal.storage.cache_statistics import DAYS
from virustotal.storage.fallback import with_fallback
from virustotal.storage.interfaces import Count

DAY = 86_400
NOW = 1_767_225_600.0 + 10


def test_nothing_is_counted_yet(stores: Stores) -> None:
    assert stores.tally.read(NOW) == Count()


def test_the_last_days_count(stores: Stores) -> None:
    for day in range(DAYS + 3):
        stores.tally.add(Count(asked=10, answered=day), NOW + day * DAY)
    last = NOW + (DAYS + 2) * DAY
    assert stores.tally.read(last) == Count(10 * DAYS, sum(range(3, DAYS + 3)))
    assert stores.tally.read(last + (DAYS - 1) * DAY) == Count(10, DAYS + 2)
    assert stores.tally.read(last + DAYS * DAY) == Count()


def test_replicas_add_up(open_store: Callable[[], Stores]) -> None:
    for answered in (1, 0, 2):
        open_store().tally.add(Count(2, answered), NOW)
    assert open_store().tally.read(NOW) == Count(6, 3)


def test_a_broken_store_counts_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said: list[str] = []
    broken = with_fallback(in_file(tmp_path / "file" / "store.sqlite3", 100), said.append, shared=False)
    broken.tally.add(Count(1, 1), NOW)
    assert broken.tally.read(NOW) == Count()
    assert len(said) == 1
