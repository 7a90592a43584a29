"""Whether a task's subject is submitted or analysed anew, and with what: policy, name, options."""

import time
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from attrs import evolve, frozen

from virustotal.api.source import Upload
from virustotal.core.lookup.subjects import Subject
from virustotal.core.models import Ref, Report, Status
from virustotal.core.settings import Settings
from virustotal.core.submission.archive_password import password_of
from virustotal.core.submission.policy import (
    DEPTH_RULE,
    MEGABYTE,
    Ruling,
    is_private,
    reanalyse_ruling,
    requested_ruling,
    submit_ruling,
)
from virustotal.core.submission.submit import Submission, SubmissionContext, submit_and_wait
from virustotal.util.readers import as_texts, safe_name, timestamp

SECONDS_A_DAY = 24 * 3600

_SANDBOXES = "The engines have finished; the reports of sandboxes may come up to an hour later."


@frozen
class Submitted:
    """What became of one file or URL.

    Args:
        report: Of the object.
        notes: Sentences for the analyst.
        changing: Why the result may soon change; empty for no reason.
        private: Whether the report is of the private object, be it still pending.
    """

    report: Report
    notes: tuple[str, ...] = ()
    changing: str = ""
    private: bool = False


def submit_if_allowed(
    context: SubmissionContext, subject: Subject, report: Report, look_up: Callable[[], Report]
) -> Submitted:
    """Submit an unknown file or URL, or request a new analysis of an old report, if that is requested and allowed.

    Args:
        context: The task's.
        subject: The file or URL; others are never submitted.
        report: What the look-up gave.
        look_up: Asks again for the same.

    Raises:
        AuthenticationError: The API key is refused.
    """
    if subject.ref.kind not in {"file", "url"}:
        return Submitted(report)
    if report.outcome.status is Status.UNKNOWN:
        return submit_unknown(context, subject, report, look_up)
    if report.outcome.found and is_old(report, context.settings):
        return _reanalyse(context, subject, report, look_up)
    return Submitted(report)


def submit_unknown(
    context: SubmissionContext, subject: Subject, report: Report, look_up: Callable[[], Report]
) -> Submitted:
    """Submit what the look-up did not find, privately where `policy.is_private`; see `submit_if_allowed`."""
    settings = context.settings
    private, ruling = is_private(settings), requested_ruling(settings)
    if not (settings.dynamic_submit or settings.private_submit):
        return _refused(report, ruling)
    if ruling.allowed:
        ruling = submit_ruling(subject, context.facts, settings, context.above)
    ref, is_file = subject.ref, subject.ref.kind == "file"
    size = context.facts.size if is_file else 0
    if not ruling.allowed:
        how = "privately" if private or settings.private_submit else "publicly"
        context.audit(f"submit {how} {ref.kind} {ref.id} size={size} refused by {ruling.rule}")
        return _refused(report, ruling)
    submission = Submission(ref, look_up, ruling.rule, url=subject.url, size=size, private=private)
    if is_file:
        try:
            upload = _upload(context, Path(context.content.path()), ref.id)
            submission = evolve(submission, upload=upload, aliases=_files(context.content.digests))
        except Exception as error:  # the framework raises a bare Exception for a file that is not there
            return _refused(report, Ruling("content", f"Its content cannot be read: {error}"))
    result = submit_and_wait(submission, context)
    if result.outcome.found and is_file and not private:
        return Submitted(result, (_SANDBOXES,), _SANDBOXES)
    if not result.outcome.found and result.outcome.status is not Status.PENDING:
        # It could not be submitted, and it is still what the look-up said: unknown, not failed.
        result = evolve(report, outcome=evolve(report.outcome, detail=result.outcome.detail))
    return Submitted(result)


def analysis_date(report: Report) -> datetime | None:
    """Return when the object of a report was analysed. Reports are compared by it: a deep one cannot be by value."""
    return timestamp(report.subject.attributes.get("last_analysis_date"))


def is_old(report: Report, settings: Settings) -> bool:
    """Return whether the last analysis is longer ago than `reanalyze_after_days`."""
    analysed = analysis_date(report)
    days = settings.reanalyze_after_days
    return days > 0 and analysed is not None and time.time() - analysed.timestamp() > days * SECONDS_A_DAY


def _refused(report: Report, ruling: Ruling) -> Submitted:
    return Submitted(evolve(report, outcome=evolve(report.outcome, detail=f"It was not submitted. {ruling.reason}")))


def _reanalyse(
    context: SubmissionContext, subject: Subject, report: Report, look_up: Callable[[], Report]
) -> Submitted:
    ruling = reanalyse_ruling(subject, context.facts, context.settings, context.above)
    if not ruling.allowed:
        # The platform's result cache does not know the depth, which this may be about.
        changing = ruling.reason if ruling.rule == DEPTH_RULE else ""
        return Submitted(report, (f"No new analysis was asked for. {ruling.reason}",), changing)
    # By VirusTotal's own identifier: the same object may have been asked for by MD5 or SHA-1.
    digests = as_texts([report.subject.attributes.get(name) for name in ("md5", "sha1")])
    is_file = subject.ref.kind == "file"
    size = context.facts.size if is_file else 0
    aliases = (subject.ref, *(_files(digests) if is_file else ()))
    submission = Submission(report.subject.ref, look_up, ruling.rule, size=size, aliases=aliases)
    result = submit_and_wait(submission, context)
    if result.outcome.found:
        late = is_file and analysis_date(result) != analysis_date(report)
        return Submitted(result, (_SANDBOXES,), _SANDBOXES) if late else Submitted(result)
    return Submitted(report, (f"The report shown is the old one. {result.outcome.detail}",), result.outcome.detail)


def _files(digests: Iterable[str]) -> tuple[Ref, ...]:
    return tuple(Ref("file", digest) for digest in digests)


def _upload(context: SubmissionContext, path: Path, sha256: str) -> Upload:
    settings, content = context.settings, context.content
    last = content.name.replace("\\", "/").rpartition("/")[2]
    name = safe_name(last) if settings.submit_file_name == "name" and last else sha256
    password = password_of(path, content.passwords, context.deadline) if settings.submit_password else ""
    return Upload(path, name, password, progress=_progress(context.stage))


def _progress(stage: Callable[[str], None]) -> Callable[[int, int], None]:
    """Report each tenth of a large upload once."""
    reported = 0

    def sent(done: int, size: int) -> None:
        nonlocal reported
        tenth = 10 * done // size if size >= MEGABYTE else 0
        if tenth > reported:
            reported = tenth
            stage(f"submit: sent {done // MEGABYTE} of {size // MEGABYTE} MB")

    return sent
