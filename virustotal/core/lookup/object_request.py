"""The combined request: an object with its relationships, and with less where it may be or was refused."""

from collections.abc import Mapping
from types import MappingProxyType

from attrs import evolve

from virustotal import api
from virustotal.api import relationships
from virustotal.api.relationships import Licence
from virustotal.api.source import MIRROR, Request, holds
from virustotal.api.source import remaining_quota as room_of
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


def fetch_object(plan: Plan, names: tuple[str, ...], desk: RequestExecutor, memory: KeyCapabilities) -> Report:
    """Return the object with the descriptors of these names; refused, with less, down to the object alone.

    Each name has its outcome, but for those that are to be asked alone. VirusTotalError where not even the object came.
    """
    kind = plan.subject.kind
    lined, refused = _affordable(plan, names, desk, memory)
    left = tuple(name for name in names if name not in refused)
    rung = left
    suspected: tuple[str, ...] | None = None
    while True:
        query = plan.selections(rung) if lined else ()
        try:
            answer = desk.ask(_request(plan, rung, bool(query)))
            report = api.decode_report(answer.payload, plan.subject)
            break
        except (ForbiddenError, InvalidError) as error:
            if not rung or error.code.startswith("Local"):
                raise
            refusal = error
        asked, (rung, lined) = rung, _rung_below(fallback_selections(kind, left), rung, bool(query), refusal)
        suspected = rung if query and rung == asked else suspected
    if (query and not answer.origin) or suspected == rung:  # what else answers says nothing of what VirusTotal takes
        memory.tried(Parameter.INLINE, bool(query))
    dropped = [name for name in left if name not in rung]
    if dropped:
        passing = any(licence_of(kind, name) is Licence.PUBLIC for name in dropped)  # every key may read these
        if passing:
            said = dict.fromkeys(dropped, Outcome(Status.FAILED, refusal.outcome.detail))
        else:
            said = _refusals(kind, dropped, refusal.outcome)
            memory.learn(kind, said)
        refused |= said
    report = _with_outcomes(plan, report, names, refused)
    if answer.origin == MIRROR:  # its bare items are those that it does not hold; VirusTotal may know them well
        return report
    return evolve(report, related=MappingProxyType(inline_attributes.mark_known_by_id(report.related, query)))


def _affordable(
    plan: Plan, names: tuple[str, ...], desk: RequestExecutor, memory: KeyCapabilities
) -> tuple[bool, dict[str, Outcome]]:
    """Whether to ask in line, and the names that are not asked for: refused before, or beyond what the quota leaves.

    What a combined request may be refused with is held against the quota before it is made: a refusal must not cost
    the last request that there is.
    """
    lined, refused = _expected(plan, names, memory)
    left = tuple(name for name in names if name not in refused)
    safe = safe_names(plan.subject.kind, left)
    untried = lined and memory.takes(Parameter.INLINE) is None
    if (safe == left and not untried) or holds(desk.source, _request(plan, left, lined)):
        return lined, refused
    room = room_of(desk.source, desk.deadline, for_subject=True)
    memory.look_again()  # the source reads limits and licence before the first request
    lined, refused = _expected(plan, names, memory)
    left = tuple(name for name in names if name not in refused)
    safe = safe_names(plan.subject.kind, left)
    if room.requests is None or room.requests > fallback_selections(plan.subject.kind, left).index(safe) + untried:
        return lined, refused
    risky = (name for name in left if name not in safe)
    refused |= dict.fromkeys(risky, quota_fit.skipped_by(room))
    return lined and (not untried or room.requests > 1), refused


def _expected(plan: Plan, names: tuple[str, ...], memory: KeyCapabilities) -> tuple[bool, dict[str, Outcome]]:
    known = memory.refused(plan.subject.kind)
    refused = {name: known[name] for name in names if name in known}
    left = tuple(name for name in names if name not in refused)
    return memory.takes(Parameter.INLINE) is not False and bool(plan.selections(left)), refused


def _request(plan: Plan, names: tuple[str, ...], lined: bool) -> Request:
    request = api.object_request(plan.subject, names, plan.selections(names) if lined else ())
    return evolve(request, is_subject=True)


def _rung_below(
    ladder: tuple[tuple[str, ...], ...], rung: tuple[str, ...], lined: bool, refusal: VirusTotalError
) -> tuple[tuple[str, ...], bool]:
    """What is asked for after a refusal, and whether in line.

    A 400 may be about the parameter that asks in line, which is left out first; a 403 about the names that not every
    key may read; then the other of the two is left out, and last all names.
    """
    if lined and isinstance(refusal, InvalidError):
        return rung, False
    below = ladder[ladder.index(rung) + 1]
    return (below, lined) if below else (rung, False) if lined else ((), False)


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
    found = {}
    for name in names:
        related = report.related.get(name) or _absent(plan, name, refused.get(name))
        if related is not None:
            found[name] = without_empty_file(related)
    return evolve(report, related=MappingProxyType(found))


def _absent(plan: Plan, name: str, refusal: Outcome | None) -> Related | None:
    entry = relationships.find(plan.subject.kind, name)
    if refusal is None and entry is not None and entry.one:
        return Related(name, total=0)  # a relationship to a single object is left out where there is none
    if refusal is not None and (refusal.status is Status.SKIPPED or is_unlicensed(plan.subject.kind, name, refusal)):
        return Related(name, outcome=refusal, complete=False)
    return None if plan.analyze else Related(name, outcome=refusal or _UNMENTIONED, complete=False)
