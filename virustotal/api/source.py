"""Sources: one request in, an answer or an error out. `lookup` never knows where an answer comes from."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import field, frozen

from virustotal.core.models import Ref
from virustotal.util.readers import EMPTY

#: The origin of an answer that the mirror gave, not VirusTotal.
MIRROR = "mirror"


@frozen
class Upload:
    """A file to send as multipart field `file`, streamed from disk.

    Args:
        name: The plain file name to send.
        password: Of a protected archive, or empty.
        fields: Further fields of the form.
        progress: Called with the bytes sent and their number, while they are sent.
        before_end: Called before the last bytes leave; where it raises, the upload stays unfinished and nothing is
            submitted.
    """

    path: Path
    name: str
    password: str = field(default="", repr=False)
    fields: tuple[tuple[str, str], ...] = ()
    progress: Callable[[int, int], None] | None = field(default=None, eq=False, repr=False)
    before_end: Callable[[], None] | None = field(default=None, eq=False, repr=False)


@frozen
class Save:
    """Where the body of a download is streamed to, and what it must be. Whatever fails leaves no file behind.

    Args:
        max_bytes: The body is cut off and refused beyond it.
        magic: It must begin with one of these, where any are given.
        sha256: Its digest, where known.
        min_bytes: What is shorter is no file of its kind.
        html: Whether it may be a page of HTML, which is what proxies answer with instead.
        resume: What breaks off is kept beside `path` and continued by the next attempt; not with `sha256`.
    """

    path: Path
    max_bytes: int
    magic: tuple[bytes, ...] = ()
    sha256: str = ""
    min_bytes: int = 1
    html: bool = False
    resume: bool = False


@frozen
class Request:
    """One request to the API, as a value.

    Args:
        path: Percent-encoded, below `/api/v3`, beginning with a slash.
        query: Pairs in order, not yet encoded.
        form: Pairs in order, not yet encoded.
        document: A body of JSON, in place of a form.
        address: An absolute address instead of `path` (an upload address, a signed link); it never gets the key unless
            its origin is the API's own.
        is_subject: The look-up of a task's subject, which may use the quota's reserve.
        budget: Of the task.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    form: tuple[tuple[str, str], ...] = ()
    document: str = ""
    upload: Upload | None = None
    save: Save | None = None
    address: str = field(default="", repr=False)
    is_subject: bool = field(default=False, eq=False)
    budget: "RequestBudget | None" = field(default=None, eq=False, repr=False)


@frozen
class Answer:
    """What came back: the JSON object of the body; empty for a download.

    Args:
        origin: Who answered, where it was not VirusTotal itself (`cache`, `mirror`).
        age: Of such an answer, in seconds.
        fallback_reason: Why it stands in for VirusTotal's own, which could not be had; one sentence, or empty.
        parts: The ages of what came in line with an object, by relationship, where they are its own.
        body: The JSON as it came, where VirusTotal itself answered.
    """

    payload: Mapping[str, Any] = EMPTY
    origin: str = ""
    age: float = 0.0
    fallback_reason: str = ""
    parts: Mapping[str, float] = EMPTY
    body: bytes = field(default=b"", eq=False, repr=False)


@frozen
class RemainingQuota:
    """How many more requests the quota allows until a deadline (None: no bound is known), and why not more."""

    requests: int | None = None
    reason: str = ""


class RequestBudget:
    """Counts the charged requests of one task against its `max_requests`. Thread-safe.

    Args:
        limit: Requests that the task may cost.
    """

    def __init__(self, limit: int) -> None:
        self._left = limit
        self._lock = threading.Lock()
        self.reason = f"The submission's max_requests is {limit}."

    def take(self) -> bool:
        """Count a request; False where none is left."""
        with self._lock:
            if self._left <= 0:
                return False
            self._left -= 1
            return True

    def bound(self, quota: RemainingQuota) -> RemainingQuota:
        """Return what both the quota and this budget leave."""
        left = self._left
        return quota if quota.requests is not None and quota.requests <= left else RemainingQuota(left, self.reason)


class Source(ABC):
    """Something that answers: the client, or a link that wraps another source. All of it is thread-safe.

    What this class has of itself is a source that knows no quota, keeps nothing, and has no answers of its own.
    """

    @abstractmethod
    def ask(self, request: Request, deadline: float) -> Answer:
        """Return the answer before `deadline` (of `time.monotonic()`), or raise a `VirusTotalError`."""

    def ask_many(self, requests: Sequence[Request], deadline: float) -> tuple[Answer | None, ...]:
        """Return the answers that it has without VirusTotal; None for each request that is to be asked by itself."""
        return (None,) * len(requests)

    def close(self) -> None:  # noqa: B027 - most sources have nothing to give back
        """Give back connections. Nothing is asked afterwards."""

    def remaining(self, deadline: float, *, for_subject: bool = False) -> RemainingQuota:
        """Return how many requests are left until `deadline`. Others may take of them meanwhile.

        Args:
            deadline: Of `time.monotonic()`.
            for_subject: For a look-up of the task's subject, which may use the quota's reserve.
        """
        return RemainingQuota()

    def holds(self, request: Request) -> bool:
        """Return whether it answers from what it keeps, without a request to VirusTotal."""
        return False

    def has_fallback(self, request: Request) -> bool:
        """Return whether it answers, be it with less, where VirusTotal cannot be asked."""
        return False

    def bypass_cache(self) -> "Source":
        """Return a view that answers nothing from what was kept, and keeps what it is answered."""
        return self

    def forget(self, ref: Ref) -> None:  # noqa: B027 - most sources keep nothing
        """Drop what was kept about an object, since it has changed."""
