"""Answers in the embedded store: bounded, what expires first makes room."""

import sqlite3
import time
from collections.abc import Callable

from virustotal.storage.interfaces import LEASE, VERSION, Entry, Size
from virustotal.storage.sqlite_store import SQLiteFile, sql_of

#: Seconds for which it is known that an object has changed: longer than any request is on its way.
CHANGED_SECONDS = 3600.0
#: The name of the row that says when an object has changed.
_CHANGED = "changed"


class SQLiteResponses:
    """Answers in a SQLite file. What expires first makes room.

    Args:
        file: Has the answers.
        most: Bytes that the file may take.
    """

    def __init__(self, file: SQLiteFile, most: int, clock: Callable[[], float] = time.time) -> None:
        self._file = file
        self._most = most
        self._now = clock

    def get(self, key: str, group: str, names: tuple[str, ...], now: float) -> Entry | None:
        """See `AnswerCache.get`."""
        marks = ", ".join("?" * len(names))
        sql = sql_of("SELECT name, body, moment, expires FROM answers_{v} WHERE key = ? AND about = ? AND name IN (")
        with self._file.open() as connection:
            rows = connection.execute(f"{sql}{marks}) AND expires > ?", (key, group, *names, now)).fetchall()
        entries = {row[0]: Entry(row[1], row[2], row[3]) for row in rows}
        return next((entries[name] for name in names if name in entries), None)

    def put(
        self, key: str, group: str, name: str, entry: Entry, drop: str = "", lease: tuple[str, str] = ("", "")
    ) -> bool:
        """See `AnswerCache.put`."""
        sql = sql_of("SELECT moment FROM answers_{v} WHERE key = ? AND about = ? AND name = ?")
        with self._file.write() as connection:
            changed = connection.execute(sql, (key, group, _CHANGED)).fetchone()
            if len(entry.body) > self._most or (changed and changed[0] >= entry.moment):
                return False
            if drop:
                delete = sql_of("DELETE FROM answers_{v} WHERE key = ? AND about = ? AND name = ?")
                connection.execute(delete, (key, group, drop))
            self._make_room(connection, len(entry.body))
            self._insert(connection, key, group, name, entry)
            connection.execute(
                sql_of("DELETE FROM texts_{v} WHERE key = ? AND name = ? AND value = ?"), (LEASE, *lease)
            )
        return True

    def _insert(self, connection: sqlite3.Connection, key: str, group: str, name: str, entry: Entry) -> None:
        sql = sql_of("INSERT OR REPLACE INTO answers_{v} (key, about, name, body, moment, expires) VALUES ")
        connection.execute(f"{sql}(?, ?, ?, ?, ?, ?)", (key, group, name, entry.body, entry.moment, entry.expires))

    def _make_room(self, connection: sqlite3.Connection, size: int) -> None:
        connection.execute(sql_of("DELETE FROM answers_{v} WHERE expires <= ?"), (self._now(),))
        sql = sql_of(
            "DELETE FROM answers_{v} WHERE rowid IN "
            "(SELECT rowid FROM answers_{v} WHERE name != ? ORDER BY expires LIMIT 50)"
        )
        if _bytes(connection) + size > self._most:
            _empty_older(connection)
        while _bytes(connection) + size > self._most:
            if not connection.execute(sql, (_CHANGED,)).rowcount:
                return

    def forget(self, key: str, group: str) -> None:
        """See `AnswerCache.forget`."""
        now = self._now()
        with self._file.write() as connection:
            connection.execute(sql_of("DELETE FROM answers_{v} WHERE key = ? AND about = ?"), (key, group))
            self._insert(connection, key, group, _CHANGED, Entry(b"", now, now + CHANGED_SECONDS))

    def clear(self) -> None:
        """See `AnswerCache.clear`."""
        with self._file.open() as connection:
            connection.execute(sql_of("DELETE FROM answers_{v}"))

    def size(self) -> Size:
        """See `AnswerCache.size`."""
        counts = "count(DISTINCT key || ':' || about), coalesce(sum(length(body)), 0)"
        sql = sql_of(f"SELECT {counts} FROM answers_{{v}} WHERE expires > ? AND name != ?")  # noqa: S608
        with self._file.open() as connection:
            row = connection.execute(sql, (self._now(), _CHANGED)).fetchone()
        return Size(row[0], row[1])


def _empty_older(connection: sqlite3.Connection) -> None:
    """Delete the answers of older versions, which nobody deletes otherwise; one that still runs asks again."""
    older = {f"answers_{version}" for version in range(1, VERSION)}
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        if name in older:
            connection.execute(f"DELETE FROM {name}")  # noqa: S608 - one of those above


def _bytes(connection: sqlite3.Connection) -> int:
    """The bytes of the file that are in use, without looking at the rows."""
    pages, free, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)
