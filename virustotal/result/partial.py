"""Whether the platform may reuse a result for the same file, and why not."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from virustotal.core.models import Object, Outcome, Status
from virustotal.core.plugin_host.output import AnalyzerOutput
from virustotal.core.scoring.verdicts import answered_engines
from virustotal.result.models import SubjectResult
from virustotal.result.subject_header import name_of
from virustotal.util.readers import as_text, clean, timestamp

_TRANSIENT = frozenset({Status.PENDING, Status.QUOTA, Status.SKIPPED, Status.FAILED})
_SUBJECT_PARTIAL = _TRANSIENT | {Status.UNKNOWN, Status.FORBIDDEN, Status.INVALID}

#: An object that VirusTotal has seen for less than this is young.
YOUNG = timedelta(days=7)
#: An object that was analysed for the last time less than this ago may be analysed again at once.
RECENT = timedelta(hours=24)
#: Engines below which an object is little analysed.
FEW_ENGINES = 10
_FIRST_SEEN = ("first_submission_date", "first_seen_itw_date", "creation_date")
_PENDING = frozenset({"queued", "in-progress", "inprogress", "running"})


def partial_reasons(results: Sequence[SubjectResult]) -> tuple[str, ...]:
    """Return why the platform must not reuse this result for the same file, one sentence each; empty where it may.

    Whatever may be otherwise at the next look: a subject that is not known yet or was not looked up, what was skipped,
    failed or had no quota, a report that may soon change, an analyser that failed. What the licence does not cover
    stays so, and is no reason.
    """
    return tuple(dict.fromkeys(reason for result in results for reason in _reasons(result)))


def _reasons(result: SubjectResult) -> Iterator[str]:
    name, outcome = name_of(result), result.report.outcome
    if result.changing:
        yield result.changing
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


def changing_soon(obj: Object, now: datetime) -> str:
    """Return why the verdict of a found object may soon change, as a sentence; empty where it is old and stable.

    Dates in the future tell nothing.
    """
    attributes = obj.attributes
    if not attributes:
        return "VirusTotal gave the object without attributes."
    if as_text(attributes.get("status"), 60).lower() in _PENDING:
        return "VirusTotal is still analysing the object."
    if answered_engines(obj) < FEW_ENGINES:
        return f"Fewer than {FEW_ENGINES} engines have analysed the object."
    # A file's own creation date is whatever its author wrote into it.
    names = _FIRST_SEEN[:2] if obj.ref.kind == "file" else _FIRST_SEEN
    ages = [now - moment for name in names if (moment := timestamp(attributes.get(name))) is not None and moment <= now]
    if ages and max(ages) < YOUNG:
        return f"The object was first seen {_ago(max(ages))} ago."
    modified = timestamp(attributes.get("last_modification_date"))
    if modified is not None and timedelta(0) <= now - modified < RECENT:
        return f"VirusTotal changed its report {_ago(now - modified)} ago."
    return ""


def _ago(age: timedelta) -> str:
    hours = int(age.total_seconds() // 3600)
    return f"{hours} hours" if hours < 48 else f"{hours // 24} days"
