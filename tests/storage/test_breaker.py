"""A store that broke: what is taken for a failure, how seldom it is tried, and when it is believed again."""

from pathlib import Path

import pytest

from tests.storage.failing import Clock, Trouble, failing
from tests.storage.servers import started
from virustotal.storage import Stores, in_file, in_redis
from virustotal.storage.circuit_breaker import PAUSE
from virustotal.storage.fallback import with_fallback
from virustotal.storage.interfaces import Limits, Quota
from virustotal.storage.redis_store import RedisServer

MOST = 2**20
SCARCE = Quota(Limits(minute=80))
WRITES = {"put", "swap", "claim", "drop"}


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def stores(tmp_path: Path, trouble: Trouble, clock: Clock, said: list[str]) -> Stores:
    whole = in_file(tmp_path / "store.sqlite3", MOST)
    return with_fallback(failing(whole, trouble), said.append, monotonic=clock, clock=clock)


@pytest.mark.parametrize("error", [UnicodeDecodeError("utf-8", b"secret", 0, 1, "secret"), ValueError("secret")])
def test_whatever_a_store_raises_is_a_failure_of_it(
    stores: Stores, trouble: Trouble, said: list[str], error: Exception
) -> None:
    trouble.fails, trouble.error = (lambda name: True), error
    assert stores.values.get("k", "user") is None
    assert stores.answers.size().objects == 0
    assert len(said) == 1
    assert type(error).__name__ in said[0]
    assert "secret" not in said[0]


def test_one_try_is_made_now_and_then(stores: Stores, trouble: Trouble, clock: Clock, said: list[str]) -> None:
    trouble.fails = lambda name: True
    for tries in (["values.get"], ["values.put"], ["values.put"]):
        trouble.asked.clear()
        for _ in range(5):
            assert stores.values.get("k", "user") is None
        assert trouble.asked == tries
        clock.now += PAUSE
    assert len(said) == 1


def test_one_that_works_again_is_used_at_once_and_said_to_work_when_it_has_lasted(
    stores: Stores, trouble: Trouble, clock: Clock, said: list[str]
) -> None:
    trouble.fails = lambda name: True
    stores.values.get("k", "user")
    trouble.fails = lambda name: False
    clock.now += PAUSE
    trouble.asked.clear()
    for _ in range(2):
        stores.values.get("k", "user")
    assert trouble.asked == ["values.put", "values.get", "values.get"]
    assert len(said) == 1
    clock.now += PAUSE
    for _ in range(2):
        stores.values.get("k", "user")
    assert said[1:] == [f"The store {stores.place} works again."]
    trouble.fails = lambda name: True
    stores.values.get("k", "user")
    assert len(said) == 3


@pytest.mark.parametrize(
    "fails",
    [{"values.swap"}, {f"values.{name}" for name in WRITES}, WRITES],
    ids=["swap", "values", "all writes"],
)
def test_one_that_works_in_part_is_said_to_be_broken_once_and_ends_no_grants(
    stores: Stores, trouble: Trouble, clock: Clock, said: list[str], fails: set[str]
) -> None:
    """One that refuses what is written, such as a full Redis, is read all the same; so may be one that is damaged."""
    trouble.fails = lambda name: name in fails or name.partition(".")[2] in fails
    granted = []
    for _ in range(20):
        granted.append(stores.rate_limiter.acquire("k", SCARCE, stores.rate_limiter.now()).granted)
        stores.answers.get("k", "g", ("n",), stores.values.now())
        stores.values.put("k", "user", "someone", 60)
        clock.now += PAUSE / 2
    assert len(said) == 1
    assert all(granted[6:])


def test_a_redis_that_refuses_what_is_written(tmp_path: Path, clock: Clock, said: list[str]) -> None:
    with started(tmp_path) as server:
        stores = with_fallback(in_redis(server.address, MOST), said.append, monotonic=clock, clock=clock)
        assert stores.rate_limiter.acquire("k", SCARCE, stores.rate_limiter.now()).granted
        raw = RedisServer(server.address)
        raw._client.execute_command("REPLICAOF", "127.0.0.1", "1")
        for _ in range(4):
            refused = stores.rate_limiter.acquire("k", SCARCE, stores.rate_limiter.now())
            assert refused.wait <= 61
            clock.now += PAUSE
        assert stores.rate_limiter.acquire("k", SCARCE, stores.rate_limiter.now()).granted
        assert len(said) == 1
        raw._client.execute_command("REPLICAOF", "NO", "ONE")
        for _ in range(3):
            clock.now += PAUSE
            stores.rate_limiter.now()
        assert said[1:] == [f"The store {stores.place} works again."]
        raw.close()
