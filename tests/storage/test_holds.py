"""When all requests pause: after a refusal, how long at most, what ends it, and a clock that was set back."""

from datetime import UTC, datetime

import pytest

from virustotal.storage import Stores, rate_windows
from virustotal.storage.interfaces import Limits, Permit, Quota
from virustotal.storage.key_values import MemoryKeyValues
from virustotal.storage.rate_limiter import RateLimiter

NOW = datetime(2025, 12, 31, 12, 0, tzinfo=UTC).timestamp()


def take(stores: Stores, now: float, limits: Limits | None = None) -> Permit:
    return stores.rate_limiter.acquire("k", Quota(limits or Limits()), now)


def test_a_wait_is_told_from_a_window_that_is_full(stores: Stores) -> None:
    assert take(stores, NOW, Limits(minute=4)).granted
    stores.rate_limiter.pause("k", 30.0, NOW)
    refused = take(stores, NOW + 1, Limits(minute=4))
    assert (refused.granted, refused.window) == (False, "pause")
    assert refused.wait == pytest.approx(29)


@pytest.mark.parametrize(("seconds", "window", "wait"), [(30.0, "minute", 62), (600.0, "pause", 600)])
def test_what_lasts_longer_is_named(stores: Stores, seconds: float, window: str, wait: float) -> None:
    assert take(stores, NOW, Limits(minute=1)).granted
    stores.rate_limiter.pause("k", seconds, NOW)
    refused = take(stores, NOW, Limits(minute=1))
    assert (refused.granted, refused.window) == (False, window)
    assert refused.wait == pytest.approx(wait, abs=1)


def test_no_wait_is_longer_than_a_day(stores: Stores) -> None:
    assert stores.rate_limiter.pause("k", 999_999_999.0, NOW) == pytest.approx(86_400)
    assert take(stores, NOW).wait == pytest.approx(86_400)
    assert take(stores, NOW + 86_400).granted


@pytest.mark.parametrize("back", [3600, 86_400 * 40])
def test_a_wait_of_before_the_clock_was_set_back_does_not_count(stores: Stores, back: float) -> None:
    stores.rate_limiter.pause("k", 600.0, NOW)
    assert stores.rate_limiter.remaining("k", Quota(), NOW - back).pause == 0
    assert take(stores, NOW - back).granted
    assert stores.rate_limiter.pause("k", 5.0, NOW - back) == pytest.approx(5)


def test_a_wait_counts_where_clocks_differ_by_seconds(stores: Stores) -> None:
    stores.rate_limiter.pause("k", 600.0, NOW)
    assert not take(stores, NOW - 3).granted


def test_short_waits_in_a_row_are_believed_for_a_while(stores: Stores) -> None:
    now, told = NOW, []
    for _ in range(5):
        told.append(stores.rate_limiter.pause("k", 1.0, now))
        now += told[-1]
        assert take(stores, now).probing
    assert told == pytest.approx([1, 1, 1, 600, 600])
    stores.rate_limiter.release("k")
    assert stores.rate_limiter.pause("k", 1.0, now) == pytest.approx(1)


def test_a_longer_wait_is_always_believed(stores: Stores) -> None:
    for place in range(5):
        now = NOW + place * 10_000
        assert stores.rate_limiter.pause("k", 5000.0, now) == pytest.approx(5000)


def test_a_request_that_was_on_its_way_does_not_end_the_row(stores: Stores) -> None:
    assert not take(stores, NOW - 5).probing
    assert stores.rate_limiter.pause("k", None, NOW) == pytest.approx(60)
    assert stores.rate_limiter.pause("k", None, NOW + 61) == pytest.approx(600)


def test_what_is_counted_of_a_store_that_works_does_not_grow() -> None:
    """Requests that the store permitted are counted here as well, for when it breaks."""
    values, now = MemoryKeyValues(), 1_700_000_000.0
    limiter = RateLimiter(values)
    for _ in range(3000):
        now += 5.0
        limiter.acquire("key", Quota(), now)
    assert len(rate_windows.loads(values.get("key", "quota"))) < 200
    left = limiter.remaining("key", Quota(Limits(hour=10_000)), now).longer
    assert left is not None
    assert 10_000 - 3800 // 5 < left < 10_000 - 3600 // 5
