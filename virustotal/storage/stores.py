"""What replicas share, in one place."""

from collections.abc import Callable

from attrs import Factory, frozen

from virustotal.core.submission.receipts import Receipts
from virustotal.storage.interfaces import AnswerCache
from virustotal.storage.key_values import KeyValueStore
from virustotal.storage.rate_limiter import RateLimiter
from virustotal.storage.receipt_store import StoredReceipts


@frozen
class Stores:
    """All that one place keeps.

    Args:
        place: As a person may read it, without a password.
        close: Gives connections back.
        shared: Whether other processes use it too, by the configuration.
        leases: Has the leases by which one asks and the others wait for its answer.
    """

    place: str
    values: KeyValueStore
    answers: AnswerCache
    close: Callable[[], None]
    shared: bool = False
    leases: KeyValueStore = Factory(lambda self: self.values, takes_self=True)
    receipts: Receipts = Factory(lambda self: StoredReceipts(self.values), takes_self=True)
    rate_limiter: RateLimiter = Factory(lambda self: RateLimiter(self.values), takes_self=True)
