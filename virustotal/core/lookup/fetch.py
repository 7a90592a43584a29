"""Plan -> Report through a Source: concurrently, and each step with its own outcome."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from attrs import evolve

from virustotal import api
from virustotal.api.source import Answer, Request, Source
from virustotal.core.errors import (
    AuthenticationError,
)
from virustotal.core.lookup import planner, quota_fit
from virustotal.core.lookup.executor import RequestExecutor, outcome_of, side_by_side
from virustotal.core.lookup.key_capabilities import KeyCapabilities
from virustotal.core.lookup.object_request import fetch_object
from virustotal.core.lookup.paging import Pager, merged
from virustotal.core.lookup.planner import Plan
from virustotal.core.models import Object, Ref, Related, Report


def look_up(plan: Plan, source: Source, deadline: float, *, capabilities: KeyCapabilities | None = None) -> Report:
    """Return the subject's report with the descriptors that the plan embeds: the plan's first stage.

    deadline: of `time.monotonic()`. capabilities: what was learnt about the key. Whatever fails is an outcome; only
    AuthenticationError leaves.
    """
    executor, learnt = RequestExecutor(source, deadline), capabilities or KeyCapabilities()
    first, *others = plan.batches
    try:
        report = fetch_object(plan, first, executor, learnt)
    except AuthenticationError:
        raise
    except Exception as error:
        return Report(Object(plan.subject), outcome=outcome_of(error))
    if others:
        blocks = side_by_side(lambda names: _batch(plan, names, executor, learnt), others)
        related = {name: relationship for block in (report.related, *blocks) for name, relationship in block.items()}
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
    executor = RequestExecutor(source, deadline)

    def one(ref: Ref) -> Report:
        request = api.object_request(ref)
        try:
            return api.decode_report(((known or {}).get(request) or executor.ask(request)).payload, ref)
        except AuthenticationError:
            raise
        except Exception as error:
            return Report(Object(ref), outcome=outcome_of(error))

    return tuple(side_by_side(one, refs))


def _batch(
    plan: Plan, names: tuple[str, ...], executor: RequestExecutor, capabilities: KeyCapabilities
) -> Mapping[str, Related]:
    """A further combined request: what fails costs its names alone."""
    try:
        return fetch_object(plan, names, executor, capabilities).related
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
    capabilities: KeyCapabilities | None = None,
) -> Report:
    """Return the report with the whole objects of what the plan's second stage expands.

    Each relationship has its own outcome; one that fails keeps what is known of it. Only AuthenticationError leaves.

    Args:
        plan: Its second stage.
        report: Of the first stage.
        source: What answers.
        deadline: Of `time.monotonic()`.
        capabilities: What was learnt about the key.
    """
    if not report.outcome.found:
        return report
    known = capabilities or KeyCapabilities()
    pager = Pager(plan, report.subject.ref, RequestExecutor(source, deadline), known)
    plan, refused = planner.drop_unlicensed(plan, known.refused(plan.subject.kind))
    names = plan.expand + plan.alone
    requests = {name: pager.first(name, report.related.get(name)) for name in names}
    costs = {name: planner.requests_for(plan, name, report.related.get(name)) for name in names}
    skipped = quota_fit.fit(requests, costs, source, deadline)
    plan = planner.without(plan, skipped)
    related = {name: _bounded(plan, relationship) for name, relationship in report.related.items()}
    for name, outcome in (*skipped.items(), *refused.items()):
        before = related.get(name) or Related(name, complete=False)
        related[name] = evolve(before, outcome=outcome)
    names = tuple(dict.fromkeys(plan.expand + plan.alone))
    results = pager.all(names, related)
    known.learn_alone(plan.subject.kind, {result.relationship: result.outcome for result in results})
    paged = {name: merged(related.get(name), result) for name, result in zip(names, results, strict=True)}
    return evolve(report, related=MappingProxyType({**related, **paged}))


def _bounded(plan: Plan, related: Related) -> Related:
    """No more objects than the plan wants, of those that came in line."""
    if len(related.items) <= plan.max_related or not planner.in_line(plan, related):
        return related
    return evolve(related, items=related.items[: plan.max_related], complete=False)
