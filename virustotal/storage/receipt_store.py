"""Receipts of submissions, as texts that replicas share."""

import json
import time

from virustotal.core.submission.receipts import LIFETIME, Progress, Receipt
from virustotal.storage.key_values import KeyValueStore
from virustotal.util.readers import as_text, json_mapping, number

_KEY = "receipt"


class StoredReceipts:
    """Receipts by the store's clock, each for its lifetime.

    Args:
        values: Keeps them as JSON.
    """

    def __init__(self, values: KeyValueStore) -> None:
        self._values = values

    def get(self, key: str) -> Receipt | None:
        """See `Receipts.get`."""
        return self._loads(key, self._values.get(_KEY, key))

    def claim(self, receipt: Receipt, now: float) -> bool:
        """See `Receipts.claim`."""

        def replace(text: str) -> tuple[bool, str]:
            earlier = self._loads(receipt.key, text)
            return (False, text) if earlier is not None and earlier.fresh(now) else (True, self._dumps(receipt))

        return self._values.change(_KEY, receipt.key, replace, LIFETIME)

    def put(self, receipt: Receipt) -> None:
        """See `Receipts.put`."""
        self._values.put(_KEY, receipt.key, self._dumps(receipt), LIFETIME)

    def drop(self, key: str) -> None:
        """See `Receipts.drop`."""
        self._values.change(_KEY, key, lambda text: (None, ""), 0.0)

    def _skew(self) -> float:
        """Seconds that the store's clock is ahead of this host's; up to one second counts as none."""
        seconds = self._values.now() - time.time()
        return seconds if abs(seconds) > 1 else 0.0

    def _dumps(self, receipt: Receipt) -> str:
        moment = receipt.moment + self._skew()
        return json.dumps({"progress": receipt.progress, "analysis": receipt.analysis, "moment": moment})

    def _loads(self, key: str, text: str | None) -> Receipt | None:
        entry = json_mapping(text)
        moment = number(entry.get("moment"))
        if moment is None or entry.get("progress") not in set(Progress):
            return None
        moment = round(moment - self._skew(), 3)
        return Receipt(key, Progress(entry["progress"]), as_text(entry.get("analysis")), moment)
