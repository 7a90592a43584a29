"""The first request of a look-up: an object with its relationships, and with less where that may be or was refused."""

import time
from collections.abc import Mapping

from attrs import evolve

from virustotal.api import decoding, endpoints, relationships
from virustotal.api.relationships import Licence
from virustotal.api.source import MIRROR, Request, Source
from virustotal.core.errors import AuthenticationError, DeadlineError, ForbiddenError, InvalidError
from virustotal.core.lookup import inline_attributes, quota_fit
from virustotal.core.lookup.executor import outcome_of
from virustotal.core.lookup.inline_attributes import Pairs
from virustotal.core.lookup.key_capabilities import KeyCapabilities, Parameter, is_lasting
from virustotal.core.lookup.paging import without_empty_file
from virustotal.core.lookup.planner import Plan
from virustotal.core.models import FOUND, Object, Outcome, Related, Report, Status

_UNMENTIONED = Outcome(Status.UNKNOWN, "VirusTotal's answer does not mention it.")
_TOGETHER = Outcome(
    Status.INVALID, "VirusTotal refused it together with others. With analyze_relationship each is asked for alone."
)


def look_up(plan: Plan, source: Source, deadline: float, *, capabilities: KeyCapabilities | None = None) -> Report:
    """Return the object with the descriptors that the plan embeds: the plan's first stage.

    Refused, it is asked for with less: without the names that the fewest keys may read, down to the object alone. Each
    name has its outcome, but for those that are to be asked alone. Whatever fails is an outcome.

    Args:
        plan: What is asked for.
        source: What answers.
        deadline: Of `time.monotonic()`.
        capabilities: What was learnt about the key.

    Raises:
        AuthenticationError: The API key is refused.
    """
    learnt = capabilities or KeyCapabilities()
    before: tuple[tuple[str, ...], bool] = (), False
    refusal = FOUND
    try:
        names, inline, outcomes = _affordable(plan, source, deadline, learnt)
        selection = names
        while True:
            query = plan.selections(selection) if inline else ()
            if time.monotonic() >= deadline:
                raise DeadlineError("The time for this task is used up.")
            try:
                answer = source.ask(_request(plan, selection, query), deadline)
                report = decoding.decode_report(answer.payload, plan.subject)
                break
            except (ForbiddenError, InvalidError) as error:
                if not selection or error.code.startswith("Local"):
                    raise
                before, refusal = (selection, bool(query)), error.outcome
            selection, inline = _less(plan.subject.kind, selection, bool(query), refusal)
        refused_in_line = before == (selection, True)  # and taken without
        if (query and not answer.origin) or refused_in_line:  # a cache or mirror says nothing of what VirusTotal takes
            learnt.tried(Parameter.INLINE, bool(query))
        if dropped := [name for name in names if name not in selection]:
            outcomes |= _refusals(plan.subject.kind, dropped, refusal, learnt)
    except AuthenticationError:
        raise
    except Exception as error:
        return Report(Object(plan.subject), outcome=outcome_of(error))
    related: Mapping[str, Related] = _with_outcomes(plan, report, outcomes)
    # A mirror's bare items are those that it does not hold; VirusTotal may know them well.
    if query and answer.origin != MIRROR:
        related = inline_attributes.mark_known_by_id(related, query)
    return evolve(report, related=related)


def _affordable(
    plan: Plan, source: Source, deadline: float, capabilities: KeyCapabilities
) -> tuple[tuple[str, ...], bool, dict[str, Outcome]]:
    """Return the names to ask for, whether in line, and the outcomes of the other names.

    Possible refusals count against the quota before the request is made: a refusal must not cost the last request.
    """
    names, inline, outcomes = _permitted(plan, capabilities)
    query = plan.selections(names) if inline else ()
    if not _most_refusals(plan, names, inline, capabilities) or source.holds(_request(plan, names, query)):
        return names, inline, outcomes
    quota = source.remaining(deadline, for_subject=True)
    capabilities.look_again()  # the source reads limits and licence before the first request
    names, inline, outcomes = _permitted(plan, capabilities)
    if quota.requests is None or quota.requests > _most_refusals(plan, names, inline, capabilities):
        return names, inline, outcomes
    licences = relationships.licences(plan.subject.kind, names)
    public = tuple(name for name in names if licences[name] is Licence.PUBLIC)
    outcomes |= {name: quota_fit.skipped_by(quota) for name in names if name not in public}
    # Without a request left the cache or a mirror may still answer: only a possible refusal changes the request.
    may_be_refused = max(1, quota.requests) <= _most_refusals(plan, public, inline, capabilities)
    return public, inline and not may_be_refused, outcomes


def _most_refusals(plan: Plan, names: tuple[str, ...], inline: bool, capabilities: KeyCapabilities) -> int:
    """Return how often these may be refused: for names that not every key may read, and for being asked for in line."""
    licences = {*relationships.licences(plan.subject.kind, names).values()} - {Licence.PUBLIC}
    return len(licences) + (inline and capabilities.takes(Parameter.INLINE) is None)


def _permitted(plan: Plan, capabilities: KeyCapabilities) -> tuple[tuple[str, ...], bool, dict[str, Outcome]]:
    """Return as `_affordable`, by what was refused to the key before."""
    refused = capabilities.refused(plan.subject.kind)
    names = tuple(name for name in plan.embed if name not in refused)
    inline = capabilities.takes(Parameter.INLINE) is not False and bool(plan.selections(names))
    return names, inline, {name: refused[name] for name in plan.embed if name in refused}


def _request(plan: Plan, names: tuple[str, ...], query: Pairs) -> Request:
    return evolve(endpoints.object_request(plan.subject, names, query), is_subject=True)


def _less(kind: str, names: tuple[str, ...], inline: bool, refusal: Outcome) -> tuple[tuple[str, ...], bool]:
    """Return the names to ask for after a refusal, and whether in line.

    A 400 may be about the parameter that asks in line, which is left out first; a 403 about the names that the fewest
    keys may read; then the other of the two is left out, and last all names.
    """
    if inline and refusal.status is Status.INVALID:
        return names, False
    licences = relationships.licences(kind, names)
    rarest = max(licences.values(), key=tuple(Licence).index)
    fewer = tuple(name for name in names if licences[name] is not rarest)
    return (fewer, inline) if fewer or not inline else (names, False)


def _refusals(kind: str, dropped: list[str], refusal: Outcome, capabilities: KeyCapabilities) -> dict[str, Outcome]:
    """Return what a refusal says of each name that was left out then, and remember it for the key.

    One that is left out alone was refused. Of several the licence tells: without any premium name the request was
    taken, so the key lacks that licence. Of all others nobody knows which one it was.
    """
    licences = relationships.licences(kind, dropped)
    present = {*licences.values()}
    if Licence.PUBLIC in present:  # every key may read these: it passes
        return dict.fromkeys(dropped, Outcome(Status.FAILED, refusal.detail))
    unclear: set[Licence] = set()
    if refusal.status is Status.FORBIDDEN and len(dropped) > 1 and Licence.UNCONFIRMED in present:
        unclear = {Licence.UNCONFIRMED} if Licence.PREMIUM in present else present
    outcomes = {name: _TOGETHER if licence in unclear else refusal for name, licence in licences.items()}
    capabilities.learn(kind, outcomes)
    return outcomes


def _with_outcomes(plan: Plan, report: Report, refused: Mapping[str, Outcome]) -> dict[str, Related]:
    """Return each asked relationship with its outcome; those that are to be asked alone stay out."""
    related = {}
    for name in plan.embed:
        relationship = report.related.get(name) or _absent(plan, name, refused.get(name))
        if relationship is not None:
            related[name] = without_empty_file(relationship) if relationship.items else relationship
    return related


def _absent(plan: Plan, name: str, refusal: Outcome | None) -> Related | None:
    kind = plan.subject.kind
    if refusal is None and relationships.CATALOGUE[kind, name].one:
        return Related(name, total=0)  # a relationship to a single object is left out where there is none
    if refusal is not None and (refusal.status is Status.SKIPPED or is_lasting(kind, name, refusal)):
        return Related(name, outcome=refusal, complete=False)
    return None if plan.analyze else Related(name, outcome=refusal or _UNMENTIONED, complete=False)
