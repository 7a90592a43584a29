"""The way of a task's subjects: look up, submit, expand, analyse, download. Each step evolves a SubjectResult."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from attrs import evolve, frozen

from virustotal.api.source import bypass_cache
from virustotal.core.lookup import downloads, fetch, planner
from virustotal.core.lookup.planner import Plan
from virustotal.core.lookup.subjects import Subject
from virustotal.core.models import Status
from virustotal.core.plugin_host import runner
from virustotal.core.plugin_host.hooks import LoadedPlugins
from virustotal.core.plugin_host.registry import Registry
from virustotal.core.scoring.judge import Judge
from virustotal.core.submission.submit import SubmissionContext
from virustotal.core.submission.upload_request import Content, submit_if_allowed
from virustotal.platform.attachments import Attachments
from virustotal.platform.task import Task
from virustotal.result.models import SubjectResult
from virustotal.sources import KeyClient


@frozen
class Lookup:
    """What the subjects of one task are looked up with.

    registry: of the analysers, which decides what is asked for. submission, content: what a submission works with.
    """

    task: Task
    client: KeyClient
    registry: Registry
    submission: SubmissionContext
    content: Content

    def run(self, subjects: tuple[Subject, ...]) -> tuple[SubjectResult, ...]:
        """Return the report of each subject, in order. Raises AuthenticationError alone.

        Each object is looked up in order, since a quota may end before the last, and the first is what the task is
        about. What follows is done side by side.
        """
        plans = [planner.plan(subject.ref, self.registry, self.task.settings) for subject in subjects]
        results = []
        for subject, plan in zip(subjects, plans, strict=True):
            report = fetch.look_up(plan, self.client.source, self.task.deadline, memory=self.client.capabilities)
            result = SubjectResult(
                report,
                label=subject.label,
                asked=(*plan.embed, *plan.alone, *plan.named),
                aliases=planner.aliases(subject.ref.kind, self.task.settings.relationships),
                notes=(*subject.notes, *plan.notes),
            )
            results.append(result)
        if len(results) < 2:
            return tuple(map(self._complete, subjects, plans, results))
        with ThreadPoolExecutor(len(results), thread_name_prefix="virustotal-subject") as pool:
            return tuple(pool.map(self._complete, subjects, plans, results))

    def _complete(self, subject: Subject, plan: Plan, result: SubjectResult) -> SubjectResult:
        """Submit what is unknown or old, and fetch the relationships."""
        source, report = self.client.source, result.report
        if report.outcome.status is Status.UNKNOWN or self.task.settings.reanalyze_after_days:
            result = self._submit(subject, plan, result)
        if plan.analyze and result.report.outcome.found:
            report = fetch.expand_report(
                planner.expand(plan, result.report),
                result.report,
                source,
                self.task.deadline,
                memory=self.client.capabilities,
            )
            result = evolve(result, report=report)
        return evolve(
            result,
            origins=source.origins(subject.ref, (*result.asked, *result.report.related)),
            notes=(*result.notes, *filter(None, (source.fallback_reason,))),
            changing=result.changing or source.fallback_reason,
        )

    def _submit(self, subject: Subject, plan: Plan, result: SubjectResult) -> SubjectResult:
        # What a submission changes must not be answered from the cache.
        again = partial(
            fetch.look_up,
            plan,
            bypass_cache(self.client.source),
            self.task.deadline,
            memory=self.client.capabilities,
        )
        ended = submit_if_allowed(self.task, subject, result.report, again, self.submission, self.content)
        return evolve(result, report=ended.report, notes=(*result.notes, *ended.notes), changing=ended.changing)


@frozen
class Analysis:
    """What the reports of one task are analysed with. folder: the task's own, for downloads."""

    task: Task
    client: KeyClient
    plugins: LoadedPlugins
    judge: Judge
    attachments: Attachments
    folder: Path

    def run(self, results: Iterable[SubjectResult]) -> tuple[SubjectResult, ...]:
        """Return the results with what the analysers add, and with the downloads that they asked for attached."""
        return tuple(map(self._analyse, results))

    def _analyse(self, result: SubjectResult) -> SubjectResult:
        report = result.report
        if not report.outcome.found:
            return result
        outputs = runner.analyse(report, self.plugins, self.task.settings, self.judge, self.task.deadline)
        result = evolve(result, verdict=self.judge(report.subject), contributions=outputs)
        if wanted := [download for output in outputs for download in output.downloads]:
            result = evolve(
                result,
                artefacts=downloads.fetch(
                    wanted,
                    self.client.source,
                    self.folder,
                    self.task.settings,
                    self.task.deadline,
                    self.attachments.room,
                ),
            )
            self.attachments.fetched(result.artefacts)
        if attachments := [attachment for output in outputs for attachment in output.attachments]:
            self.attachments.made(attachments)
        return result
