"""What a task does with a store: all of it in a row, and each call alone."""

import contextlib
import time
from collections.abc import Callable

from virustotal.core.submission.receipts import Progress, Receipt, Receipts, StoreError
from virustotal.storage import Stores
from virustotal.storage.interfaces import LEASE, Entry, Limits, Quota

QUOTA = Quota(Limits(minute=300, day=500))
NOW = time.time()
SENDING = Receipt("r", Progress.SENDING, "", NOW)


def use(stores: Stores) -> None:
    """Do all that a task does with a store; each has to answer something that it can go on with."""
    now = stores.rate_limiter.now()
    assert abs(now - time.time()) < 5
    assert stores.rate_limiter.acquire("k", QUOTA, now).granted
    stores.rate_limiter.release("k")
    assert stores.rate_limiter.remaining("k", QUOTA, now).longer is not None
    assert stores.leases.swap(LEASE, "l", "", "mine", 5)
    stores.answers.put("k", "g", "n", Entry(b"x", now, now + 100))
    stores.answers.get("k", "g", ("n",), now)
    assert stores.leases.swap(LEASE, "l", "mine", "", 5)
    stores.answers.forget("k", "g")
    stores.answers.clear()
    assert stores.answers.size().objects == 0
    stores.values.put("k", "user", "someone", 60)
    assert stores.values.get("k", "user") == "someone"
    try:
        assert stores.receipts.claim(Receipt("r", Progress.SENDING, "", now), now)
    except StoreError:  # without a shared store nobody knows what the others send
        assert stores.shared
        return
    assert not stores.receipts.claim(Receipt("r", Progress.SENDING, "", now), now)
    stores.receipts.put(Receipt("r", Progress.SENT, "a", now))
    receipt = stores.receipts.get("r")
    assert receipt is not None
    assert (receipt.progress, receipt.analysis) == (Progress.SENT, "a")
    stores.receipts.drop("r")
    assert stores.receipts.get("r") is None


def _send(stores: Stores, act: Callable[[Receipts], object]) -> None:
    with contextlib.suppress(StoreError) if stores.shared else contextlib.nullcontext():
        act(stores.receipts)


#: By name; each answers something that a task can go on with, or fails.
CALLS: dict[str, Callable[[Stores], object]] = {
    "acquire": lambda stores: stores.rate_limiter.acquire("k", QUOTA, NOW).granted,
    "end": lambda stores: stores.rate_limiter.release("k"),
    "pause": lambda stores: stores.rate_limiter.pause("k", 1.0, NOW),
    "remaining": lambda stores: stores.rate_limiter.remaining("k", QUOTA, NOW).longer,
    "get": lambda stores: stores.answers.get("k", "g", ("n",), NOW),
    "put": lambda stores: stores.answers.put("k", "g", "n", Entry(b"x", NOW, NOW + 100)),
    "forget": lambda stores: stores.answers.forget("k", "g"),
    "clear": lambda stores: stores.answers.clear(),
    "size": lambda stores: stores.answers.size(),
    "lease": lambda stores: stores.leases.swap(LEASE, "l", "", "mine", 5),
    "holder": lambda stores: stores.leases.get(LEASE, "l"),
    "value": lambda stores: stores.values.get("k", "user"),
    "keep": lambda stores: stores.values.put("k", "user", "someone", 60),
    "count": lambda stores: stores.values.change("k", "n", lambda text: (None, text + "1"), 60),
    "receipt": lambda stores: stores.receipts.get("r"),
    "claim": lambda stores: _send(stores, lambda receipts: receipts.claim(SENDING, NOW)),
    "sent": lambda stores: _send(stores, lambda receipts: receipts.put(Receipt("r", Progress.SENT, "a", NOW))),
    "drop": lambda stores: stores.receipts.drop("r"),
}
