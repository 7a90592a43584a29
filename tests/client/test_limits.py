"""The limits of a key: what was told counts through failures that pass, and nobody asks before they are known."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.client.links import Fake
from tests.client.test_quota import DIGEST, FILE, KEY, quotas, server
from virustotal.api.source import Answer, Request
from virustotal.client import account
from virustotal.client.quota_limits import (
    AGAIN_SECONDS,
    LEASE_SECONDS,
    LOOK_SECONDS,
    READ_SECONDS,
    TOLD_SECONDS,
    KnownLimits,
)
from virustotal.client.rate_limit import RateLimitedSource
from virustotal.client.redaction import MASK
from virustotal.core.errors import DeadlineError, ForbiddenError, QuotaError, UnavailableError, VirusTotalError
from virustotal.storage import Stores, in_file
from virustotal.storage.interfaces import Lease, Limits

TOLD = Limits(minute=10, hour=600, day=5)
NONE = Limits()


class Clock:
    """One clock for deadlines and store, which moves by sleeping alone."""

    def __init__(self, stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds = 0.0
        began = time.time()
        monkeypatch.setattr(stores.facts, "_clock", lambda: began + self.seconds)
        monkeypatch.setattr(stores.answers, "now", lambda: began + self.seconds)

    def __call__(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def stores(tmp_path: Path) -> Stores:
    return in_file(tmp_path / "store.sqlite3", 2**20)


@pytest.fixture
def clock(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(stores, monkeypatch)


@pytest.fixture
def source() -> Fake:
    return Fake(server(quotas((600, 0), (5, 0))))


@pytest.fixture
def open_limits(stores: Stores, source: Fake, clock: Clock) -> Callable[[], KnownLimits]:
    """Open the limits as another replica has them."""
    return lambda: KnownLimits(source, stores, KEY, DIGEST, NONE, clock.sleep, clock)


def asked(source: Fake) -> int:
    """How often the limits were asked for."""
    return sum(path.endswith("/overall_quotas") for path in source.asked)


@pytest.mark.parametrize("error", [UnavailableError("503"), DeadlineError("late"), QuotaError("429")])
def test_a_failure_that_passes_costs_no_limits(
    open_limits: Callable[[], KnownLimits], source: Fake, clock: Clock, error: VirusTotalError
) -> None:
    first = open_limits()
    assert first.current(100) == TOLD
    source.say = server(error)
    clock.sleep(TOLD_SECONDS + 1)
    assert first.current(9e9) == TOLD
    assert open_limits().current(9e9) == TOLD  # another replica has them too, and does not ask
    assert asked(source) == 2
    clock.sleep(AGAIN_SECONDS + 1)
    assert open_limits().current(9e9) == TOLD
    assert asked(source) == 3
    source.say = server(quotas((60, 0)))
    clock.sleep(AGAIN_SECONDS + 1)
    assert first.current(9e9) == Limits(minute=1, hour=60)


def test_the_same_after_a_refusal(open_limits: Callable[[], KnownLimits], source: Fake, clock: Clock) -> None:
    first = open_limits()
    first.current(100)
    source.say = server(UnavailableError("503"))
    clock.sleep(31)
    first.read_again(9e9)
    assert [first.current(9e9), open_limits().current(9e9)] == [TOLD, TOLD]
    assert asked(source) == 2


def test_what_another_replica_could_not_learn_changes_nothing_known(
    open_limits: Callable[[], KnownLimits], source: Fake, clock: Clock, stores: Stores
) -> None:
    first = open_limits()
    first.current(100)
    source.say = server(UnavailableError("503"))
    stores.facts.keep(DIGEST, "limits", "", 0)
    stores.facts.keep(DIGEST, "told", "", 0)  # such as a Redis that was restarted empty
    assert open_limits().current(9e9) == NONE
    clock.sleep(31)
    assert first.current(9e9) == TOLD
    assert asked(source) == 2


def test_limits_that_are_refused_later_count_no_more(
    open_limits: Callable[[], KnownLimits], source: Fake, clock: Clock
) -> None:
    first = open_limits()
    first.current(100)
    for error in (ForbiddenError("no"), UnavailableError("503")):
        source.say = server(error)
        clock.sleep(TOLD_SECONDS + 1)
        assert first.current(9e9) == NONE


def test_both_questions_share_one_budget_that_the_lease_outlives(stores: Stores, source: Fake, clock: Clock) -> None:
    ends: list[float] = []

    class Slow(Fake):
        def ask(self, request: Request, deadline: float) -> Answer:
            ends.append(deadline)
            clock.seconds = deadline
            return super().ask(request, deadline)

    limits = KnownLimits(Slow(source.say), stores, KEY, DIGEST, NONE, clock.sleep, clock)
    assert limits.current(9e9) == TOLD
    assert ends == [READ_SECONDS / 2, READ_SECONDS]
    assert READ_SECONDS < LEASE_SECONDS


def test_who_waits_for_the_limits_does_so_to_the_end_of_the_lease(
    open_limits: Callable[[], KnownLimits], source: Fake, clock: Clock, stores: Stores
) -> None:
    stores.answers.lease(f"limits:{DIGEST}", "of a replica that was killed", LEASE_SECONDS)
    assert open_limits().current(9e9) == TOLD
    assert LEASE_SECONDS <= clock.seconds < LEASE_SECONDS + 1
    assert asked(source) == 1


def test_who_gives_up_looks_again_soon(
    open_limits: Callable[[], KnownLimits], source: Fake, clock: Clock, stores: Stores
) -> None:
    stores.answers.lease(f"limits:{DIGEST}", "slow", LEASE_SECONDS)
    waiting = open_limits()
    assert waiting.current(1) == NONE
    stores.answers.release(f"limits:{DIGEST}", "slow", False)
    open_limits().current(9e9)
    clock.sleep(LOOK_SECONDS)
    assert waiting.current(9e9) == TOLD
    assert asked(source) == 1


def test_nobody_waits_for_newer_limits(
    open_limits: Callable[[], KnownLimits], source: Fake, clock: Clock, stores: Stores
) -> None:
    first = open_limits()
    first.current(9e9)
    clock.sleep(TOLD_SECONDS + 1)
    stores.answers.lease(f"limits:{DIGEST}", "reads them", LEASE_SECONDS)
    began = clock.seconds
    assert [first.current(9e9), open_limits().current(9e9)] == [TOLD, TOLD]
    assert clock.seconds == began
    assert asked(source) == 1


def test_nothing_is_asked_for_whose_time_is_up(stores: Stores, source: Fake, clock: Clock) -> None:
    stores.answers.lease(f"limits:{DIGEST}", "slow", LEASE_SECONDS)
    quota = RateLimitedSource(source, stores, KEY, DIGEST, NONE, clock.sleep, clock)
    with pytest.raises(DeadlineError):
        quota.ask(FILE, 5)
    assert source.asked == []


@pytest.mark.parametrize("name", [KEY, MASK, ""])
def test_a_key_is_no_user(open_limits: Callable[[], KnownLimits], source: Fake, stores: Stores, name: str) -> None:
    source.say = server(quotas((600, 0)), user="x")
    say = source.say

    def echoing(request: Request) -> Mapping[str, Any]:
        quota = request.path.endswith("/overall_quotas")
        return say(request) if quota else {"data": {"type": "user", "id": name, "attributes": {}}}

    source.say = echoing
    open_limits().current(9e9)
    assert source.asked == [f"/users/{KEY}", f"/users/{KEY}/overall_quotas"]
    assert stores.facts.fact(DIGEST, "user") is None
    assert account._owner(source, KEY, 9e9) == KEY  # nor for the commands


def test_a_mask_that_was_kept_as_the_user_is_not_used(
    open_limits: Callable[[], KnownLimits], source: Fake, stores: Stores
) -> None:
    stores.facts.keep(DIGEST, "user", MASK, 1000)
    open_limits().current(9e9)
    assert source.asked == [f"/users/{KEY}", "/users/someone/overall_quotas"]
    assert stores.facts.fact(DIGEST, "user") == "someone"


@pytest.mark.parametrize("fails", [False, True])
def test_who_has_read_the_limits_lets_nobody_wait_for_them(
    open_limits: Callable[[], KnownLimits], source: Fake, stores: Stores, clock: Clock, fails: bool
) -> None:
    if fails:
        source.say = server(UnavailableError("down"))
    open_limits().current(clock() + 100)
    assert stores.answers.lease(f"limits:{DIGEST}", "another", 25.0) is Lease.TAKEN
