"""The memory of this process in place of a store that fails. Caching and the shared quota are lost, no result is."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from virustotal.core.submission.receipts import Receipt, Receipts, StoreError
from virustotal.storage.circuit_breaker import PAUSE, CircuitBreaker
from virustotal.storage.interfaces import AnswerCache, Entry, Size
from virustotal.storage.key_values import KeyValueStore, MemoryKeyValues
from virustotal.storage.receipt_store import StoredReceipts
from virustotal.storage.stores import Stores

T = TypeVar("T")


class ReceiptsWithFallback:
    """Receipts in the store, and those of this process in memory as well.

    So no file is sent twice where a store breaks, or comes back without its latest receipts.

    Args:
        store: May fail.
        breaker: Of the store.
        shared: Whether other processes use the store; if so, nothing is sent while it does not work.
    """

    def __init__(self, store: Receipts, breaker: CircuitBreaker, *, shared: bool = False) -> None:
        self._store = store
        self._shared = shared
        self._memory = StoredReceipts(MemoryKeyValues())
        self._breaker = breaker

    def get(self, key: str) -> Receipt | None:
        """See `Receipts.get`. The newer one counts."""
        own, stored = self._memory.get(key), self._breaker.call(lambda: self._store.get(key), lambda: None)
        if own is None or (stored is not None and stored.moment >= own.moment):
            return stored
        return own

    def claim(self, receipt: Receipt, now: float) -> bool:
        """See `Receipts.claim`."""
        if not self._memory.claim(receipt, now):
            return False
        claimed = False
        try:
            claimed = self._breaker.call(lambda: self._store.claim(receipt, now), lambda: self._alone(True))
        finally:
            if not claimed:
                self._memory.drop(receipt.key)
        return claimed

    def put(self, receipt: Receipt) -> None:
        """See `Receipts.put`."""
        self._memory.put(receipt)
        self._breaker.call(lambda: self._store.put(receipt), lambda: self._alone(None))

    def drop(self, key: str) -> None:
        """See `Receipts.drop`."""
        self._memory.drop(key)
        self._breaker.call(lambda: self._store.drop(key), lambda: None)

    def _alone(self, result: T) -> T:
        if self._shared:
            raise StoreError("The store does not work by which replicas know what the others have sent.")
        return result


class KeyValuesWithFallback(KeyValueStore):
    """Texts in the store, and in memory as well.

    Without the store each process has what it knew last and what it adds: several replicas may then request more
    together than the quota allows. VirusTotal answers 429, and each pauses.

    Args:
        store: May fail.
        breaker: Of the store.
        clock: This host's, in Unix seconds.
    """

    def __init__(self, store: KeyValueStore, breaker: CircuitBreaker, clock: Callable[[], float]) -> None:
        self._store = store
        self._memory = MemoryKeyValues(clock)
        self._breaker = breaker
        self._clock = clock
        self._lock = threading.Lock()
        self._ahead = 0.0

    def now(self) -> float:
        """See `KeyValueStore.now`. Without the store its clock goes on by this host's."""
        self._ahead = self._breaker.call(lambda: self._store.now() - self._clock(), lambda: self._ahead)
        return self._clock() + self._ahead

    def get(self, key: str, name: str) -> str | None:
        """See `KeyValueStore.get`."""
        return self._breaker.call(lambda: self._store.get(key, name), lambda: self._memory.get(key, name))

    def put(self, key: str, name: str, value: str, seconds: float) -> None:
        """See `KeyValueStore.put`."""
        self._memory.put(key, name, value, seconds)
        self._breaker.call(lambda: self._store.put(key, name, value, seconds), lambda: None)

    def swap(self, key: str, name: str, before: str, after: str, seconds: float) -> bool:
        """See `KeyValueStore.swap`."""

        def in_store() -> bool:
            swapped = self._store.swap(key, name, before, after, seconds)
            if swapped:
                self._memory.put(key, name, after, seconds)
            return swapped

        with self._lock:  # the memory follows the store, swap by swap
            return self._breaker.call(in_store, lambda: self._memory.swap(key, name, before, after, seconds))


class LeasesWithFallback(KeyValuesWithFallback):
    """Leases in the store; without it every one is free."""

    def get(self, key: str, name: str) -> str | None:
        """See `KeyValueStore.get`."""
        return self._breaker.call(lambda: self._store.get(key, name), lambda: None)

    def swap(self, key: str, name: str, before: str, after: str, seconds: float) -> bool:
        """See `KeyValueStore.swap`."""
        return self._breaker.call(lambda: self._store.swap(key, name, before, after, seconds), lambda: True)


class ResponsesWithFallback:
    """The store's answers; none without it."""

    def __init__(self, store: AnswerCache, breaker: CircuitBreaker) -> None:
        self._store = store
        self._breaker = breaker

    def get(self, key: str, group: str, names: tuple[str, ...], now: float) -> Entry | None:
        """See `AnswerCache.get`."""
        return self._breaker.call(lambda: self._store.get(key, group, names, now), lambda: None)

    def put(
        self, key: str, group: str, name: str, entry: Entry, drop: str = "", lease: tuple[str, str] = ("", "")
    ) -> bool:
        """See `AnswerCache.put`."""
        return self._breaker.call(lambda: self._store.put(key, group, name, entry, drop, lease), lambda: False)

    def forget(self, key: str, group: str) -> None:
        """See `AnswerCache.forget`."""
        self._breaker.call(lambda: self._store.forget(key, group), lambda: None)

    def clear(self) -> None:
        """See `AnswerCache.clear`."""
        self._breaker.call(self._store.clear, lambda: None)

    def size(self) -> Size:
        """See `AnswerCache.size`."""
        return self._breaker.call(self._store.size, lambda: Size(0, 0))


def with_fallback(
    stores: Stores,
    warn: Callable[[str], None],
    inform: Callable[[str], None] | None = None,
    *,
    monotonic: Callable[[], float] = time.monotonic,
    clock: Callable[[], float] = time.time,
) -> Stores:
    """Return the stores behind one circuit breaker.

    Args:
        stores: They may fail.
        warn: Takes one line when they break.
        inform: Takes one line when they work again; `warn` where there is none.
        monotonic: This host's clock, for pauses.
        clock: This host's, in Unix seconds.
    """
    breaker = CircuitBreaker(
        warn,
        inform or warn,
        f"The store {stores.place}",
        "Until it works, this process goes on without what others know, and tells no one.",
        probe=lambda: stores.values.put("", "probe", "", 60.0),
        lasting=PAUSE,
        clock=monotonic,
    )
    return Stores(
        stores.place,
        KeyValuesWithFallback(stores.values, breaker, clock),
        ResponsesWithFallback(stores.answers, breaker),
        stores.close,
        stores.shared,
        LeasesWithFallback(stores.leases, breaker, clock),
        ReceiptsWithFallback(stores.receipts, breaker, shared=stores.shared),
    )
