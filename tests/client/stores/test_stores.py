"""One suite over every store: what is promised by the interfaces, whatever keeps it."""

import multiprocessing
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from virustotal.core.models import Ref
from virustotal.core.submission.receipts import LIFETIME, SENDING, Progress, Receipt, key_of
from virustotal.storage import Stores
from virustotal.storage.interfaces import Limits, Permit, Used

KEY = key_of("submit", Ref("file", "a" * 64))
NOW = datetime(2025, 12, 31, 12, 0, tzinfo=UTC).timestamp()
MIDNIGHT = datetime(2026, 1, 1, tzinfo=UTC).timestamp()

Open = Callable[[], Stores]


# --- receipts ------------------------------------------------------------------------------------------------------


def test_put_get_drop(stores: Stores) -> None:
    store = stores.receipts
    assert store.get(KEY) is None
    store.put(Receipt(KEY, Progress.SENT, "analysis==", NOW))
    assert store.get(KEY) == Receipt(KEY, Progress.SENT, "analysis==", NOW)
    store.drop(KEY)
    store.drop(KEY)
    assert store.get(KEY) is None


@pytest.mark.parametrize(
    ("progress", "age", "taken"),
    [
        (Progress.SENDING, 0, False),
        (Progress.SENDING, SENDING - 1, False),
        (Progress.SENDING, SENDING, True),
        (Progress.SENT, LIFETIME - 1, False),
        (Progress.SENT, LIFETIME, True),
        (Progress.SENT, -3600, False),  # a clock that was set back
    ],
)
def test_a_claim_is_taken_once_while_it_is_fresh(stores: Stores, progress: Progress, age: float, taken: bool) -> None:
    store = stores.receipts
    assert store.claim(Receipt(KEY, progress, "", NOW), NOW)
    assert store.claim(Receipt(KEY, Progress.SENDING, "", NOW + age), NOW + age) is taken


# --- ledger --------------------------------------------------------------------------------------------------------


def taken(stores: Stores, limits: Limits, now: float) -> Permit:
    """Take a permit, and let the request end at once."""
    permit = stores.ledger.take("k", limits, now)
    if permit.granted:
        stores.ledger.settle("k", permit, now, True)
    return permit


@pytest.mark.parametrize(
    ("window", "limits", "frees", "still"),
    [
        ("minute", Limits(minute=3), NOW + 61, NOW + 59.5),
        ("hour", Limits(hour=3), NOW + 3600 + 2 * 60, NOW + 3600),
        ("day", Limits(day=3), MIDNIGHT, MIDNIGHT - 1),
        ("month", Limits(month=3), MIDNIGHT, MIDNIGHT - 1),
    ],
)
def test_each_window_is_full_and_opens_again(
    stores: Stores, window: str, limits: Limits, frees: float, still: float
) -> None:
    assert [taken(stores, limits, NOW).granted for _ in range(4)] == [True, True, True, False]
    refused = taken(stores, limits, NOW)
    assert refused.window == window
    assert refused.wait == pytest.approx(frees - NOW, abs=1)
    assert not taken(stores, limits, still).granted
    assert taken(stores, limits, frees).granted


def test_a_refusal_counts_in_no_window(stores: Stores) -> None:
    assert taken(stores, Limits(minute=1, day=5), NOW).granted
    for _ in range(9):
        assert taken(stores, Limits(minute=1, day=5), NOW).window == "minute"
    assert stores.ledger.left("k", Limits(day=5), NOW).longer == 4


def test_the_longest_window_is_named(stores: Stores) -> None:
    assert taken(stores, Limits(1, 1, 1, 1), NOW).granted
    assert taken(stores, Limits(1, 1, 1, 1), NOW).window == "month"


def test_a_minute_is_counted_from_the_end_of_the_request(stores: Stores) -> None:
    limits = Limits(minute=1)
    permit = stores.ledger.take("k", limits, NOW)
    stores.ledger.settle("k", permit, NOW + 30, True)
    assert not taken(stores, limits, NOW + 61).granted
    assert taken(stores, limits, NOW + 91).granted


def test_a_request_of_a_killed_process_does_not_block_for_ever(stores: Stores) -> None:
    assert stores.ledger.take("k", Limits(minute=1), NOW).granted
    assert not taken(stores, Limits(minute=1), NOW + 62).granted
    assert taken(stores, Limits(minute=1), NOW + 72).granted


def test_keys_are_counted_apart(stores: Stores) -> None:
    assert stores.ledger.take("k", Limits(day=1), NOW).granted
    assert not stores.ledger.take("k", Limits(day=1), NOW).granted
    assert stores.ledger.take("other", Limits(day=1), NOW).granted


def test_all_wait_after_a_refusal_and_longer_after_another(stores: Stores, open_store: Open) -> None:
    assert stores.ledger.hold("k", None, NOW) == pytest.approx(60)
    assert stores.ledger.hold("k", None, NOW + 1) == pytest.approx(60)  # of a request that was on its way
    refused = open_store().ledger.take("k", Limits(), NOW + 10)
    assert (refused.granted, refused.window) == (False, "held")
    assert refused.wait == pytest.approx(51)
    assert stores.ledger.hold("k", None, NOW + 70) == pytest.approx(600)
    permit = stores.ledger.take("k", Limits(), NOW + 700)
    stores.ledger.settle("k", permit, NOW + 700, True)
    assert stores.ledger.hold("k", None, NOW + 710) == pytest.approx(60)  # one that worked lies between
    assert stores.ledger.hold("k", 2.5, NOW + 1000) == pytest.approx(2.5)


def test_a_store_that_lost_its_memory_waits_for_a_minute(stores: Stores) -> None:
    limits = Limits(minute=10)
    first = stores.ledger.take("k", limits, NOW, born=0.0)
    assert first.granted
    assert first.born
    lost = stores.ledger.take("k", limits, NOW + 5, born=NOW - 500)
    assert not lost.granted
    assert lost.wait == pytest.approx(55, abs=1)
    assert stores.ledger.take("k", limits, NOW + 60, born=NOW - 500).granted


@pytest.mark.parametrize(
    ("ours", "theirs", "left"),
    [
        (3, 3, 7),
        (3, 5, 5),  # others use the key
        (3, 0, 7),  # VirusTotal's count lags behind
        (3, 12, 0),  # lower than what is spent
        (0, 10, 0),
    ],
)
@pytest.mark.parametrize("window", ["hour", "day", "month"])
def test_virustotals_own_count_is_taken_over(stores: Stores, window: str, ours: int, theirs: int, left: int) -> None:
    limits = Limits(**{window: 10})
    for _ in range(ours):
        assert taken(stores, limits, NOW).granted
    stores.ledger.rebase("k", Used(**{window: theirs}), NOW)
    found = stores.ledger.left("k", limits, NOW)
    assert (found.longer, found.window) == (left, window)
    assert taken(stores, limits, NOW).granted is (left > 0)


def test_what_virustotal_did_not_charge_is_given_back(stores: Stores) -> None:
    limits = Limits(day=10)
    for second in range(8):
        assert taken(stores, limits, NOW + second).granted
    stores.ledger.rebase("k", Used(day=2), NOW + 3600)
    assert stores.ledger.left("k", limits, NOW + 3600).longer == 8
    stores.ledger.rebase("k", Used(day=2), MIDNIGHT)
    assert stores.ledger.left("k", limits, MIDNIGHT).longer == 8


def test_a_clock_that_was_set_back_does_not_block(stores: Stores) -> None:
    assert taken(stores, Limits(minute=1), NOW + 3600).granted
    assert taken(stores, Limits(minute=1), NOW).granted


@pytest.mark.parametrize("window", ["day", "month"])
def test_a_request_that_arrives_after_midnight_counts_for_both_days(stores: Stores, window: str) -> None:
    limits = Limits(**{window: 2})
    permit = stores.ledger.take("k", limits, MIDNIGHT - 0.1)
    stores.ledger.settle("k", permit, MIDNIGHT + 0.1, True)
    assert stores.ledger.left("k", limits, MIDNIGHT - 0.1).longer == 1
    assert stores.ledger.left("k", limits, MIDNIGHT + 1).longer == 1
    assert taken(stores, limits, MIDNIGHT + 1).granted
    assert not taken(stores, limits, MIDNIGHT + 2).granted


def test_left_of_a_new_key(stores: Stores) -> None:
    found = stores.ledger.left("k", Limits(4, 240, 500, 15_500), NOW)
    assert (found.minute, found.longer, found.window, found.held) == (4, 240, "hour", 0.0)
    assert stores.ledger.left("k", Limits(), NOW).longer is None


def test_the_clock_is_this_hosts_where_the_store_is_here(stores: Stores) -> None:
    assert abs(stores.ledger.now() - time.time()) < 5


def _spend(
    open_store: Open, barrier: "multiprocessing.synchronize.Barrier", queue: "multiprocessing.Queue[int]"
) -> None:
    barrier.wait()
    store = open_store()
    queue.put(sum(taken(store, Limits(minute=25, day=100), NOW).granted for _ in range(20)))


def test_processes_never_overspend(open_store: Open) -> None:
    context = multiprocessing.get_context("fork")
    barrier, queue = context.Barrier(6), context.Queue()
    processes = [context.Process(target=_spend, args=(open_store, barrier, queue)) for _ in range(6)]
    for process in processes:
        process.start()
    granted = [queue.get(timeout=30) for _ in processes]
    for process in processes:
        process.join()
    assert sum(granted) == 25


# --- facts ---------------------------------------------------------------------------------------------------------


def test_facts_are_kept_for_a_while(stores: Stores, open_store: Open) -> None:
    assert stores.facts.fact("k", "user") is None
    stores.facts.keep("k", "user", "someone é", 30)
    stores.facts.keep("k", "soon", "gone", 0.05)
    other = open_store().facts
    assert other.fact("k", "user") == "someone é"
    assert other.fact("other", "user") is None
    stores.facts.keep("k", "user", "another", 30)
    assert other.fact("k", "user") == "another"
    time.sleep(0.06)
    assert other.fact("k", "soon") is None


# --- connections ---------------------------------------------------------------------------------------------------


def test_what_is_closed_has_no_connection_and_is_used_again(stores: Stores, tmp_path: Path) -> None:
    for value in ("first", "second"):
        stores.facts.keep("k", "user", value, 30)
        stores.close()
        assert not list(tmp_path.rglob("*-wal"))  # the last connection to a SQLite file tidies up
        assert stores.facts.fact("k", "user") == value
    stores.close()
    stores.close()
