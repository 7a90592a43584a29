"""What the threads of one look-up share."""

import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from attrs import field, frozen

from virustotal.api.source import Answer, Request, Source, has
from virustotal.core.errors import AuthenticationError, DeadlineError, QuotaError, VirusTotalError
from virustotal.core.models import Outcome, Status

T = TypeVar("T")

_LOG = logging.getLogger("assemblyline.service.virustotal.lookup")


@frozen
class RequestExecutor:
    """What the threads of one look-up share. After the first quota or key error nothing else is asked of VirusTotal."""

    source: Source
    deadline: float
    workers: int
    _ended: list[VirusTotalError] = field(factory=list, init=False, repr=False)

    def ask(self, request: Request) -> Answer:
        """Return the answer, or raise the error that ended it or all of them."""
        if self._ended and not (isinstance(self._ended[0], QuotaError) and has(self.source, request)):
            raise type(self._ended[0])(str(self._ended[0]), code=self._ended[0].code)
        if time.monotonic() >= self.deadline:
            raise DeadlineError("The time for this task is used up.")
        try:
            return self.source.ask(request, self.deadline)
        except (AuthenticationError, QuotaError) as error:
            self._ended.append(error)
            raise

    def each(self, work: Callable[[T], Any], jobs: Iterable[T]) -> list[Any]:
        """Return the result of the work for each job, in order; the pool is joined, and the first error raised."""
        waiting = list(jobs)
        if len(waiting) < 2:
            return [work(job) for job in waiting]
        with ThreadPoolExecutor(min(self.workers, len(waiting)), thread_name_prefix="virustotal") as pool:
            return [future.result() for future in [pool.submit(work, job) for job in waiting]]


def outcome_of(error: Exception) -> Outcome:
    """Return how a request ended that raised an error; an unexpected one is logged."""
    if isinstance(error, VirusTotalError):
        return error.outcome
    _LOG.exception("a source failed in an unexpected way", exc_info=error)
    return Outcome(Status.FAILED, f"An unexpected error in a source of answers ({type(error).__name__}).")
