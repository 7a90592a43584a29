"""The embedded store: one SQLite file, shared by the processes that see it."""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from virustotal.core.receipts import LIFETIME, SENDING, MemoryReceipts, Progress, Receipt, Receipts, StoreError

T = TypeVar("T")

#: How long a process waits for another one that writes, in seconds.
BUSY_SECONDS = 5.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS receipts (
    key TEXT PRIMARY KEY, progress TEXT NOT NULL, analysis TEXT NOT NULL, moment REAL NOT NULL
) WITHOUT ROWID
"""
_PUT = "INSERT OR REPLACE INTO receipts VALUES (?, ?, ?, ?)"
_GET = "SELECT key, progress, analysis, moment FROM receipts WHERE key = ?"
_PRUNE = "DELETE FROM receipts WHERE moment < ?"


def default_place() -> Path:
    """Return where the store is without configuration: below the user's state folder (XDG base directories).

    Not the temporary folder, since the framework may empty that after each task.
    """
    state = os.environ.get("XDG_STATE_HOME")
    base = Path(state) if state and Path(state).is_absolute() else Path.home() / ".local" / "state"
    return base / "virustotal-service" / "store.sqlite3"


class SQLiteReceipts:
    """Receipts in a SQLite file. A connection lives for one call, so processes and threads may share an instance.

    place: the file; its folder is made when first needed. Every failure of SQLite or of the disk is a StoreError.
    """

    def __init__(self, place: Path) -> None:
        self.place = place

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            self.place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            connection = sqlite3.connect(self.place, timeout=BUSY_SECONDS, isolation_level=None)
            try:
                connection.execute(_SCHEMA)
                yield connection
            finally:
                connection.close()
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"The store {self.place} cannot be used: {error}") from error

    def get(self, key: str) -> Receipt | None:
        """Return the receipt of a key, fresh or not."""
        with self._open() as connection:
            return _receipt(connection.execute(_GET, (key,)).fetchone())

    def claim(self, receipt: Receipt, now: float) -> bool:
        """Put the receipt unless a fresh one is there, in one step; return whether it was put."""
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            there = _receipt(connection.execute(_GET, (receipt.key,)).fetchone())
            free = there is None or not there.fresh(now)
            if free:
                connection.execute(_PRUNE, (now - max(LIFETIME, SENDING),))
                connection.execute(_PUT, _row(receipt))
            connection.execute("COMMIT")
            return free

    def put(self, receipt: Receipt) -> None:
        """Put the receipt in place of any other of its key."""
        with self._open() as connection:
            connection.execute(_PUT, _row(receipt))

    def drop(self, key: str) -> None:
        """Forget a key."""
        with self._open() as connection:
            connection.execute("DELETE FROM receipts WHERE key = ?", (key,))


class FallbackReceipts:
    """A store, and the memory of this process in its place once it fails.

    say: takes the reason, once until the store works again.
    """

    def __init__(self, store: Receipts, say: Callable[[str], None]) -> None:
        self._store = store
        self._memory = MemoryReceipts()
        self._say = say
        self._broken = False

    def _try(self, act: Callable[[Receipts], T]) -> T:
        # The memory is kept in step, so that a store that breaks in the middle of a wait loses nothing.
        remembered = act(self._memory)
        try:
            answer = act(self._store)
        except StoreError as error:
            if not self._broken:
                self._say(f"{error}. Until it works, this process alone remembers what it submitted.")
            self._broken = True
            return remembered
        self._broken = False
        return answer

    def get(self, key: str) -> Receipt | None:
        """See `Receipts.get`."""
        return self._try(lambda store: store.get(key))

    def claim(self, receipt: Receipt, now: float) -> bool:
        """See `Receipts.claim`."""
        return self._try(lambda store: store.claim(receipt, now))

    def put(self, receipt: Receipt) -> None:
        """See `Receipts.put`."""
        self._try(lambda store: store.put(receipt))

    def drop(self, key: str) -> None:
        """See `Receipts.drop`."""
        self._try(lambda store: store.drop(key))


def _row(receipt: Receipt) -> tuple[str, str, str, float]:
    return receipt.key, receipt.progress.value, receipt.analysis, receipt.moment


def _receipt(row: tuple[str, str, str, float] | None) -> Receipt | None:
    if row is None or row[1] not in set(Progress):
        return None
    return Receipt(row[0], Progress(row[1]), row[2], row[3])
