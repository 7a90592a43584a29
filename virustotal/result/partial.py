"""Whether the platform may reuse a result for the same file, and why not."""

from collections.abc import Iterable, Iterator, Sequence

from virustotal.core.models import Outcome, Status
from virustotal.core.plugin_host.output import AnalyzerOutput
from virustotal.result.models import SubjectResult
from virustotal.result.subject_header import name_of
from virustotal.util.readers import clean

_TRANSIENT = frozenset({Status.PENDING, Status.QUOTA, Status.SKIPPED, Status.FAILED})
_SUBJECT_PARTIAL = _TRANSIENT | {Status.UNKNOWN, Status.FORBIDDEN, Status.INVALID}


def partial_reasons(results: Sequence[SubjectResult]) -> tuple[str, ...]:
    """Return why the platform must not reuse this result for the same file, one sentence each; empty where it may.

    Whatever may be otherwise at the next look: a subject that is not known yet or was not looked up, what was skipped,
    failed or had no quota, an analyser that failed. What the licence does not cover stays so, and is no reason.
    """
    return tuple(dict.fromkeys(reason for result in results for reason in _reasons(result)))


def _reasons(result: SubjectResult) -> Iterator[str]:
    name, outcome = name_of(result), result.report.outcome
    if outcome.status in _SUBJECT_PARTIAL:
        yield f"{name}: {_said(outcome)}"
    for relationship, related in result.report.related.items():
        if related.outcome.status in _TRANSIENT:
            yield f"{name}, {clean(relationship, 120)}: {_said(related.outcome)}"
    for artefact in result.artefacts:
        if artefact.outcome.status in _TRANSIENT:
            yield f"{clean(artefact.download.name, 120)}: {_said(artefact.outcome)}"
    yield from failures(result.contributions)


def failures(contributions: Iterable[AnalyzerOutput]) -> Iterator[str]:
    """Yield one sentence for each analyser that failed."""
    for output in contributions:
        if output.error:
            yield f"The analyser {clean(output.analyzer, 120)} failed."


def _said(outcome: Outcome) -> str:
    return clean(outcome.detail) if outcome.detail else f"{outcome.status.value}."
