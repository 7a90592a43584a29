"""What a store holds that this version did not write there: it is of no use, and does no harm."""

import contextlib
import json
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from tests.storage.calls import CALLS, NOW
from tests.storage.servers import Server
from virustotal.core.submission.receipts import Progress, Receipt
from virustotal.storage import in_file, in_redis
from virustotal.storage.fallback import with_fallback
from virustotal.storage.interfaces import Limits, Quota
from virustotal.storage.rate_limiter import RateLimiter
from virustotal.storage.redis_store import RedisServer

MOST = 2**20
QUOTA = Quota(Limits(minute=300, hour=3000, day=500, month=5000))
#: Fields of a ledger that are none.
BAD = [
    {"sx": "1"},
    {"mfoo": "1"},
    {"dfoo": "3"},
    {"Mfoo": "3"},
    {"older": "text"},
    {"pause": "text", "since": "text"},
    {"refusals": "text"},
    {"synced": "text"},
    {"xh": "text", "xu": "nan"},
    {"d20000": "nan"},
    {"pause": "inf", "since": "inf"},
    {"s\udcad": "1"},
]

Spoilt = Callable[[dict[str, str]], RateLimiter]


@pytest.fixture(params=["sqlite", "redis"])
def spoilt(request: pytest.FixtureRequest, tmp_path: Path) -> Spoilt:
    """Return a ledger with the given fields and no other."""
    if request.param == "sqlite":
        return lambda fields: _in_file(tmp_path / "store.sqlite3", json.dumps(fields))
    server: Server = request.getfixturevalue("redis_server")
    server.flush()
    return lambda fields: _in_redis(server, json.dumps(fields))


def _in_file(place: Path, state: str) -> RateLimiter:
    stores = in_file(place, MOST)
    stores.rate_limiter.acquire("k", Quota(), 0.0)
    with contextlib.closing(sqlite3.connect(place)) as connection:
        connection.execute("UPDATE texts_2 SET value = ?", (state,))
        connection.commit()
    return stores.rate_limiter


def _in_redis(server: Server, state: str) -> RateLimiter:
    with contextlib.closing(redis.Redis.from_url(server.address)) as client:
        client.set("virustotal:2:text:k:quota", state)
    return in_redis(server.address, MOST).rate_limiter


ACTS: dict[str, Callable[[RateLimiter, float], object]] = {
    "remaining": lambda limiter, now: limiter.remaining("k", QUOTA, now).longer == 500,
    "acquire": lambda limiter, now: limiter.acquire("k", QUOTA, now).granted,
    "release": lambda limiter, now: limiter.release("k") is None,
    "pause": lambda limiter, now: limiter.pause("k", None, now) == pytest.approx(60),
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("fields", BAD, ids=str)
def test_a_field_of_the_ledger_that_is_none_does_no_harm(spoilt: Spoilt, fields: dict[str, str], act: str) -> None:
    limiter, now = spoilt(fields), time.time()
    assert ACTS[act](limiter, now)
    assert limiter.acquire("k", QUOTA, now + 100).granted


#: Key -> command and arguments that make it one of another sort.
OTHER_SORT = {
    "text:k:quota": ("HSET", "a", "b"),
    "answers:k:g": ("SET", "text"),
    "expiry": ("SET", "text"),
    "bytes": ("SET", "text"),
    "totals": ("HSET", "bytes", "text"),
    "text:lease:l": ("HSET", "a", "b"),
    "text:k:user": ("HSET", "a", "b"),
    "text:receipt:r": ("HSET", "a", "b"),
    "text:k:n": ("HSET", "a", "b"),
}
#: Which calls look at it; the others notice nothing.
LOOKS = {
    "text:k:quota": {"acquire", "end", "pause", "remaining"},
    "answers:k:g": {"get", "put"},
    "expiry": {"put", "forget", "size"},
    "bytes": {"put", "forget"},
    "totals": {"put", "forget", "size"},
    "text:lease:l": {"lease", "holder"},
    "text:k:user": {"value"},
    "text:receipt:r": {"receipt", "claim", "drop"},
    "text:k:n": {"count"},
}


@pytest.mark.parametrize("key", OTHER_SORT, ids=lambda key: key.rpartition(":")[0] or key)
def test_values_of_another_sort_cost_their_benefit_alone(redis_server: Server, key: str) -> None:
    raw = RedisServer(redis_server.address)
    noticed = set()
    for name, call in CALLS.items():
        redis_server.flush()
        command, *arguments = OTHER_SORT[key]
        raw.do(command, key, *arguments)
        said: list[str] = []
        stores = with_fallback(in_redis(redis_server.address, MOST), said.append)
        call(stores)
        stores.close()
        assert len(said) <= 1
        if said:
            noticed.add(name)
    raw.close()
    assert noticed == LOOKS[key]


@pytest.mark.parametrize("there", ["{}", "{broken", "7", "\xff"])
def test_a_receipt_that_is_none(redis_server: Server, there: str) -> None:
    redis_server.flush()
    RedisServer(redis_server.address).do("SET", "text:receipt:y", there.encode("latin-1"))
    receipts = in_redis(redis_server.address, MOST).receipts
    assert receipts.get("y") is None
    assert receipts.claim(Receipt("y", Progress.SENDING, "", NOW), NOW)


@pytest.mark.parametrize("state", ["", "[]", "{broken", '{"s1": "text"}', '{"s1": null}', "null", "7"])
def test_a_ledger_that_cannot_be_understood_begins_anew(tmp_path: Path, state: str) -> None:
    assert _in_file(tmp_path / "store.sqlite3", state).acquire("k", QUOTA, time.time()).granted
