"""What the threads of one look-up share."""

import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from typing import TypeVar

from attrs import field, frozen

from virustotal.api.source import Answer, Request, Source
from virustotal.core.errors import AuthenticationError, DeadlineError, QuotaError, VirusTotalError
from virustotal.core.models import Outcome, Status

T = TypeVar("T")
Result = TypeVar("Result")

#: Requests that are under way at once: ten relationships in one round, or all recordings of five sandboxes.
WORKERS = 12

_LOG = logging.getLogger("assemblyline.service.virustotal.lookup")


@frozen
class RequestExecutor:
    """What the threads of one look-up share. After the first quota or key error nothing else is asked of VirusTotal."""

    source: Source
    deadline: float
    _ended: list[VirusTotalError] = field(factory=list, init=False, repr=False)

    def ask(self, request: Request) -> Answer:
        """Return the answer, or raise the error that ended it or all of them."""
        if self._ended and not (isinstance(self._ended[0], QuotaError) and self._has_answer(request)):
            raise type(self._ended[0])(str(self._ended[0]), code=self._ended[0].code)
        if time.monotonic() >= self.deadline:
            raise DeadlineError("The time for this task is used up.")
        try:
            return self.source.ask(request, self.deadline)
        except (AuthenticationError, QuotaError) as error:
            self._ended.append(error)
            raise

    def _has_answer(self, request: Request) -> bool:
        """Return whether there is an answer although VirusTotal cannot be asked."""
        return self.source.holds(request) or self.source.has_fallback(request)


@cache
def _pool(workers: int) -> ThreadPoolExecutor:
    """Return the threads of all tasks: to start new ones costs more than the requests of a task."""
    return ThreadPoolExecutor(workers, thread_name_prefix="virustotal")


def side_by_side(work: Callable[[T], Result], jobs: Iterable[T]) -> list[Result]:
    """Return the result of the work for each job, in order. When the first error is raised, all of them have ended.

    Args:
        work: Makes requests, and calls this function for none of them: it would wait for its own thread.
        jobs: Its arguments.
    """
    waiting = list(jobs)
    if len(waiting) < 2:
        return [work(job) for job in waiting]
    futures = [_pool(WORKERS).submit(work, job) for job in waiting]
    wait(futures)
    return [future.result() for future in futures]


def outcome_of(error: Exception) -> Outcome:
    """Return how a request ended that raised an error; an unexpected one is logged."""
    if isinstance(error, VirusTotalError):
        return error.outcome
    _LOG.exception("a source failed in an unexpected way", exc_info=error)
    return Outcome(Status.FAILED, f"An unexpected error in a source of answers ({type(error).__name__}).")
