"""A store that may break, and this process's memory in its place: it costs its benefit, never a result."""

import random
import time
from collections.abc import Callable

from attrs import evolve

from virustotal.core.submission.receipts import MemoryReceipts, Receipt, Receipts
from virustotal.storage.circuit_breaker import Breaker
from virustotal.storage.in_memory import MemoryFacts, MemoryRateLimiter, NoAnswers
from virustotal.storage.interfaces import (
    AnswerCache,
    CacheStatistics,
    Count,
    Entry,
    KeyValueStore,
    Lease,
    Left,
    Limits,
    Permit,
    RateLimiter,
    Size,
    Stores,
    Used,
)

#: The part of a window that one of many replicas takes while nobody counts for all.
SHARE = 10
#: Requests a minute below which a minute is waited for without the common ledger: others may have spent it.
SCARCE, SPENT_SECONDS = 10 * SHARE, 61.0
#: The birth of no ledger: one that has just begun is waited for, an older one is not.
UNKNOWN_BIRTH = 1.0


class ReceiptsWithFallback:
    """Receipts in the store, and those of this process in memory as well.

    So a store that breaks, or comes back without what it was told or should have been, lets no file be sent twice.
    """

    def __init__(self, store: Receipts, breaker: Breaker) -> None:
        self._store = store
        self._memory = MemoryReceipts()
        self._breaker = breaker

    def get(self, key: str) -> Receipt | None:
        """See `Receipts.get`. The newer one counts."""
        remembered, found = self._memory.get(key), self._breaker.call(lambda: self._store.get(key), lambda: None)
        if remembered is None or (found is not None and found.moment >= remembered.moment):
            return found
        return remembered

    def claim(self, receipt: Receipt, now: float) -> bool:
        """See `Receipts.claim`."""
        if not self._memory.claim(receipt, now):
            return False
        claimed = self._breaker.call(lambda: self._store.claim(receipt, now), lambda: True)
        if not claimed:
            self._memory.drop(receipt.key)
        return claimed

    def put(self, receipt: Receipt) -> None:
        """See `Receipts.put`."""
        self._memory.put(receipt)
        self._breaker.call(lambda: self._store.put(receipt), lambda: None)

    def drop(self, key: str) -> None:
        """See `Receipts.drop`."""
        self._memory.drop(key)
        self._breaker.call(lambda: self._store.drop(key), lambda: None)


class RateLimiterWithFallback:
    """The store's ledger; without it this process's own, of what it asked itself, by this host's clock.

    shared: other replicas count there as well, so this one takes a part of each window while it cannot. clock: in Unix
    seconds.
    """

    def __init__(
        self, store: RateLimiter, breaker: Breaker, shared: bool, clock: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._memory = MemoryRateLimiter(clock)
        self._breaker = breaker
        self._share = SHARE if shared else 1
        self._apart: set[str] = set()

    def now(self) -> float:
        """See `RateLimiter.now`."""
        return self._breaker.call(self._store.now, self._memory.now)

    def take(self, key: str, limits: Limits, now: float, born: float = 0.0) -> Permit:
        """See `RateLimiter.take`."""
        # After an outage the store may have lost what it knew, also where this process has no permit of it yet. Where
        # a minute allows many, a wait would cost more than a refusal.
        known = (born or (UNKNOWN_BIRTH if self._breaker.outages else 0.0)) if limits.minute < SCARCE else 0.0
        permit = self._breaker.call(
            lambda: self._store.take(key, limits, now, known), lambda: self._take_alone(key, limits)
        )
        if permit.born:
            self._apart.discard(key)
        if permit.born and permit.granted:
            return evolve(permit, own=self._memory.count(key, self._memory.now()))
        return permit

    def settle(self, key: str, permit: Permit, now: float, worked: bool) -> None:
        """See `RateLimiter.settle`."""
        mine = evolve(permit, slot=permit.own) if permit.born else permit
        self._memory.settle(key, mine, self._memory.now(), worked)
        if permit.born:
            self._breaker.call(lambda: self._store.settle(key, permit, now, worked), lambda: None)

    def hold(self, key: str, seconds: float | None, now: float) -> float:
        """See `RateLimiter.hold`."""
        held = self._memory.hold(key, seconds, self._memory.now())
        return self._breaker.call(lambda: self._store.hold(key, seconds, now), lambda: held)

    def rebase(self, key: str, used: Used, now: float) -> None:
        """See `RateLimiter.rebase`."""
        self._memory.rebase(key, used, self._memory.now())
        self._breaker.call(lambda: self._store.rebase(key, used, now), lambda: None)

    def left(self, key: str, limits: Limits, now: float) -> Left:
        """See `RateLimiter.left`."""
        return self._breaker.call(lambda: self._store.left(key, limits, now), lambda: self._left_alone(key, limits))

    def _take_alone(self, key: str, limits: Limits) -> Permit:
        self._part_from_others(key, limits)
        permit = self._memory.take(key, self._part(limits), self._memory.now())
        if permit.granted:
            self._memory.wait(key, self._pace(limits), self._memory.now())
        return permit

    def _left_alone(self, key: str, limits: Limits) -> Left:
        self._part_from_others(key, limits)
        return self._memory.left(key, self._part(limits), self._memory.now())

    def _part_from_others(self, key: str, limits: Limits) -> None:
        """Hold a scarce minute to be spent by the others, once until the common ledger has counted again."""
        if self._share > 1 and 0 < limits.minute < SCARCE and key not in self._apart:
            self._apart.add(key)
            # Those who lost the ledger together do not go on together where they have to take turns.
            seconds = SPENT_SECONDS + random.uniform(0.0, self._pace(limits))  # noqa: S311 - no secret
            self._memory.wait(key, seconds, self._memory.now())

    def _part(self, limits: Limits) -> Limits:
        """Day and month stay whole: VirusTotal's own count of these is known."""
        if self._share == 1:
            return limits
        minute, hour = (max(1, each // self._share) if each else 0 for each in (limits.minute, limits.hour))
        return Limits(minute, hour, limits.day, limits.month)

    def _pace(self, limits: Limits) -> float:
        """Seconds from one request to the next where a minute's part is less than one request; else 0."""
        return 60.0 * self._share / limits.minute if 0 < limits.minute < self._share else 0.0


class KeyValuesWithFallback:
    """Facts in the store, and in memory as well."""

    def __init__(self, store: KeyValueStore, breaker: Breaker) -> None:
        self._store = store
        self._memory = MemoryFacts()
        self._breaker = breaker

    def fact(self, key: str, name: str) -> str | None:
        """See `KeyValueStore.fact`."""
        return self._breaker.call(lambda: self._store.fact(key, name), lambda: self._memory.fact(key, name))

    def keep(self, key: str, name: str, value: str, seconds: float) -> None:
        """See `KeyValueStore.keep`."""
        self._memory.keep(key, name, value, seconds)
        self._breaker.call(lambda: self._store.keep(key, name, value, seconds), lambda: None)


class ResponsesWithFallback:
    """The store's answers; none without it."""

    def __init__(self, store: AnswerCache, breaker: Breaker) -> None:
        self._store = store
        self._none = NoAnswers()
        self._breaker = breaker

    def now(self) -> float:
        """See `AnswerCache.now`."""
        return self._breaker.call(self._store.now, self._none.now)

    def get(self, key: str, group: str, names: tuple[str, ...], now: float) -> Entry | None:
        """See `AnswerCache.get`."""
        return self._breaker.call(lambda: self._store.get(key, group, names, now), lambda: None)

    def put(self, key: str, group: str, name: str, entry: Entry, drop: str = "") -> None:
        """See `AnswerCache.put`."""
        self._breaker.call(lambda: self._store.put(key, group, name, entry, drop), lambda: None)

    def forget(self, key: str, group: str) -> None:
        """See `AnswerCache.forget`."""
        self._breaker.call(lambda: self._store.forget(key, group), lambda: None)

    def clear(self) -> None:
        """See `AnswerCache.clear`."""
        self._breaker.call(self._store.clear, self._none.clear)

    def size(self) -> Size:
        """See `AnswerCache.size`."""
        return self._breaker.call(self._store.size, self._none.size)

    def lease(self, name: str, token: str, seconds: float) -> Lease:
        """See `AnswerCache.lease`."""
        return self._breaker.call(lambda: self._store.lease(name, token, seconds), lambda: Lease.TAKEN)

    def extend(self, name: str, token: str, seconds: float) -> None:
        """See `AnswerCache.extend`."""
        self._breaker.call(lambda: self._store.extend(name, token, seconds), lambda: None)

    def release(self, name: str, token: str, failed: bool) -> None:
        """See `AnswerCache.release`."""
        self._breaker.call(lambda: self._store.release(name, token, failed), lambda: None)


class CacheStatisticsWithFallback:
    """The store's count; none without it."""

    def __init__(self, store: CacheStatistics, breaker: Breaker) -> None:
        self._store = store
        self._breaker = breaker

    def add(self, count: Count, now: float) -> None:
        """See `CacheStatistics.add`."""
        self._breaker.call(lambda: self._store.add(count, now), lambda: None)

    def read(self, now: float) -> Count:
        """See `CacheStatistics.read`."""
        return self._breaker.call(lambda: self._store.read(now), Count)


def with_fallback(
    stores: Stores,
    say: Callable[[str], None],
    *,
    shared: bool,
    monotonic: Callable[[], float] = time.monotonic,
    clock: Callable[[], float] = time.time,
) -> Stores:
    """Return the stores behind one breaker.

    say: takes one line when they break, and one when they work again. shared: by replicas. monotonic, clock: of this
    host, for pauses and in Unix seconds.
    """
    breaker = Breaker(stores.place, say, lambda: stores.facts.keep("", "probe", "", 60.0), monotonic)
    return Stores(
        stores.place,
        RateLimiterWithFallback(stores.ledger, breaker, shared, clock),
        ResponsesWithFallback(stores.answers, breaker),
        KeyValuesWithFallback(stores.facts, breaker),
        ReceiptsWithFallback(stores.receipts, breaker),
        CacheStatisticsWithFallback(stores.tally, breaker),
        stores.close,
    )
