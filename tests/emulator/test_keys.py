"""Quotas by a settable clock, what is free, and what a key may know about itself."""

import hashlib

import pytest

from tests.emulator.conftest import FILE, Api
from virustotal.emulator.keys import Key, parse_keys
from virustotal.emulator.world.shared import EICAR_SHA256

NOON = 1_735_732_800  # 2025-01-01 12:00:00 UTC


@pytest.mark.parametrize(
    ("text", "tier", "artefacts", "minute", "day"),
    [
        ("public", "public", False, 4, 500),
        ("premium", "premium", True, 1_000_000, 1_000_000_000),
        ("gti:-artefacts", "gti", False, 1_000_000, 1_000_000_000),
        ("public:minute=9:day=1:+artefacts", "public", True, 9, 1),
    ],
)
def test_keys_as_text(text: str, tier: str, artefacts: bool, minute: int, day: int) -> None:
    key = Key.parse("k", text)
    assert (key.tier, key.artefacts, key.minute, key.day) == (tier, artefacts, minute, day)


@pytest.mark.parametrize("text", ["gold", "public:week=3", "public:minute=many", "premium:artefacts"])
def test_wrong_keys(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_keys({"k": text})


def test_the_minute_is_exhausted_and_comes_back(api: Api) -> None:
    api.emulator.clock.set(NOON)
    assert [api.get(FILE, "slow").status_code for _ in range(5)] == [200] * 4 + [429]
    answer = api.get(FILE, "slow")
    assert answer.json() == {"error": {"code": "QuotaExceededError", "message": "Quota exceeded"}}
    assert "Retry-After" not in answer.headers
    api.emulator.clock.advance(59)
    assert api.get(FILE, "slow").status_code == 429
    api.emulator.clock.advance(1)
    assert api.get(FILE, "slow").status_code == 200


@pytest.mark.parametrize(
    ("limits", "step", "back"),
    [
        ("hour=2", 3599, 3600),
        ("day=2", 43_199, 43_200),
        ("month=2", 86_400 * 31 - 43_201, 86_400 * 31 - 43_200),
    ],
)
def test_longer_windows(api: Api, limits: str, step: int, back: int) -> None:
    api.emulator.keys["k"] = Key.parse("k", f"premium:{limits}")
    api.emulator.clock.set(NOON)
    assert [api.get(FILE, "k").status_code for _ in range(3)] == [200, 200, 429]
    api.emulator.clock.set(NOON + step)
    assert api.get(FILE, "k").status_code == 429
    api.emulator.clock.set(NOON + back)
    assert api.get(FILE, "k").status_code == 200


def test_the_other_429_and_retry_after(api: Api) -> None:
    api.emulator.keys["k"] = Key.parse("k", "public:minute=1")
    api.emulator.switches.set(quota_code="TooManyRequestsError", retry_after=7)
    assert api.get(FILE, "k").status_code == 200
    answer = api.get(FILE, "k")
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "TooManyRequestsError")
    assert answer.headers["Retry-After"] == "7"


@pytest.mark.parametrize(
    ("path", "charged"),
    [
        (FILE, 1),
        ("/files/" + "0" * 64, 1),
        (f"{FILE}/comments", 1),
        (f"{FILE}/itw_urls", 1),
        ("/files/upload_url", 1),
        ("/analyses/unknown", 0),
        ("/users/public/overall_quotas", 0),
        ("/users/public/api_usage", 0),
        ("/users/public", 0),
        ("/nothing/at/all", 0),
    ],
)
def test_what_costs(api: Api, path: str, charged: int) -> None:
    api.get(path, "public")
    assert api.emulator.requests.charged == charged
    quotas = api.json("/users/public/overall_quotas", "public")["data"]
    assert quotas["api_requests_daily"] == {"user": {"allowed": 500, "used": charged}}


def test_uploads_and_their_polls_are_free_for_the_first(api: Api) -> None:
    analysis = api.upload(b"new", key="public").json()["data"]["id"]
    assert api.poll(analysis, 3, "public")[-1] == "completed"
    sha256 = hashlib.sha256(b"new").hexdigest()
    api.json(f"/files/{sha256}", "public")
    assert api.emulator.requests.charged == 0
    api.json(f"/analyses/{analysis.replace('=', '%3D')}")
    api.json(f"/files/{sha256}")
    api.upload(b"new", key="public")
    assert api.emulator.requests.charged == 3


def test_usage_by_endpoint(api: Api) -> None:
    api.emulator.clock.set(NOON)
    for path in (FILE, f"{FILE}/votes", f"{FILE}/behaviours", "/domains/example.com"):
        api.json(path, "public")
    usage = api.json("/users/public/api_usage", "public")["data"]
    assert usage["total"] == {"files": 1, "file_relationships": 2, "domains": 1}
    assert usage["daily"].keys() == {"2025-01-01"}
    later = api.json("/users/public/api_usage?start_date=20250102&end_date=20250105", "public")["data"]
    assert later == {"daily": {}, "total": {}}
    assert api.error("/users/public/api_usage?start_date=20240101&end_date=20250101", "public")[0] == 400
    assert api.error("/users/public/api_usage?start_date=soon", "public")[0] == 400


def test_a_key_sees_itself_alone(api: Api) -> None:
    user = api.json("/users/premium")["data"]
    assert user["attributes"]["privileges"]["intelligence"] == {"granted": True}
    assert "premium" not in user["id"]
    assert api.json(f"/users/{user['id']}/overall_quotas")["data"].keys() == {
        "api_requests_hourly",
        "api_requests_daily",
        "api_requests_monthly",
        "private_scans_monthly",
        "private_scans_per_minute",
        "private_urlscans_monthly",
        "private_urlscans_per_minute",
    }
    assert api.error("/users/public") == (403, "ForbiddenError")
    assert api.error("/users/nobody") == (404, "NotFoundError")


def test_metadata(api: Api) -> None:
    data = api.json("/metadata", "public")["data"]
    assert {"name": "contacted_ips", "description": ""} in data["relationships"]["file"]
    assert len(data["relationships"]["ip_address"]) == 24
    api.emulator.switches.metadata = "premium"
    assert api.error("/metadata", "public") == (403, "ForbiddenError")
    assert api.json("/metadata")["data"]["engines"]


@pytest.mark.parametrize(
    ("path", "key", "answer"),
    [
        (f"/search?query={EICAR_SHA256}", "public", [EICAR_SHA256]),
        ("/search?query=example.com", "public", ["example.com"]),
        ("/search?query=192.0.2.10", "public", ["192.0.2.10"]),
        ("/search?query=%23eicar", "public", 6),
        ("/search?query=nothing", "public", []),
        ("/search", "public", 400),
        ("/intelligence/search?query=example.com&limit=300", "premium", ["example.com"]),
        ("/intelligence/search?query=example.com&limit=301", "premium", 400),
        ("/intelligence/search?query=example.com", "public", 403),
    ],
)
def test_searches(api: Api, path: str, key: str, answer: list[str] | int) -> None:
    response = api.get(path, key)
    if isinstance(answer, int) and answer >= 400:
        assert response.status_code == answer
        return
    found = [item["id"] for item in response.json()["data"]]
    assert found == answer or len(found) == answer


def test_threat_categories(api: Api) -> None:
    assert "trojan" in api.json("/popular_threat_categories", "public")["data"]


def test_comments_and_votes_can_be_added(api: Api) -> None:
    path = "/domains/example.net/comments"
    body = {"data": {"type": "comment", "attributes": {"text": "seen in tests #Test"}}}
    made = api.send("POST", path, json=body).json()["data"]
    assert made["attributes"]["tags"] == ["test"]
    assert [item["id"] for item in api.json(path)["data"]] == [made["id"]]
    assert api.error(path, method="POST", json=body) == (409, "AlreadyExistsError")
    vote = {"data": {"type": "vote", "attributes": {"verdict": "malicious"}}}
    assert api.send("POST", "/domains/example.net/votes", json=vote).json()["data"]["attributes"]["value"] == -1
    assert api.error(path, method="POST", json=vote) == (400, "BadRequestError")
    assert api.error(path, method="POST", data=b"nothing") == (400, "BadRequestError")
    vote["data"]["attributes"] = {"verdict": "maybe"}
    assert api.error("/domains/example.net/votes", method="POST", json=vote) == (400, "InvalidArgumentError")
