"""The account of a key: what was told counts through failures that pass, and requests need not wait for it."""

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.client.links import Fake, soon
from tests.client.test_rate_limit import DIGEST, FILE, KEY, quotas, server
from virustotal.api.source import Request
from virustotal.client import account
from virustotal.client.key_account import AGAIN_SECONDS, LOOK_SECONDS, PUBLIC, QUOTAS_SECONDS, KeyAccount
from virustotal.client.rate_limit import RateLimitedSource
from virustotal.client.redaction import MASK
from virustotal.core.errors import DeadlineError, ForbiddenError, QuotaError, UnavailableError, VirusTotalError
from virustotal.core.settings import QuotaConfig
from virustotal.storage import Stores, in_file
from virustotal.storage.interfaces import Limits

TOLD = Limits(minute=10, hour=600, day=5)


class Clock:
    """One clock for deadlines and store, which moves by sleeping alone."""

    def __init__(self, stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds = 0.0
        began = time.time()
        monkeypatch.setattr(stores.values, "_clock", lambda: began + self.seconds)
        monkeypatch.setattr(stores.values, "now", lambda: began + self.seconds)

    def __call__(self) -> float:
        return self.seconds


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
def open_account(stores: Stores, source: Fake, clock: Clock) -> Callable[[], KeyAccount]:
    """Open the account as another replica does."""
    return lambda: KeyAccount(source, stores, KEY, DIGEST, Limits(), clock)


def told(account: KeyAccount) -> Limits:
    """Return the limits once VirusTotal has answered what is asked now."""
    account.quota(9e9)
    account._join(9e9)
    return account.quota(9e9).limits


def asked(source: Fake) -> int:
    """How often the limits were asked for."""
    return sum(path.endswith("/overall_quotas") for path in source.asked)


def test_a_public_keys_limits_count_until_virustotal_answers(
    open_account: Callable[[], KeyAccount], source: Fake
) -> None:
    answers, say = threading.Event(), source.say

    def slow(request: Request) -> Mapping[str, Any]:
        answers.wait(5)
        return say(request)

    source.say = slow
    account = open_account()
    assert account.quota(9e9).limits == PUBLIC
    answers.set()
    assert account.wait(9e9)
    assert account.quota(9e9).limits == TOLD
    assert not account.wait(9e9)


@pytest.mark.parametrize("error", [UnavailableError("503"), DeadlineError("late"), QuotaError("429")])
def test_a_failure_that_passes_costs_no_limits(
    open_account: Callable[[], KeyAccount], source: Fake, clock: Clock, error: VirusTotalError
) -> None:
    first = open_account()
    assert told(first) == TOLD
    source.say = server(error)
    clock.seconds += QUOTAS_SECONDS + 1
    assert told(first) == TOLD
    assert told(open_account()) == TOLD  # another replica has them too, and does not ask
    assert asked(source) == 2
    source.say = server(quotas((60, 0)))
    clock.seconds += AGAIN_SECONDS + 1
    assert told(first) == Limits(minute=1, hour=60)


def test_what_another_replica_could_not_learn_changes_nothing_known(
    open_account: Callable[[], KeyAccount], source: Fake, clock: Clock, stores: Stores
) -> None:
    first = open_account()
    assert told(first) == TOLD
    source.say = server(UnavailableError("503"))
    stores.values.put(DIGEST, "account", "", 0)  # such as a Redis that was restarted empty
    assert told(open_account()) == PUBLIC
    clock.seconds += LOOK_SECONDS + 1
    assert told(first) == TOLD


def test_limits_that_are_refused_later_count_no_more(
    open_account: Callable[[], KeyAccount], source: Fake, clock: Clock
) -> None:
    account = open_account()
    told(account)
    for error in (ForbiddenError("no"), UnavailableError("503")):
        source.say = server(error)
        clock.seconds += QUOTAS_SECONDS + 1
        assert told(account) == Limits()


@pytest.mark.parametrize("kept", ["", "{broken", "[]", '{"limits": 7, "used": [], "moment": "x"}'])
def test_an_account_that_cannot_be_understood_is_asked_for(
    open_account: Callable[[], KeyAccount], stores: Stores, kept: str
) -> None:
    stores.values.put(DIGEST, "account", kept, 1000)
    assert told(open_account()) == TOLD


@pytest.mark.parametrize("name", [KEY, MASK, ""])
def test_a_key_is_no_user(open_account: Callable[[], KeyAccount], source: Fake, stores: Stores, name: str) -> None:
    say = server(quotas((600, 0)), user="x")

    def echoing(request: Request) -> Mapping[str, Any]:
        quota = request.path.endswith("/overall_quotas")
        return say(request) if quota else {"data": {"type": "user", "id": name, "attributes": {}}}

    source.say = echoing
    told(open_account())
    assert source.asked == [f"/users/{KEY}", f"/users/{KEY}/overall_quotas"]
    assert KEY not in (stores.values.get(DIGEST, "account") or "")
    assert account._user(source, KEY, 9e9) == KEY  # nor for the commands


def test_the_first_request_goes_beside_the_questions(stores: Stores, source: Fake) -> None:
    answers, say = threading.Event(), source.say

    def slow(request: Request) -> Mapping[str, Any]:
        if request.path.startswith("/users/"):
            answers.wait(5)
        return say(request)

    source.say = slow
    limited = RateLimitedSource(source, stores, KEY, DIGEST, QuotaConfig(reserve=0.0))
    for _ in range(4):
        limited.ask(FILE, soon())  # as many as a public key may
    threading.Timer(0.05, answers.set).start()
    limited.ask(FILE, soon())  # waits for the answer, which allows ten a minute
    with pytest.raises(QuotaError, match="5 requests a day"):
        limited.ask(FILE, soon())
