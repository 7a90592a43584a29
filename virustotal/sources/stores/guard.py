"""A store that may break, and this process's memory in its place: it costs its benefit, never a result."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from attrs import define, field

from virustotal.core.receipts import MemoryReceipts, Receipt, Receipts, StoreError
from virustotal.sources.stores.interfaces import (
    AnswerCache,
    Count,
    Entry,
    Facts,
    Lease,
    Ledger,
    Left,
    Limits,
    Permit,
    Size,
    Stores,
    Tally,
    Used,
)
from virustotal.sources.stores.memory import MemoryFacts, MemoryLedger, NoAnswers

T = TypeVar("T")

#: Seconds for which a store that failed is not tried again.
PAUSE = 30.0
#: The part of a window that one of many replicas takes while nobody counts for all.
SHARE = 10
#: Requests a minute below which a minute is waited for when the common ledger breaks off: others may have spent it.
SCARCE = 10 * SHARE
#: The birth of no ledger: one that has just begun is waited for, an older one is not.
UNKNOWN_BIRTH = 1.0


@define(eq=False)
class Breaker:
    """Shared by all that one store keeps.

    say: takes one line when the store breaks, and one when it works again. pause: seconds until it is tried again.
    worked: whether it ever did. outages: how often it broke.
    """

    say: Callable[[str], None]
    pause: float = PAUSE
    worked: bool = field(default=False, init=False)
    outages: int = field(default=0, init=False)
    _until: float = field(default=0.0, init=False)
    _broken: bool = field(default=False, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False)

    def call(self, act: Callable[[], T], otherwise: Callable[[], T]) -> T:
        """Return what the store answers; what the other one does where that fails or failed a moment ago."""
        with self._lock:
            resting = time.monotonic() < self._until
            if self._broken and not resting:
                self._until = time.monotonic() + self.pause  # one tries, while the others go on without
        if resting:
            return otherwise()
        try:
            answer = act()
        except StoreError as error:
            self._fail(str(error))
            return otherwise()
        self._mend()
        return answer

    def _fail(self, reason: str) -> None:
        with self._lock:
            said, self._broken = self._broken, True
            self.outages += not said
            self._until = time.monotonic() + self.pause
        if not said:
            self.say(f"{reason}. Until it works, this process goes on without what others know, and tells no one.")

    def _mend(self) -> None:
        self.worked = True
        if self._broken:
            with self._lock:
                mended, self._broken, self._until = self._broken, False, 0.0
            if mended:
                self.say("The store works again.")


class GuardedReceipts:
    """Receipts in the store, and in memory as well: a store that breaks in the middle of a wait loses nothing."""

    def __init__(self, store: Receipts, breaker: Breaker) -> None:
        self._store = store
        self._memory = MemoryReceipts()
        self._breaker = breaker

    def get(self, key: str) -> Receipt | None:
        """See `Receipts.get`."""
        return self._breaker.call(lambda: self._store.get(key), lambda: self._memory.get(key))

    def claim(self, receipt: Receipt, now: float) -> bool:
        """See `Receipts.claim`."""
        remembered = self._memory.claim(receipt, now)
        return self._breaker.call(lambda: self._store.claim(receipt, now), lambda: remembered)

    def put(self, receipt: Receipt) -> None:
        """See `Receipts.put`."""
        self._memory.put(receipt)
        self._breaker.call(lambda: self._store.put(receipt), lambda: None)

    def drop(self, key: str) -> None:
        """See `Receipts.drop`."""
        self._memory.drop(key)
        self._breaker.call(lambda: self._store.drop(key), lambda: None)


class GuardedLedger:
    """The store's ledger; without it this process's own, of what it asked itself.

    shared: other replicas count there as well, so this one takes a part of each window while it cannot.
    """

    def __init__(self, store: Ledger, breaker: Breaker, shared: bool) -> None:
        self._store = store
        self._memory = MemoryLedger()
        self._breaker = breaker
        self._share = SHARE if shared else 1
        self._held: dict[str, int] = {}

    def now(self) -> float:
        """See `Ledger.now`."""
        return self._breaker.call(self._store.now, self._memory.now)

    def take(self, key: str, limits: Limits, now: float, born: float = 0.0) -> Permit:
        """See `Ledger.take`."""
        # After an outage the store may have lost what it knew, also where this process has no permit of it yet. Where
        # a minute allows many, a wait would cost more than a refusal.
        known = (born or (UNKNOWN_BIRTH if self._breaker.outages else 0.0)) if limits.minute < SCARCE else 0.0
        permit = self._breaker.call(
            lambda: self._store.take(key, limits, now, known), lambda: self._alone(key, limits, now)
        )
        if permit.granted and permit.born:
            self._memory.take(key, Limits(), now)
        return permit

    def _alone(self, key: str, limits: Limits, now: float) -> Permit:
        """Take a permit of this process's own. Once an outage, a scarce minute is held to be spent by the others."""
        shared, outage = self._share > 1 and self._breaker.worked, self._breaker.outages
        if shared and 0 < limits.minute < SCARCE and self._held.get(key) != outage:
            self._held[key] = outage
            self._memory.hold(key, 61.0, now)
        return self._memory.take(key, self._part(limits), now)

    def settle(self, key: str, permit: Permit, now: float, worked: bool) -> None:
        """See `Ledger.settle`."""
        self._memory.settle(key, permit, now, worked)
        if permit.born:
            self._breaker.call(lambda: self._store.settle(key, permit, now, worked), lambda: None)

    def hold(self, key: str, seconds: float | None, now: float) -> float:
        """See `Ledger.hold`."""
        held = self._memory.hold(key, seconds, now)
        return self._breaker.call(lambda: self._store.hold(key, seconds, now), lambda: held)

    def rebase(self, key: str, used: Used, now: float) -> None:
        """See `Ledger.rebase`."""
        self._memory.rebase(key, used, now)
        self._breaker.call(lambda: self._store.rebase(key, used, now), lambda: None)

    def left(self, key: str, limits: Limits, now: float) -> Left:
        """See `Ledger.left`."""
        part = self._part(limits)
        return self._breaker.call(lambda: self._store.left(key, limits, now), lambda: self._memory.left(key, part, now))

    def _part(self, limits: Limits) -> Limits:
        """Day and month stay whole: VirusTotal's own count of these is known."""
        if self._share == 1:
            return limits
        minute, hour = (max(1, each // self._share) if each else 0 for each in (limits.minute, limits.hour))
        return Limits(minute, hour, limits.day, limits.month)


class GuardedFacts:
    """Facts in the store, and in memory as well."""

    def __init__(self, store: Facts, breaker: Breaker) -> None:
        self._store = store
        self._memory = MemoryFacts()
        self._breaker = breaker

    def fact(self, key: str, name: str) -> str | None:
        """See `Facts.fact`."""
        return self._breaker.call(lambda: self._store.fact(key, name), lambda: self._memory.fact(key, name))

    def keep(self, key: str, name: str, value: str, seconds: float) -> None:
        """See `Facts.keep`."""
        self._memory.keep(key, name, value, seconds)
        self._breaker.call(lambda: self._store.keep(key, name, value, seconds), lambda: None)


class GuardedAnswers:
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

    def release(self, name: str, token: str, failed: bool) -> None:
        """See `AnswerCache.release`."""
        self._breaker.call(lambda: self._store.release(name, token, failed), lambda: None)


class GuardedTally:
    """The store's count; none without it."""

    def __init__(self, store: Tally, breaker: Breaker) -> None:
        self._store = store
        self._breaker = breaker

    def add(self, count: Count, now: float) -> None:
        """See `Tally.add`."""
        self._breaker.call(lambda: self._store.add(count, now), lambda: None)

    def read(self, now: float) -> Count:
        """See `Tally.read`."""
        return self._breaker.call(lambda: self._store.read(now), Count)


def guarded(stores: Stores, say: Callable[[str], None], *, shared: bool, pause: float = PAUSE) -> Stores:
    """Return the stores behind one breaker. say: takes one line when they break, and one when they work again."""
    breaker = Breaker(say, pause)
    return Stores(
        stores.place,
        GuardedLedger(stores.ledger, breaker, shared),
        GuardedAnswers(stores.answers, breaker),
        GuardedFacts(stores.facts, breaker),
        GuardedReceipts(stores.receipts, breaker),
        GuardedTally(stores.tally, breaker),
    )
