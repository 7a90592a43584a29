"""Plan -> Report through a Source: concurrently, and each step with its own outcome."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import Any, TypeVar

from attrs import define, evolve, field, frozen

from virustotal.core import catalogue, protocol
from virustotal.core.catalogue import Licence
from virustotal.core.errors import (
    AuthenticationError,
    DeadlineError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    QuotaError,
    VirusTotalError,
)
from virustotal.core.models import Object, Outcome, Ref, Related, Report, Status
from virustotal.core.planner import Plan, safe_names
from virustotal.core.source import Request, Source

#: Requests of one task that are under way at once, where nothing else is said: ten relationships in one round.
WORKERS = 12
#: Seconds for which a refusal is remembered: licences change, and a service runs for weeks.
REMEMBERED = 6 * 3600.0

T = TypeVar("T")

_LOG = logging.getLogger("assemblyline.service.virustotal.lookup")
_REPEATED = "VirusTotal repeated a page, so the list ends early."
_UNMENTIONED = Outcome(Status.UNKNOWN, "VirusTotal's answer does not mention it.")


@define(eq=False)
class Memory:
    """What was learnt about one key: which names its combined requests must leave out. Thread-safe."""

    _refused: dict[str, tuple[float, Mapping[str, Outcome]]] = field(factory=dict, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    def refused(self, kind: str) -> Mapping[str, Outcome]:
        """Return the names that were refused for a kind of object, and how."""
        with self._lock:
            moment, names = self._refused.get(kind, (0.0, {}))
            return names if time.monotonic() - moment < REMEMBERED else {}

    def learn(self, kind: str, names: Iterable[str], refusal: Outcome) -> None:
        """Remember names that a combined request was refused with, and accepted without."""
        learnt = {**self.refused(kind), **dict.fromkeys(names, refusal)}
        with self._lock:
            self._refused[kind] = (time.monotonic(), learnt)


@frozen
class _Desk:
    """What the threads of one look-up share. After the first quota or key error nothing else is asked."""

    source: Source
    deadline: float
    workers: int
    _ended: list[VirusTotalError] = field(factory=list, init=False, repr=False)

    def ask(self, request: Request) -> Mapping[str, Any]:
        if self._ended:
            raise type(self._ended[0])(str(self._ended[0]), code=self._ended[0].code)
        if time.monotonic() >= self.deadline:
            raise DeadlineError("The time for this task is used up.")
        try:
            return self.source.ask(request, self.deadline).payload
        except (AuthenticationError, QuotaError) as error:
            self._ended.append(error)
            raise

    def each(self, work: Callable[[T], Any], jobs: Iterable[T]) -> list[Any]:
        """Return the result of the work for each job, in order; the pool is joined, and the first error raised."""
        waiting = list(jobs)
        if len(waiting) == 1:
            return [work(waiting[0])]
        with ThreadPoolExecutor(min(self.workers, len(waiting)), thread_name_prefix="virustotal") as pool:
            return [future.result() for future in [pool.submit(work, job) for job in waiting]]


def look_up(
    plan: Plan, source: Source, deadline: float, *, memory: Memory | None = None, workers: int = WORKERS
) -> Report:
    """Return the subject's report with the descriptors that the plan embeds: the plan's first stage.

    deadline: of `time.monotonic()`. memory: what was learnt about the key. Whatever fails is an outcome; only
    AuthenticationError leaves.
    """
    desk, known = _Desk(source, deadline, workers), memory or Memory()
    first, *others = plan.batches
    try:
        report = _combined(plan, first, desk, known)
    except AuthenticationError:
        raise
    except Exception as error:
        return Report(Object(plan.subject), outcome=_outcome(error))
    if others:
        blocks = desk.each(lambda names: _batch(plan, names, desk, known), others)
        related = {name: found for block in (report.related, *blocks) for name, found in block.items()}
        report = evolve(report, related=MappingProxyType(related))
    return report


def _batch(plan: Plan, names: tuple[str, ...], desk: _Desk, memory: Memory) -> Mapping[str, Related]:
    """A further combined request: what fails costs its names alone."""
    try:
        return _combined(plan, names, desk, memory).related
    except AuthenticationError:
        raise
    except Exception as error:
        outcome = _outcome(error)
        return {} if plan.analyze else {name: Related(name, outcome=outcome, complete=False) for name in names}


def _combined(plan: Plan, names: tuple[str, ...], desk: _Desk, memory: Memory) -> Report:
    """Ask for the object with its descriptors; refused, without the names that not every key may read, then alone."""
    kind = plan.subject.kind
    refused = {name: outcome for name, outcome in memory.refused(kind).items() if name in names}
    left = tuple(name for name in names if name not in refused)
    rungs = tuple(dict.fromkeys((left, safe_names(kind, left), ())))
    for rung in rungs:
        try:
            report = protocol.decode_report(desk.ask(protocol.object_request(plan.subject, rung)), plan.subject)
        except (ForbiddenError, InvalidError) as error:
            if not rung or error.code.startswith("Local"):
                raise
            refusal = error.outcome
            continue
        dropped = [name for name in left if name not in rung]
        if dropped:
            memory.learn(kind, dropped, refusal)
            refused |= dict.fromkeys(dropped, refusal)
        return _with_outcomes(plan, report, names, refused)
    raise AssertionError("the last rung returns or raises")


def _with_outcomes(plan: Plan, report: Report, names: tuple[str, ...], refused: Mapping[str, Outcome]) -> Report:
    """Give each asked name its outcome; those that are to be asked alone stay out."""
    found = {}
    for name in names:
        related = report.related.get(name) or _absent(plan, name, refused.get(name))
        if related is not None:
            found[name] = related
    return evolve(report, related=MappingProxyType(found))


def _absent(plan: Plan, name: str, refusal: Outcome | None) -> Related | None:
    entry = catalogue.find(plan.subject.kind, name)
    if refusal is None and entry is not None and entry.one:
        return Related(name, total=0)  # a relationship to a single object is left out where there is none
    premium = entry is not None and entry.licence is Licence.PREMIUM
    if refusal is not None and refusal.status is Status.FORBIDDEN and premium:
        return Related(name, outcome=refusal, complete=False)
    return None if plan.analyze else Related(name, outcome=refusal or _UNMENTIONED, complete=False)


def expand_report(plan: Plan, report: Report, source: Source, deadline: float, *, workers: int = WORKERS) -> Report:
    """Return the report with the whole objects of what the plan's second stage expands.

    Each relationship has its own outcome; one that fails keeps what is known of it. Only AuthenticationError leaves.
    """
    names = tuple(dict.fromkeys(plan.expand + plan.alone))
    if not names or not report.outcome.found:
        return report
    desk = _Desk(source, deadline, workers)
    results = desk.each(lambda name: _pages(plan, report.subject.ref, name, desk), names)
    merged = {name: _merged(report.related.get(name), result) for name, result in zip(names, results, strict=True)}
    return evolve(report, related=MappingProxyType({**report.related, **merged}))


def _pages(plan: Plan, subject: Ref, name: str, desk: _Desk) -> Related:
    """Follow the cursors up to `max_related` objects, and as many pages as that has at most."""
    found = Related(name, complete=False)
    cursors = [""]
    for _ in range(plan.pages):
        request = protocol.relationship_page(subject, name, cursors[-1], plan.max_related)
        try:
            page = protocol.decode_page(desk.ask(request))
        except AuthenticationError:
            raise
        except Exception as error:
            return _without(plan, found, error)
        found = _with_page(found, page, plan.max_related)
        if page.cursor in cursors[1:]:
            return evolve(found, outcome=Outcome(Status.FOUND, _REPEATED))
        if found.complete:
            break
        cursors.append(page.cursor)
    return found


def _with_page(found: Related, page: protocol.Page, most: int) -> Related:
    items = found.items + page.items
    counted = page.total if page.total is not None else found.total
    complete = not page.cursor and len(items) <= most
    return evolve(
        found,
        items=items[:most],
        total=protocol.total(counted, len(items), complete=not page.cursor),
        complete=complete,
        detailed=not items or any(item.whole for item in items),
    )


def _without(plan: Plan, found: Related, error: Exception) -> Related:
    """What is left when a page does not come."""
    entry = catalogue.find(plan.subject.kind, found.relationship)
    if isinstance(error, NotFoundError) and entry is None:
        return evolve(found, outcome=Outcome(Status.UNKNOWN, "VirusTotal does not know a relationship of this name."))
    if isinstance(error, NotFoundError) and entry is not None and entry.one:
        return evolve(found, total=0, complete=True)
    return evolve(found, outcome=_outcome(error))


def _merged(before: Related | None, after: Related) -> Related:
    """What is known of a relationship: the whole objects, or the descriptors where those did not come."""
    if before is None:
        return after
    if after.items or not before.items:
        return evolve(after, total=max(filter(None, (after.total, before.total)), default=after.total))
    return evolve(before, outcome=after.outcome)


def _outcome(error: Exception) -> Outcome:
    if isinstance(error, VirusTotalError):
        return error.outcome
    _LOG.exception("a source failed in an unexpected way", exc_info=error)
    return Outcome(Status.FAILED, f"An unexpected error in a source of answers ({type(error).__name__}).")
