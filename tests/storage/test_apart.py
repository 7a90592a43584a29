"""A process without the common store: its own count, by its own clock."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from tests.storage.failing import Clock, Trouble, failing
from tests.storage.servers import started
from virustotal.core.submission.receipts import Progress, Receipt
from virustotal.storage import Stores, in_file, in_redis
from virustotal.storage.fallback import with_fallback
from virustotal.storage.interfaces import Limits, Quota
from virustotal.storage.sqlite_store import SQLiteFile, SQLiteKeyValues

MOST = 2**20


def shared(folder: Path, trouble: Trouble, clock: Clock, ahead: float = 0.0) -> Stores:
    """Stores whose clock is ahead of this host's, as that of a Redis server may be."""
    place = folder / "store.sqlite3"
    whole = evolve(in_file(place, MOST), values=SQLiteKeyValues(SQLiteFile(place), lambda: clock.now + ahead))
    return with_fallback(failing(whole, trouble), lambda line: None, monotonic=clock, clock=clock)


def granted(stores: Stores, limits: Limits) -> bool:
    return stores.rate_limiter.acquire("k", Quota(limits), stores.rate_limiter.now()).granted


@pytest.mark.parametrize("ahead", [-3600.0, 0.0, 3600.0])
def test_what_the_store_permitted_counts_once_when_it_breaks(
    tmp_path: Path, trouble: Trouble, clock: Clock, ahead: float
) -> None:
    stores, limits = shared(tmp_path, trouble, clock, ahead), Limits(minute=6)
    for _ in range(4):
        clock.now += 1
        assert granted(stores, limits)
    trouble.fails = lambda name: True
    assert [granted(stores, limits) for _ in range(3)] == [True, True, False]
    clock.now += 62
    assert granted(stores, limits)


def test_what_several_threads_were_permitted_counts_when_the_store_breaks(
    tmp_path: Path, trouble: Trouble, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one is told of its permit after the second one got another."""
    stores, limits = shared(tmp_path, trouble, clock), Limits(minute=2)
    written, second, swap = threading.Event(), threading.Event(), SQLiteKeyValues.swap

    def swap_slowly(*arguments: Any) -> bool:
        swapped = swap(*arguments)
        if not written.is_set():
            written.set()
            second.wait(0.1)
        return swapped

    monkeypatch.setattr(SQLiteKeyValues, "swap", swap_slowly)
    thread = threading.Thread(target=granted, args=(stores, limits))
    thread.start()
    written.wait()
    assert granted(stores, limits)
    second.set()
    thread.join()
    trouble.fails = lambda name: True
    assert not granted(stores, limits)


@pytest.mark.parametrize("ahead", [-3600.0, 3600.0])
def test_a_pause_goes_on_by_this_hosts_clock(tmp_path: Path, trouble: Trouble, clock: Clock, ahead: float) -> None:
    stores = shared(tmp_path, trouble, clock, ahead)
    assert stores.rate_limiter.pause("k", 5.0, stores.rate_limiter.now()) == 5
    trouble.fails = lambda name: True
    refused = stores.rate_limiter.acquire("k", Quota(), stores.rate_limiter.now())
    assert refused.wait == pytest.approx(5)
    clock.now += 6
    assert granted(stores, Limits())


def test_hosts_whose_clocks_differ_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with started(tmp_path) as server:
        here, there = in_redis(server.address, MOST), in_redis(server.address, MOST)
        now = time.time()
        assert here.receipts.claim(Receipt("r", Progress.SENDING, "", now), now)
        assert here.rate_limiter.acquire("k", Quota(Limits(minute=1)), here.rate_limiter.now()).granted
        # The other host is an hour ahead.
        monkeypatch.setattr(time, "time", lambda: now + 3600)
        assert abs(there.rate_limiter.now() - now) < 10
        assert not there.receipts.claim(Receipt("r", Progress.SENDING, "", now + 3600), now + 3600)
        receipt = there.receipts.get("r")
        assert receipt is not None
        assert abs(receipt.moment - (now + 3600)) < 10
        assert not there.rate_limiter.acquire("k", Quota(Limits(minute=1)), there.rate_limiter.now()).granted
