"""The cache, counting how often it had the answer."""

import threading
import time
from typing import Any

from virustotal.api.source import Answer, Request
from virustotal.client.cache import Cache, place_of
from virustotal.core.errors import VirusTotalError
from virustotal.storage.interfaces import CacheStatistics, Count

#: What is counted is written after so many requests, or seconds: one write for each would cost more than it tells.
REQUESTS, SECONDS = 25, 5.0


class CountedCache(Cache):
    """Counts the requests whose answers may be kept. A fresh view counts nothing: it was not to answer.

    tally: behind a guard, so that nothing is raised. The rest as for `Cache`.
    """

    def __init__(self, *arguments: Any, tally: CacheStatistics, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._tally = tally
        self._counted = Count()
        self._written = time.monotonic()
        self._counting = threading.Lock()

    def ask(self, request: Request, deadline: float) -> Answer:
        """See `Cache.ask`."""
        if place_of(request) is None:
            return super().ask(request, deadline)
        try:
            answer = super().ask(request, deadline)
        except VirusTotalError as error:
            self._count(bool(error.origin))
            raise
        self._count(bool(answer.origin))
        return answer

    def close(self) -> None:
        """Write what is counted, and close the rest."""
        self._write()
        super().close()

    def _count(self, answered: bool) -> None:
        with self._counting:
            found = self._counted
            self._counted = Count(found.asked + 1, found.answered + answered)
            due = found.asked + 1 >= REQUESTS or time.monotonic() - self._written >= SECONDS
        if due:
            self._write()

    def _write(self) -> None:
        with self._counting:
            found, self._counted, self._written = self._counted, Count(), time.monotonic()
        if found.asked:
            self._tally.add(found, self._answers.now())
