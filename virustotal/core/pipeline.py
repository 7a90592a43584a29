"""From subjects to reports: each looked up, submitted where that is asked for and allowed, and expanded."""

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from attrs import define, field, frozen

from virustotal.api.source import Source, bypass_cache
from virustotal.client import build, digest_of
from virustotal.client.key_facts import KeyFacts
from virustotal.client.provenance import ProvenanceSource
from virustotal.core.lookup import fetch, planner
from virustotal.core.lookup.key_capabilities import KeyCapabilities
from virustotal.core.lookup.subjects import Subject
from virustotal.core.models import Report
from virustotal.core.plugin_host.registry import Registry
from virustotal.core.settings import Credentials, Settings
from virustotal.core.submission.submit import SubmissionContext
from virustotal.core.submission.upload_request import Content, submit_if_allowed
from virustotal.platform.task import Task
from virustotal.storage import Stores

#: Keys whose connections are kept open; submissions may bring many.
MOST_KEYS = 8


@frozen
class KeyClient:
    """What a task asks with: its view of the key's source, and what was learnt of the key."""

    source: ProvenanceSource
    memory: KeyCapabilities


@define
class ClientPool:
    """The sources of the keys that came last, each with its connections. stores: what replicas share."""

    _stores: Stores
    _kept: dict[Credentials, tuple[Source, KeyCapabilities]] = field(factory=dict)
    _lock: threading.Lock = field(factory=threading.Lock)

    def of(self, settings: Settings, credentials: Credentials, *, ignore_cache: bool = False) -> KeyClient:
        """Return the wire of a key for one task. Raises AuthenticationError for a missing one."""
        with self._lock:
            kept = self._kept.pop(credentials, None) or self._begun(settings, credentials)
            self._kept[credentials] = kept  # the last one used comes last
            if len(self._kept) > MOST_KEYS:
                self._kept.pop(next(iter(self._kept)))[0].close()
            return KeyClient(ProvenanceSource(kept[0], ignore=ignore_cache), kept[1])

    def _begun(self, settings: Settings, credentials: Credentials) -> tuple[Source, KeyCapabilities]:
        learnt = KeyFacts(self._stores.facts, digest_of(settings, credentials))
        return build(settings, credentials, self._stores), KeyCapabilities(learnt)

    def close(self) -> None:
        """Give back all connections."""
        with self._lock:
            for source, _ in self._kept.values():
                source.close()
            self._kept.clear()


@frozen
class LookedUpSubject:
    """One subject with its report. changing: why the report may soon change, or an empty text."""

    subject: Subject
    plan: planner.Plan
    report: Report
    notes: tuple[str, ...] = ()
    changing: str = ""


def look_up_subjects(
    task: Task,
    found: tuple[Subject, ...],
    wire: KeyClient,
    registry: Registry,
    desk: SubmissionContext,
    content: Content,
) -> tuple[LookedUpSubject, ...]:
    """Look all subjects up; each has its own outcome. Raises AuthenticationError alone.

    First each object in order, since a quota may end before the last and the first is what the task is about; what
    follows, side by side.
    """
    plans = [planner.plan(each.ref, registry, task.settings) for each in found]
    first = [fetch.look_up(plan, wire.source, task.deadline, memory=wire.memory) for plan in plans]
    rest = partial(_rest, task, wire=wire, desk=desk, content=content)
    with ThreadPoolExecutor(max(1, len(found)), thread_name_prefix="virustotal-subject") as pool:
        return tuple(pool.map(rest, found, plans, first))


def _rest(
    task: Task,
    subject: Subject,
    plan: planner.Plan,
    first: Report,
    *,
    wire: KeyClient,
    desk: SubmissionContext,
    content: Content,
) -> LookedUpSubject:
    # What a submission changes is not to be answered from what was kept.
    again = partial(fetch.look_up, plan, bypass_cache(wire.source), task.deadline, memory=wire.memory)
    ended = submit_if_allowed(task, subject, first, again, desk, content)
    second = planner.expand(plan, ended.report)
    report = fetch.expand_report(second, ended.report, wire.source, task.deadline, memory=wire.memory)
    notes = (*ended.notes, *filter(None, (wire.source.fallback_reason,)))
    return LookedUpSubject(subject, plan, report, notes, ended.changing or wire.source.fallback_reason)
