"""Answers and leases, over every store."""

import time
from collections.abc import Callable

from virustotal.sources.stores import Stores
from virustotal.sources.stores.interfaces import Entry, Lease, Size

GROUP, NAME = "g" * 40, "n" * 40

Open = Callable[[], Stores]


def entry(stores: Stores, body: bytes = b"body", seconds: float = 100.0) -> Entry:
    now = stores.answers.now()
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
    assert answers.size().answers == 1
    answers.clear()
    assert answers.size() == Size(0, 0)


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
    now = stores.answers.now()
    assert stores.answers.get("k", "group59", (NAME,), now) is not None
    assert stores.answers.get("k", "group0", (NAME,), now) is None
    stores.answers.put("k", "large", NAME, entry(stores, bytes(2**20 + 1)))
    assert stores.answers.get("k", "large", (NAME,), now) is None


def test_a_lease_is_held_by_one_given_back_and_ends(stores: Stores, open_store: Open) -> None:
    answers, other = stores.answers, open_store().answers
    assert answers.lease("l", "mine", 30) is Lease.TAKEN
    assert other.lease("l", "theirs", 0.3) is Lease.HELD
    assert answers.lease("l", "mine", 30) is Lease.TAKEN
    other.release("l", "theirs", False)
    assert other.lease("l", "theirs", 0.3) is Lease.HELD
    answers.release("l", "mine", False)
    assert other.lease("l", "theirs", 0.2) is Lease.TAKEN
    time.sleep(0.25)
    assert answers.lease("l", "mine", 30) is Lease.TAKEN  # its holder was killed
    answers.release("l", "mine", True)
    assert other.lease("l", "theirs", 0.3) is Lease.FAILED


def test_a_lease_is_extended_while_it_is_ones_own(stores: Stores, open_store: Open) -> None:
    answers, other = stores.answers, open_store().answers
    assert answers.lease("l", "mine", 0.1) is Lease.TAKEN
    other.extend("l", "theirs", 0.0)
    answers.extend("l", "mine", 30)
    time.sleep(0.15)
    assert other.lease("l", "theirs", 30) is Lease.HELD
    answers.extend("l", "mine", 0.05)
    time.sleep(0.1)
    answers.extend("l", "mine", 30)  # too late
    assert other.lease("l", "theirs", 30) is Lease.TAKEN
    other.release("l", "theirs", False)
    assert answers.lease("l", "mine", 30) is Lease.TAKEN
    answers.release("l", "mine", False)
    answers.extend("l", "mine", 30)
    assert other.lease("l", "theirs", 30) is Lease.TAKEN
    answers.extend("l", "mine", 30)
    assert answers.lease("l", "mine", 30) is Lease.HELD
