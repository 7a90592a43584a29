"""The quota link: limits from VirusTotal, from the configuration, from nowhere; permits, waits and refusals."""

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.client.links import Fake, soon
from virustotal.api import endpoints
from virustotal.api.source import Request, Save, Upload
from virustotal.client.account_answers import read_quotas
from virustotal.client.hourly_counts import KEY_COUNTERS, last_hours
from virustotal.client.key_account import last_known
from virustotal.client.rate_limit import RateLimitedSource
from virustotal.client.retry import QUOTA_HELD
from virustotal.core.errors import (
    AuthenticationError,
    ForbiddenError,
    NotFoundError,
    QuotaError,
    ThrottledError,
    UnavailableError,
    VirusTotalError,
)
from virustotal.core.lookup.key_capabilities import KeyCapabilities
from virustotal.core.models import Ref
from virustotal.core.settings import Credentials, QuotaConfig, Settings
from virustotal.emulator.server import Emulator
from virustotal.sources import build
from virustotal.storage import Stores, in_file
from virustotal.storage.interfaces import Limits, Permit, Quota, Used

KEY = "0123456789abcdef-marked-key"
DIGEST = "d" * 64
FILE = endpoints.object_request(Ref("file", "a" * 64))


def quotas(hour: Any = None, day: Any = None, month: Any = None, **group: Any) -> dict[str, Any]:
    """An answer of `overall_quotas`."""
    pairs = {"hourly": hour, "daily": day, "monthly": month}
    data = {
        f"api_requests_{name}": {"user": {"allowed": pair[0], "used": pair[1]}} for name, pair in pairs.items() if pair
    }
    return {"data": data}


def server(told: Mapping[str, Any] | VirusTotalError, user: str = "someone") -> Callable[[Request], Mapping[str, Any]]:
    """Answer what every key may ask; any other path is some object."""

    def say(request: Request) -> Mapping[str, Any]:
        if request.path.endswith("/overall_quotas"):
            if isinstance(told, VirusTotalError):
                raise told
            return told
        if request.path.startswith("/users/"):
            if not user:
                raise ForbiddenError("no")
            return {"data": {"type": "user", "id": user, "attributes": {}}}
        return {"data": {"type": "file", "id": "a" * 64, "attributes": {}}}

    return say


@pytest.fixture
def stores(tmp_path: Path) -> Stores:
    return in_file(tmp_path / "store.sqlite3", 2**20)


def link(source: Fake, stores: Stores, *, told: bool = True, **config: float) -> RateLimitedSource:
    """Return a source whose limits are read already, with no reserve unless one is given."""
    limited = RateLimitedSource(source, stores, KEY, DIGEST, QuotaConfig(**{"reserve": 0.0, **config}))  # type: ignore[arg-type]
    if told:
        limited.remaining(soon(5))
    return limited


def spend(quota: RateLimitedSource, times: int, deadline: float = 0.0) -> int:
    """Ask so often; return how often that was answered."""
    answered = 0
    for _ in range(times):
        try:
            quota.ask(FILE, deadline or soon(1))
            answered += 1
        except QuotaError:
            continue
    return answered


def counted(stores: Stores) -> dict[str, int]:
    """Return the key's counts of this hour."""
    (hour,) = last_hours(stores.values, DIGEST, KEY_COUNTERS, 1, stores.values.now())
    return dict(hour.counts)


@pytest.mark.parametrize(
    ("told", "configured", "allowed"),
    [
        (quotas((240, 0), (500, 0), (15_500, 0)), {}, 4),  # a sixtieth of the hour is the minute
        (quotas((30, 0), (500, 0)), {}, 1),
        (quotas((6000, 0), (5, 2), (900, 0)), {}, 3),
        (quotas((6000, 0), (500, 0), (900, 898)), {}, 2),
        (quotas((6000, 5998), (500, 0)), {}, 2),
        (quotas(None, (500, 498)), {}, 2),
        (quotas(None, (5, 9)), {}, 0),  # lower than what is spent
        (quotas((240, 0)), {"minute": 1}, 4),
        (ForbiddenError("no"), {"minute": 3}, 3),
        (ForbiddenError("no"), {"hour": 2}, 2),
        (ForbiddenError("no"), {"day": 2}, 2),
        (ForbiddenError("no"), {"month": 2}, 2),
        (NotFoundError("no"), {}, 8),
        (UnavailableError("no"), {"day": 3}, 3),
        (UnavailableError("no"), {}, 4),  # a public key's, until VirusTotal answers
        (ForbiddenError("no"), {}, 8),  # none is assumed
        ({"data": {}}, {}, 8),
        ({"data": None}, {"day": 6}, 6),
        (quotas((-1, 0), (0, 0), (None, 3)), {}, 8),
        (quotas((6000, -7), (6, "x")), {}, 6),
        ({"data": {"api_requests_daily": [1]}}, {}, 8),
    ],
)
def test_limits_come_from_virustotal_then_from_the_configuration(
    stores: Stores, told: Mapping[str, Any] | VirusTotalError, configured: Mapping[str, int], allowed: int
) -> None:
    source = Fake(server(told))
    assert spend(link(source, stores, **configured), 8) == allowed
    assert sum(path.startswith("/files/") for path in source.asked) == allowed


def test_of_user_and_group_the_one_counts_that_leaves_less() -> None:
    both = {"user": {"allowed": 500, "used": 10}, "group": {"allowed": 1000, "inherited_from": "x", "used": 900}}
    assert read_quotas({"data": {"api_requests_daily": both}}) == (Limits(day=1000), Used(day=900))


def test_limits_are_read_once_for_all_and_the_key_once_alone(stores: Stores) -> None:
    first, second = Fake(server(quotas((240, 0)))), Fake(server(quotas((240, 0))))
    assert spend(link(first, stores), 2) == 2
    assert first.asked == [f"/users/{KEY}", "/users/someone/overall_quotas", FILE.path, FILE.path]
    assert spend(link(second, stores), 1) == 1
    assert second.asked == [FILE.path]


def test_a_key_that_may_not_ask_for_its_user_asks_by_itself(stores: Stores) -> None:
    source = Fake(server(quotas((240, 0)), user=""))
    assert spend(link(source, stores), 9) == 4
    assert source.asked[:2] == [f"/users/{KEY}", f"/users/{KEY}/overall_quotas"]


@pytest.mark.parametrize(
    ("privileges", "holds"),
    [
        ({"intelligence": {"granted": False}, "private": {"granted": False}}, False),
        ({"intelligence": {"granted": False}, "private": {"granted": True}}, True),
        ({"intelligence": {"granted": True, "expiration_date": 1_601_510_400}}, False),
        ({"intelligence": {"granted": True, "expiration_date": 9_601_510_400}}, True),
        ({"intelligence": {"granted": True, "expiration_date": None}}, True),
        ({"intelligence": {"inherited_from": "acme"}}, True),  # nothing says that it is not granted
        ({"intelligence": None}, True),
        ({}, None),
        (None, None),
        (["intelligence"], None),
    ],
)
def test_the_licence_is_learnt_from_the_users_privileges(stores: Stores, privileges: Any, holds: bool | None) -> None:
    def say(request: Request) -> Mapping[str, Any]:
        if request.path.startswith("/users/") and not request.path.endswith("/overall_quotas"):
            return {"data": {"type": "user", "id": "someone", "attributes": {"privileges": privileges}}}
        return server(quotas((240, 0)))(request)

    spend(link(Fake(say), stores), 1)
    licence = last_known(stores.values, DIGEST).licence
    assert (licence and licence[0]) == {True: "found", False: "forbidden", None: None}[holds]
    refused = KeyCapabilities(stores.values, DIGEST).refused("file")
    assert ("embedded_domains" in refused) is (holds is False)


def test_the_licence_is_looked_at_once_a_day_by_the_users_name(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Fake(server(quotas((6000, 0))))
    assert spend(link(source, stores), 1) == 1
    began = time.time()
    for hours, asked in ((1, 1), (2, 1), (25, 2)):
        monkeypatch.setattr(stores.values, "now", lambda moment=began + 3600 * hours + 60: moment)
        assert spend(link(source, stores), 1) == 1
        users = [path for path in source.asked if path.startswith("/users/") and "quotas" not in path]
        assert users == [f"/users/{KEY}", "/users/someone"][:asked]


def test_the_store_never_holds_the_key(stores: Stores, tmp_path: Path) -> None:
    spend(link(Fake(server(quotas((240, 0)))), stores), 2)
    assert not any(KEY.encode() in path.read_bytes() for path in tmp_path.iterdir())


def test_a_wrong_key_is_said_at_once(stores: Stores) -> None:
    def say(request: Request) -> Mapping[str, Any]:
        raise AuthenticationError("wrong")

    source = Fake(say)
    with pytest.raises(AuthenticationError):
        link(source, stores, told=False).ask(FILE, soon())
    assert source.asked.count(FILE.path) <= 1


def test_replicas_share_what_is_left(stores: Stores) -> None:
    links = [link(Fake(server(quotas((6000, 0), (7, 0)))), stores) for _ in range(3)]
    assert sum(spend(each, 4) for each in links) == 7


def test_a_minute_is_waited_for_within_the_deadline(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    source = Fake(server(quotas((60, 0))))
    now = time.time()
    monkeypatch.setattr(stores.values, "now", lambda: now + sum(slept))
    quota = RateLimitedSource(source, stores, KEY, DIGEST, QuotaConfig(), slept.append, lambda: sum(slept))
    quota.remaining(100)
    assert spend(quota, 1) == 1
    assert spend(quota, 1, 300) == 1
    assert 59 < sum(slept) < 65
    assert quota.usage.waited == sum(slept)
    with pytest.raises(QuotaError, match="The API key's 1 request a minute is used up") as caught:
        quota.ask(FILE, sum(slept) + 30)
    assert caught.value.code == QUOTA_HELD
    quota.close()
    assert counted(stores) == {
        "requests": 2,
        "refused": 0,
        "dropped": 1,
        "waited_ms": pytest.approx(1000 * sum(slept), abs=20),
    }


def test_requests_that_wait_side_by_side_wait_once(stores: Stores) -> None:
    quota = link(Fake(server(ForbiddenError("no"))), stores)
    quota.remaining(soon())
    stores.rate_limiter.pause(DIGEST, 0.5, stores.values.now())
    began = time.monotonic()
    threads = [threading.Thread(target=quota.ask, args=(FILE, soon())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0 < quota.usage.waited <= time.monotonic() - began


def test_the_day_is_not_waited_for(stores: Stores) -> None:
    quota = link(Fake(server(quotas(None, (1, 1)))), stores)
    began = time.monotonic()
    with pytest.raises(QuotaError, match=r"The API key's 1 request a day is used up, until .* 00:00 UTC"):
        quota.ask(FILE, soon(200))
    assert time.monotonic() - began < 10


def test_a_refusal_of_one_holds_all_back(stores: Stores) -> None:
    def say(request: Request) -> Mapping[str, Any]:
        if request.path.startswith("/users/"):
            raise ForbiddenError("no")
        raise QuotaError("used up", code="QuotaExceededError")

    first, second = Fake(say), Fake(server(ForbiddenError("no")))
    limited = link(first, stores)
    with pytest.raises(QuotaError) as caught:
        limited.ask(FILE, soon(30))
    assert caught.value.code == QUOTA_HELD
    assert first.asked.count(FILE.path) == 1
    limited.close()
    assert counted(stores) == {"requests": 1, "refused": 1, "dropped": 1, "waited_ms": 0}
    with pytest.raises(QuotaError):
        link(second, stores).ask(FILE, soon(30))
    assert FILE.path not in second.asked


def test_a_refusal_says_which_window_it_was(stores: Stores) -> None:
    told = quotas(None, (500, 10))
    spent = False

    def say(request: Request) -> Mapping[str, Any]:
        if request.path == FILE.path and spent:
            raise QuotaError("used up", code="QuotaExceededError")
        return server(quotas(None, (500, 500)) if spent else told)(request)

    source = Fake(say)
    quota = link(source, stores)
    assert spend(quota, 3) == 3
    spent = True
    quota._account._asked_at -= 60  # a minute later
    with pytest.raises(QuotaError, match="The API key's 500 requests a day"):
        quota.ask(FILE, soon(300))


@pytest.mark.parametrize(("wait", "words"), [(600.0, "for 600 seconds more: "), (1.0, "for 1 second more: ")])
def test_a_hold_says_why_nothing_is_asked(
    stores: Stores, monkeypatch: pytest.MonkeyPatch, wait: float, words: str
) -> None:
    source = Fake(server(quotas((240, 0))))
    monkeypatch.setattr(stores.rate_limiter, "acquire", lambda *arguments: Permit(False, window="pause", wait=wait))
    with pytest.raises(QuotaError, match=r"pause for .*: VirusTotal refused a request for its quota") as caught:
        link(source, stores).ask(FILE, soon(wait))
    assert caught.value.code == QUOTA_HELD
    assert words in str(caught.value)
    assert FILE.path not in source.asked


@pytest.mark.parametrize("retry_after", [None, 0.2])
def test_throttling_is_told_to_who_asked_and_holds_all(stores: Stores, retry_after: float | None) -> None:
    def say(request: Request) -> Mapping[str, Any]:
        if request.path.startswith("/users/"):
            raise ForbiddenError("no")
        raise ThrottledError("slower", retry_after=retry_after)

    quota = link(Fake(say), stores)
    with pytest.raises(ThrottledError):
        quota.ask(FILE, soon())
    assert 0 < stores.rate_limiter.remaining(DIGEST, Quota(), stores.values.now()).pause <= (retry_after or 1.0)


def test_what_is_free_takes_no_permit(stores: Stores, tmp_path: Path) -> None:
    source = Fake(server(quotas(None, (1, 0))))

    def say(request: Request) -> Mapping[str, Any]:
        if request.upload:
            return {"data": {"type": "analysis", "id": "own=="}}
        return server(quotas(None, (1, 0)))(request)

    source.say = say
    quota = link(source, stores)
    free = [
        endpoints.user(KEY),
        endpoints.overall_quotas("someone"),
        endpoints.upload_file(Upload(tmp_path / "x", "x")),
        endpoints.upload_file(Upload(tmp_path / "x", "x"), "https://upload.example.com/"),
        endpoints.linked("https://pictures.example.com/", Save(tmp_path / "p", 10)),
        endpoints.analysis("own=="),
    ]
    for request in free:
        quota.ask(request, soon())
    assert spend(quota, 1) == 1
    charged = [
        FILE,
        endpoints.relationship_page(Ref("file", "a" * 64), "contacted_ips"),
        endpoints.analysis("another=="),
        endpoints.submit_url("https://example.com/"),
        endpoints.analyse(Ref("file", "a" * 64)),
        endpoints.upload_url(),
        endpoints.artefact(Ref("file_behaviour", "a" * 64 + "_x"), "pcap", Save(tmp_path / "p", 10)),
    ]
    for request in charged:
        with pytest.raises(QuotaError):
            quota.ask(request, soon(1))


@pytest.mark.parametrize(
    ("told", "seconds", "room", "reason"),
    [
        (quotas((240, 0), (500, 0)), 30, 4, "4 requests a minute"),
        (quotas((240, 0), (500, 0)), 130, 12, "4 requests a minute"),
        (quotas((240, 0), (500, 493)), 130, 7, "7 of 500 requests a day are left"),
        (quotas((240, 0), (500, 499)), 130, 1, "1 of 500 requests a day is left"),
        (quotas((60, 0)), 30, 1, "1 request a minute."),
        (quotas(None, (500, 500)), 130, 0, "The API key's 500 requests a day"),
        (ForbiddenError("no"), 130, None, ""),
    ],
)
def test_room_is_what_can_be_asked_until_the_deadline(
    stores: Stores, told: Mapping[str, Any] | VirusTotalError, seconds: float, room: int | None, reason: str
) -> None:
    quota = link(Fake(server(told)), stores).remaining(soon(seconds))
    assert quota.requests == room
    assert reason in quota.reason


def test_an_error_of_another_kind_counts_and_is_passed_on(stores: Stores) -> None:
    def say(request: Request) -> Mapping[str, Any]:
        if request.path.startswith("/users/"):
            return server(quotas(None, (2, 0)))(request)
        raise NotFoundError("unknown")

    quota = link(Fake(say), stores)
    for _ in range(2):
        with pytest.raises(NotFoundError):
            quota.ask(FILE, soon())
    with pytest.raises(QuotaError):
        quota.ask(FILE, soon())


def test_every_attempt_of_the_client_takes_a_permit(stores: Stores) -> None:
    with Emulator(keys={"k": "premium:hour=120:minute=2"}) as emulator:
        emulator.fault("GET /files/*", status=503, times=1)
        client = build(Settings(host=emulator.url), Credentials("k"), stores)
        client.remaining(soon())
        known = endpoints.object_request(
            Ref("file", "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f")
        )
        client.ask(known, soon())
        with pytest.raises(QuotaError) as caught:
            client.ask(endpoints.object_request(Ref("domain", "example.com")), soon())
        client.close()
        assert caught.value.code == QUOTA_HELD
        assert [request.status for request in emulator.requests] == [200, 200, 503, 200]
