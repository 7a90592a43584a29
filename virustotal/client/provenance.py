"""A task's view of its source: who answered what, where it was not VirusTotal itself."""

import copy
import threading
from collections.abc import Iterable, Mapping, Sequence

from attrs import define, evolve, field

from virustotal.api import endpoints
from virustotal.api.source import Answer, RemainingQuota, Request, RequestBudget, Source
from virustotal.core.errors import InvalidError, VirusTotalError
from virustotal.core.models import Ref


@define(eq=False)
class Provenance:
    """Who answered what in one task.

    Args:
        kept: How many answers were not VirusTotal's own.
        fallback_reason: Why some of them stand in for VirusTotal's.
        origins: Who answered, and how many seconds ago, by path.
    """

    kept: int = 0
    fallback_reason: str = ""
    origins: dict[str, tuple[str, float]] = field(factory=dict)
    lock: threading.Lock = field(factory=threading.Lock)


class ProvenanceSource(Source):
    """Passes everything on, and notes the origins of answers and errors. Thread-safe.

    Args:
        source: What answers.
        ignore_cache: For a task that is not to be answered from the cache.
        low_priority: For a task that must leave the quota's reserve to others.
        max_requests: What the task may cost at most; 0 for any number.
    """

    def __init__(
        self, source: Source, *, ignore_cache: bool = False, low_priority: bool = False, max_requests: int = 0
    ) -> None:
        self._whole = source
        self._source = source.bypass_cache() if ignore_cache else source
        self._low_priority = low_priority
        self._budget = RequestBudget(max_requests) if max_requests else None
        self.provenance = Provenance()

    def ask(self, request: Request, deadline: float) -> Answer:
        """See `Source.ask`."""
        if self._low_priority and request.is_subject:
            request = evolve(request, is_subject=False)
        if self._budget is not None:
            request = evolve(request, budget=self._budget)
        try:
            answer = self._source.ask(request, deadline)
        except VirusTotalError as error:
            self._note(request, error.origin, error.age)
            raise
        self._note(request, answer.origin, answer.age)
        noted = self.provenance
        with noted.lock:
            noted.origins |= {f"{request.path}/{name}": (answer.origin, age) for name, age in answer.parts.items()}
        noted.fallback_reason = answer.fallback_reason or noted.fallback_reason
        return answer

    def ask_many(self, requests: Sequence[Request], deadline: float) -> tuple[Answer | None, ...]:
        """See `Source.ask_many`."""
        answers = self._source.ask_many(requests, deadline)
        for request, answer in zip(requests, answers, strict=True):
            if answer is not None:
                self._note(request, answer.origin, answer.age)
        return answers

    def remaining(self, deadline: float, *, for_subject: bool = False) -> RemainingQuota:
        """See `Source.remaining`."""
        quota = self._source.remaining(deadline, for_subject=for_subject and not self._low_priority)
        return quota if self._budget is None else self._budget.bound(quota)

    def holds(self, request: Request) -> bool:
        """See `Source.holds`."""
        return self._source.holds(request)

    def has_fallback(self, request: Request) -> bool:
        """See `Source.has_fallback`."""
        return self._source.has_fallback(request)

    def forget(self, ref: Ref) -> None:
        """See `Source.forget`; of all that is kept, also by a task that is not answered from it."""
        self._whole.forget(ref)

    def bypass_cache(self) -> Source:
        """See `Source.bypass_cache`; what it is answered is noted here all the same."""
        view = copy.copy(self)
        view._source = self._source.bypass_cache()
        return view

    def _note(self, request: Request, origin: str, age: float) -> None:
        noted = self.provenance
        with noted.lock:
            noted.kept += bool(origin)
            older = noted.origins.get(request.path, ("", 0.0))[1]
            if origin:
                noted.origins[request.path] = (origin, max(age, older))
            elif not _paged(request):
                noted.origins.pop(request.path, None)

    def origins(self, ref: Ref, names: Iterable[str]) -> Mapping[str, str]:
        """Return who answered for a subject (under an empty name) and for those of its relationships.

        A relationship is named where it had a request of its own, or an age.
        """
        try:
            path = endpoints.object_request(ref).path
        except InvalidError:
            return {}
        with self.provenance.lock:
            seen = {name: self.provenance.origins.get(f"{path}/{name}" if name else path) for name in ("", *names)}
        return {name: _words(*origin) for name, origin in seen.items() if origin is not None}


def _paged(request: Request) -> bool:
    return any(name == "cursor" for name, _ in request.query)


def _words(origin: str, age: float) -> str:
    minutes = int(age // 60)
    if minutes < 1:
        return f"{origin}, less than a minute old"
    if minutes < 120:
        return f"{origin}, {minutes} minutes old" if minutes > 1 else f"{origin}, a minute old"
    hours = minutes // 60
    return f"{origin}, {hours} hours old" if hours < 48 else f"{origin}, {hours // 24} days old"
