"""Objects by reference, and the pages of a report's relationships: side by side, each with its own outcome."""

from collections.abc import Mapping, Sequence

from attrs import evolve

from virustotal.api import decoding, endpoints
from virustotal.api.source import Answer, Request, Source
from virustotal.core.errors import AuthenticationError
from virustotal.core.lookup import planner, quota_fit
from virustotal.core.lookup.executor import RequestExecutor, outcome_of, side_by_side
from virustotal.core.lookup.key_capabilities import KeyCapabilities, is_lasting
from virustotal.core.lookup.paging import Pager, merged
from virustotal.core.lookup.planner import Plan
from virustotal.core.models import Object, Ref, Related, Report


def look_up_all(
    refs: Sequence[Ref], source: Source, deadline: float, answers: Mapping[Request, Answer]
) -> tuple[Report, ...]:
    """Return the report of each object, in order: one request each, side by side, without relationships.

    Whatever fails is an outcome.

    Args:
        refs: The objects.
        source: What answers.
        deadline: Of `time.monotonic()`.
        answers: What need not be asked for.

    Raises:
        AuthenticationError: The API key is refused.
    """
    executor = RequestExecutor(source, deadline)

    def look_up_one(ref: Ref) -> Report:
        request = endpoints.object_request(ref)
        try:
            return decoding.decode_report((answers.get(request) or executor.ask(request)).payload, ref)
        except AuthenticationError:
            raise
        except Exception as error:
            return Report(Object(ref), outcome=outcome_of(error))

    return tuple(side_by_side(look_up_one, refs))


def expand_report(
    plan: Plan,
    report: Report,
    source: Source,
    deadline: float,
    *,
    capabilities: KeyCapabilities | None = None,
) -> Report:
    """Return the report with the whole objects of its relationships: the second stage of a plan that wants those.

    Each relationship has its own outcome; one that fails keeps what is known of it.

    Args:
        plan: That of the first stage.
        report: What that gave.
        source: What answers.
        deadline: Of `time.monotonic()`.
        capabilities: What was learnt about the key.

    Raises:
        AuthenticationError: The API key is refused.
    """
    if not report.outcome.found:
        return report
    kind, learnt = plan.subject.kind, capabilities or KeyCapabilities()
    pager = Pager(plan, report.subject.ref, RequestExecutor(source, deadline), learnt)
    paged, refused = planner.names_to_page(plan, report), learnt.refused(kind)
    # Other names that a combined request was refused with may have been refused because of these: they are asked alone.
    outcomes = {name: refused[name] for name in paged if name in refused and is_lasting(kind, name, refused[name])}
    names = [name for name in paged if name not in outcomes]
    requests = {name: pager.first(name, report.related.get(name)) for name in names}
    costs = {name: planner.requests_for(plan, name, report.related.get(name)) for name in names}
    outcomes = {**quota_fit.fit(requests, costs, source, deadline), **outcomes}
    related = {name: _bounded(plan, relationship) for name, relationship in report.related.items()}
    for name, outcome in outcomes.items():
        related[name] = evolve(related.get(name) or Related(name, complete=False), outcome=outcome)
    names = [name for name in names if name not in outcomes]
    pages = pager.all(names, related)
    endings = {page.relationship: page.outcome for page in pages}
    learnt.learn(kind, {name: outcome for name, outcome in endings.items() if is_lasting(kind, name, outcome)})
    related |= {page.relationship: merged(related.get(page.relationship), page) for page in pages}
    return evolve(report, related=related)


def _bounded(plan: Plan, related: Related) -> Related:
    """No more objects than the plan wants, of those that came in line."""
    if len(related.items) <= plan.max_related or not planner.in_line(plan, related):
        return related
    return evolve(related, items=related.items[: plan.max_related], complete=False)
