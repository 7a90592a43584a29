"""`quota`, `cache` and `doctor` over the emulator: what they print, and the code with which they end."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.conftest import requests_of
from virustotal.cli.app import app
from virustotal.emulator.server import Emulator
from virustotal.emulator.world.shared import EICAR_SHA256

KEY = "public-key"
CHECKS = (
    "configuration",
    "unwanted software",
    "key",
    "host",
    "proxy",
    "ca",
    "clock",
    "store",
    "mirror",
    "plugins",
    "safelist",
)
#: Nothing listens there.
NOWHERE = "http://127.0.0.1:9"


def call(emulator: Emulator, *arguments: Any, key: str = KEY, **more: str) -> Result:
    environment = {"VIRUSTOTAL_HOST": emulator.url, "VIRUSTOTAL_API_KEY": key, "SERVICE_API_HOST": None}
    result = CliRunner().invoke(app, [*map(str, arguments)], env={**environment, "COLUMNS": "200", **more})
    assert "Traceback" not in result.output
    assert not key or key not in result.output
    return result


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.yml"
    path.write_text(text)
    return path


def checks(result: Result) -> dict[str, dict[str, str]]:
    return {check["check"]: check for check in json.loads(result.stdout)}


def windows(result: Result) -> dict[str, dict[str, Any]]:
    return {window["name"]: window for window in json.loads(result.stdout)["windows"]}


# --- quota -----------------------------------------------------------------------------------------------------------


def test_each_window_is_told_by_both_counts(emulator: Emulator) -> None:
    assert call(emulator, "scan", EICAR_SHA256).exit_code == 0
    answer = call(emulator, "quota", "--json")
    assert answer.exit_code == 0, answer.output
    rows = windows(answer)
    assert {name: row["allowed"] for name, row in rows.items()} == {
        "minute": 4,
        "hour": 240,
        "day": 500,
        "month": 15500,
    }
    assert {name: row["virustotal"] for name, row in rows.items()} == {"minute": None, "hour": 1, "day": 1, "month": 1}
    assert {row["ledger"] for row in rows.values()} == {1}
    assert rows["day"]["resets"].endswith("T00:00:00Z")
    assert rows["month"]["resets"].endswith("-01T00:00:00Z")
    assert len(requests_of(emulator)) == 1


def test_the_last_hours_are_counted(emulator: Emulator) -> None:
    assert call(emulator, "scan", EICAR_SHA256).exit_code == 0
    hours = json.loads(call(emulator, "quota", "--json").stdout)["hours"]
    assert len(hours) == 24
    assert sum(hour["requests"] for hour in hours[:2]) == 1
    assert hours[0].keys() == {"hour", "requests", "refused", "dropped", "waited_seconds"}
    hours = json.loads(call(emulator, "cache", "--json").stdout)["hours"]
    assert sum(hour["asked"] for hour in hours[:2]) == 1
    assert "last 24 hours: 1 request, 0 refused, 0 not sent, 0 s waited" in call(emulator, "quota").output


def test_the_last_known_limits_are_shown_where_virustotal_does_not_answer(emulator: Emulator) -> None:
    assert call(emulator, "scan", EICAR_SHA256).exit_code == 0
    emulator.fault("GET /users/*", status=503)
    answer = call(emulator, "quota", "--json")
    assert answer.exit_code == 4, answer.output
    day = windows(answer)["day"]
    assert (day["allowed"], day["by"], day["virustotal"], day["ledger"]) == (500, "VirusTotal", None, 1)
    assert day["told"].endswith("Z")
    assert json.loads(answer.stdout)["notes"]


def test_the_table_says_the_same(emulator: Emulator) -> None:
    answer = call(emulator, "quota")
    assert answer.exit_code == 0, answer.output
    for part in ("minute", "240", "15500", "VirusTotal", "sliding", "T00:00:00Z", "store.sqlite3"):
        assert part in answer.output


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [("GET /users/*", 403, 4), ("GET /users/*/overall_quotas", 403, 4), ("GET /users/*", 401, 3)],
)
def test_a_refusal_is_said_and_the_configuration_counts(
    emulator: Emulator, tmp_path: Path, path: str, status: int, code: int
) -> None:
    emulator.fault(path, status=status)
    answer = call(emulator, "quota", "--json", "--config", written(tmp_path, "quota: {day: 123}\n"))
    assert answer.exit_code == code, answer.output
    if code == 4:
        assert windows(answer)["day"] | {"ledger": None, "resets": None} == {
            "name": "day",
            "allowed": 123,
            "by": "config",
            "virustotal": None,
            "ledger": None,
            "resets": None,
            "told": None,
        }
        assert json.loads(answer.stdout)["notes"]


@pytest.mark.parametrize(
    "quotas", [{}, [], {"api_requests_daily": None}, {"api_requests_daily": {"user": {"allowed": -1, "used": "x"}}}]
)
def test_an_answer_without_limits_is_said(emulator: Emulator, quotas: Any) -> None:
    emulator.fault("GET /users/*/overall_quotas", "answer", document={"data": quotas})
    answer = call(emulator, "quota")
    assert answer.exit_code == 4
    assert "names no window" in answer.output
    assert answer.output.count("not known") == 4


def test_more_used_than_allowed_is_shown_as_it_is(emulator: Emulator) -> None:
    document = {"data": {"api_requests_daily": {"user": {"allowed": 10, "used": 25}}}}
    emulator.fault("GET /users/*/overall_quotas", "answer", document=document)
    day = windows(call(emulator, "quota", "--json"))["day"]
    assert (day["allowed"], day["virustotal"]) == (10, 25)
    answer = call(emulator, "doctor", "--json")
    assert answer.exit_code == 4
    assert checks(answer)["key"]["found"] == "valid; 25 of 10 used this day"


def test_a_broken_store_has_no_count(emulator: Emulator, tmp_path: Path) -> None:
    place = tmp_path / "store.sqlite3"
    place.write_bytes(b"no database at all, but long enough to be looked at as if it were one" * 20)
    answer = call(emulator, "quota", "--json", "--config", written(tmp_path, f"storage: {place}\n"))
    assert answer.exit_code == 4, answer.output
    assert {row["ledger"] for row in windows(answer).values()} == {None}
    assert "cannot be used" in json.loads(answer.stdout)["notes"][0]


def test_air_gapped_has_no_quota(emulator: Emulator, tmp_path: Path) -> None:
    config = written(tmp_path, f"mirror: {{hosts: ['{NOWHERE}'], only: true}}\n")
    answer = call(emulator, "quota", "--config", config, key="")
    assert answer.exit_code == 0
    assert "no quota" in answer.output
    document = json.loads(call(emulator, "quota", "--json", "--config", config, key="").stdout)
    assert document == {"store": "", "held_seconds": 0, "windows": [], "hours": [], "notes": [answer.output.strip()]}
    assert not len(emulator.requests)


@pytest.mark.parametrize("command", ["quota", "doctor"])
def test_no_key_is_said(emulator: Emulator, command: str) -> None:
    answer = call(emulator, command, key="")
    assert answer.exit_code == 3
    assert "VIRUSTOTAL_API_KEY" in answer.output


def test_the_quota_of_private_scans_is_shown_where_it_is_told(emulator: Emulator, tmp_path: Path) -> None:
    emulator.keys["gti-key"].charge_scan(emulator.clock.now(), "file", emulator.switches)
    rows = windows(call(emulator, "quota", "--json", key="gti-key"))
    assert (rows["private scans, month"]["allowed"], rows["private scans, month"]["virustotal"]) == (1000, 1)
    assert rows["private URL scans, minute"]["allowed"] == 30
    assert rows["private scans, month"]["resets"].endswith("-01T00:00:00Z")
    assert "private scans, month" not in windows(call(emulator, "quota", "--json", key="premium-key"))


@pytest.mark.parametrize(
    ("key", "quotas", "state", "found"),
    [
        ("gti-key", None, "ok", "private scans, month: 0 of 1000 used; private URL scans, month: 0 of 1000 used"),
        ("premium-key", None, "advice", "the API key has no licence"),
        ("gti-key", {}, "advice", "not known: VirusTotal does not tell the quota of private scans"),
        ("gti-key", {"private_scans_monthly": {"user": {"allowed": 2, "used": 2}}}, "advice", "2 of 2 used"),
        ("gti-key", {"private_scans_monthly": {"user": {"allowed": 0}, "group": {"allowed": 9}}}, "ok", "? of 9 used"),
        ("gti-key", {"private_scans_monthly": [1]}, "advice", "not known"),
        ("gti-key", {"private_scans_monthly": {"user": "x"}}, "advice", "the API key has no licence"),
    ],
)
def test_doctor_tells_whether_the_key_may_scan_privately(
    emulator: Emulator, tmp_path: Path, key: str, quotas: Any, state: str, found: str
) -> None:
    if quotas is not None:
        emulator.fault("GET /users/*/overall_quotas", "answer", document={"data": quotas})
    config = written(tmp_path, "submit_privately: allowed\n")
    check = checks(call(emulator, "doctor", "--json", "--config", config, key=key))["private scanning"]
    assert check["state"] == state
    assert found in check["found"]
    assert "private scanning" not in checks(call(emulator, "doctor", "--json", key=key))


# --- cache -----------------------------------------------------------------------------------------------------------


def test_the_cache_is_measured_and_cleared(emulator: Emulator) -> None:
    assert call(emulator, "scan", EICAR_SHA256).exit_code == 0
    before = json.loads(call(emulator, "cache", "--json").stdout)
    assert before["objects"] == 1
    assert 0 < before["bytes"] < before["most_bytes"] == 256 * 2**20
    assert (before["asked"], before["answered"]) == (1, 0)
    assert call(emulator, "scan", EICAR_SHA256).exit_code == 0
    assert "hit rate of the last 7 days: 50% (1 of 2 requests)" in call(emulator, "cache").output
    assert "answers about 1 object" in call(emulator, "cache", "clear").output
    assert json.loads(call(emulator, "cache", "--json").stdout)["objects"] == 0
    assert call(emulator, "scan", EICAR_SHA256).exit_code == 0
    assert len(requests_of(emulator)) == 2


def test_the_quota_outlives_a_cleared_cache(emulator: Emulator) -> None:
    assert call(emulator, "scan", EICAR_SHA256).exit_code == 0
    assert call(emulator, "cache", "clear").exit_code == 0
    assert windows(call(emulator, "quota", "--json"))["day"]["ledger"] == 1


@pytest.mark.parametrize("before", [True, False])
def test_options_of_clear_stand_on_either_side(emulator: Emulator, tmp_path: Path, before: bool) -> None:
    place = tmp_path / "own.sqlite3"
    options = ("--config", written(tmp_path, f"storage: {place}\n"), "--json")
    assert call(emulator, "scan", EICAR_SHA256, *options[:2]).exit_code == 0
    document = json.loads(call(emulator, "cache", *(*options, "clear") if before else ("clear", *options)).stdout)
    assert (document["store"], document["dropped"]) == (str(place), 1)
    assert document["bytes"] > 0
    assert json.loads(call(emulator, "cache", *options).stdout)["objects"] == 0


@pytest.mark.parametrize("arguments", [(), ("clear",)])
def test_a_store_that_is_not_there_is_said(emulator: Emulator, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    config = written(tmp_path, "storage: redis://:secret@127.0.0.1:9/0\n")
    answer = call(emulator, "cache", "--config", config, *arguments)
    assert answer.exit_code == 1
    assert "cannot be reached" in answer.stderr
    assert "secret" not in answer.output


def test_the_platforms_dependency_counts(emulator: Emulator) -> None:
    answer = call(emulator, "cache", redis_host="127.0.0.1", redis_port="9")
    assert answer.exit_code == 1
    assert "redis://127.0.0.1:9" in answer.stderr


# --- doctor ----------------------------------------------------------------------------------------------------------


def test_all_is_well(emulator: Emulator) -> None:
    answer = call(emulator, "doctor", "--json")
    assert answer.exit_code == 0, answer.output
    assert tuple(checks(answer)) == CHECKS
    assert {(check["state"], check["advice"]) for check in checks(answer).values()} == {("ok", "")}
    assert not requests_of(emulator)


def test_it_is_readable(emulator: Emulator) -> None:
    answer = call(emulator, "doctor")
    assert answer.exit_code == 0
    assert all(name in answer.output for name in CHECKS)


@pytest.mark.parametrize(
    ("config", "wrong", "code"),
    [
        ("host: ftp://example.com\n", {"configuration": "wrong"}, 3),
        ("proxy: nonsense\n", {"configuration": "wrong"}, 3),
        ("ca_bundle: /no/such/file\n", {"configuration": "wrong"}, 3),
        ("storage: http://example.com\n", {"configuration": "wrong"}, 3),
        ("cache: {days: 1}\n", {"configuration": "advice"}, 4),
        ("nothing: 1\n", {"configuration": "advice"}, 4),
        ("a: [\n", {"configuration": "wrong"}, 3),
        (f"proxy: http://user:secret@{NOWHERE[7:]}\n", {"proxy": "wrong", "key": "advice"}, 1),
        ("storage: redis://:secret@127.0.0.1:9/0\n", {"store": "advice"}, 4),
        ("storage: redis//oops\n", {"configuration": "wrong"}, 3),
        ("plugins: {disabled: [detektions]}\n", {"plugins": "advice"}, 4),
        ("storage: /proc/store.sqlite3\n", {"store": "advice"}, 4),
        (f"mirror: {{hosts: ['{NOWHERE}']}}\n", {"mirror": "advice"}, 4),
        (f"mirror: {{hosts: ['{NOWHERE}'], only: true}}\n", {"mirror": "wrong", "key": "ok"}, 1),
    ],
)
def test_what_is_wrong_is_named(
    emulator: Emulator, tmp_path: Path, config: str, wrong: dict[str, str], code: int
) -> None:
    arguments = ("doctor", "--json", "--config", written(tmp_path, config))
    environment = {"VIRUSTOTAL_HOST": ""} if config.startswith("host") else {}
    answer = call(emulator, *arguments, **environment)
    assert answer.exit_code == code, answer.output
    assert {name: checks(answer)[name]["state"] for name in wrong} == wrong
    assert all(check["advice"] for check in checks(answer).values() if check["state"] != "ok")
    assert "secret" not in answer.output


def test_warnings_of_the_service_beside_the_checks_are_plain_text(emulator: Emulator, tmp_path: Path) -> None:
    answer = call(emulator, "doctor", "--config", written(tmp_path, "plugins: {disabled: [detektions]}\n"))
    assert any(line.startswith("plugins.disabled names detektions: ") for line in answer.stderr.splitlines())


@pytest.mark.parametrize(
    ("fault", "name", "state", "code"),
    [
        ({"status": 401}, "key", "wrong", 3),
        ({"status": 403}, "key", "advice", 4),
        ({"kind": "garbage"}, "host", "wrong", 1),
        ({"status": 503}, "host", "wrong", 1),
        ({"status": 502, "body": "html"}, "host", "wrong", 1),
        ({"status": 429}, "key", "advice", 4),
    ],
)
def test_what_the_server_says_is_told(
    emulator: Emulator, fault: dict[str, Any], name: str, state: str, code: int
) -> None:
    emulator.fault("GET /users/*", **fault)
    answer = call(emulator, "doctor", "--json")
    assert answer.exit_code == code, answer.output
    assert checks(answer)[name]["state"] == state


@pytest.mark.parametrize("key", ["", "no-such-key"])
def test_without_a_valid_key_no_look_up_works(emulator: Emulator, key: str) -> None:
    answer = call(emulator, "doctor", "--json", key=key)
    assert (answer.exit_code, checks(answer)["key"]["state"]) == (3, "wrong"), answer.output


def test_an_unreachable_server_is_told_of_once(emulator: Emulator) -> None:
    answer = call(emulator, "doctor", "--json", "--host", NOWHERE)
    assert answer.exit_code == 1
    assert [name for name, each in checks(answer).items() if each["state"] == "wrong"] == ["host"]


def test_a_platform_that_does_not_answer_is_said(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    monkeypatch.setattr("virustotal.cli.reports.doctor.PLATFORM_SECONDS", 0.2)
    monkeypatch.setattr("assemblyline_v4_service.common.api.DEVELOPMENT_MODE", False)
    monkeypatch.setattr("assemblyline_v4_service.common.api.ServiceAPI.get_safelist", lambda *_: ended.wait(10) and {})
    answer = call(emulator, "doctor", "--json", SERVICE_API_HOST=NOWHERE)
    ended.set()
    assert answer.exit_code == 4
    assert "did not answer" in checks(answer)["safelist"]["found"]
