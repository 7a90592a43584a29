"""The Assemblyline shell: submission, subjects, plan, report, findings, sections; each arrow is one function."""

import contextlib
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assemblyline.common import forge
from assemblyline.common.exceptions import NonRecoverableError, RecoverableError
from assemblyline.odm.messages.task import Task as ServiceTask
from assemblyline_v4_service.common.base import ServiceBase
from assemblyline_v4_service.common.request import ServiceRequest
from assemblyline_v4_service.common.result import Result
from attrs import evolve

from virustotal.al_types import ontology
from virustotal.client import build
from virustotal.core.analysing import Analysis
from virustotal.core.errors import AuthenticationError, ConfigurationError
from virustotal.core.lookup.subjects import Refusal, Subjects, subjects
from virustotal.core.models import Status
from virustotal.core.pipeline import ClientPool, KeyClient, LookedUpSubject, look_up_subjects
from virustotal.core.plugin_host.hooks import HookCaller
from virustotal.core.plugin_host.manager import load
from virustotal.core.plugin_host.output import AnalyzerOutput
from virustotal.core.scoring.judge import Judge
from virustotal.core.scoring.safelist import TAG_TYPES, Safelist, SafelistRefresher
from virustotal.core.settings import Credentials, Settings, credentials, service_settings, unknown_settings
from virustotal.core.submission.policy import look_up_ruling
from virustotal.core.submission.submit import INTERVALS, SubmissionContext
from virustotal.core.submission.upload_request import Content
from virustotal.platform.attachments import Attachments
from virustotal.platform.task import Task, above, read_task
from virustotal.platform.temporary_data import KEY, temporary_data
from virustotal.platform.tool_version import tool_version
from virustotal.plugins import BUILTIN
from virustotal.result.layout import compose
from virustotal.result.models import Layout, SubjectResult
from virustotal.storage import open_stores
from virustotal.util.readers import as_texts, quantity

if TYPE_CHECKING:
    from virustotal.indicator_search.task_search import Searched

#: Seconds of the manifest's timeout that are kept for analysis and layout; a fifth of it, where that is less.
MARGIN = 30.0


class VirusTotal(ServiceBase):  # type: ignore[misc]  # the framework is untyped
    """Looks each task up on VirusTotal (assemblyline_v4_service.common.base.ServiceBase).

    config: in place of the manifest's entries of the same names. Raises ConfigurationError for a wrong entry, which
    stops the service.
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
        self._stores = open_stores(self._settings, storage, self.log.warning, self.dependencies)
        self._wires = ClientPool(self._stores)
        self._ignore_cache = False
        self._seconds = self._timeout()

    def _timeout(self) -> float:
        timeout = float(self.service_attributes.timeout)
        return timeout - min(MARGIN, timeout / 5)

    def get_tool_version(self) -> str:
        """Return the version with a digest of plugins and configuration; the same for the service's whole life."""
        return self._tool_version

    def start(self) -> None:
        """Say which plugins there are, and begin to fetch the safelist."""
        loaded = sum(each.state.value == "loaded" for each in self._plugins.listing)
        self.log.info("%d plugins loaded, tool version %s", loaded, self._tool_version)
        for line in (
            *(f"plugin not used: {line}" for line in self._plugins.unloaded),
            *_doubts(self.config, self._settings),
        ):
            self.log.warning("%s", line)
        self._safelist.start()

    def stop(self) -> None:
        """Give back threads and connections."""
        self._safelist.stop()
        self._wires.close()
        self._stores.close()

    def handle_task(self, task: ServiceTask) -> None:
        """Run one task (assemblyline.odm.messages.task.Task), whose `ignore_cache` the framework does not pass on."""
        self._ignore_cache = bool(task.ignore_cache)
        super().handle_task(task)

    def execute(self, request: ServiceRequest) -> None:
        """Answer one task. Raises RecoverableError where nothing is known for now, NonRecoverableError for the key."""
        began = time.monotonic()
        task = read_task(request, self._settings, self.config, self._seconds)
        ruling = look_up_ruling(task.classification, task.settings, above)
        found = subjects(task.facts, task.settings)
        found = found if ruling.allowed else _refused(task, found, ruling.reason)
        if not found.subjects and not (ruling.allowed and task.settings.exhaustive_search):
            self._answer(request, task, found, (), ())
            return
        try:
            wire = self._wires.of(task.settings, task.credentials, ignore_cache=self._ignore_cache)
            asked, waited = -wire.source.requests_made, -wire.source.waited
            try:
                self._run(request, task, found, wire)
            finally:  # a task that ends with an error has cost something too
                self.log.info(
                    "%s, %s, %s from cache or mirror, %.2f of %.2f seconds waited for the quota",
                    quantity(len(found.subjects), "subject"),
                    quantity(asked + wire.source.requests_made, "request"),
                    quantity(wire.source.kept, "answer"),
                    waited + wire.source.waited,
                    time.monotonic() - began,
                )
        except AuthenticationError as error:
            raise NonRecoverableError(
                f"{error} Set a valid api_key in the service's configuration or in the submission's parameters."
            ) from None
        except ConfigurationError as error:  # what was there at start is gone, such as the certificates
            raise NonRecoverableError(str(error)) from None

    def _run(self, request: ServiceRequest, task: Task, found: Subjects, wire: KeyClient) -> None:
        """Answer a task that has subjects, or tags to search for."""
        desk, content = self._desk(task, wire), self._content(request)
        hooks = self._plugins.begin(task.settings, task.deadline)
        looked = look_up_subjects(task, found.subjects, wire, hooks.registry, desk, content)
        _raise_if_nothing(looked)
        searched = None
        if task.settings.exhaustive_search:
            from virustotal.indicator_search.task_search import search_indicators

            searched = search_indicators(task, looked, wire, self._safelist.current()[0])
        self._analyse(request, task, found, looked, wire, searched, hooks)

    def _desk(self, task: Task, wire: KeyClient) -> SubmissionContext:
        return SubmissionContext(
            wire.source,
            self._stores.receipts,
            task.deadline,
            audit=lambda line: self.log.info("audit: %s", line),
            stage=lambda line: self.log.info("%s", line),
            intervals=self.intervals,
        )

    def _content(self, request: ServiceRequest) -> Content:
        passwords = as_texts(request.temp_submission_data.get("passwords"))
        return Content(lambda: str(request.file_path), passwords, as_texts([request.md5, request.sha1]))

    def _analyse(
        self,
        request: ServiceRequest,
        task: Task,
        found: Subjects,
        looked: tuple[LookedUpSubject, ...],
        wire: KeyClient,
        searched: "Searched | None",
        hooks: HookCaller,
    ) -> None:
        safelist, note = self._safelist.current()
        attacher = Attachments(request)
        folder = Path(self.working_directory)
        analysis = Analysis(task, self._plugins, hooks, safelist, attacher, wire.source, folder)
        results = tuple(analysis.of(each) for each in looked)
        searches = searched.contributions(results, Judge(task.settings, hooks, safelist)) if searched else ()
        beside = (*searches, *hooks.failed)  # last: hooks fail on what was tagged as well
        pictures = attacher.pictures()
        notes = (*filter(None, (note,)), *(searched.notes if searched else ()), *attacher.notes)
        self._answer(
            request, task, found, looked, results, beside=beside, safelist=safelist, notes=notes, pictures=pictures
        )

    def _answer(
        self,
        request: ServiceRequest,
        task: Task,
        found: Subjects,
        looked: tuple[LookedUpSubject, ...],
        results: tuple[SubjectResult, ...],
        *,
        beside: tuple[AnalyzerOutput, ...] = (),
        safelist: Safelist | None = None,
        notes: tuple[str, ...] = (),
        pictures: Any | None = None,
    ) -> None:
        layout = compose(
            results,
            task.settings,
            safelist or Safelist(),
            beside=beside,
            notes=(*task.notes, *(f"{each.what}: {each.reason}" for each in found.refused), *notes),
            volatile=_volatile(task, found, looked),
            unloaded=self._plugins.unloaded,
        )
        request.result = Result([*layout.sections, *([pictures] if pictures is not None else [])])
        self._add_ontology(results)
        _tell_later_services(request, results)
        self._end(request, layout)

    def _add_ontology(self, results: tuple[SubjectResult, ...]) -> None:
        for each in (made for result in results for made in result.contributions if made.ontology):
            for problem in ontology.apply(self.ontology, ((part.kind, part.data) for part in each.ontology)):
                self.log.warning("%s, %s: %s", each.provider, each.analyzer, problem)

    def _end(self, request: ServiceRequest, layout: Layout) -> None:
        if layout.partial:
            self.log.info("the result is partial: %s", " ".join(layout.reasons))
            request.partial()


def _check(settings: Settings, keys: Credentials) -> None:
    """Stop at start where the client could not work, or a bound is no classification."""
    with contextlib.closing(build(settings, evolve(keys, api_key=keys.api_key or "none"))):
        pass
    bounds = {
        "max_classification": settings.max_classification,
        "submit_policy.max_classification": settings.submit_policy.max_classification,
    }
    for path, bound in bounds.items():
        if bound and not forge.get_classification().is_valid(bound):
            raise ConfigurationError(f"{path}: {bound!r} is not a classification of this platform")


def _doubts(config: Mapping[str, Any], settings: Settings) -> Iterator[str]:
    """What an administrator may have meant otherwise."""
    yield from (f"configuration: {line}" for line in unknown_settings(config))
    bounded = settings.max_classification or settings.submit_policy.max_classification
    if bounded and not forge.get_classification().enforce:
        yield "max_classification is set and has no effect: this platform does not enforce classifications"


def _refused(task: Task, found: Subjects, because: str) -> Subjects:
    """Refuse all subjects, and what was tagged, where not even a hash may leave."""
    tagged = ["exhaustive_search"] if task.settings.exhaustive_search else []
    what = [*(each.label for each in found.subjects), *tagged]
    reason = f"It was not looked up. {because}"
    return Subjects((), (*found.refused, *(Refusal(each, reason) for each in what)))


def _raise_if_nothing(looked: tuple[LookedUpSubject, ...]) -> None:
    """Let the platform try again where nothing at all is known: an outage or a spent quota is no result."""
    if looked and all(each.report.outcome.status in {Status.FAILED, Status.QUOTA} for each in looked):
        raise RecoverableError(" ".join(f"{each.subject.label}: {each.report.outcome.detail}" for each in looked))


def _volatile(task: Task, found: Subjects, looked: tuple[LookedUpSubject, ...]) -> tuple[str, ...]:
    """Why the platform's result cache must not answer for this task: it knows neither metadata nor depth."""
    reasons = [each.changing for each in looked if each.changing]
    if any(each.url for each in found.subjects) and not task.facts.file_type.startswith("uri/"):
        reasons.append("The result is about the submitted_url of the submission's metadata.")
    if task.settings.exhaustive_search:
        reasons.append("The result depends on what earlier services tagged in this task.")
    if found.refused and not task.facts.file_type.startswith("uri/"):
        reasons.append("The result depends on the metadata of its submission, or on the depth of the file in it.")
    return tuple(reasons)


def _tell_later_services(request: ServiceRequest, results: tuple[SubjectResult, ...]) -> None:
    for each in results:
        data = temporary_data(each.report.subject, each.verdict, request.temp_submission_data.get(KEY))
        if data:
            request.temp_submission_data[KEY] = data
