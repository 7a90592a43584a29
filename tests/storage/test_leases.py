"""Leases, over every store: one asks, the others wait."""

import time
from pathlib import Path

from tests.storage.conftest import MOST, Open
from virustotal.client.leases import FAILED_SECONDS, Lease, Leases
from virustotal.storage import Stores, in_file
from virustotal.storage.interfaces import LEASE, Entry


def held(stores: Stores) -> Leases:
    return Leases(stores.leases)


def test_a_lease_is_held_by_one_given_back_and_ends(stores: Stores, open_store: Open) -> None:
    ours, theirs = held(stores), held(open_store())
    assert ours.take("l", "mine") is Lease.TAKEN
    assert theirs.take("l", "theirs") is Lease.HELD
    assert ours.take("l", "mine") is Lease.TAKEN
    with ours.held("l", "mine") as lease:
        lease.failed = False
        assert theirs.take("l", "theirs") is Lease.HELD
    assert theirs.take("l", "theirs") is Lease.TAKEN
    stores.leases.put(LEASE, "l", "of one that is killed", 0.2)
    time.sleep(0.25)
    assert ours.take("l", "mine") is Lease.TAKEN
    with ours.held("l", "mine"):
        pass
    assert theirs.take("l", "theirs") is Lease.FAILED
    time.sleep(FAILED_SECONDS + 0.05)
    assert theirs.take("l", "theirs") is Lease.TAKEN


def test_another_ones_lease_is_neither_given_back_nor_extended(stores: Stores, open_store: Open) -> None:
    ours, theirs = held(stores), held(open_store())
    with theirs.held("l", "theirs"):  # it took too long
        assert ours.take("l", "mine") is Lease.TAKEN
    assert theirs.take("l", "theirs") is Lease.HELD
    assert not stores.leases.swap(LEASE, "l", "theirs", "theirs", 30)
    assert stores.leases.get(LEASE, "l") == "mine"


def test_a_lease_that_ended_is_not_extended(stores: Stores) -> None:
    assert stores.leases.swap(LEASE, "l", "", "mine", 0.05)
    assert stores.leases.swap(LEASE, "l", "mine", "mine", 0.05)
    time.sleep(0.1)
    assert not stores.leases.swap(LEASE, "l", "mine", "mine", 30)
    assert held(stores).take("l", "theirs") is Lease.TAKEN


def test_an_answer_gives_its_lease_back(stores: Stores, open_store: Open) -> None:
    now = stores.values.now()
    ours, theirs = held(stores), held(open_store())
    for token, holder in (("other", Lease.HELD), ("mine", Lease.TAKEN)):
        assert ours.take("l", "mine") is Lease.TAKEN
        assert stores.answers.put("k", "g", "n", Entry(b"x", now, now + 100), lease=("l", token))
        assert theirs.take("l", "theirs") is holder


def test_a_lease_of_before_the_clock_was_set_back_does_not_count(tmp_path: Path) -> None:
    stores = in_file(tmp_path / "store.sqlite3", MOST)
    stores.leases.put(LEASE, "l", "of one that was killed an hour ahead", 3600)
    assert held(stores).take("l", "mine") is Lease.TAKEN
    assert held(stores).take("l", "theirs") is Lease.HELD
