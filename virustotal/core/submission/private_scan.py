"""Private scanning of one subject: its private report, the public one where that may be asked for, a submission."""

import time
from collections.abc import Callable
from datetime import UTC

from attrs import evolve, frozen

from virustotal.api import endpoints, relationships
from virustotal.api.source import Source
from virustotal.core.errors import AuthenticationError, NotFoundError, VirusTotalError
from virustotal.core.lookup.key_capabilities import KeyCapabilities
from virustotal.core.lookup.object_request import look_up
from virustotal.core.lookup.planner import Plan
from virustotal.core.lookup.subjects import Subject
from virustotal.core.models import Object, Outcome, Ref, Report, Status
from virustotal.core.settings import DEFAULT_RELATIONSHIPS, PrivateConfig
from virustotal.core.submission.policy import submit_ruling
from virustotal.core.submission.receipts import Receipt, Receipts, key_of
from virustotal.core.submission.submit import COMPLETED, SubmissionContext, analysis_status
from virustotal.core.submission.upload_request import Submitted, is_old, submit_unknown
from virustotal.util.readers import EMPTY, quantity, timestamp

#: Seconds after a submission in which stages of its analysis may still be missing.
SETTLED = 30 * 60

_LICENCE = "The API key has no licence for private scanning."


@frozen
class PrivateScan:
    """What the private scans of one task need.

    Args:
        context: Of the submissions; its source is the private one.
        capabilities: What was learnt of private objects.
    """

    context: SubmissionContext
    capabilities: KeyCapabilities

    @property
    def source(self) -> Source:
        """What answers for private objects."""
        return self.context.source

    def run(self, subject: Subject, plan: Plan, public_look_up: Callable[[], Report]) -> Submitted:
        """Return the private report of a file or URL, else the public one where it may be asked for, else submit.

        What fails privately is never done publicly.

        Args:
            subject: The file or URL.
            plan: What is asked for of the private object.
            public_look_up: Asks for the public object, unless that is not allowed.

        Raises:
            AuthenticationError: The API key is refused.
        """
        report = self._look_up(plan)
        if report.outcome.found:
            return Submitted(report, changing=self._changing(subject.ref), private=True)
        public = Report(Object(subject.ref), outcome=Outcome(Status.SKIPPED))
        if not self._is_waiting(subject):
            public = public_look_up()
        if report.outcome.status is not Status.UNKNOWN:
            why = _LICENCE if report.outcome.status is Status.FORBIDDEN else report.outcome.detail
            return _with_note(public, f"It was not submitted privately. {why}", report)
        is_known = public.outcome.found and not is_old(public, self.context.settings)
        if is_known or public.outcome.status not in {Status.FOUND, Status.UNKNOWN, Status.SKIPPED}:
            note = ("Not scanned privately: VirusTotal knows it publicly.",) if is_known else ()
            return Submitted(public, note)
        submitted = submit_unknown(self.context, subject, report, lambda: self._look_up(plan))
        outcome, detail = submitted.report.outcome, submitted.report.outcome.detail
        if outcome.found:
            return evolve(submitted, changing=detail, private=True)
        if not public.outcome.found:
            return evolve(submitted, private=outcome.status is Status.PENDING)
        return Submitted(public, (f"The report shown is the old one. {detail}",), detail)

    def _look_up(self, plan: Plan) -> Report:
        # VirusTotal knows private files by SHA-256 alone; another digest is not asked for.
        if plan.subject.kind == "file" and len(plan.subject.id) != 64:
            return Report(Object(plan.subject), outcome=Outcome(Status.UNKNOWN))
        return look_up(plan, self.source, self.context.deadline, capabilities=self.capabilities)

    def _receipt(self, ref: Ref) -> Receipt | None:
        """Return the receipt of an earlier submission whose analysis is known."""
        receipt = self.context.receipts.get(key_of("submit", ref, private=True))
        return receipt if receipt is not None and receipt.analysis and receipt.fresh(time.time()) else None

    def _is_waiting(self, subject: Subject) -> bool:
        """Return whether an earlier submission is to be waited for: the public object was asked for before it."""
        ruling = submit_ruling(subject, self.context.facts, self.context.settings, self.context.above)
        return ruling.allowed and self._receipt(subject.ref) is not None

    def _changing(self, ref: Ref) -> str:
        """Return why a private report may soon change: its analysis is asked for while it is recent."""
        context, receipt = self.context, self._receipt(ref)
        if receipt is None or time.time() - receipt.moment >= SETTLED:
            return ""
        try:
            status = analysis_status(context, receipt.analysis)
        except AuthenticationError:
            raise
        except VirusTotalError as error:
            return f"Its analysis may not be completed: {error}"
        return "" if status == COMPLETED else f"Its analysis is still {status}."

    def delete(self, ref: Ref) -> str:
        """Delete a private file with its reports; return what became of it."""
        context = self.context
        try:
            delete_private(ref, context.source, context.receipts, context.deadline)
            end = "deleted"
        except NotFoundError:
            end = "already deleted"
        except VirusTotalError as error:
            end = f"not deleted: {error}"
        context.audit(f"delete privately {ref.kind} {ref.id}: {end}")
        return f"{end.rstrip('.')}."


def delete_private(ref: Ref, source: Source, receipts: Receipts, deadline: float) -> None:
    """Delete a private file with its reports, and the receipt that keeps it from being sent again.

    Raises:
        VirusTotalError: It was not deleted.
    """
    source.ask(endpoints.delete_file(ref), deadline)
    receipts.drop(key_of("submit", ref, private=True))


def private_plan(plan: Plan) -> Plan:
    """Return what is asked for of the private object.

    Each relationship has a request of its own: whether private objects take `relationships=` is not documented. They
    are always asked for, as a private report has sandboxes in place of engines.
    """
    offered = relationships.PRIVATE.get(plan.subject.kind, ())
    visits = ("behaviours",) if plan.subject.kind == "url" else ()
    names = plan.names
    missing = [name for name in names if name not in offered and name not in DEFAULT_RELATIONSHIPS]
    notes = (f"Private scanning has no {', '.join(missing)}.",) if missing else ()
    return evolve(
        plan,
        embed=(),
        alone=(*visits, *(name for name in names if name in offered)),
        analyze=True,
        notes=(*plan.notes, *notes),
        attributes=EMPTY,
    )


def headline(report: Report, options: PrivateConfig) -> str:
    """Return the sentence that each private result begins with, also while the analysis is pending."""
    until = timestamp(report.subject.attributes.get("expiration"))
    days = quantity(options.retention_period_days, "day")
    kept = f"until {until.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if until else f"for {days}"
    region = f", in region {options.storage_region}" if options.storage_region else ""
    return f"Private scan: not shared by VirusTotal, kept {kept}{region}."


def _with_note(report: Report, note: str, private: Report) -> Submitted:
    """Return the public report with a note; the failure of the private look-up where the public one was not allowed."""
    if report.outcome.status is Status.SKIPPED:
        report = evolve(report, outcome=evolve(private.outcome, detail=note))
        return Submitted(report)
    return Submitted(report, (note,), note)
