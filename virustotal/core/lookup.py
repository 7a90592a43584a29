"""Plan -> Report through a Source: concurrently, and each step with its own outcome."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import Any, TypeVar

from attrs import evolve, field, frozen

from virustotal.core import catalogue, inline, planner, protocol
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
from virustotal.core.memory import Memory, Parameter
from virustotal.core.models import Object, Outcome, Ref, Related, Report, Status
from virustotal.core.planner import Plan, safe_names
from virustotal.core.source import Request, Room, Source, ask_many, holds
from virustotal.core.source import room as room_of

#: Requests of one task that are under way at once, where nothing else is said: ten relationships in one round.
WORKERS = 12

T = TypeVar("T")

_LOG = logging.getLogger("assemblyline.service.virustotal.lookup")
_REPEATED = "VirusTotal repeated a page, so the list ends early."
_UNMENTIONED = Outcome(Status.UNKNOWN, "VirusTotal's answer does not mention it.")


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
        if len(waiting) < 2:
            return [work(job) for job in waiting]
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


def look_up_all(refs: Sequence[Ref], source: Source, deadline: float, *, workers: int = WORKERS) -> tuple[Report, ...]:
    """Return the report of each object, in order: one request each, side by side, without relationships.

    What a source knows at once is asked for at once. Whatever fails is an outcome; only AuthenticationError leaves.
    """
    desk = _Desk(source, deadline, workers)
    requests = [protocol.object_request(ref) for ref in refs]
    known = ask_many(source, requests, deadline) if requests else ()

    def one(place: int) -> Report:
        answer = known[place]
        try:
            payload = answer.payload if answer is not None else desk.ask(requests[place])
            return protocol.decode_report(payload, refs[place])
        except AuthenticationError:
            raise
        except Exception as error:
            return Report(Object(refs[place]), outcome=_outcome(error))

    return tuple(desk.each(one, range(len(refs))))


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
    """Ask for the object with its descriptors; refused, with less, down to the object alone."""
    kind = plan.subject.kind
    refused = {name: outcome for name, outcome in memory.refused(kind).items() if name in names}
    left = tuple(name for name in names if name not in refused)
    rung, lined = left, memory.takes(Parameter.INLINE) is not False
    suspected: tuple[str, ...] | None = None
    while True:
        query = plan.selections(rung) if lined else ()
        try:
            report = protocol.decode_report(desk.ask(protocol.object_request(plan.subject, rung, query)), plan.subject)
            break
        except (ForbiddenError, InvalidError) as error:
            if not rung or error.code.startswith("Local"):
                raise
            refusal = error
        asked, (rung, lined) = rung, _rung_below(plan, left, rung, bool(query), refusal)
        suspected = rung if query and rung == asked else suspected
    if query or suspected == rung:
        memory.tried(Parameter.INLINE, bool(query))
    dropped = [name for name in left if name not in rung]
    if dropped:
        memory.learn(kind, dropped, refusal.outcome)
        refused |= dict.fromkeys(dropped, refusal.outcome)
    return _with_outcomes(plan, report, names, refused)


def _rung_below(
    plan: Plan, left: tuple[str, ...], rung: tuple[str, ...], lined: bool, refusal: VirusTotalError
) -> tuple[tuple[str, ...], bool]:
    """What is asked for after a refusal, and whether in line.

    A 400 may be about the parameter that asks in line, which is left out first; a 403 about the names that not every
    key may read; then the other of the two is left out, and last all names.
    """
    if lined and isinstance(refusal, InvalidError):
        return rung, False
    safe = safe_names(plan.subject.kind, left)
    if rung == left and safe not in {left, ()}:
        return safe, lined
    return (rung, False) if lined else ((), False)


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


def expand_report(
    plan: Plan,
    report: Report,
    source: Source,
    deadline: float,
    *,
    memory: Memory | None = None,
    room: int | None = None,
    workers: int = WORKERS,
) -> Report:
    """Return the report with the whole objects of what the plan's second stage expands.

    memory: what was learnt about the key. room: requests that may be made, or None for what the source's quota leaves.
    Each relationship has its own outcome; one that fails keeps what is known of it. Only AuthenticationError leaves.
    """
    if not report.outcome.found:
        return report
    known = memory or Memory()
    pager = _Pager(plan, report.subject.ref, _Desk(source, deadline, workers), known)
    plan, refused = planner.permitted(plan, known.refused(plan.subject.kind))
    plan, skipped = _fitting(plan, report, pager, room)
    related = {name: _bounded(plan, found) for name, found in report.related.items()}
    for name, outcome in (*skipped.items(), *refused.items()):
        before = related.get(name) or Related(name, complete=False)
        related[name] = evolve(before, outcome=outcome)
    names = tuple(dict.fromkeys(plan.expand + plan.alone))
    results = pager.all(names, related)
    known.learn_premium(plan.subject.kind, {each.relationship: each.outcome for each in results})
    merged = {name: _merged(related.get(name), result) for name, result in zip(names, results, strict=True)}
    return evolve(report, related=MappingProxyType({**related, **merged}))


def _fitting(plan: Plan, report: Report, pager: "_Pager", room: int | None) -> tuple[Plan, Mapping[str, Outcome]]:
    """Cut the plan to the requests that are left. What the source answers without VirusTotal takes none of them."""
    names = plan.expand + plan.alone
    kept = [name for name in names if pager.held(name, report.related.get(name))]
    if len(kept) == len(names):
        return plan, {}
    left = Room(room) if room is not None else room_of(pager.desk.source, pager.desk.deadline)
    return planner.fitting(plan, left.requests, reason=left.reason, kept=kept)


def _bounded(plan: Plan, found: Related) -> Related:
    """No more objects than the plan wants, of those that came in line."""
    if len(found.items) <= plan.max_related or not planner.in_line(plan, found):
        return found
    return evolve(found, items=found.items[: plan.max_related], complete=False)


@frozen
class _Pager:
    """The pages of one subject's relationships."""

    plan: Plan
    subject: Ref
    desk: _Desk
    memory: Memory

    def all(self, names: tuple[str, ...], related: Mapping[str, Related]) -> list[Related]:
        """Return each relationship with its pages, side by side; where `attributes` was never tried, one goes first."""
        jobs = [(name, related.get(name)) for name in names]
        unknown = self.memory.takes(Parameter.ATTRIBUTES) is None
        first = next((job for job in jobs if self.plan.attributes.get(job[0])), None) if unknown else None
        early = {first[0]: self.one(*first)} if first is not None else {}
        later = self.desk.each(lambda job: self.one(*job), [job for job in jobs if job[0] not in early])
        found = {each.relationship: each for each in (*early.values(), *later)}
        return [found[name] for name in names]

    def one(self, name: str, before: Related | None) -> Related:
        """Follow the cursors up to `max_related` objects, and as many pages as that has at most."""
        found, limit = Related(name, complete=False), self.plan.max_related
        if before is not None and self._goes_on(before):
            found, limit = evolve(before, complete=False), self.plan.max_related - len(before.items)
        cursors = [found.cursor]
        for _ in range(self.plan.pages):
            try:
                page = self._page(name, cursors[-1], limit)
            except AuthenticationError:
                raise
            except Exception as error:
                if cursors[0] and len(cursors) == 1 and isinstance(error, InvalidError):
                    self.memory.tried(Parameter.CURSOR, False)
                return _without(self.plan, found, error)
            found = _with_page(found, page, self.plan.max_related)
            if page.cursor in cursors[1:]:
                return evolve(found, outcome=Outcome(Status.FOUND, _REPEATED))
            if found.complete or len(found.items) >= self.plan.max_related:
                break
            cursors.append(page.cursor)
        return found

    def held(self, name: str, before: Related | None) -> bool:
        """Whether the source has the first page without asking VirusTotal."""
        cursor, limit = "", self.plan.max_related
        if before is not None and self._goes_on(before):
            cursor, limit = before.cursor, limit - len(before.items)
        read = self.plan.attributes.get(name, ())
        shortened = bool(read) and self.memory.takes(Parameter.ATTRIBUTES) is not False
        query = (("attributes", ",".join(read)),) if shortened else ()
        return holds(self.desk.source, protocol.relationship_page(self.subject, name, cursor, limit, query))

    def _goes_on(self, before: Related) -> bool:
        """True if the list goes on where the objects in line ended, which are not fetched again."""
        known = self.memory.takes(Parameter.CURSOR) is not False
        return known and bool(before.cursor) and planner.in_line(self.plan, before)

    def _page(self, name: str, cursor: str, limit: int) -> protocol.Page:
        """One page, shortened to what is read of its objects where the server takes that."""
        read = self.plan.attributes.get(name, ())
        if not read or self.memory.takes(Parameter.ATTRIBUTES) is False:
            return self._asked(name, cursor, limit, ())
        try:
            page = self._asked(name, cursor, limit, (("attributes", ",".join(read)),))
        except InvalidError:
            if cursor or self.memory.takes(Parameter.ATTRIBUTES):
                raise
            page = self._asked(name, cursor, limit, ())
            self.memory.tried(Parameter.ATTRIBUTES, False)
            return page
        self.memory.tried(Parameter.ATTRIBUTES, True)
        return evolve(page, items=inline.marked(page.items, read))

    def _asked(self, name: str, cursor: str, limit: int, query: inline.Pairs) -> protocol.Page:
        return protocol.decode_page(self.desk.ask(protocol.relationship_page(self.subject, name, cursor, limit, query)))


def _with_page(found: Related, page: protocol.Page, most: int) -> Related:
    known = {item.ref for item in found.items} if found.cursor else frozenset()
    items = found.items + tuple(item for item in page.items if item.ref not in known)
    counted = page.total if page.total is not None else found.total
    complete = not page.cursor and len(items) <= most
    return evolve(
        found,
        items=items[:most],
        total=protocol.total(counted, len(items), complete=not page.cursor),
        complete=complete,
        detailed=not items or any(item.whole or item.attributes for item in items),
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
    after = evolve(after, cursor="")
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
