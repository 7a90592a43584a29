"""The mirror's objects by their references: as few multi-gets as there must be, and what fails said once."""

import time
from collections.abc import Iterable, Mapping, Sequence

from attrs import field, frozen

from virustotal import api
from virustotal.core.errors import InvalidError
from virustotal.core.models import Ref
from virustotal.core.settings import MirrorConfig
from virustotal.mirror.documents import Stored, index_of, stored
from virustotal.mirror.request_parser import identifiers
from virustotal.mirror.search_client import Fetched, MirrorError, SearchClient
from virustotal.storage.circuit_breaker import CircuitBreaker
from virustotal.util.readers import as_mapping, as_text

#: Behaviour reports of one file that are found; sandboxes are fewer.
MOST_BEHAVIOURS = 100
#: Seconds that one question may take, all addresses together: a mirror that hangs must not cost the task.
PATIENCE = 10.0


@frozen
class FetchResult:
    """What was found of several objects, and of which it is not known whether they are there, with the reason."""

    found: Mapping[Ref, Stored] = field(factory=dict)
    failed: Mapping[Ref, str] = field(factory=dict)


@frozen(eq=False)
class ObjectStore:
    """Reads the mirror. Every method raises MirrorError where the cluster as a whole does not answer.

    Where the mirror is the only source (`mirror.only`), a search in an index that does not answer raises it as well.
    """

    cluster: SearchClient
    config: MirrorConfig
    health: CircuitBreaker

    def fetch(self, refs: Iterable[Ref], deadline: float) -> FetchResult:
        """Return the objects of these references, all in one multi-get; kinds that no feed has are never there."""
        wanted = [
            (ref, index, id)
            for ref in dict.fromkeys(refs)
            if (index := index_of(self.config, ref.kind))
            for id in identifiers(ref)
        ]
        answers = self._guarded([(index, id) for _, index, id in wanted], deadline) if wanted else ()
        found: dict[Ref, Stored] = {}
        failed: dict[Ref, str] = {}
        reasons: dict[str, str] = {}
        for (ref, index, id), answer in zip(wanted, answers, strict=True):
            kept, reason = self._understood(answer, ref.kind, id)
            reasons[index] = reasons.get(index) or reason
            if kept is not None:
                found.setdefault(ref, kept)
            elif reason:
                failed[ref] = reason
        for index, reason in reasons.items():  # once for all, or half a multi-get would break and mend by turns
            self._note(index, reason)
        return FetchResult(found, {ref: reason for ref, reason in failed.items() if ref not in found})

    def by_digest(self, ref: Ref, deadline: float) -> Stored | None:
        """Return the file of an MD5 or SHA-1."""
        if ref.kind != "file":
            return None
        name = "md5" if len(ref.id) == 32 else "sha1"
        for each in self._search("file", {name: ref.id}, 5, deadline):
            if as_text(as_mapping(each.object.get("attributes")).get(name)).lower() == ref.id:
                return each
        return None

    def behaviours(self, sha256: str, deadline: float) -> tuple[Stored, ...]:
        """Return the behaviour reports of a file, by the names of their sandboxes."""
        found = self._search("file_behaviour", {"file": sha256}, MOST_BEHAVIOURS, deadline)
        return tuple(sorted((each for each in found if each.id.startswith(f"{sha256}_")), key=lambda each: each.id))

    def _search(self, kind: str, terms: Mapping[str, str], most: int, deadline: float) -> tuple[Stored, ...]:
        index = index_of(self.config, kind)
        if not index:
            return ()
        self._rested()
        try:
            sources = self.cluster.search(index, terms, most, _patient(deadline))
        except MirrorError as error:
            if error.status not in {400, 404, 413}:
                self.health.failed(str(error))
                raise
            # The index is missing or has another mapping, or what it found is too large: the others may do.
            self._note(index, str(error))
            if self.config.only:  # nobody else does, and what cannot be looked up is not what is not held
                raise
            return ()
        self.health.works()
        self._note(index, "")
        return tuple(found for source in sources if (found := stored(source, kind)) is not None)

    def _guarded(self, asked: Sequence[tuple[str, str]], deadline: float) -> tuple[Fetched, ...]:
        self._rested()
        try:
            answers = self.cluster.get(asked, _patient(deadline))
        except MirrorError as error:
            self.health.failed(str(error))
            raise
        self.health.works()
        return answers

    def _rested(self) -> None:
        if reason := self.health.resting():
            raise MirrorError(reason)

    def _note(self, index: str, reason: str) -> None:
        if reason:
            self.health.failed(f"{reason.rstrip('.')} (index {index}).", index)
        else:
            self.health.works(index)

    def _understood(self, answer: Fetched, kind: str, id: str) -> tuple[Stored | None, str]:
        if answer.source is None:
            return None, answer.failed
        found = stored(answer.source, kind)
        if found is None:
            return None, "The mirror holds a document that is no object of VirusTotal."
        try:
            same = api.valid_id(kind, found.id) == id
        except InvalidError:
            same = False
        return (found, "") if same else (None, "The mirror holds an object under the identifier of another one.")


def _patient(deadline: float) -> float:
    return min(deadline, time.monotonic() + PATIENCE)
