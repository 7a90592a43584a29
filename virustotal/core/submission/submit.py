"""Submit and wait: each content once, within the deadline; a retry looks for the earlier submission first."""

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import chain, islice, repeat

from attrs import evolve, frozen

from virustotal.api import endpoints
from virustotal.api.source import Source, Upload
from virustotal.core.errors import (
    AlreadyExistsError,
    AuthenticationError,
    DeadlineError,
    NotAvailableYetError,
    NotFoundError,
    UnavailableError,
    UncertainError,
    VirusTotalError,
)
from virustotal.core.lookup.subjects import Facts
from virustotal.core.models import Object, Outcome, Ref, Report, Status
from virustotal.core.settings import Settings
from virustotal.core.submission.policy import Above
from virustotal.core.submission.receipts import SENDING, Progress, Receipt, Receipts, StoreError, key_of
from virustotal.util.readers import as_mapping, as_text, quantity

#: Seconds between two requests for an analysis; the last one is repeated.
INTERVALS = (5.0, 10.0, 15.0, 20.0, 30.0)
#: The status of an analysis that has ended.
COMPLETED = "completed"
_WAITING = "waiting for "
#: How often in a task an analysis may be unknown before it is given up.
MOST_MISSING = 5
#: Look-ups of one task for what was submitted.
MOST_LOOKS = 8


@frozen
class Submission:
    """One submission.

    Args:
        ref: The object, as it is looked up.
        look_up: Asks for it with everything that the task wants of it.
        rule: What allowed it.
        upload: The file.
        url: The URL; with neither file nor URL it is a new analysis of a known object.
        size: In bytes.
        aliases: What else the object may have been looked up as, by other tasks too.
        private: Whether it is shared with nobody; the source of the context then has to be the private one.
    """

    ref: Ref
    look_up: Callable[[], Report]
    rule: str
    upload: Upload | None = None
    url: str = ""
    size: int = 0
    aliases: tuple[Ref, ...] = ()
    private: bool = False

    @property
    def what(self) -> str:
        """What is done: `submit` or `reanalyse`."""
        return "submit" if self.upload or self.url else "reanalyse"

    @property
    def key(self) -> str:
        """The receipt's key."""
        return key_of(self.what, self.ref, private=self.private)


@frozen
class Content:
    """The content of a task's file.

    Args:
        path: Returns it, or raises OSError or the framework's own Exception where it is gone or is another file.
        name: Its plain name; empty for none.
        passwords: Of earlier services (temporary data `passwords`).
        digests: Its MD5 and SHA-1, where they are known.
    """

    path: Callable[[], str]
    name: str = ""
    passwords: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()


@frozen
class SubmissionContext:
    """What the submissions of one task need.

    Args:
        settings: The task's.
        facts: About its file.
        above: Compares classifications.
        content: The task's file.
        source: Receives the submissions and the requests for their analyses.
        receipts: Of earlier submissions.
        deadline: Of `time.monotonic()`.
        audit: Takes a line for the audit, without the key.
        stage: Takes a line for the log, without the key.
        intervals: Seconds between two requests for an analysis; the last one is repeated.
        wait: Seconds to wait for the analysis, once it is sent.
    """

    settings: Settings
    facts: Facts
    above: Above
    content: Content
    source: Source
    receipts: Receipts
    deadline: float
    audit: Callable[[str], None]
    stage: Callable[[str], None]
    intervals: tuple[float, ...] = INTERVALS
    wait: float = math.inf

    def attempts(self, *, at_once: bool) -> Iterator[None]:
        """Yield after growing pauses until the deadline; with `at_once` also before the first one."""
        for seconds in chain([0.0] if at_once else [], self.intervals, repeat(self.intervals[-1])):
            if time.monotonic() + seconds >= self.deadline:
                return
            time.sleep(seconds)
            yield


def submit_and_wait(submission: Submission, context: SubmissionContext) -> Report:
    """Submit what a look-up did not find, wait, and return the report of the object itself.

    Sent at most once while a receipt of it is fresh: a retry of the task polls instead. What goes wrong is the outcome
    of the report; only AuthenticationError leaves.
    """
    try:
        if context.receipts.claim(Receipt(submission.key, Progress.SENDING), time.time()):
            return _send(submission, context)
    except StoreError as error:
        _audit(submission, context, f"not sent: {error}")
        return _ended(submission, Outcome(Status.FAILED, f"It was not submitted. {error}"))
    receipt = context.receipts.get(submission.key)
    if receipt is not None and receipt.analysis:
        context.stage(f"{submission.what}: already sent, analysis {receipt.analysis}")
        return _wait(submission, context, receipt.analysis, receipt.moment, at_once=True)
    return _look_for(submission, context, "Another task is submitting this, or broke off while it did.")


def _send(submission: Submission, context: SubmissionContext) -> Report:
    context.stage(f"{submission.what}: sending {submission.ref.kind} {submission.ref.id}")
    try:
        analysis = _ask(submission, context)
    except AlreadyExistsError:
        _audit(submission, context, "VirusTotal has it already")
        return _look_for(submission, context, "VirusTotal answered that it has this already.")
    except UncertainError as error:
        _audit(submission, context, "outcome unknown")
        return _look_for(
            submission, context, f"The connection broke while it was sent, so nobody knows whether it arrived: {error}"
        )
    except StoreError:  # before the last byte left
        context.receipts.drop(submission.key)
        raise
    except VirusTotalError as error:
        context.receipts.drop(submission.key)
        _audit(submission, context, f"refused: {error}")
        if isinstance(error, AuthenticationError):
            raise
        return _ended(submission, evolve(error.outcome, detail=f"It was not submitted: {error}"))
    _audit(submission, context, f"analysis {analysis}")
    with contextlib.suppress(StoreError):  # it has the receipt without the analysis
        context.receipts.put(Receipt(submission.key, Progress.SENT, analysis))
    _forget(submission, context)
    return _wait(submission, context, analysis, time.time())


def _ask(submission: Submission, context: SubmissionContext) -> str:
    """Send it, and return the id of its analysis.

    It counts as sent from its last byte on, whatever fails then; before that nothing has arrived.
    """

    def before_end() -> None:
        context.receipts.put(Receipt(submission.key, Progress.SENT))

    if submission.upload is None:
        before_end()
        request = endpoints.submit_url(submission.url) if submission.url else endpoints.analyse(submission.ref)
    elif submission.size <= endpoints.LARGEST_DIRECT:
        request = endpoints.upload_file(evolve(submission.upload, before_end=before_end))
    else:
        address = context.source.ask(endpoints.upload_url(), context.deadline).payload.get("data")
        request = endpoints.upload_file(evolve(submission.upload, before_end=before_end), as_text(address, 4096))
    data = as_mapping(context.source.ask(request, context.deadline).payload.get("data"))
    analysis = as_text(data.get("id"))
    if data.get("type") != "analysis" or not analysis:
        raise UncertainError("VirusTotal's answer names no analysis.")
    return analysis


def _wait(
    submission: Submission, context: SubmissionContext, analysis: str, moment: float, *, at_once: bool = False
) -> Report:
    """Request the analysis until it is completed or the time is up.

    Args:
        submission: What was submitted.
        context: The task's.
        analysis: Its id.
        moment: When it was submitted, in Unix seconds.
        at_once: Whether the first request is made without a pause.
    """
    context = evolve(context, deadline=min(context.deadline, time.monotonic() + context.wait))
    begun = _sent_at(submission, moment)
    status, missing = "queued", 0
    for _ in context.attempts(at_once=at_once):
        try:
            status = analysis_status(context, analysis)
        except NotFoundError:
            missing += 1  # a fresh analysis may be unknown for a moment
            if missing < MOST_MISSING:
                continue
            gone = f"{begun} VirusTotal no longer knows its analysis"
            if submission.private and time.time() - moment > SENDING:  # deleted, or its retention time is over
                context.receipts.drop(submission.key)
                return _pending(submission, f"{gone}; a later task submits it again.")
            return _look_for(submission, context, f"{gone}.", at_once=True)
        except (NotAvailableYetError, UnavailableError):
            continue
        except DeadlineError:
            break
        except AuthenticationError:
            raise
        except VirusTotalError as error:
            return _pending(submission, f"{begun} Then: {error}")
        context.stage(f"{submission.what}: analysis {analysis} is {status}")
        if status == COMPLETED:
            return _look_for(submission, context, f"{begun} Its analysis is completed.", at_once=True)
    state = f"{begun} Its analysis is still {status}"
    if status.startswith(_WAITING):
        report = submission.look_up()
        if report.outcome.found:
            return evolve(report, outcome=evolve(report.outcome, detail=f"{state}."))
    return _pending(submission, f"{state}; a later task goes on waiting for it.")


def analysis_status(context: SubmissionContext, analysis: str) -> str:
    """Request an analysis by its id, and return its status: `completed` only where no stage of it is pending.

    Raises:
        VirusTotalError: It cannot be told.
    """
    payload = context.source.ask(endpoints.analysis(analysis), context.deadline).payload
    attributes = as_mapping(as_mapping(payload.get("data")).get("attributes"))
    status, stages = as_text(attributes.get("status")) or "unknown", as_mapping(attributes.get("pending_stages"))
    return f"{_WAITING}{quantity(len(stages), 'stage')}" if status == COMPLETED and stages else status


def _look_for(submission: Submission, context: SubmissionContext, state: str, *, at_once: bool = False) -> Report:
    """Look the object up a few times: VirusTotal may need a moment until it shows a report."""
    _forget(submission, context)
    context = evolve(context, deadline=min(context.deadline, time.monotonic() + context.wait))
    for _ in islice(context.attempts(at_once=at_once), MOST_LOOKS):
        report = submission.look_up()
        if report.outcome.found:
            return report
        if report.outcome.status not in {Status.UNKNOWN, Status.FAILED}:
            return _pending(submission, f"{state} {report.outcome.detail}")
    return _pending(submission, f"{state} VirusTotal does not show a report yet.")


def _forget(submission: Submission, context: SubmissionContext) -> None:
    for ref in dict.fromkeys((submission.ref, *submission.aliases)):
        context.source.forget(ref)


def _pending(submission: Submission, detail: str) -> Report:
    return _ended(submission, Outcome(Status.PENDING, detail))


def _ended(submission: Submission, outcome: Outcome) -> Report:
    return Report(Object(submission.ref), outcome=outcome)


def _sent_at(submission: Submission, moment: float) -> str:
    how = "Submitted privately to VirusTotal" if submission.private else "Submitted to VirusTotal"
    done = how if submission.what == "submit" else "A new analysis was asked for"
    return f"{done} at {datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S} UTC."


def _audit(submission: Submission, context: SubmissionContext, end: str) -> None:
    how, ref = "privately" if submission.private else "publicly", submission.ref
    about = f"size={submission.size} rule={submission.rule}"
    context.audit(f"{submission.what} {how} {ref.kind} {ref.id} {about}: {end}")
