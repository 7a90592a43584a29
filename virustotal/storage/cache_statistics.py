"""How often the cache had the answer, by days: in a SQLite file, or in Redis."""

from typing import TYPE_CHECKING

from virustotal.storage.interfaces import Count
from virustotal.storage.sqlite_store import SQLiteFile
from virustotal.storage.sqlite_store import sql_of as sql

if TYPE_CHECKING:  # a service without Redis starts without its client
    from virustotal.storage.redis_store import RedisServer

#: The days that count, today included.
DAYS = 7

_DAY = 86_400
_DROP = sql("DELETE FROM tally_{v} WHERE day < ?")
_ADD = sql(
    "INSERT INTO tally_{v} VALUES (?, ?, ?) ON CONFLICT (day) DO UPDATE "
    "SET asked = asked + excluded.asked, answered = answered + excluded.answered"
)
_READ = sql("SELECT coalesce(sum(asked), 0), coalesce(sum(answered), 0) FROM tally_{v} WHERE day >= ?")


def days(now: float) -> range:
    """Return the numbers of the days that count."""
    today = int(now // _DAY)
    return range(today - DAYS + 1, today + 1)


class SQLiteCacheStatistics:
    """The count in a SQLite file."""

    def __init__(self, file: SQLiteFile) -> None:
        self._file = file

    def add(self, count: Count, now: float) -> None:
        """See `Tally.add`."""
        kept = days(now)
        with self._file.write() as connection:
            connection.execute(_DROP, (kept[0],))
            connection.execute(_ADD, (kept[-1], count.asked, count.answered))

    def read(self, now: float) -> Count:
        """See `Tally.read`."""
        with self._file.open() as connection:
            asked, answered = connection.execute(_READ, (days(now)[0],)).fetchone()
        return Count(asked, answered)


class RedisCacheStatistics:
    """The count in Redis: a hash for each day."""

    def __init__(self, server: "RedisServer") -> None:
        self._server = server

    def add(self, count: Count, now: float) -> None:
        """See `Tally.add`."""
        key = f"tally:{days(now)[-1]}"
        for name, value in (("asked", count.asked), ("answered", count.answered)):
            self._server.do("HINCRBY", key, name, value)
        self._server.do("EXPIRE", key, (DAYS + 1) * _DAY)

    def read(self, now: float) -> Count:
        """See `Tally.read`."""
        rows = [self._server.do("HMGET", f"tally:{day}", "asked", "answered") for day in days(now)]
        return Count(*(sum(int(value or 0) for value in column) for column in zip(*rows, strict=True)))
