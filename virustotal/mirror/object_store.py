"""The mirror's objects by their references: as few multi-gets as there must be, and what fails said once."""

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from attrs import field, frozen

from virustotal.core.models import Ref
from virustotal.core.settings import MirrorConfig
from virustotal.mirror.documents import StoredObject, index_of, is_own, read_document
from virustotal.mirror.request_parser import identifiers
from virustotal.mirror.search_answers import NO_SHARD, FetchedDocument, MirrorError
from virustotal.mirror.search_client import Query, SearchClient
from virustotal.storage.circuit_breaker import CircuitBreaker
from virustotal.util.readers import as_mapping, as_text

T = TypeVar("T")

#: Behaviour reports of one file that are found; sandboxes are fewer.
MOST_BEHAVIOURS = 100
#: Types of errors: a multi-get of an alias with several indices, and an index that is gone.
SEVERAL_INDICES, NO_INDEX = "illegal_argument_exception", "index_not_found_exception"
#: Why a document cannot be used.
FOREIGN = "The mirror holds a document that is no object of VirusTotal."
#: Seconds after which an alias of several indices is resolved again: a new index is seen that late.
MEMBERS_SECONDS = 30.0
#: How often an alias may change during one multi-get.
MOST_CHANGES = 3
#: Seconds that one question may take, all addresses together: a mirror that hangs must not cost the task.
PATIENCE = 10.0


@frozen
class FetchResult:
    """Several objects.

    Args:
        objects: Those that the mirror holds.
        failed: Those of which it is not known whether the mirror holds them, with the reason.
    """

    objects: Mapping[Ref, StoredObject] = field(factory=dict)
    failed: Mapping[Ref, str] = field(factory=dict)

    def object(self, ref: Ref) -> StoredObject | None:
        """Return an object, None where the mirror does not hold it.

        Raises:
            MirrorError: It is not known whether the mirror holds it.
        """
        if ref in self.failed:
            raise MirrorError(self.failed[ref])
        return self.objects.get(ref)


@frozen(eq=False)
class ObjectStore:
    """Reads the mirror.

    Args:
        cluster: The cluster.
        config: Its indices.
        health: Breaks off questions to a cluster that does not answer.

    Raises:
        MirrorError: By a search where the cluster as a whole does not answer; where the mirror is the only source
            (`mirror.only`), also where the index does not.
    """

    cluster: SearchClient
    config: MirrorConfig
    health: CircuitBreaker
    _members: dict[str, tuple[float, tuple[str, ...]]] = field(factory=dict, init=False)
    _other_loaders: dict[str, bool] = field(factory=dict, init=False)

    def fetch(self, refs: Iterable[Ref], deadline: float) -> FetchResult:
        """Return the objects of these references, all in one multi-get; kinds that no feed has are never there."""
        places = [
            (ref, index, id)
            for ref in dict.fromkeys(refs)
            if (index := index_of(self.config, ref.kind))
            for id in identifiers(ref)
        ]
        try:
            answers = self._answers([(index, id) for _, index, id in places], deadline) if places else ()
        except MirrorError as error:
            return FetchResult(failed={ref: str(error) for ref, _, _ in places})
        objects: dict[Ref, StoredObject] = {}
        failed: dict[Ref, str] = {}
        reasons: dict[str, str] = {}
        for (ref, index, _), documents in zip(places, answers, strict=True):
            for document in documents:
                object, reason = _read(document, ref)
                reasons[index] = reasons.get(index) or reason
                if object is not None and (ref not in objects or object.moment > objects[ref].moment):
                    objects[ref] = object
                elif reason:
                    failed[ref] = reason
        for index, reason in reasons.items():  # once for all, or half a multi-get would break and mend by turns
            self._note(index, reason)
        return FetchResult(objects, {ref: reason for ref, reason in failed.items() if ref not in objects})

    def by_digest(self, ref: Ref, deadline: float) -> StoredObject | None:
        """Return the file of an MD5 or SHA-1."""
        if ref.kind != "file":
            return None
        name = "md5" if len(ref.id) == 32 else "sha1"
        terms = [{"term": {field: ref.id}} for field in (name, f"attributes.{name}")]  # the second one of other loaders
        for file in _newest_first(self._search("file", terms, (), 5, deadline, whole=False)):
            if as_text(as_mapping(file.object.get("attributes")).get(name)).lower() == ref.id:
                return file
        return None

    def behaviours(self, sha256: str, deadline: float) -> tuple[StoredObject, ...]:
        """Return the behaviour reports of a file, by the names of their sandboxes."""
        reports: dict[str, StoredObject] = {}
        own, others = {"term": {"file": sha256}}, {"prefix": {"id": f"{sha256}_"}}
        answer = self._search("file_behaviour", (own,), (others,), MOST_BEHAVIOURS, deadline, whole=True)
        for report in _newest_first(answer):
            if report.id.startswith(f"{sha256}_"):
                reports.setdefault(report.id, report)
        return tuple(reports[id] for id in sorted(reports))

    def _search(
        self, kind: str, own: Sequence[Query], others: Sequence[Query], most: int, deadline: float, *, whole: bool
    ) -> tuple[StoredObject, ...]:
        """Return the objects that one of these queries finds.

        Args:
            kind: Their type.
            own: Queries.
            others: Further ones, for documents of other loaders.
            most: Objects at most.
            deadline: Monotonic time.
            whole: Whether a part of the objects is of no use.
        """
        index = index_of(self.config, kind)
        if not index:
            return ()
        self._check_rest()
        try:
            mixed = bool(others) and self._has_other_loader(index, deadline)
            queries = (*own, *others) if mixed else own
            distinct = bool(others) and not mixed
            result = self.cluster.search(index, queries, most, _limit(deadline), distinct=distinct)
            if result.problem and (whole or not result.sources):
                raise MirrorError(result.problem, 400)
        except MirrorError as error:
            self._other_loaders.pop(index, None)
            if error.status not in {400, 404, 413} and error.reason != NO_SHARD:
                self.health.failed(str(error))
                raise
            # The index is missing or has another mapping, or its answer is too large: the others may do.
            self._note(index, str(error))
            if self.config.only:  # nobody else does, and what cannot be looked up is not what is not held
                raise
            return ()
        self.health.works()
        documents = [read_document(source, kind) for source in result.sources]
        self._note(index, result.problem or (FOREIGN if None in documents else ""))
        return tuple(filter(None, documents))

    def _has_other_loader(self, index: str, deadline: float) -> bool:
        """Return whether an index of the alias was not made by the loader; asked once, and after each failure."""
        if index not in self._other_loaders:
            mappings = self.cluster.mappings(index, _limit(deadline)).values()
            self._other_loaders[index] = not all(map(is_own, mappings))
        return self._other_loaders[index]

    def _answers(self, places: Sequence[tuple[str, str]], deadline: float) -> list[tuple[FetchedDocument, ...]]:
        """Return the documents of each `(alias, id)`: one of each index that the alias has.

        A multi-get takes no alias of several indices, so those are resolved when the cluster says so; again when one of
        their indices is gone and after MEMBERS_SECONDS, since rollover and ageing change them while tasks run.
        """
        for attempt in range(MOST_CHANGES + 1):
            names = {alias: self._indices(alias, deadline) for alias in {alias for alias, _ in places}}
            expanded = [(name, id) for alias, id in places for name in names[alias]]
            documents = iter(self._ask(partial(self.cluster.get, expanded), deadline))
            answers = [tuple(next(documents) for _ in names[alias]) for alias, _ in places]
            changed = {
                alias
                for (alias, _), entries in zip(places, answers, strict=True)
                for entry in entries
                if isinstance(entry, MirrorError)
                and (entry.reason == SEVERAL_INDICES or (entry.reason == NO_INDEX and len(names[alias]) > 1))
            }
            if attempt == MOST_CHANGES or not changed:
                break
            self._members.update(dict.fromkeys(changed, (0.0, ())))
        return answers

    def _indices(self, alias: str, deadline: float) -> tuple[str, ...]:
        """Return what to ask for an alias: itself, until it is known to have several indices."""
        expires, indices = self._members.get(alias, (math.inf, (alias,)))
        if time.monotonic() >= expires:
            indices = tuple(self._ask(partial(self.cluster.mappings, alias), deadline))
            self._members[alias] = time.monotonic() + MEMBERS_SECONDS, indices
        return indices

    def _ask(self, question: Callable[[float], T], deadline: float) -> T:
        """Return the cluster's answer, which the circuit breaker counts."""
        self._check_rest()
        try:
            answer = question(_limit(deadline))
        except MirrorError as error:
            self.health.failed(str(error))
            raise
        self.health.works()
        return answer

    def _check_rest(self) -> None:
        if reason := self.health.resting():
            raise MirrorError(reason)

    def _note(self, index: str, reason: str) -> None:
        if reason:
            self.health.failed(f"{reason.rstrip('.')} (index {index}).", index)
        else:
            self.health.works(index)


def _read(document: FetchedDocument, ref: Ref) -> tuple[StoredObject | None, str]:
    """Return the object of a document, or why it is not known whether the mirror holds it."""
    if document is None or isinstance(document, MirrorError):
        return None, str(document or "")
    object = read_document(document, ref.kind)
    if object is None:
        return None, FOREIGN
    if object.id not in identifiers(ref):
        return None, "The mirror holds an object under the identifier of another one."
    return object, ""


def _newest_first(documents: Iterable[StoredObject]) -> list[StoredObject]:
    return sorted(documents, key=lambda document: document.moment, reverse=True)


def _limit(deadline: float) -> float:
    return min(deadline, time.monotonic() + PATIENCE)
