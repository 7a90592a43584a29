"""Receipts of a process whose store breaks: what it sent is not sent again."""

import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from tests.storage.failing import Clock, Trouble, failing
from virustotal.core.submission.receipts import LIFETIME, Progress, Receipt, Receipts, StoreError
from virustotal.storage import in_file
from virustotal.storage.circuit_breaker import PAUSE
from virustotal.storage.fallback import with_fallback
from virustotal.storage.key_values import MemoryKeyValues
from virustotal.storage.receipt_store import StoredReceipts

NOW = 1_767_225_600.0
SENDING = Receipt("k", Progress.SENDING, "", NOW)
SENT = Receipt("k", Progress.SENT, "analysis", NOW + 5)


@pytest.fixture
def store(tmp_path: Path) -> Receipts:
    """What another replica sees."""
    return in_file(tmp_path / "store.sqlite3", 1).receipts


@pytest.fixture
def receipts(tmp_path: Path, trouble: Trouble, clock: Clock) -> Receipts:
    stores = failing(in_file(tmp_path / "store.sqlite3", 1), trouble)
    return with_fallback(stores, lambda line: None, monotonic=clock).receipts


def break_off(receipts: Receipts, trouble: Trouble) -> None:
    trouble.fails = lambda name: True
    receipts.get("other")


def mend(trouble: Trouble, clock: Clock) -> None:
    trouble.fails = lambda name: False
    clock.now += PAUSE


def test_a_store_that_lost_the_receipt(receipts: Receipts, store: Receipts) -> None:
    assert receipts.claim(SENDING, NOW)
    receipts.put(SENT)
    store.drop("k")
    assert receipts.get("k") == SENT
    assert not receipts.claim(evolve(SENDING, moment=NOW + 60), NOW + 60)


def test_a_store_that_was_down_when_it_was_sent(
    receipts: Receipts, store: Receipts, trouble: Trouble, clock: Clock
) -> None:
    break_off(receipts, trouble)
    assert receipts.claim(SENDING, NOW)
    receipts.put(SENT)
    mend(trouble, clock)
    assert receipts.get("k") == SENT
    assert not receipts.claim(evolve(SENDING, moment=NOW + 60), NOW + 60)
    assert receipts.claim(evolve(SENDING, moment=NOW + LIFETIME + 5), NOW + LIFETIME + 5)


def test_a_store_that_was_down_when_it_had_been_sent(
    receipts: Receipts, store: Receipts, trouble: Trouble, clock: Clock
) -> None:
    assert receipts.claim(SENDING, NOW)
    break_off(receipts, trouble)
    receipts.put(SENT)
    mend(trouble, clock)
    assert store.get("k") == SENDING
    assert receipts.get("k") == SENT


def test_without_a_store_that_hosts_share_nothing_is_sent(tmp_path: Path, trouble: Trouble, clock: Clock) -> None:
    stores = evolve(failing(in_file(tmp_path / "store.sqlite3", 1), trouble), shared=True)
    receipts = with_fallback(stores, lambda line: None, monotonic=clock).receipts
    break_off(receipts, trouble)
    with pytest.raises(StoreError, match="what the others have sent"):
        receipts.claim(SENDING, NOW)
    with pytest.raises(StoreError, match="what the others have sent"):
        receipts.put(SENT)
    receipts.drop("k")
    mend(trouble, clock)
    assert receipts.claim(SENDING, NOW)


def test_what_another_one_sends_is_not_taken_for_ones_own(receipts: Receipts, store: Receipts) -> None:
    assert store.claim(SENDING, NOW)
    assert not receipts.claim(evolve(SENDING, moment=NOW + 60), NOW + 60)
    assert receipts.get("k") == SENDING
    store.put(SENT)
    assert receipts.get("k") == SENT
    store.drop("k")  # it was refused there
    assert receipts.get("k") is None
    assert receipts.claim(evolve(SENDING, moment=NOW + 61), NOW + 61)


def test_what_is_dropped_is_gone(receipts: Receipts) -> None:
    assert receipts.claim(SENDING, NOW)
    receipts.drop("k")
    assert receipts.get("k") is None
    assert receipts.claim(SENDING, NOW)


def test_memory_keeps_no_old_ones(clock: Clock) -> None:
    memory = StoredReceipts(MemoryKeyValues(clock))
    for place in range(10):
        clock.now = now = NOW + place * LIFETIME / 2
        assert memory.claim(Receipt(str(place), Progress.SENT, "", now), now)
    assert [memory.get(str(place)) is not None for place in range(10)] == [False] * 8 + [True] * 2


def test_threads_claim_once() -> None:
    switching = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(50):
            memory, barrier, claims = StoredReceipts(MemoryKeyValues()), threading.Barrier(4), list[bool]()

            def claim(memory: StoredReceipts = memory, barrier: Any = barrier, claims: list[bool] = claims) -> None:
                barrier.wait()
                claims.append(memory.claim(SENDING, NOW))

            threads = [threading.Thread(target=claim) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert sorted(claims) == [False, False, False, True]
    finally:
        sys.setswitchinterval(switching)
