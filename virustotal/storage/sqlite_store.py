"""The embedded store: one SQLite file, shared by the processes of one machine that see it."""

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from virustotal.core.submission.receipts import StoreError
from virustotal.storage.interfaces import VERSION
from virustotal.storage.key_values import KeyValueStore
from virustotal.util.state_folder import state_folder

#: How long a process waits for another one that writes, in seconds.
BUSY_SECONDS = 2.0
#: Connections that are kept open while nobody uses them.
MOST_IDLE = 8

#: A process and a file: process id, device and inode.
_Owner = tuple[int, int, int]
_NOBODY = (0, 0, 0)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS texts_{v} (
    key TEXT, name TEXT, value TEXT NOT NULL, expires REAL NOT NULL, PRIMARY KEY (key, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS answers_{v} (
    key TEXT, about TEXT, name TEXT, body BLOB NOT NULL, moment REAL NOT NULL, expires REAL NOT NULL,
    UNIQUE (key, about, name));
CREATE INDEX IF NOT EXISTS expiry_{v} ON answers_{v} (expires);
"""


def sql_of(text: str) -> str:
    """Name the tables of this version; those of other versions are left alone."""
    return text.format(v=VERSION)


def default_place() -> Path:
    """Return where the store is without configuration."""
    return state_folder() / "store.sqlite3"


class SQLiteFile:
    """The file. Each use has a connection for itself, kept for the next one; every failure is a StoreError.

    Args:
        place: Of the file. Its folder is made when first needed.
    """

    def __init__(self, place: Path) -> None:
        self.place = place
        self._idle: list[tuple[_Owner, sqlite3.Connection]] = []
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection."""
        try:
            connection = self._taken(self._owner()) or self._opened()
            owner = self._owner()
            try:
                yield connection
            except BaseException:
                connection.close()
                raise
            with self._lock:
                if keep := len(self._idle) < MOST_IDLE:
                    self._idle.append((owner, connection))
            if not keep:
                connection.close()
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"The store {self.place} cannot be used: {error}") from error

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection within one transaction that writes."""
        with self.open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")

    def close(self) -> None:
        """Close the connections that nobody uses; the next use opens one."""
        self._taken(_NOBODY)

    def _taken(self, owner: _Owner) -> sqlite3.Connection | None:
        """Return an idle connection, and drop those of another process or file that come before it."""
        with self._lock:
            while self._idle:
                of, connection = self._idle.pop()
                if of == owner:
                    return connection
                if of[0] == os.getpid():  # those of the process that this one was forked from are not its own
                    connection.close()
        return None

    def _opened(self) -> sqlite3.Connection:
        self.place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # SQLite gives its other files the same mode. A file that exists is not opened here: closing it would release
        # the locks that this process's other connections hold (POSIX), and the file would be damaged.
        with contextlib.suppress(FileExistsError):
            os.close(os.open(self.place, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        connection = sqlite3.connect(self.place, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            self._begin(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _begin(self, connection: sqlite3.Connection) -> None:
        """A crash of the machine may cost the last seconds; a wait for the disk would cost more at each request."""
        ends = time.monotonic() + BUSY_SECONDS
        while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            try:
                connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError:  # SQLite does not wait here while another process does the same
                if time.monotonic() >= ends:
                    raise
                time.sleep(0.01)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.executescript(sql_of(_SCHEMA))

    def _owner(self) -> _Owner:
        """This process and the file that is there now: somebody may have put another one, or none, in its place."""
        try:
            status = self.place.stat()
        except FileNotFoundError:
            return os.getpid(), 0, 0
        return os.getpid(), status.st_dev, status.st_ino


class SQLiteKeyValues(KeyValueStore):
    """Small texts in a SQLite file.

    Args:
        file: Has the texts.
        clock: In Unix seconds.
        longest: Seconds that a text is kept at most: one that is kept longer is of a clock that was set back.
    """

    def __init__(self, file: SQLiteFile, clock: Callable[[], float] = time.time, longest: float = float("inf")) -> None:
        self._file = file
        self._clock = clock
        self._longest = longest

    def now(self) -> float:
        """See `KeyValueStore.now`."""
        return self._clock()

    def get(self, key: str, name: str) -> str | None:
        """See `KeyValueStore.get`."""
        with self._file.open() as connection:
            return self._get(connection, key, name)

    def put(self, key: str, name: str, value: str, seconds: float) -> None:
        """See `KeyValueStore.put`."""
        with self._file.write() as connection:
            connection.execute(sql_of("DELETE FROM texts_{v} WHERE expires <= ?"), (self._clock(),))
            self._put(connection, key, name, value, seconds)

    def swap(self, key: str, name: str, before: str, after: str, seconds: float) -> bool:
        """See `KeyValueStore.swap`."""
        with self._file.write() as connection:
            same = (self._get(connection, key, name) or "") == before
            if same:
                self._put(connection, key, name, after, seconds)
            return same

    def _get(self, connection: sqlite3.Connection, key: str, name: str) -> str | None:
        sql = sql_of("SELECT value FROM texts_{v} WHERE key = ? AND name = ? AND expires > ? AND expires <= ?")
        now = self._clock()
        row = connection.execute(sql, (key, name, now, now + self._longest)).fetchone()
        return str(row[0]) if row else None

    def _put(self, connection: sqlite3.Connection, key: str, name: str, value: str, seconds: float) -> None:
        sql = sql_of("INSERT OR REPLACE INTO texts_{v} VALUES (?, ?, ?, ?)")
        connection.execute(sql, (key, name, value, self._clock() + seconds))
