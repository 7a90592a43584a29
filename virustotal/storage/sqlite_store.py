"""The embedded store: one SQLite file, shared by the processes of one machine that see it."""

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from virustotal.core.submission.receipts import LIFETIME, SENDING, Progress, Receipt, StoreError
from virustotal.storage import rate_windows
from virustotal.storage.interfaces import VERSION
from virustotal.storage.window_limiter import WindowLimiter
from virustotal.util.state_folder import state_folder

T = TypeVar("T")

#: How long a process waits for another one that writes, in seconds.
BUSY_SECONDS = 2.0
#: Connections that are kept open while nobody uses them.
MOST_IDLE = 8
_NO_FILE = (0, 0)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS receipts_{v} (
    key TEXT PRIMARY KEY, progress TEXT NOT NULL, analysis TEXT NOT NULL, moment REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ledger_{v} (key TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS facts_{v} (
    key TEXT, name TEXT, value TEXT NOT NULL, expires REAL NOT NULL, PRIMARY KEY (key, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS leases_{v} (name TEXT PRIMARY KEY, token TEXT NOT NULL, ends REAL NOT NULL) WITHOUT ROWID;
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
        self._idle: list[sqlite3.Connection] = []
        self._of = (0, _NO_FILE)
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection."""
        try:
            connection = self._taken() or self._opened()
            of = (os.getpid(), self._file())
            try:
                yield connection
            except BaseException:
                connection.close()
                raise
            self._give_back(connection, of)
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
        with self._lock:
            while self._idle and self._of[0] == os.getpid():
                self._idle.pop().close()

    def _taken(self) -> sqlite3.Connection | None:
        """Return an idle connection of this process to the file that is there now."""
        now = (os.getpid(), self._file())
        with self._lock:
            if self._of != now:
                if self._of[0] == now[0]:  # those of the process that this one was forked from are not its own
                    for connection in self._idle:
                        connection.close()
                self._idle, self._of = [], now
            return self._idle.pop() if self._idle else None

    def _give_back(self, connection: sqlite3.Connection, of: tuple[int, tuple[int, int]]) -> None:
        with self._lock:
            if self._of == (of[0], _NO_FILE):
                self._of = of  # this connection has made the file
            if self._of == of and len(self._idle) < MOST_IDLE:
                self._idle.append(connection)
                return
        connection.close()

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

    def _file(self) -> tuple[int, int]:
        """Which file it is: somebody may have put another one, or none, in its place."""
        try:
            status = self.place.stat()
        except FileNotFoundError:
            return _NO_FILE
        return status.st_dev, status.st_ino


class SQLiteReceipts:
    """Receipts in a SQLite file."""

    def __init__(self, file: SQLiteFile) -> None:
        self._file = file

    def get(self, key: str) -> Receipt | None:
        """See `Receipts.get`."""
        with self._file.open() as connection:
            return self._get(connection, key)

    def claim(self, receipt: Receipt, now: float) -> bool:
        """See `Receipts.claim`."""
        with self._file.write() as connection:
            previous = self._get(connection, receipt.key)
            free = previous is None or not previous.fresh(now)
            if free:
                connection.execute(sql_of("DELETE FROM receipts_{v} WHERE moment < ?"), (now - max(LIFETIME, SENDING),))
                self._put(connection, receipt)
            return free

    def put(self, receipt: Receipt) -> None:
        """See `Receipts.put`."""
        with self._file.open() as connection:
            self._put(connection, receipt)

    def drop(self, key: str) -> None:
        """See `Receipts.drop`."""
        with self._file.open() as connection:
            connection.execute(sql_of("DELETE FROM receipts_{v} WHERE key = ?"), (key,))

    def _get(self, connection: sqlite3.Connection, key: str) -> Receipt | None:
        sql = sql_of("SELECT key, progress, analysis, moment FROM receipts_{v} WHERE key = ?")
        row = connection.execute(sql, (key,)).fetchone()
        return Receipt(row[0], Progress(row[1]), row[2], row[3]) if row and row[1] in set(Progress) else None

    def _put(self, connection: sqlite3.Connection, receipt: Receipt) -> None:
        row = (receipt.key, receipt.progress.value, receipt.analysis, receipt.moment)
        connection.execute(sql_of("INSERT OR REPLACE INTO receipts_{v} VALUES (?, ?, ?, ?)"), row)


class SQLiteRateLimiter(WindowLimiter):
    """The windows of all keys in a SQLite file: one short transaction for each permit."""

    def __init__(self, file: SQLiteFile, clock: Callable[[], float] = time.time) -> None:
        self._file = file
        self.now = clock

    def _change(self, key: str, change: Callable[[rate_windows.State], T]) -> T:
        with self._file.write() as connection:
            before = self._text(connection, key)
            state = rate_windows.loads(before)
            result, after = change(state), rate_windows.dumps(state)
            if after != before:
                connection.execute(sql_of("INSERT OR REPLACE INTO ledger_{v} VALUES (?, ?)"), (key, after))
            return result

    def _state(self, key: str) -> rate_windows.State:
        with self._file.open() as connection:
            return rate_windows.loads(self._text(connection, key))

    def _text(self, connection: sqlite3.Connection, key: str) -> str:
        row = connection.execute(sql_of("SELECT state FROM ledger_{v} WHERE key = ?"), (key,)).fetchone()
        return str(row[0]) if row else ""


class SQLiteKeyValues:
    """Small texts and counters in a SQLite file."""

    def __init__(self, file: SQLiteFile, clock: Callable[[], float] = time.time) -> None:
        self._file = file
        self._clock = clock

    def get(self, key: str, name: str) -> str | None:
        """See `KeyValueStore.get`."""
        sql = sql_of("SELECT value FROM facts_{v} WHERE key = ? AND name = ? AND expires > ?")
        with self._file.open() as connection:
            row = connection.execute(sql, (key, name, self._clock())).fetchone()
        return str(row[0]) if row else None

    def put(self, key: str, name: str, value: str, seconds: float) -> None:
        """See `KeyValueStore.put`."""
        self._put("INSERT OR REPLACE INTO facts_{v} VALUES (?, ?, ?, ?)", key, name, value, seconds)

    def add(self, key: str, name: str, number: int, seconds: float) -> None:
        """See `KeyValueStore.add`."""
        sql = (
            "INSERT INTO facts_{v} VALUES (?, ?, ?, ?) ON CONFLICT (key, name) DO UPDATE "
            "SET value = CAST(value AS INTEGER) + excluded.value, expires = excluded.expires"
        )
        self._put(sql, key, name, number, seconds)

    def _put(self, sql: str, key: str, name: str, value: str | int, seconds: float) -> None:
        now = self._clock()
        with self._file.write() as connection:
            connection.execute(sql_of("DELETE FROM facts_{v} WHERE expires <= ?"), (now,))
            connection.execute(sql_of(sql), (key, name, value, now + seconds))
