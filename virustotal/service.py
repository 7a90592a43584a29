"""The Assemblyline shell: submission, subjects, plan, report, findings, sections; each arrow is one function."""

import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from assemblyline.common import forge
from assemblyline.common.exceptions import NonRecoverableError, RecoverableError
from assemblyline_v4_service.common.base import ServiceBase
from assemblyline_v4_service.common.request import ServiceRequest
from assemblyline_v4_service.common.result import Result
from attrs import evolve, frozen

from virustotal.attaching import Attacher
from virustotal.core import artefacts, isolation, lookup, planner
from virustotal.core.errors import AuthenticationError, ConfigurationError
from virustotal.core.host import Hooks
from virustotal.core.layout import compose
from virustotal.core.loader import load
from virustotal.core.models import Object, Report, Status, Verdict
from virustotal.core.ontology import MODELS, plain
from virustotal.core.policy import look_up_ruling
from virustotal.core.results import Layout, SubjectResult
from virustotal.core.safelist import TAG_TYPES, Safelist, SafelistKeeper
from virustotal.core.sections import Contribution
from virustotal.core.settings import Credentials, Settings, credentials, service_settings
from virustotal.core.source import Source
from virustotal.core.subjects import Refusal, Subject, Subjects, subjects
from virustotal.core.submission import INTERVALS, Desk
from virustotal.core.temporary import KEY, temporary_data
from virustotal.core.values import texts
from virustotal.core.verdicts import judge
from virustotal.plugins import BUILTIN
from virustotal.sources import build
from virustotal.sources.store import FallbackReceipts, SQLiteReceipts, default_place
from virustotal.submitting import Content, submitted
from virustotal.task import Task, above, read_task
from virustotal.version import tool_version

#: Seconds of the manifest's timeout that are kept for analysis and layout; a fifth of it, where that is less.
MARGIN = 30.0
#: Keys whose connections are kept open; submissions may bring many.
MOST_KEYS = 8


@frozen
class _Wire:
    """What is kept for one key: its source, and what was learnt of its licence."""

    source: Source
    memory: lookup.Memory


@frozen
class _Looked:
    """One subject with its report. changing: why the report may soon change."""

    subject: Subject
    plan: planner.Plan
    report: Report
    notes: tuple[str, ...] = ()
    changing: str = ""


class VirusTotal(ServiceBase):  # type: ignore[misc]  # the framework is untyped
    """Looks each task up on VirusTotal (assemblyline_v4_service.common.base.ServiceBase).

    config: in place of the manifest's entries of the same names. Raises ConfigurationError for a wrong entry, which
    stops the service.
    """

    #: Seconds between two questions for an analysis; the last one is repeated.
    intervals = INTERVALS
    #: Takes bytes sent and all bytes of an upload.
    progress: Callable[[int, int], None] | None = None

    def __init__(self, config: dict[str, Any] | None = None) -> None:
        super().__init__(config)
        self._settings = service_settings(self.config)
        _check(self._settings, credentials(self.config, {}))
        self._plugins = load(BUILTIN, self._settings)
        self._tool_version = tool_version(self._settings, self._plugins)
        self._safelist = SafelistKeeper(lambda: self.get_api_interface().get_safelist(list(TAG_TYPES)))
        place = Path(self._settings.storage) if self._settings.storage else default_place()
        self._receipts = FallbackReceipts(SQLiteReceipts(place), self.log.warning)
        self._wires: dict[Credentials, _Wire] = {}
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
        for line in self._plugins.unloaded:
            self.log.warning("plugin not used: %s", line)
        self._safelist.start()

    def stop(self) -> None:
        """Give back threads and connections."""
        self._safelist.stop()
        for wire in self._wires.values():
            wire.source.close()
        self._wires.clear()

    def execute(self, request: ServiceRequest) -> None:
        """Answer one task. Raises RecoverableError where nothing is known for now, NonRecoverableError for the key."""
        began = time.monotonic()
        task = read_task(request, self._settings, self.config, self._seconds)
        found = _permitted(task, subjects(task.facts, task.settings))
        before = self._asked(task)
        try:
            looked = self._look(task, found, request) if found.subjects else ()
        except AuthenticationError as error:
            raise NonRecoverableError(
                f"{error} Set a valid api_key in the service's configuration or in the submission's parameters."
            ) from None
        _raise_if_nothing(looked)
        safelist, note = self._safelist.current() if looked else (Safelist(), "")
        hooks = self._plugins.begin(task.settings)
        attacher = Attacher(request)
        results = tuple(self._analysed(task, each, hooks, safelist, attacher) for each in looked)
        pictures = attacher.pictures()
        notes = (*task.notes, *_refusals(found), *filter(None, (note,)), *attacher.notes)
        layout = compose(
            _with_failures(results, hooks),
            task.settings,
            safelist,
            notes=notes,
            volatile=_volatile(task, found, looked),
            unloaded=self._plugins.unloaded,
        )
        self._publish(request, layout, results, pictures)
        asked = self._asked(task) - before
        self.log.info("%d subjects, %d requests, %.2f seconds", len(results), asked, time.monotonic() - began)

    # --- looking up --------------------------------------------------------------------------------------------------

    def _wire(self, task: Task) -> _Wire:
        if task.credentials not in self._wires:
            if len(self._wires) >= MOST_KEYS:
                self._wires.pop(next(iter(self._wires))).source.close()
            self._wires[task.credentials] = _Wire(build(task.settings, task.credentials), lookup.Memory())
        return self._wires[task.credentials]

    def _asked(self, task: Task) -> int:
        wire = self._wires.get(task.credentials)
        return wire.source.requests_made if wire else 0

    def _look(self, task: Task, found: Subjects, request: ServiceRequest) -> tuple[_Looked, ...]:
        """Look all subjects up side by side; each has its own outcome."""
        wire = self._wire(task)
        content = Content(
            lambda: str(request.file_path),
            texts(request.temp_submission_data.get("passwords")),
            type(self).progress,
        )
        desk = Desk(
            wire.source,
            self._receipts,
            task.deadline,
            audit=lambda line: self.log.info("audit: %s", line),
            stage=lambda line: self.log.info("%s", line),
            intervals=self.intervals,
        )
        with ThreadPoolExecutor(len(found.subjects), thread_name_prefix="virustotal-subject") as pool:
            return tuple(pool.map(lambda each: self._one(task, each, wire, desk, content), found.subjects))

    def _one(self, task: Task, subject: Subject, wire: _Wire, desk: Desk, content: Content) -> _Looked:
        plan = planner.plan(subject.ref, self._plugins.registry, task.settings)
        look_up = partial(lookup.look_up, plan, wire.source, task.deadline, memory=wire.memory)
        ended = submitted(task, subject, look_up(), look_up, desk, content)
        report = lookup.expand_report(planner.expand(plan, ended.report), ended.report, wire.source, task.deadline)
        return _Looked(subject, plan, report, ended.notes, ended.changing)

    # --- analysing ---------------------------------------------------------------------------------------------------

    def _analysed(
        self, task: Task, looked: _Looked, hooks: Hooks, safelist: Safelist, attacher: Attacher
    ) -> SubjectResult:
        verdict_of = _Judge(task.settings, hooks, safelist)
        contributions = isolation.analyse(looked.report, self._plugins, task.settings, verdict_of, task.deadline)
        fetched = self._fetched(task, contributions, attacher)
        attacher.fetched(fetched)
        attacher.made(made for each in contributions for made in each.attachments)
        found = looked.report.outcome.found
        return SubjectResult(
            looked.report,
            label=looked.subject.label,
            verdict=verdict_of(looked.report.subject) if found else Verdict(),
            contributions=contributions,
            artefacts=tuple(each.artefact for each in fetched),
            asked=(*looked.plan.embed, *looked.plan.alone, *looked.plan.named),
            notes=(*looked.subject.notes, *looked.plan.notes, *looked.notes),
        )

    def _fetched(
        self, task: Task, contributions: tuple[Contribution, ...], attacher: Attacher
    ) -> tuple[artefacts.Fetched, ...]:
        downloads = [download for each in contributions for download in each.downloads]
        if not downloads:
            return ()
        room = int(attacher.request.max_extracted) - len(attacher.request.extracted)
        folder = Path(self.working_directory)
        return artefacts.fetch(downloads, self._wire(task).source, folder, task.settings, task.deadline, room)

    # --- answering ---------------------------------------------------------------------------------------------------

    def _publish(
        self, request: ServiceRequest, layout: Layout, results: tuple[SubjectResult, ...], pictures: Any | None
    ) -> None:
        result = Result()
        for section in layout.sections:
            result.add_section(section)
        if pictures is not None:
            result.add_section(pictures)
        request.result = result
        for part in (part for each in results for made in each.contributions for part in made.ontology):
            try:
                self.ontology.add_result_part(MODELS[part.kind], plain(part.data))
            except Exception as error:  # the framework's model raises whatever its fields do
                self.log.warning("a part of the ontology (%s) was left out: %s", part.kind, error)
        for each in results:
            data = temporary_data(each.report.subject, each.verdict, request.temp_submission_data.get(KEY))
            if data:
                request.temp_submission_data[KEY] = data
        if layout.partial:
            self.log.info("the result is partial: %s", " ".join(layout.reasons))
            request.partial()


class _Judge:
    """The verdict of any object of a task, computed once for each."""

    def __init__(self, settings: Settings, hooks: Hooks, safelist: Safelist) -> None:
        self._judge = partial(judge, settings=settings, remap=hooks.remap, decide=hooks.decide, safelist=safelist)
        self._known: dict[int, tuple[Object, Verdict]] = {}
        self._lock = threading.Lock()

    def __call__(self, obj: Object) -> Verdict:
        with self._lock:
            known = self._known.get(id(obj))
        if known is None:
            # The object is kept beside its verdict, so that its id is not given to another one.
            known = (obj, self._judge(obj))
            with self._lock:
                self._known[id(obj)] = known
        return known[1]


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


def _permitted(task: Task, found: Subjects) -> Subjects:
    """Refuse all subjects where not even a hash may leave."""
    ruling = look_up_ruling(task.classification, task.settings, above)
    if ruling.allowed:
        return found
    reason = f"It was not looked up. {ruling.reason}"
    return Subjects((), (*found.refused, *(Refusal(each.label, reason) for each in found.subjects)))


def _refusals(found: Subjects) -> tuple[str, ...]:
    return tuple(f"{each.what}: {each.reason}" for each in found.refused)


def _raise_if_nothing(looked: tuple[_Looked, ...]) -> None:
    """Let the platform try again where nothing at all is known: an outage or a spent quota is no result."""
    if looked and all(each.report.outcome.status in {Status.FAILED, Status.QUOTA} for each in looked):
        raise RecoverableError(" ".join(f"{each.subject.label}: {each.report.outcome.detail}" for each in looked))


def _volatile(task: Task, found: Subjects, looked: tuple[_Looked, ...]) -> tuple[str, ...]:
    """Why the platform's result cache must not answer for this task: it knows neither metadata nor depth."""
    reasons = [each.changing for each in looked if each.changing]
    if any(each.url for each in found.subjects) and not task.facts.file_type.startswith("uri/"):
        reasons.append("The result is about the submitted_url of the submission's metadata.")
    if found.refused and task.facts.depth > 0:
        reasons.append("The result depends on the depth of the file in its submission.")
    return tuple(reasons)


def _with_failures(results: tuple[SubjectResult, ...], hooks: Hooks) -> tuple[SubjectResult, ...]:
    """Name the hooks that failed beside the first subject, so that they are shown once."""
    if not results or not hooks.failed:
        return results
    first = results[0]
    return (evolve(first, contributions=(*first.contributions, *hooks.failed)), *results[1:])
