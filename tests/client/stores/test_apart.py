"""A replica without the common ledger: its part of the quota, by its own clock; and the ledger that comes back."""

import time
from pathlib import Path

import pytest
from attrs import evolve

from tests.client.stores.failing import Clock, Trouble, failing
from tests.client.stores.servers import started
from virustotal.core.submission.receipts import Progress, Receipt
from virustotal.storage import Stores, in_file, in_redis
from virustotal.storage.circuit_breaker import PAUSE
from virustotal.storage.fallback import SHARE, with_fallback
from virustotal.storage.interfaces import Limits
from virustotal.storage.sqlite_store import SQLiteFile, SQLiteRateLimiter

MOST = 2**20


def shared(folder: Path, trouble: Trouble, clock: Clock, ahead: float = 0.0) -> Stores:
    """Stores whose clock is ahead of this host's, as that of a Redis server may be."""
    place = folder / "store.sqlite3"
    whole = evolve(in_file(place, MOST), ledger=SQLiteRateLimiter(SQLiteFile(place), lambda: clock.now + ahead))
    return with_fallback(failing(whole, trouble), lambda line: None, shared=True, monotonic=clock, clock=clock)


def dead(clock: Clock) -> Stores:
    address = "redis://127.0.0.1:1"
    return with_fallback(in_redis(address, MOST), lambda line: None, shared=True, monotonic=clock, clock=clock)


def granted(stores: Stores, limits: Limits) -> bool:
    permit = stores.ledger.take("k", limits, stores.ledger.now())
    if permit.granted:
        stores.ledger.settle("k", permit, stores.ledger.now(), True)
    return permit.granted


def test_it_takes_a_part(clock: Clock) -> None:
    stores = dead(clock)
    assert [granted(stores, Limits(minute=300, day=500)) for _ in range(32)] == [True] * 30 + [False] * 2


@pytest.mark.parametrize("minute", [4, 9, 20, 99])
def test_as_many_as_are_reckoned_with_keep_to_a_scarce_minute_together(clock: Clock, minute: int) -> None:
    """Also those that were started while nobody counted; and no request is made in the minute that may be spent."""
    replicas = [dead(clock) for _ in range(SHARE)]
    began, moments = clock.now, []
    while clock.now < began + 1800:
        for stores in replicas:
            while granted(stores, Limits(minute=minute)):
                moments.append(clock.now)
        clock.now += 5
    assert moments[0] >= began + 60
    assert minute * 20 < len(moments) <= minute * 30
    if minute >= SHARE:
        assert all(later - first >= 60 for first, later in zip(moments, moments[minute:], strict=False))


def test_what_is_left_says_that_it_waits(clock: Clock) -> None:
    stores = dead(clock)
    assert stores.ledger.left("k", Limits(minute=20), clock.now).held == 61
    assert stores.ledger.left("k", Limits(minute=2000), clock.now).minute == 200
    refused = stores.ledger.take("k", Limits(minute=20), clock.now)
    assert (refused.window, refused.wait) == ("held", 61)


def test_a_scarce_minute_is_waited_for_at_each_outage_anew(tmp_path: Path, trouble: Trouble, clock: Clock) -> None:
    stores, limits = shared(tmp_path, trouble, clock), Limits(minute=20)
    for _ in range(2):
        trouble.fails = lambda name: False
        clock.now += 2 * PAUSE
        assert granted(stores, limits)
        trouble.fails = lambda name: True
        assert not granted(stores, limits)
        clock.now += 59
        assert not granted(stores, limits)
        clock.now += 3
        assert granted(stores, limits)


@pytest.mark.parametrize("ahead", [-3600.0, 3600.0])
def test_a_ledger_with_another_clock_that_breaks_leaves_no_long_wait(
    tmp_path: Path, trouble: Trouble, clock: Clock, ahead: float
) -> None:
    stores, scarce = shared(tmp_path, trouble, clock, ahead), Limits(minute=20)
    assert granted(stores, scarce)
    assert stores.ledger.hold("k", 5.0, stores.ledger.now()) == 5
    now = stores.ledger.now()
    assert now == clock.now + ahead
    trouble.fails = lambda name: True
    assert stores.ledger.take("k", Limits(minute=2000), now).wait == pytest.approx(5)
    clock.now += 6
    assert stores.ledger.take("k", Limits(minute=2000), now + 6).granted
    refused = stores.ledger.take("k", scarce, stores.ledger.now())
    assert refused.wait == pytest.approx(61)
    clock.now += 62
    assert granted(stores, scarce)


@pytest.mark.parametrize("ahead", [0.0, 3600.0])
def test_what_the_common_ledger_permitted_counts_once_when_it_breaks(
    tmp_path: Path, trouble: Trouble, clock: Clock, ahead: float
) -> None:
    stores, limits = shared(tmp_path, trouble, clock, ahead), Limits(minute=100)
    for _ in range(4):
        clock.now += 1
        assert granted(stores, limits)
    trouble.fails = lambda name: True
    stores.ledger.now()
    assert stores.ledger.left("k", limits, clock.now).minute == 100 // SHARE - 4


def test_a_ledger_that_comes_back_empty_is_waited_for_by_who_never_had_a_permit(tmp_path: Path) -> None:
    with started(tmp_path) as server:
        clock = Clock()
        stores = with_fallback(in_redis(server.address, MOST), lambda line: None, shared=True, monotonic=clock)
        server.stop()
        stores.facts.fact("k", "user")
        server.start()
        clock.now += PAUSE
        now = stores.ledger.now()
        refused = stores.ledger.take("k", Limits(minute=20), now)
        assert not refused.granted
        assert 59 < refused.wait <= 60
        assert stores.ledger.take("k", Limits(minute=20), now + 61).granted


def test_hosts_whose_clocks_differ_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with started(tmp_path) as server:
        here, there = in_redis(server.address, MOST), in_redis(server.address, MOST)
        now = time.time()
        assert here.receipts.claim(Receipt("r", Progress.SENDING, "", now), now)
        assert here.ledger.take("k", Limits(minute=1), here.ledger.now()).granted
        # The other host is an hour ahead.
        monkeypatch.setattr(time, "time", lambda: now + 3600)
        assert abs(there.ledger.now() - now) < 10
        assert not there.receipts.claim(Receipt("r", Progress.SENDING, "", now + 3600), now + 3600)
        found = there.receipts.get("r")
        assert found is not None
        assert abs(found.moment - (now + 3600)) < 10
        assert not there.ledger.take("k", Limits(minute=1), there.ledger.now()).granted
