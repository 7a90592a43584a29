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
from virustotal.storage.interfaces import Limits, Permit, Quota, Used

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
    return stores.rate_limiter.acquire("k", Quota(limits), now)


@pytest.mark.parametrize(
    ("window", "limits", "frees", "still"),
    [
        ("minute", Limits(minute=3), NOW + 62, NOW + 61),
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
    assert stores.rate_limiter.remaining("k", Quota(Limits(day=5)), NOW).longer == 4


def test_the_longest_window_is_named(stores: Stores) -> None:
    assert taken(stores, Limits(1, 1, 1, 1), NOW).granted
    assert taken(stores, Limits(1, 1, 1, 1), NOW).window == "month"


def test_keys_are_counted_apart(stores: Stores) -> None:
    assert stores.rate_limiter.acquire("k", Quota(Limits(day=1)), NOW).granted
    assert not stores.rate_limiter.acquire("k", Quota(Limits(day=1)), NOW).granted
    assert stores.rate_limiter.acquire("other", Quota(Limits(day=1)), NOW).granted


def test_all_pause_after_a_refusal_and_longer_after_another(stores: Stores, open_store: Open) -> None:
    limiter = stores.rate_limiter
    assert limiter.pause("k", None, NOW) == pytest.approx(60)
    assert limiter.pause("k", None, NOW + 1) == pytest.approx(60)  # of a request that was on its way
    refused = open_store().rate_limiter.acquire("k", Quota(), NOW + 10)
    assert (refused.granted, refused.window) == (False, "pause")
    assert refused.wait == pytest.approx(51)
    assert limiter.pause("k", None, NOW + 70) == pytest.approx(600)
    assert limiter.acquire("k", Quota(), NOW + 700).probing
    limiter.release("k")
    assert not limiter.acquire("k", Quota(), NOW + 701).probing
    assert limiter.pause("k", None, NOW + 710) == pytest.approx(60)  # one that succeeded lies between
    assert limiter.pause("k", 2.5, NOW + 1000) == pytest.approx(2.5)


@pytest.mark.parametrize("window", ["hour", "day"])
def test_the_reserve_is_left_to_more_important_requests(stores: Stores, window: str) -> None:
    quota = Quota(Limits(**{window: 10}), reserve=0.25)
    assert stores.rate_limiter.remaining("k", quota, NOW).longer == 7
    granted = [stores.rate_limiter.acquire("k", quota, NOW) for _ in range(8)]
    assert [permit.granted for permit in granted] == [True] * 7 + [False]
    assert (granted[-1].window, granted[-1].reserved) == (window, True)
    important = [taken(stores, quota.limits, NOW) for _ in range(4)]
    assert [permit.granted for permit in important] == [True] * 3 + [False]
    assert not important[-1].reserved


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
    quota = Quota(limits, Used(**{window: theirs}), NOW)
    remaining = stores.rate_limiter.remaining("k", quota, NOW)
    assert (remaining.longer, remaining.window) == (left, window)
    assert stores.rate_limiter.acquire("k", quota, NOW).granted is (left > 0)
    assert stores.rate_limiter.remaining("k", Quota(limits), NOW).longer == max(0, left - 1)  # for all


def test_what_virustotal_did_not_charge_is_given_back(stores: Stores) -> None:
    limits = Limits(day=10)
    for second in range(8):
        assert taken(stores, limits, NOW + second).granted
    for moment in (NOW + 3600, MIDNIGHT):
        assert stores.rate_limiter.remaining("k", Quota(limits, Used(day=2), moment), moment).longer == 8


def test_requests_of_the_last_minute_stay_counted_where_virustotals_count_lags(stores: Stores) -> None:
    limits = Limits(day=20)
    for second in range(2):
        assert stores.rate_limiter.acquire("k", Quota(limits, Used(day=8), NOW), NOW + second).granted
    assert stores.rate_limiter.remaining("k", Quota(limits, Used(day=8), NOW + 5), NOW + 5).longer == 10
    assert stores.rate_limiter.remaining("k", Quota(limits, Used(day=8), NOW + 90), NOW + 90).longer == 12


def test_an_older_count_of_virustotals_is_not_taken_over(stores: Stores) -> None:
    limits = Limits(day=10)
    assert stores.rate_limiter.acquire("k", Quota(limits, Used(day=5), NOW), NOW).granted
    assert stores.rate_limiter.acquire("k", Quota(limits, Used(day=9), NOW - 1), NOW + 100).granted
    assert stores.rate_limiter.remaining("k", Quota(limits), NOW + 100).longer == 3
    yesterday = Quota(limits, Used(day=9), MIDNIGHT - 30)
    assert stores.rate_limiter.remaining("k", yesterday, MIDNIGHT + 1).longer == 10


def test_a_clock_that_was_set_back_does_not_block(stores: Stores) -> None:
    assert taken(stores, Limits(minute=1), NOW + 3600).granted
    assert taken(stores, Limits(minute=1), NOW).granted


def test_left_of_a_new_key(stores: Stores) -> None:
    quota = stores.rate_limiter.remaining("k", Quota(Limits(4, 240, 500, 15_500)), NOW)
    assert (quota.minute, quota.longer, quota.window, quota.pause) == (4, 240, "hour", 0.0)
    assert stores.rate_limiter.remaining("k", Quota(), NOW).longer is None


def test_the_clock_is_this_hosts_where_the_store_is_here(stores: Stores) -> None:
    assert abs(stores.values.now() - time.time()) < 5


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
    assert stores.values.get("k", "user") is None
    stores.values.put("k", "user", "someone é", 30)
    stores.values.put("k", "soon", "gone", 0.05)
    other = open_store().values
    assert other.get("k", "user") == "someone é"
    assert other.get("other", "user") is None
    stores.values.put("k", "user", "another", 30)
    assert other.get("k", "user") == "another"
    time.sleep(0.06)
    assert other.get("k", "soon") is None


def test_a_text_is_swapped_unless_it_is_another_one(stores: Stores, open_store: Open) -> None:
    values, other = stores.values, open_store().values
    assert not values.swap("k", "n", "1", "2", 30)
    assert values.swap("k", "n", "", "é\0", 30)
    assert not other.swap("k", "n", "", "2", 30)
    assert other.swap("k", "n", "é\0", "", 30)
    assert not other.get("k", "n")
    assert values.swap("k", "n", "", "1", 0.05)
    time.sleep(0.06)
    assert values.swap("k", "n", "", "2", 30)


def _count(open_store: Open, barrier: "multiprocessing.synchronize.Barrier") -> None:
    barrier.wait()
    values = open_store().values
    for _ in range(20):
        values.change("k", "n", lambda text: (None, str(int(text or 0) + 1)), 60)


def test_processes_lose_no_count(open_store: Open) -> None:
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(4)
    processes = [context.Process(target=_count, args=(open_store, barrier)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert open_store().values.get("k", "n") == "80"


# --- connections ---------------------------------------------------------------------------------------------------


def test_what_is_closed_has_no_connection_and_is_used_again(stores: Stores, tmp_path: Path) -> None:
    for value in ("first", "second"):
        stores.values.put("k", "user", value, 30)
        stores.close()
        assert not list(tmp_path.rglob("*-wal"))  # the last connection to a SQLite file tidies up
        assert stores.values.get("k", "user") == value
    stores.close()
    stores.close()
