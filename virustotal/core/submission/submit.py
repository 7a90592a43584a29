"""Upload and wait: once for each content, bounded by the deadline, and never blindly again."""

import contextlib
import math
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import chain, islice, repeat
from typing import Any

from attrs import evolve, field, frozen

from virustotal import api
from virustotal.api.source import Source, Upload, forget
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
from virustotal.core.models import Object, Outcome, Ref, Report, Status
from virustotal.core.submission.receipts import SENDING, Receipt, Receipts, StoreError, key_of, sending, sent
from virustotal.util.readers import as_mapping, as_text, quantity

#: Seconds between two questions for an analysis; the last one is repeated.
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

    ref: the object, as it is looked up. look_up: asks for it with everything that the task wants of it. rule: what
    allowed it. upload: the file; url: the URL; neither for a new analysis of a known object. size: in bytes.
    aliases: what else the object may have been looked up as, by other tasks too. private: whether it is shared with
    nobody; the source of the context then has to be the private one.
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
        return key_of(f"{self.what}-privately" if self.private else self.what, self.ref)


@frozen
class SubmissionContext:
    """What a submission works with.

    deadline: of `time.monotonic()`. audit, stage: take one line each, without key. wait: seconds that a finished
    upload is waited for.
    """

    source: Source
    receipts: Receipts
    deadline: float
    audit: Callable[[str], None]
    stage: Callable[[str], None]
    intervals: tuple[float, ...] = field(default=INTERVALS)
    sleep: Callable[[float], None] = time.sleep
    wait: float = math.inf

    def pauses(self) -> chain[float]:
        """Growing pauses without end."""
        return chain(self.intervals, repeat(self.intervals[-1]))

    def pause(self, seconds: float) -> bool:
        """Sleep, unless the deadline comes first; return whether there is time left."""
        if time.monotonic() + seconds >= self.deadline:
            return False
        self.sleep(seconds)
        return True


def submit_and_wait(job: Submission, desk: SubmissionContext) -> Report:
    """Submit what a look-up did not find, wait, and return the report of the object itself.

    Sent at most once while a receipt of it is fresh: a retry of the task polls instead. What goes wrong is the outcome
    of the report; only AuthenticationError leaves.
    """
    there = desk.receipts.get(job.key)
    if there is None or not there.fresh(time.time()):
        try:
            if desk.receipts.claim(sending(job.key), time.time()):
                return _send(job, desk)
        except StoreError as error:
            _audit(job, desk, f"not sent: {error}")
            return _ended(job, Outcome(Status.FAILED, f"It was not submitted. {error}"))
        there = desk.receipts.get(job.key)  # another replica was faster
    return _follow(job, desk, there)


def _send(job: Submission, desk: SubmissionContext) -> Report:
    desk.stage(f"{job.what}: sending {job.ref.kind} {job.ref.id}")
    try:
        analysis = _analysis_of(_ask(job, desk))
    except AlreadyExistsError:
        _audit(job, desk, "VirusTotal has it already")
        return _look_for(job, desk, "VirusTotal answered that it has this already.")
    except UncertainError as error:
        _audit(job, desk, "outcome unknown")
        return _look_for(
            job, desk, f"The connection broke while it was sent, so nobody knows whether it arrived: {error}"
        )
    except StoreError:  # before the last byte left
        desk.receipts.drop(job.key)
        raise
    except VirusTotalError as error:
        desk.receipts.drop(job.key)
        _audit(job, desk, f"refused: {error}")
        if isinstance(error, AuthenticationError):
            raise
        return _ended(job, evolve(error.outcome, detail=f"It was not submitted: {error}"))
    _audit(job, desk, f"analysis {analysis}")
    with contextlib.suppress(StoreError):  # it has the receipt without the analysis
        desk.receipts.put(sent(job.key, analysis))
    _forget(job, desk)
    return _wait(job, desk, analysis, time.time())


def _ask(job: Submission, desk: SubmissionContext) -> object:
    """Send it. Until the last byte leaves, nothing has arrived; from then on it counts as sent, whatever breaks."""

    def before_end() -> None:
        desk.receipts.put(sent(job.key))

    if job.upload is None:
        before_end()
        request = api.submit_url(job.url) if job.url else api.analyse(job.ref)
    elif job.size <= api.LARGEST_DIRECT:
        request = api.upload_file(evolve(job.upload, before_end=before_end))
    else:
        address = desk.source.ask(api.upload_url(), desk.deadline).payload.get("data")
        request = api.upload_file(evolve(job.upload, before_end=before_end), as_text(address, 4096))
    return desk.source.ask(request, desk.deadline).payload.get("data")


def _analysis_of(data: object) -> str:
    analysis = as_text(as_mapping(data).get("id"))
    if as_mapping(data).get("type") != "analysis" or not analysis:
        raise UncertainError("VirusTotal's answer names no analysis.")
    return analysis


def _follow(job: Submission, desk: SubmissionContext, receipt: Receipt | None) -> Report:
    if receipt is not None and receipt.analysis:
        desk.stage(f"{job.what}: already sent, analysis {receipt.analysis}")
        return _wait(job, desk, receipt.analysis, receipt.moment, at_once=True)
    return _look_for(job, desk, "Another task is submitting this, or broke off while it did.")


def _wait(job: Submission, desk: SubmissionContext, analysis: str, since: float, *, at_once: bool = False) -> Report:
    """Ask for the analysis until it is completed or the time is up."""
    desk = evolve(desk, deadline=min(desk.deadline, time.monotonic() + desk.wait))
    request, status, missing = api.analysis(analysis), "queued", 0
    for seconds in chain([0.0] if at_once else [], desk.pauses()):
        if not desk.pause(seconds):
            break
        try:
            payload = desk.source.ask(request, desk.deadline).payload
        except NotFoundError:
            missing += 1  # a fresh analysis may be unknown for a moment
            if missing < MOST_MISSING:
                continue
            if job.private and time.time() - since > SENDING:  # deleted, or its retention time is over
                desk.receipts.drop(job.key)
                return _pending(
                    job,
                    f"{_sent_at(job, since)} VirusTotal no longer knows its analysis; a later task submits it again.",
                )
            return _look_for(
                job, desk, f"{_sent_at(job, since)} VirusTotal no longer knows its analysis.", at_once=True
            )
        except (NotAvailableYetError, UnavailableError):
            continue
        except DeadlineError:
            break
        except AuthenticationError:
            raise
        except VirusTotalError as error:
            return _pending(job, f"{_sent_at(job, since)} Then: {error}")
        status = analysis_status(payload)
        desk.stage(f"{job.what}: analysis {analysis} is {status}")
        if status == COMPLETED:
            return _look_for(job, desk, f"{_sent_at(job, since)} Its analysis is completed.", at_once=True)
    state = f"{_sent_at(job, since)} Its analysis is still {status}"
    if status.startswith(_WAITING):
        report = job.look_up()
        if report.outcome.found:
            return evolve(report, outcome=evolve(report.outcome, detail=f"{state}."))
    return _pending(job, f"{state}; a later task goes on waiting for it.")


def analysis_status(payload: Mapping[str, Any]) -> str:
    """Return the status of an analysis: `completed` only where no stage of it is pending.

    Args:
        payload: The answer to a request for the analysis.
    """
    attributes = as_mapping(as_mapping(payload.get("data")).get("attributes"))
    status, stages = as_text(attributes.get("status")) or "unknown", as_mapping(attributes.get("pending_stages"))
    return f"{_WAITING}{quantity(len(stages), 'stage')}" if status == COMPLETED and stages else status


def _look_for(job: Submission, desk: SubmissionContext, known: str, *, at_once: bool = False) -> Report:
    """Look the object up a few times: VirusTotal may need a moment to show what it has, and each look is a request."""
    _forget(job, desk)
    desk = evolve(desk, deadline=min(desk.deadline, time.monotonic() + desk.wait))
    pauses = chain([0.0] if at_once else [], desk.pauses())
    for seconds in islice(pauses, MOST_LOOKS):
        if not desk.pause(seconds):
            break
        report = job.look_up()
        if report.outcome.found:
            return report
        if report.outcome.status not in {Status.UNKNOWN, Status.FAILED}:
            return _pending(job, f"{known} {report.outcome.detail}")
    return _pending(job, f"{known} VirusTotal does not show a report yet.")


def _forget(job: Submission, desk: SubmissionContext) -> None:
    for ref in dict.fromkeys((job.ref, *job.aliases)):
        forget(desk.source, ref)


def _pending(job: Submission, detail: str) -> Report:
    return _ended(job, Outcome(Status.PENDING, detail))


def _ended(job: Submission, outcome: Outcome) -> Report:
    return Report(Object(job.ref), outcome=outcome)


def _sent_at(job: Submission, moment: float) -> str:
    how = "Submitted privately to VirusTotal" if job.private else "Submitted to VirusTotal"
    done = how if job.what == "submit" else "A new analysis was asked for"
    return f"{done} at {datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S} UTC."


def _audit(job: Submission, desk: SubmissionContext, end: str) -> None:
    how = "privately" if job.private else "publicly"
    desk.audit(f"{job.what} {how} {job.ref.kind} {job.ref.id} size={job.size} rule={job.rule}: {end}")
