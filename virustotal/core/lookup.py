"""Plan -> Report through a Source: concurrently, and each step with its own outcome."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from attrs import evolve

from virustotal.core import catalogue, planner, protocol
from virustotal.core.catalogue import Licence
from virustotal.core.desk import Desk, outcome_of
from virustotal.core.errors import (
    AuthenticationError,
    ForbiddenError,
    InvalidError,
    VirusTotalError,
)
from virustotal.core.memory import Memory, Parameter
from virustotal.core.models import Object, Outcome, Ref, Related, Report, Status
from virustotal.core.paging import Pager, merged
from virustotal.core.planner import Plan, safe_names
from virustotal.core.source import Room, Source, ask_many
from virustotal.core.source import room as room_of

#: Requests of one task that are under way at once, where nothing else is said: ten relationships in one round.
WORKERS = 12

_UNMENTIONED = Outcome(Status.UNKNOWN, "VirusTotal's answer does not mention it.")


def look_up(
    plan: Plan, source: Source, deadline: float, *, memory: Memory | None = None, workers: int = WORKERS
) -> Report:
    """Return the subject's report with the descriptors that the plan embeds: the plan's first stage.

    deadline: of `time.monotonic()`. memory: what was learnt about the key. Whatever fails is an outcome; only
    AuthenticationError leaves.
    """
    desk, known = Desk(source, deadline, workers), memory or Memory()
    first, *others = plan.batches
    try:
        report = _combined(plan, first, desk, known)
    except AuthenticationError:
        raise
    except Exception as error:
        return Report(Object(plan.subject), outcome=outcome_of(error))
    if others:
        blocks = desk.each(lambda names: _batch(plan, names, desk, known), others)
        related = {name: found for block in (report.related, *blocks) for name, found in block.items()}
        report = evolve(report, related=MappingProxyType(related))
    return report


def look_up_all(refs: Sequence[Ref], source: Source, deadline: float, *, workers: int = WORKERS) -> tuple[Report, ...]:
    """Return the report of each object, in order: one request each, side by side, without relationships.

    What a source knows at once is asked for at once. Whatever fails is an outcome; only AuthenticationError leaves.
    """
    desk = Desk(source, deadline, workers)
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
            return Report(Object(refs[place]), outcome=outcome_of(error))

    return tuple(desk.each(one, range(len(refs))))


def _batch(plan: Plan, names: tuple[str, ...], desk: Desk, memory: Memory) -> Mapping[str, Related]:
    """A further combined request: what fails costs its names alone."""
    try:
        return _combined(plan, names, desk, memory).related
    except AuthenticationError:
        raise
    except Exception as error:
        outcome = outcome_of(error)
        return {} if plan.analyze else {name: Related(name, outcome=outcome, complete=False) for name in names}


def _combined(plan: Plan, names: tuple[str, ...], desk: Desk, memory: Memory) -> Report:
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
    pager = Pager(plan, report.subject.ref, Desk(source, deadline, workers), known)
    plan, refused = planner.permitted(plan, known.refused(plan.subject.kind))
    plan, skipped = _fitting(plan, report, pager, room)
    related = {name: _bounded(plan, found) for name, found in report.related.items()}
    for name, outcome in (*skipped.items(), *refused.items()):
        before = related.get(name) or Related(name, complete=False)
        related[name] = evolve(before, outcome=outcome)
    names = tuple(dict.fromkeys(plan.expand + plan.alone))
    results = pager.all(names, related)
    known.learn_premium(plan.subject.kind, {each.relationship: each.outcome for each in results})
    found = {name: merged(related.get(name), result) for name, result in zip(names, results, strict=True)}
    return evolve(report, related=MappingProxyType({**related, **found}))


def _fitting(plan: Plan, report: Report, pager: Pager, room: int | None) -> tuple[Plan, Mapping[str, Outcome]]:
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
