"""The Assemblyline shell: submission, subjects, plan, report, findings, sections; each arrow is one function."""

import contextlib
import gc
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assemblyline.common.exceptions import NonRecoverableError, RecoverableError
from assemblyline.odm.messages.task import Task as ServiceTask
from assemblyline_v4_service.common.base import ServiceBase
from assemblyline_v4_service.common.request import ServiceRequest
from assemblyline_v4_service.common.result import Heuristic, Result, ResultSection
from attrs import evolve

from virustotal.al_types import ontology, tags
from virustotal.core.errors import AuthenticationError, ConfigurationError
from virustotal.core.findings import Family
from virustotal.core.lookup.subjects import Refusal, Subjects, select_subjects
from virustotal.core.models import Status
from virustotal.core.plugin_host.manager import load
from virustotal.core.plugin_host.output import AnalyzerOutput
from virustotal.core.scoring.heuristics import HEURISTICS
from virustotal.core.scoring.judge import Judge
from virustotal.core.scoring.safelist import NO_SAFELIST, TAG_TYPES, Safelist
from virustotal.core.settings import Credentials, Settings
from virustotal.core.settings.service_config import service_settings
from virustotal.core.settings.submission_params import credentials
from virustotal.core.submission.policy import look_up_ruling, public_look_up_ruling, refuse_hosts
from virustotal.core.submission.submit import INTERVALS, SubmissionContext
from virustotal.pipeline import Analysis, Lookup, private_scan
from virustotal.platform.attachments import Attachments
from virustotal.platform.config_checks import check_classifications, config_warnings
from virustotal.platform.log_line import key_values
from virustotal.platform.safelist_refresh import SafelistRefresher
from virustotal.platform.task import Task, above, content, read_task
from virustotal.platform.temporary_data import KEY, temporary_data
from virustotal.platform.tool_version import tool_version, with_time_slice
from virustotal.plugins import BUILTIN
from virustotal.result.layout import compose
from virustotal.result.models import Layout, SubjectResult
from virustotal.sources import ClientPool, KeyClient, build
from virustotal.storage import open_stores
from virustotal.util.readers import EMPTY, integer

if TYPE_CHECKING:
    from virustotal.indicator_search.search import IndicatorSearch

#: The priority from which on a task is of a user's submission; below it, of what was ingested.
USER_PRIORITY = 500
#: What the framework's task has where the message has no priority.
NO_PRIORITY = 1
#: Seconds of the manifest's timeout that are kept for analysis and layout; a fifth of it, where that is less.
MARGIN = 30.0


class VirusTotal(ServiceBase):  # type: ignore[misc]  # the framework is untyped
    """Looks each task up on VirusTotal (assemblyline_v4_service.common.base.ServiceBase).

    Args:
        config: In place of the manifest's entries of the same names.

    Raises:
        ConfigurationError: An entry is wrong. The service stops.
    """

    #: Seconds between two questions for an analysis; the last one is repeated.
    intervals = INTERVALS

    def __init__(self, config: dict[str, Any] | None = None) -> None:
        super().__init__(config)
        self._settings = service_settings(self.config)
        _check(self._settings, credentials(self.config, {}))
        self._plugins = load(BUILTIN, self._settings)
        self._tool_version = tool_version(self._settings, self._plugins)
        self._safelist = SafelistRefresher(lambda: self.get_api_interface().get_safelist(list(TAG_TYPES)))
        storage = str(self.config.get("storage") or "").strip()  # with its password, which the settings never hold
        self._stores = open_stores(self._settings, storage, self.log.warning, self.dependencies, self.log.info)
        self._clients = ClientPool(self._stores)
        self._ignore_cache = self._low_priority = False
        self._seconds = self._timeout()

    def _timeout(self) -> float:
        timeout = float(self.service_attributes.timeout)
        return timeout - min(MARGIN, timeout / 5)

    def get_tool_version(self) -> str:
        """Return the version with a digest of plugins and configuration, and the slice of time of `result_days`."""
        days = self._settings.result_days
        return with_time_slice(self._tool_version, days, time.time()) if days else self._tool_version

    def start(self) -> None:
        """Log the plugins, fetch the safelist, and do once what else the first task would do."""
        loaded = sum(plugin.state.value == "loaded" for plugin in self._plugins.listing)
        self.log.info("%d plugins loaded, tool version %s", loaded, self._tool_version)
        for line in (
            *(f"plugin not used: {line}" for line in self._plugins.unloaded),
            *config_warnings(self.config, self._settings),
        ):
            self.log.warning("%s", line)
        if self._settings.submit_privately == "always":
            self.log.info("submit_privately: always. Nothing is submitted or analysed anew publicly.")
        self._safelist.start()
        # The framework reads the manifest with its first section and its first heuristic, 65 ms in the first task.
        ResultSection("-", heuristic=Heuristic(HEURISTICS[Family.ENGINES]))
        tags.known("")
        self._stores.values.get("", "")  # opens the store
        if not gc.get_freeze_count():  # what is loaded now stays: to go through it again costs a task 50 ms
            gc.collect()
            gc.freeze()

    def stop(self) -> None:
        """Close threads and connections."""
        self._safelist.stop()
        self._clients.close()
        self._stores.close()

    def handle_task(self, task: ServiceTask) -> None:
        """Run one task (assemblyline.odm.messages.task.Task): the framework drops `ignore_cache` and `priority`."""
        self._ignore_cache = bool(task.ignore_cache)
        self._low_priority = NO_PRIORITY < (integer(task.priority) or 0) < USER_PRIORITY
        super().handle_task(task)

    def execute(self, request: ServiceRequest) -> None:
        """Answer one task.

        Raises:
            NonRecoverableError: The key or the configuration is wrong.
            RecoverableError: Nothing is known for now.
        """
        began = time.monotonic()
        task = read_task(request, self._settings, self.config, self._seconds)
        ruling = look_up_ruling(task.facts.classification, task.settings, above)
        subjects = select_subjects(task.facts, task.settings)
        subjects = refuse_hosts(subjects, task.settings) if ruling.allowed else _refused(task, subjects, ruling.reason)
        if not subjects.allowed and not (ruling.allowed and task.settings.exhaustive_search):
            self._answer(request, task, subjects)
            return
        try:
            client = self._clients.get(
                task.settings, task.credentials, ignore_cache=self._ignore_cache, low_priority=self._low_priority
            )
            requests, waited = client.usage.requests, client.usage.waited
            layout: Layout | None = None
            try:
                layout = self._run(request, task, subjects, client)
            finally:  # a task that ends with an error has cost something too
                cost = {
                    "requests": client.usage.requests - requests,
                    "kept": client.source.provenance.kept,
                    "waited": client.usage.waited - waited,
                    "used": time.monotonic() - began,
                }
                self.log.info("task %s", key_values({**_described(request, subjects), **cost, **_ended(layout)}))
        except AuthenticationError as error:
            raise NonRecoverableError(
                f"{error} Set a valid api_key in the service's configuration or in the submission's parameters."
            ) from None
        except ConfigurationError as error:  # what was there at start is gone, such as the certificates
            raise NonRecoverableError(str(error)) from None

    def _run(self, request: ServiceRequest, task: Task, subjects: Subjects, client: KeyClient) -> Layout:
        """Answer a task that has subjects, or tags to search for."""
        hooks = self._plugins.begin(task.settings, task.deadline)
        context = self._submission(request, task, client)
        scan = private_scan(context)
        results = Lookup(task, client, hooks.registry, context, scan).run(subjects.allowed)
        _raise_if_nothing(results)
        search, disclosure = None, public_look_up_ruling("url", task.settings)
        if task.settings.exhaustive_search and not disclosure.allowed:
            task = evolve(task, notes=(*task.notes, f"exhaustive_search: {disclosure.reason}"))
        elif task.settings.exhaustive_search:
            search = self._search(task, subjects, results, client)
        safelist, note = self._safelist.current()
        judge, attachments = Judge(task.settings, hooks.remap, hooks.decide, safelist), Attachments(request)
        folder = Path(self.working_directory)
        results = Analysis(task, client, self._plugins, judge, attachments, folder, scan).run(results)
        searched = search.outputs(results, judge) if search else ()
        pictures = attachments.pictures() if attachments.drawn else {}
        return self._answer(
            request,
            task,
            subjects,
            results,
            outputs=(*searched, *hooks.failed),  # last: hooks fail on what was tagged as well
            safelist=safelist,
            notes=(*filter(None, (note,)), *(search.notes if search else ()), *attachments.notes),
            pictures=pictures,
        )

    def _submission(self, request: ServiceRequest, task: Task, client: KeyClient) -> SubmissionContext:
        about = key_values({"sid": request.sid, "classification": task.facts.classification})
        return SubmissionContext(
            task.settings,
            task.facts,
            above,
            content(request),
            client.source,
            self._stores.receipts,
            task.deadline,
            audit=lambda line: self.log.warning("audit: %s %s", about, line),  # a level that deployments keep
            stage=lambda line: self.log.info("%s", line),
            intervals=self.intervals,
        )

    def _search(
        self, task: Task, subjects: Subjects, results: tuple[SubjectResult, ...], client: KeyClient
    ) -> "IndicatorSearch":
        from virustotal.indicator_search.search import search_indicators

        reports = [(subject.ref, result.report) for subject, result in zip(subjects.allowed, results, strict=True)]
        return search_indicators(task, reports, client, self._safelist.current()[0])

    def _answer(
        self,
        request: ServiceRequest,
        task: Task,
        subjects: Subjects,
        results: tuple[SubjectResult, ...] = (),
        *,
        outputs: tuple[AnalyzerOutput, ...] = (),
        safelist: Safelist = NO_SAFELIST,
        notes: tuple[str, ...] = (),
        pictures: Mapping[str, ResultSection] = EMPTY,
    ) -> Layout:
        """Hand everything to the framework: sections, ontology, temporary data, and whether the result is partial."""
        layout = compose(
            results,
            task.settings,
            safelist,
            beside=outputs,
            notes=(*task.notes, *(f"{refusal.what}: {refusal.reason}" for refusal in subjects.refused), *notes),
            volatile=_volatile(task, subjects),
            unloaded=self._plugins.unloaded,
            pictures=pictures,
        )
        request.result = Result(list(layout.sections))
        classification = self.service_attributes.default_result_classification
        for output in (output for result in results for output in result.contributions if output.ontology):
            parts = ((part.kind, part.data) for part in output.ontology)
            for problem in ontology.apply(self.ontology, parts, classification):
                self.log.warning("%s, %s: %s", output.provider, output.analyzer, problem)
        _tell_later_services(request, results)
        if layout.partial:
            self.log.info("the result is partial: %s", " ".join(layout.reasons))
            request.partial()
        return layout


def _described(request: ServiceRequest, subjects: Subjects) -> dict[str, object]:
    kinds = ",".join(subject.ref.kind for subject in subjects.allowed)
    return {"sid": request.sid, "sha256": request.sha256, "kind": kinds or "none", "subjects": len(subjects.allowed)}


def _ended(layout: Layout | None) -> dict[str, object]:
    """Outcome, score and the reasons for a partial result; None for a task that ended with an error."""
    if layout is None:
        return {"outcome": "error"}
    why = " ".join(layout.reasons) if layout.partial else None
    return {"outcome": "result", "score": layout.score, "partial": layout.partial, "why": why}


def _check(settings: Settings, keys: Credentials) -> None:
    """Stop at start where the client could not work, or a bound is no classification."""
    with contextlib.closing(build(settings, evolve(keys, api_key=keys.api_key or "none"))):
        pass
    check_classifications(settings)


def _refused(task: Task, subjects: Subjects, because: str) -> Subjects:
    """Refuse all subjects, and what was tagged, where not even a hash may leave."""
    labels = [subject.label for subject in subjects.allowed]
    if task.settings.exhaustive_search:
        labels.append("exhaustive_search")
    reason = f"It was not looked up. {because}"
    return Subjects((), (*subjects.refused, *(Refusal(label, reason) for label in labels)))


def _raise_if_nothing(results: tuple[SubjectResult, ...]) -> None:
    """Let the platform try again where nothing at all is known for an outage.

    Not where a quota is spent: the platform retries within milliseconds, three times, and then fails the task for good.
    """
    if results and all(result.report.outcome.status is Status.FAILED for result in results):
        raise RecoverableError(" ".join(f"{result.label}: {result.report.outcome.detail}" for result in results))


def _volatile(task: Task, subjects: Subjects) -> tuple[str, ...]:
    """Return why the platform must not reuse this result: its cache knows neither metadata nor depth."""
    reasons = []
    if any(subject.url for subject in subjects.allowed) and not task.facts.file_type.startswith("uri/"):
        reasons.append("The result is about the submitted_url of the submission's metadata.")
    if task.settings.exhaustive_search:
        reasons.append("The result depends on what earlier services tagged in this task.")
    if subjects.refused and not task.facts.file_type.startswith("uri/"):
        reasons.append("The result depends on the metadata of its submission, or on the depth of the file in it.")
    return tuple(reasons)


def _tell_later_services(request: ServiceRequest, results: tuple[SubjectResult, ...]) -> None:
    for result in results:
        if not result.verdict.detections:
            continue
        data = temporary_data(result.report.subject, result.verdict, request.temp_submission_data.get(KEY))
        if data:
            request.temp_submission_data[KEY] = data
