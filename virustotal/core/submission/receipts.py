"""What was submitted when, under which analysis id: a value, and the interface of the stores that keep it."""

import enum
import time
from typing import Protocol

from attrs import field, frozen

from virustotal.core.models import Ref

#: How long a receipt keeps the same content from being sent again, in seconds.
LIFETIME = 24 * 3600
#: How long an upload may be on its way before its last byte leaves, in seconds.
SENDING = 15 * 60


class StoreError(Exception):
    """A store that cannot be used."""


class Progress(enum.StrEnum):
    """SENDING is written before the first byte leaves, SENT before the last one, and again with the analysis."""

    SENDING = "sending"
    SENT = "sent"


@frozen
class Receipt:
    """One submission.

    Args:
        key: See `key_of`.
        progress: How far it got.
        analysis: VirusTotal's analysis id, empty until VirusTotal has named it.
        moment: Unix seconds; this moment where it is not given.
    """

    key: str
    progress: Progress
    analysis: str = ""
    moment: float = field(factory=time.time)

    def fresh(self, now: float) -> bool:
        """True while it counts. A moment in the future (a clock that was set back) counts as now."""
        return now - self.moment < (LIFETIME if self.progress is Progress.SENT else SENDING)


class Receipts(Protocol):
    """A store of receipts, shared by all that may submit the same. Every method may raise StoreError."""

    def get(self, key: str) -> Receipt | None:
        """Return the receipt of a key, fresh or not."""
        ...

    def claim(self, receipt: Receipt, now: float) -> bool:
        """Put the receipt unless a fresh one is there, in one step; return whether it was put."""
        ...

    def put(self, receipt: Receipt) -> None:
        """Put the receipt in place of any other of its key."""
        ...

    def drop(self, key: str) -> None:
        """Forget a key."""
        ...


def key_of(what: str, ref: Ref, *, private: bool = False) -> str:
    """Return the key of a submission: `what` was done (`submit`, `reanalyse`) with which object."""
    return f"{what}{'-privately' if private else ''}:{ref.kind}:{ref.id}"
