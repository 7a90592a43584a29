"""Answers, over every store."""

import contextlib
import hashlib
from collections.abc import Callable

import redis

from tests.storage.servers import Server
from virustotal.storage import Stores, in_redis
from virustotal.storage.interfaces import Entry, Size

GROUP, NAME = "g" * 40, "n" * 40

Open = Callable[[], Stores]


def entry(stores: Stores, body: bytes = b"body", seconds: float = 100.0) -> Entry:
    now = stores.values.now()
    return Entry(body, now, now + seconds)


def test_answers_are_kept_by_key_object_and_request(stores: Stores, open_store: Open) -> None:
    kept = entry(stores)
    stores.answers.put("k", GROUP, NAME, kept)
    other = open_store().answers
    assert other.get("k", GROUP, ("x", NAME), kept.moment) == kept
    for key, group, name in (("other", GROUP, NAME), ("k", "other", NAME), ("k", GROUP, "other")):
        assert other.get(key, group, (name,), kept.moment) is None


def test_answers_expire_and_are_replaced_dropped_forgotten(stores: Stores) -> None:
    kept, answers = entry(stores), stores.answers
    answers.put("k", GROUP, NAME, kept)
    assert answers.get("k", GROUP, (NAME,), kept.expires) is None
    answers.put("k", GROUP, NAME, entry(stores, b"newer"))
    found = answers.get("k", GROUP, (NAME,), kept.moment)
    assert found is not None
    assert found.body == b"newer"
    answers.put("k", GROUP, "second", entry(stores), drop=NAME)
    assert answers.get("k", GROUP, (NAME,), kept.moment) is None
    answers.put("k", "another", NAME, entry(stores))
    answers.forget("k", GROUP)
    assert answers.get("k", GROUP, ("second",), kept.moment) is None
    assert answers.get("k", "another", (NAME,), kept.moment) is not None
    assert answers.size().objects == 1
    answers.clear()
    assert answers.size() == Size(0, 0)


def test_what_is_not_there_can_be_forgotten(stores: Stores) -> None:
    stores.answers.forget("k", GROUP)
    stores.answers.put("k", GROUP, NAME, entry(stores))
    stores.answers.forget("k", GROUP)
    stores.answers.forget("k", GROUP)
    assert stores.answers.size() == Size(0, 0)


def test_the_first_name_that_is_there_counts(stores: Stores) -> None:
    first, second = entry(stores, b"1"), entry(stores, b"2")
    stores.answers.put("k", GROUP, "b", second)
    stores.answers.put("k", GROUP, "a", first)
    assert stores.answers.get("k", GROUP, ("a", "b"), first.moment) == first


def test_answers_stay_within_their_bound(stores: Stores) -> None:
    body = bytes(50_000)
    for number in range(60):
        stores.answers.put("k", f"group{number}", NAME, entry(stores, body, 100 + number))
    size = stores.answers.size()
    assert 5 * len(body) < size.size <= 2**20
    now = stores.values.now()
    assert stores.answers.get("k", "group59", (NAME,), now) is not None
    assert stores.answers.get("k", "group0", (NAME,), now) is None


def test_one_that_is_too_large_drops_no_other(stores: Stores) -> None:
    stores.answers.put("k", "small", NAME, entry(stores))
    stores.answers.put("k", "large", NAME, entry(stores, bytes(2**20 + 1)))
    now = stores.values.now()
    assert stores.answers.get("k", "small", (NAME,), now) is not None
    assert stores.answers.get("k", "large", (NAME,), now) is None


def test_that_an_object_has_changed_is_known_when_answers_make_room(stores: Stores) -> None:
    requested_before = entry(stores)
    stores.answers.forget("k", GROUP)
    for number in range(30):
        stores.answers.put("k", f"group{number}", NAME, entry(stores, bytes(50_000), 10_000.0))
    assert not stores.answers.put("k", GROUP, NAME, requested_before)


def test_small_answers_take_no_more_memory_of_redis_than_twice_the_bound(redis_server: Server) -> None:
    """What Redis itself needs for each is more than they are long: they say that something is unknown."""
    redis_server.flush()
    with contextlib.closing(redis.Redis.from_url(redis_server.address)) as raw:
        before, most = raw.info("memory")["used_memory"], 2**18
        stores = in_redis(redis_server.address, most)
        for number in range(1000):
            group = hashlib.sha256(str(number).encode()).hexdigest()[:40]
            stores.answers.put("d" * 64, group, NAME, entry(stores, bytes(120)))
        assert most / 2 < stores.answers.size().size <= most
        assert raw.info("memory")["used_memory"] - before <= 2 * most
        stores.answers.put("d" * 64, group, NAME, entry(stores, bytes(100)))
        stores.answers.put("d" * 64, group, "other", entry(stores), drop=NAME)
        stores.answers.forget("d" * 64, group)
        stores.answers.put("d" * 64, "last", NAME, entry(stores, bytes(most - 2000)))
        assert most - 2000 < stores.answers.size().size <= most
        stores.answers.forget("d" * 64, "last")
        assert stores.answers.size().size <= 1100
