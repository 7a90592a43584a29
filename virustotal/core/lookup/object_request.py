"""The combined request: an object with its relationships, and with less where it may be or was refused."""

from collections.abc import Mapping
from types import MappingProxyType

from attrs import evolve

from virustotal import api
from virustotal.api import relationships
from virustotal.api.relationships import Licence
from virustotal.api.source import MIRROR, Request, holds, remaining_quota
from virustotal.core.errors import ForbiddenError, InvalidError, VirusTotalError
from virustotal.core.lookup import inline_attributes, quota_fit
from virustotal.core.lookup.executor import RequestExecutor
from virustotal.core.lookup.key_capabilities import KeyCapabilities, Parameter
from virustotal.core.lookup.licences import fallback_selections, is_unlicensed, licence_of, safe_names
from virustotal.core.lookup.paging import without_empty_file
from virustotal.core.lookup.planner import Plan
from virustotal.core.models import Outcome, Related, Report, Status

_UNMENTIONED = Outcome(Status.UNKNOWN, "VirusTotal's answer does not mention it.")
_TOGETHER = Outcome(
    Status.INVALID, "VirusTotal refused it together with others. With analyze_relationship each is asked for alone."
)


def fetch_object(
    plan: Plan, names: tuple[str, ...], executor: RequestExecutor, capabilities: KeyCapabilities
) -> Report:
    """Return the object with the descriptors of these names; refused, with less, down to the object alone.

    Each name has its outcome, but for those that are to be asked alone.

    Raises:
        VirusTotalError: Not even the object came.
    """
    kind = plan.subject.kind
    inline, candidates, refused = _affordable(plan, names, executor, capabilities)
    selection, suspected = candidates, False
    while True:
        query = plan.selections(selection) if inline else ()
        try:
            answer = executor.ask(_request(plan, selection, bool(query)))
            report = api.decode_report(answer.payload, plan.subject)
            break
        except (ForbiddenError, InvalidError) as error:
            if not selection or error.code.startswith("Local"):
                raise
            refusal = error
        previous = selection
        selection, inline = _next_selection(kind, candidates, selection, bool(query), refusal)
        suspected = bool(query) and selection == previous  # refused in line: is it taken without?
    if (query and not answer.origin) or suspected:  # a cache or mirror says nothing of what VirusTotal takes
        capabilities.tried(Parameter.INLINE, bool(query))
    if dropped := [name for name in candidates if name not in selection]:
        if any(licence_of(kind, name) is Licence.PUBLIC for name in dropped):  # every key may read these: it passes
            refused |= dict.fromkeys(dropped, Outcome(Status.FAILED, refusal.outcome.detail))
        else:
            refusals = _refusals(kind, dropped, refusal.outcome)
            capabilities.learn(kind, refusals)
            refused |= refusals
    report = _with_outcomes(plan, report, names, refused)
    if (
        not query or answer.origin == MIRROR
    ):  # a mirror's bare items are those that it does not hold; VirusTotal may know them well
        return report
    return evolve(report, related=MappingProxyType(inline_attributes.mark_known_by_id(report.related, query)))


def _affordable(
    plan: Plan, names: tuple[str, ...], executor: RequestExecutor, capabilities: KeyCapabilities
) -> tuple[bool, tuple[str, ...], dict[str, Outcome]]:
    """Return whether to ask in line, the names to ask for, and the outcomes of the others.

    What a combined request may be refused with is held against the quota before it is made: a refusal must not cost
    the last request that there is.
    """
    inline, candidates, refused = _permitted(plan, names, capabilities)
    untried = inline and capabilities.takes(Parameter.INLINE) is None
    safe = safe_names(plan.subject.kind, candidates)
    if (safe == candidates and not untried) or holds(executor.source, _request(plan, candidates, inline)):
        return inline, candidates, refused
    quota = remaining_quota(executor.source, executor.deadline, for_subject=True)
    capabilities.look_again()  # the source reads limits and licence before the first request
    inline, candidates, refused = _permitted(plan, names, capabilities)
    safe = safe_names(plan.subject.kind, candidates)
    refusals = fallback_selections(plan.subject.kind, candidates).index(safe) + untried
    if quota.requests is None or quota.requests > refusals:
        return inline, candidates, refused
    refused |= {name: quota_fit.skipped_by(quota) for name in candidates if name not in safe}
    return inline and (not untried or quota.requests > 1), safe, refused


def _permitted(
    plan: Plan, names: tuple[str, ...], capabilities: KeyCapabilities
) -> tuple[bool, tuple[str, ...], dict[str, Outcome]]:
    """Return as `_affordable`, by what was refused to the key before."""
    known = capabilities.refused(plan.subject.kind)
    candidates = tuple(name for name in names if name not in known)
    inline = capabilities.takes(Parameter.INLINE) is not False and bool(plan.selections(candidates))
    return inline, candidates, {name: known[name] for name in names if name in known}


def _request(plan: Plan, names: tuple[str, ...], inline: bool) -> Request:
    request = api.object_request(plan.subject, names, plan.selections(names) if inline else ())
    return evolve(request, is_subject=True)


def _next_selection(
    kind: str, candidates: tuple[str, ...], selection: tuple[str, ...], inline: bool, refusal: VirusTotalError
) -> tuple[tuple[str, ...], bool]:
    """Return what is asked for after a refusal, and whether in line.

    A 400 may be about the parameter that asks in line, which is left out first; a 403 about the names that not every
    key may read; then the other of the two is left out, and last all names.
    """
    if inline and isinstance(refusal, InvalidError):
        return selection, False
    fallbacks = fallback_selections(kind, candidates)
    smaller = fallbacks[fallbacks.index(selection) + 1]
    return (smaller, inline) if smaller or not inline else (selection, False)


def _refusals(kind: str, dropped: list[str], refusal: Outcome) -> dict[str, Outcome]:
    """What a refusal says of each name that was left out then.

    One that is left out alone was refused. Of several the licence tells, where it is one: without any premium name
    the request was taken, so the key lacks that licence. Of all others nobody knows which one it was.
    """
    if refusal.status is not Status.FORBIDDEN or len(dropped) == 1:
        return dict.fromkeys(dropped, refusal)
    licences = {name: licence_of(kind, name) for name in dropped}
    lacking: set[Licence] = set()
    if Licence.PREMIUM in licences.values():
        lacking = {Licence.PREMIUM, Licence.THREATS}
    elif set(licences.values()) == {Licence.THREATS}:
        lacking = {Licence.THREATS}
    return {name: refusal if licence in lacking else _TOGETHER for name, licence in licences.items()}


def _with_outcomes(plan: Plan, report: Report, names: tuple[str, ...], refused: Mapping[str, Outcome]) -> Report:
    """Give each asked name its outcome; those that are to be asked alone stay out."""
    named = {}
    for name in names:
        related = report.related.get(name) or _absent(plan, name, refused.get(name))
        if related is not None:
            named[name] = without_empty_file(related) if related.items else related
    return evolve(report, related=MappingProxyType(named))


def _absent(plan: Plan, name: str, refusal: Outcome | None) -> Related | None:
    entry = relationships.find(plan.subject.kind, name)
    if refusal is None and entry is not None and entry.one:
        return Related(name, total=0)  # a relationship to a single object is left out where there is none
    if refusal is not None and (refusal.status is Status.SKIPPED or is_unlicensed(plan.subject.kind, name, refusal)):
        return Related(name, outcome=refusal, complete=False)
    return None if plan.analyze else Related(name, outcome=refusal or _UNMENTIONED, complete=False)
