"""Plan -> Report through a Source: concurrently, and each step with its own outcome."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from attrs import evolve

from virustotal import api
from virustotal.api.source import Answer, RemainingQuota, Request, Source, has_fallback, holds
from virustotal.api.source import remaining_quota as room_of
from virustotal.core.errors import (
    AuthenticationError,
)
from virustotal.core.lookup import planner
from virustotal.core.lookup.executor import RequestExecutor, outcome_of, side_by_side
from virustotal.core.lookup.key_capabilities import KeyCapabilities
from virustotal.core.lookup.object_request import fetch_object
from virustotal.core.lookup.paging import Pager, merged
from virustotal.core.lookup.planner import Plan
from virustotal.core.models import Object, Outcome, Ref, Related, Report


def look_up(plan: Plan, source: Source, deadline: float, *, memory: KeyCapabilities | None = None) -> Report:
    """Return the subject's report with the descriptors that the plan embeds: the plan's first stage.

    deadline: of `time.monotonic()`. memory: what was learnt about the key. Whatever fails is an outcome; only
    AuthenticationError leaves.
    """
    desk, known = RequestExecutor(source, deadline), memory or KeyCapabilities()
    first, *others = plan.batches
    try:
        report = fetch_object(plan, first, desk, known)
    except AuthenticationError:
        raise
    except Exception as error:
        return Report(Object(plan.subject), outcome=outcome_of(error))
    if others:
        blocks = side_by_side(lambda names: _batch(plan, names, desk, known), others)
        related = {name: found for block in (report.related, *blocks) for name, found in block.items()}
        report = evolve(report, related=MappingProxyType(related))
    return report


def look_up_all(
    refs: Sequence[Ref],
    source: Source,
    deadline: float,
    *,
    known: Mapping[Request, Answer] | None = None,
) -> tuple[Report, ...]:
    """Return the report of each object, in order: one request each, side by side, without relationships.

    known: answers that need not be asked for. Whatever fails is an outcome; only AuthenticationError leaves.
    """
    desk = RequestExecutor(source, deadline)

    def one(ref: Ref) -> Report:
        request = api.object_request(ref)
        try:
            return api.decode_report(((known or {}).get(request) or desk.ask(request)).payload, ref)
        except AuthenticationError:
            raise
        except Exception as error:
            return Report(Object(ref), outcome=outcome_of(error))

    return tuple(side_by_side(one, refs))


def _batch(plan: Plan, names: tuple[str, ...], desk: RequestExecutor, memory: KeyCapabilities) -> Mapping[str, Related]:
    """A further combined request: what fails costs its names alone."""
    try:
        return fetch_object(plan, names, desk, memory).related
    except AuthenticationError:
        raise
    except Exception as error:
        outcome = outcome_of(error)
        return {} if plan.analyze else {name: Related(name, outcome=outcome, complete=False) for name in names}


def expand_report(
    plan: Plan,
    report: Report,
    source: Source,
    deadline: float,
    *,
    memory: KeyCapabilities | None = None,
    room: int | None = None,
) -> Report:
    """Return the report with the whole objects of what the plan's second stage expands.

    memory: what was learnt about the key. room: requests that may be made, or None for what the source's quota leaves.
    Each relationship has its own outcome; one that fails keeps what is known of it. Only AuthenticationError leaves.
    """
    if not report.outcome.found:
        return report
    known = memory or KeyCapabilities()
    pager = Pager(plan, report.subject.ref, RequestExecutor(source, deadline), known)
    plan, refused = planner.drop_unlicensed(plan, known.refused(plan.subject.kind))
    plan, skipped = _fitting(plan, report, pager, room)
    related = {name: _bounded(plan, found) for name, found in report.related.items()}
    for name, outcome in (*skipped.items(), *refused.items()):
        before = related.get(name) or Related(name, complete=False)
        related[name] = evolve(before, outcome=outcome)
    names = tuple(dict.fromkeys(plan.expand + plan.alone))
    results = pager.all(names, related)
    known.learn_alone(plan.subject.kind, {each.relationship: each.outcome for each in results})
    found = {name: merged(related.get(name), result) for name, result in zip(names, results, strict=True)}
    return evolve(report, related=MappingProxyType({**related, **found}))


def _fitting(plan: Plan, report: Report, pager: Pager, room: int | None) -> tuple[Plan, Mapping[str, Outcome]]:
    """Cut the plan to the requests that are left.

    What the source answers without VirusTotal takes none of them; nor does what it has instead, where there is none.
    """
    source, names = pager.desk.source, plan.expand + plan.alone
    first = {name: pager.first(name, report.related.get(name)) for name in names}
    held = dict(zip(names, side_by_side(lambda name: holds(source, first[name]), names), strict=True))
    if all(held.values()):
        return plan, {}
    costs = {name: 0 if held[name] else planner.requests_for(plan, name, report.related.get(name)) for name in names}
    left = RemainingQuota(room) if room is not None else room_of(source, pager.desk.deadline)
    cut, skipped = planner.fit_to_quota(plan, left.requests, costs, reason=left.reason)
    instead = {name for name in skipped if has_fallback(source, first[name])}
    if not instead:
        return cut, skipped
    return planner.fit_to_quota(plan, left.requests, costs | dict.fromkeys(instead, 0), reason=left.reason)


def _bounded(plan: Plan, found: Related) -> Related:
    """No more objects than the plan wants, of those that came in line."""
    if len(found.items) <= plan.max_related or not planner.in_line(plan, found):
        return found
    return evolve(found, items=found.items[: plan.max_related], complete=False)
