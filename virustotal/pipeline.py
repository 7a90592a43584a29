"""The way of a task's subjects: look up, submit, expand; then analyse and download."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from attrs import evolve, frozen

from virustotal.api.source import Source
from virustotal.client.private_source import PrivateSource
from virustotal.core.lookup import downloads, fetch, planner
from virustotal.core.lookup.key_capabilities import KeyCapabilities
from virustotal.core.lookup.object_request import look_up
from virustotal.core.lookup.planner import Plan
from virustotal.core.lookup.subjects import Subject
from virustotal.core.models import Object, Outcome, Report, Status
from virustotal.core.plugin_host import runner
from virustotal.core.plugin_host.hooks import LoadedPlugins
from virustotal.core.plugin_host.output import AnalyzerOutput
from virustotal.core.plugin_host.registry import Registry
from virustotal.core.scoring.judge import Judge
from virustotal.core.submission.policy import is_private, public_look_up_ruling, requested_ruling
from virustotal.core.submission.private_scan import PrivateScan, headline, private_plan
from virustotal.core.submission.submit import SubmissionContext
from virustotal.core.submission.upload_request import Submitted, submit_if_allowed
from virustotal.platform.attachments import Attachments
from virustotal.platform.task import Task
from virustotal.result.long_values import long_values
from virustotal.result.models import SubjectResult
from virustotal.result.partial import changing_soon, partial_reasons
from virustotal.sources import KeyClient


@frozen
class Lookup:
    """What the subjects of one task are looked up with.

    Args:
        task: The task.
        client: Of its key.
        registry: Of the analysers, which decides what is requested.
        context: What submissions need.
        scan: What private scans need; None unless unknown subjects are scanned privately.
    """

    task: Task
    client: KeyClient
    registry: Registry
    context: SubmissionContext
    scan: PrivateScan | None = None

    def run(self, subjects: tuple[Subject, ...]) -> tuple[SubjectResult, ...]:
        """Return the report of each subject, in order.

        The objects are looked up in order: the quota may end before the last, and the first is what the task is about.
        What follows is done side by side.

        Raises:
            AuthenticationError: The API key is refused. Any other error is an outcome.
        """
        source = self.client.source
        plans = [planner.plan(subject.ref, self.registry, self.task.settings) for subject in subjects]
        reports = [
            Report(Object(subject.ref)) if self._is_private(subject) else self._public_look_up(plan, source)()
            for subject, plan in zip(subjects, plans, strict=True)
        ]
        if len(reports) < 2:
            return tuple(map(self._complete, subjects, plans, reports))
        with ThreadPoolExecutor(len(reports), thread_name_prefix="virustotal-subject") as pool:
            return tuple(pool.map(self._complete, subjects, plans, reports))

    def _is_private(self, subject: Subject) -> bool:
        return self.scan is not None and subject.ref.kind in {"file", "url"}

    def _public_look_up(self, plan: Plan, source: Source) -> Callable[[], Report]:
        """Return what looks an object up, or says why it is not, where a private scan was requested that forbids it."""
        ruling = public_look_up_ruling(plan.subject.kind, self.task.settings)
        if ruling.allowed:
            return partial(look_up, plan, source, self.task.deadline, capabilities=self.client.capabilities)
        requested = requested_ruling(self.task.settings)
        detail = "" if requested.allowed else f" It was not submitted. {requested.reason}"
        return partial(Report, Object(plan.subject), outcome=Outcome(Status.SKIPPED, ruling.reason + detail))

    def _complete(self, subject: Subject, plan: Plan, report: Report) -> SubjectResult:
        """Submit what is unknown or old, and fetch the relationships."""
        source, settings = self.client.source, self.task.settings
        submitted = self._submit(subject, plan, report)
        private = self.scan if submitted.private else None
        plan, asked = (private_plan(plan), private) if private else (plan, self.client)
        report, deadline = submitted.report, self.task.deadline
        if plan.analyze:
            report = fetch.expand_report(plan, report, asked.source, deadline, capabilities=asked.capabilities)
        fallback = "" if private else source.provenance.fallback_reason
        return SubjectResult(
            report,
            label=subject.label,
            asked=plan.names,
            aliases=planner.aliases(subject.ref.kind, settings.relationships),
            origins={} if private else source.origins(subject.ref, (*plan.names, *report.related)),
            notes=(*subject.notes, *plan.notes, *submitted.notes, *filter(None, (fallback,))),
            changing=submitted.changing or fallback,
            headline=headline(report, settings.private) if private else "",
            linked=not private and public_look_up_ruling(subject.ref.kind, settings).allowed,
        )

    def _submit(self, subject: Subject, plan: Plan, report: Report) -> Submitted:
        source = self.client.source
        if self.scan is not None and self._is_private(subject):
            return self.scan.run(subject, private_plan(plan), self._public_look_up(plan, source))
        if report.outcome.status is not Status.UNKNOWN and not self.task.settings.reanalyze_after_days:
            return Submitted(report)
        # What a submission changes must not be answered from the cache.
        again = self._public_look_up(plan, source.bypass_cache())
        return submit_if_allowed(self.context, subject, report, again)


def private_scan(context: SubmissionContext) -> PrivateScan | None:
    """Return what private scans need, or None where unknown subjects are not scanned privately."""
    settings = context.settings
    if not is_private(settings):
        return None
    source = PrivateSource(context.source, settings.private)
    # Sandboxes take minutes: the longest pause is the only one.
    private = evolve(context, source=source, wait=settings.private.wait, intervals=context.intervals[-1:])
    return PrivateScan(private, KeyCapabilities())


@frozen
class Analysis:
    """What the reports of one task are analysed with.

    Args:
        task: The task.
        client: Of its key.
        plugins: Those of the service.
        judge: Of the task.
        attachments: Takes the files that are attached.
        folder: Of the task, for downloads.
        scan: Answers for private results; None unless unknown subjects are scanned privately.
    """

    task: Task
    client: KeyClient
    plugins: LoadedPlugins
    judge: Judge
    attachments: Attachments
    folder: Path
    scan: PrivateScan | None = None

    def run(self, results: Iterable[SubjectResult]) -> tuple[SubjectResult, ...]:
        """Return the results with what the analysers add, and with the downloads that they asked for attached."""
        analysed = tuple(map(self._analyse, results))
        if texts := tuple(long_values(analysed)):
            self.attachments.made(AnalyzerOutput("long_values", "virustotal", attachments=texts))
        return analysed

    def _analyse(self, result: SubjectResult) -> SubjectResult:
        report = result.report
        if not report.outcome.found:
            return result
        outputs = runner.analyse(report, self.plugins, self.task.settings, self.judge, self.task.deadline)
        changing = result.changing
        if not result.headline:  # a private report has no engines, and a single submission
            changing = changing or changing_soon(report.subject, datetime.now(UTC))
        result = evolve(result, verdict=self.judge(report.subject), contributions=outputs, changing=changing)
        if wanted := [download for output in outputs for download in output.downloads]:
            result = evolve(
                result,
                artefacts=downloads.fetch(
                    wanted,
                    self.scan.source if self.scan and result.headline else self.client.source,
                    self.folder,
                    self.task.settings,
                    self.task.deadline,
                    self.attachments.room,
                ),
            )
            self.attachments.fetched(result.artefacts, outputs)
        for output in outputs:
            if output.attachments:
                self.attachments.made(output)
        return self._without_copy(result)

    def _without_copy(self, result: SubjectResult) -> SubjectResult:
        """Delete a complete private file at VirusTotal, if that is configured: after its downloads."""
        scan = self.scan if self.task.settings.private.delete_after_report and result.headline else None
        if scan is None or result.report.subject.ref.kind != "file":
            return result
        incomplete = " ".join(partial_reasons([result]))
        end = f"not deleted yet. {incomplete}" if incomplete else scan.delete(result.report.subject.ref)
        return evolve(result, notes=(*result.notes, f"The private scan at VirusTotal: {end}"))
