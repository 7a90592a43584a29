"""Feed packages into the mirror: line by line, in bounded batches, going on where an earlier load ended."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from io import BufferedReader
from pathlib import Path
from typing import Any, TypeVar

from attrs import field, frozen

from virustotal.api.decoding import parse
from virustotal.client.retry import RetryPolicy
from virustotal.core.settings import MirrorConfig
from virustotal.mirror.checkpoint import Checkpoint, Reached
from virustotal.mirror.documents import INDEX, RefusedError, index_of, indices, to_document
from virustotal.mirror.feed_packages import LONGEST_LINE, PackageError, lines
from virustotal.mirror.index_checks import write_problem
from virustotal.mirror.index_setup import create
from virustotal.mirror.load_statistics import LoadStatistics
from virustotal.mirror.search_answers import BUSY, CLOSED_INDEX, MirrorError
from virustotal.mirror.search_client import SearchClient

T = TypeVar("T")

#: Lines and bytes of one `_bulk`; one document above the bytes goes alone. Lines that are refused count as well, so
#: that progress and checkpoint move with what is read.
MOST_LINES, MOST_BYTES = 500, 8 * 2**20
#: How often a batch is sent, after what pauses, and the seconds of each answer.
RETRIES, SECONDS = RetryPolicy(attempts=8, first=1.0, longest=30.0), 120.0


@frozen
class BulkEntry:
    """One document.

    Args:
        where: Package and line.
        action: The first of its two lines in a `_bulk`.
        body: The second one.
    """

    where: str
    action: bytes
    body: bytes

    @property
    def size(self) -> int:
        return len(self.action) + len(self.body) + 2


@frozen(eq=False)
class Loader:
    """Loads packages into one cluster."""

    cluster: SearchClient
    config: MirrorConfig
    statistics: LoadStatistics = field(factory=LoadStatistics)
    sleep: Callable[[float], None] = time.sleep

    def prepare(self) -> None:
        """Create the indices that are not there, each behind an alias.

        Raises:
            MirrorError: The cluster does not answer, or an alias has no write index.
        """
        for index in filter(None, dict.fromkeys(indices(self.config).values())):
            self._retry(partial(create, self.cluster, index, INDEX, SECONDS), 3)
            self._check(index)

    def _check(self, index: str) -> None:
        if problem := write_problem(self.cluster, index, time.monotonic() + SECONDS):
            raise MirrorError(problem)

    def load(self, path: Path, checkpoint: Checkpoint, tell: Callable[[int], None] = lambda read: None) -> None:
        """Load one package.

        After each batch the checkpoint says how far, and what was refused; a batch is sent again rather than left out.

        Args:
            path: The package.
            checkpoint: How far it was loaded by now.
            tell: Called every MOST_LINES lines or more often, with the bytes of the package that were read.

        Raises:
            PackageError: It breaks off or is damaged; all lines before that are loaded.
            MirrorError: The cluster does not answer, or not for minutes.
            OSError: The package cannot be read, or the checkpoint not written.
        """
        before = self.statistics.begin(checkpoint)
        if before.done:
            return
        reached = before.lines
        with path.open("rb") as file:
            for batch, reached in self._batches(self._unread(file, before.lines, tell), path.name):
                self._store(batch)
                checkpoint.write(Reached(reached, refused=self.statistics.package))
                tell(file.tell())
        checkpoint.write(Reached(reached, done=True, refused=self.statistics.package))

    def _unread(
        self, file: BufferedReader, before: int, tell: Callable[[int], None]
    ) -> Iterator[tuple[int, bytes | None]]:
        """Yield the lines that are not loaded, with their numbers from 1."""
        for number, line in enumerate(lines(file), 1):
            if number > before:
                yield number, line
            elif number % MOST_LINES == 0:
                tell(file.tell())

    def _batches(self, unread: Iterator[tuple[int, bytes | None]], name: str) -> Iterator[tuple[list[BulkEntry], int]]:
        """Yield batches, each with the number of its last line, also where all lines are refused."""
        batch: list[BulkEntry] = []
        size, taken, last = 0, 0, 0
        try:
            for number, line in unread:
                ready = self._ready(line, f"{name}:{number}")
                if ready is not None and batch and size + ready.size > MOST_BYTES:
                    yield batch, last
                    batch, size, taken = [], 0, 0
                taken, last = taken + 1, number
                if ready is not None:
                    batch.append(ready)
                    size += ready.size
                if taken >= MOST_LINES:
                    yield batch, last
                    batch, size, taken = [], 0, 0
        except PackageError:
            if taken:
                yield batch, last
            raise
        if taken:
            yield batch, last

    def _ready(self, line: bytes | None, where: str) -> BulkEntry | None:
        self.statistics.read += 1
        try:
            document = _document(line)
            index = index_of(self.config, document["type"])
            if not index:
                raise RefusedError(f"no index for a {document['type']} is configured")
        except RefusedError as error:
            self.statistics.refuse(str(error), where)
            return None
        action = {"_index": index, "_id": document["id"], "version": document["modified"]}
        action |= {"version_type": "external_gte"}  # an older state never replaces a newer one
        return BulkEntry(where, json.dumps({"index": action}).encode(), json.dumps(document).encode())

    def _store(self, batch: list[BulkEntry]) -> None:
        """Send a batch until each of its documents is stored, older, or refused for good."""
        for attempt in range(RETRIES.attempts):
            postponed = self._send(batch) if batch else []
            if not postponed:
                return
            if attempt + 1 == RETRIES.attempts:
                reason = postponed[-1][1] or "no reason given"
                raise MirrorError(f"The mirror has been too busy for minutes ({reason}).", 429, reason)
            self.sleep(RETRIES.backoff(attempt))
            batch = [ready for ready, _ in postponed]

    def _send(self, batch: list[BulkEntry]) -> list[tuple[BulkEntry, str]]:
        """Send a batch once; return what is to be sent again, each with the type of error that it had."""
        try:
            body = [part for ready in batch for part in (ready.action, ready.body)]
            answers = self._retry(lambda: self.cluster.bulk(body, SECONDS))
        except MirrorError as error:
            if error.status not in {400, 413}:  # one document may be the reason for all: it is to cost itself alone
                raise
            if len(batch) == 1:
                self.statistics.refuse(_refusal(error.status, error.reason), batch[0].where)
                return []
            half = len(batch) // 2
            return self._send(batch[:half]) + self._send(batch[half:])
        postponed = [(ready, "") for ready in batch[len(answers) :]]
        for ready, (status, reason) in zip(batch, answers, strict=False):
            if status in {200, 201}:
                self.statistics.stored += 1
            elif status == 409:
                self.statistics.older += 1
            elif status in BUSY or not status:
                postponed.append((ready, reason))
            else:
                self._refuse(ready, status, reason)
        return postponed

    def _refuse(self, ready: BulkEntry, status: int, reason: str) -> None:
        """Count a document that the cluster refuses; MirrorError where it refuses the whole index."""
        index = json.loads(ready.action)["index"]["_index"]
        if status in {401, 403, 404} or reason == CLOSED_INDEX:
            raise MirrorError(f"The index {index} cannot be written (HTTP {status}, {reason}).", status, reason)
        if reason == "illegal_argument_exception":  # an alias without write index, or a field that is too long
            self._check(index)
        self.statistics.refuse(_refusal(status, reason), ready.where)

    def _retry(self, act: Callable[[], T], attempts: int = RETRIES.attempts) -> T:
        """Return what `act` returns, after more attempts while the cluster is busy or does not answer."""
        for attempt in range(attempts - 1):
            try:
                return act()
            except MirrorError as error:
                if error.status and error.status not in BUSY:
                    raise
            self.sleep(RETRIES.backoff(attempt))
        return act()


def _refusal(status: int, reason: str) -> str:
    return "larger than the mirror takes" if status == 413 else f"the mirror refuses it ({reason or f'HTTP {status}'})"


def _document(line: bytes | None) -> Mapping[str, Any]:
    if line is None:
        raise RefusedError(f"longer than {LONGEST_LINE // 2**20} MB")
    try:
        value = parse(line)
    except ValueError:
        raise RefusedError("broken JSON") from None
    return to_document(value, time.time())
