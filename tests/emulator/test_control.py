"""The controls over HTTP, and the emulator as a process of its own."""

import gc
import json
import socket
import subprocess
import sys
import warnings
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import attrs
import pytest
import requests

from tests.emulator.conftest import FILE, Api
from virustotal.emulator.__main__ import main
from virustotal.emulator.server import Emulator, load_store
from virustotal.emulator.switches import CHOICES, Switches
from virustotal.emulator.world.shared import EICAR_SHA256, digest


def control(url: str, method: str, name: str, body: Any = None) -> Any:
    return requests.request(method, f"{url}/emulator/{name}", json=body, timeout=10)


def test_steering_over_http(api: Api) -> None:
    url = api.emulator.url
    assert control(url, "PUT", "switches", {"count": "absent", "latency": 0}).json()["count"] == "absent"
    assert control(url, "GET", "switches").json()["choices"]["count"] == list(CHOICES["count"])
    assert control(url, "PUT", "clock", {"now": 1000}).json() == {"now": 1000}
    assert control(url, "PUT", "clock", {"advance": 5}).json() == {"now": 1005}
    assert control(url, "PUT", "clock", {"now": None}).json()["now"] > 1_700_000_000
    assert control(url, "PUT", "keys", {"other": "public:minute=1"}).json()["other"] == "public"
    added = control(url, "POST", "faults", [{"pattern": "*/comments", "status": 503}]).json()
    assert added[0]["status"] == 503
    thing = {"type": "file", "id": digest("control"), "attributes": {"size": 3}}
    body = {"object": thing, "relationships": {"contacted_ips": [{"type": "ip_address", "id": "192.0.2.10"}]}}
    assert control(url, "POST", "objects", body).json() == {"id": digest("control")}
    assert api.get(f"{FILE}/comments").status_code == 503
    assert api.json(f"/files/{digest('control')}/contacted_ips", "other")["data"][0]["id"] == "192.0.2.10"
    state = control(url, "GET", "state").json()
    assert (state["requests"], state["charged"], state["quotas"]["other"]["minute"]) == (2, 1, 1)
    log = control(url, "GET", "requests").json()
    assert [(one["path"], one["status"], one["key"], one["fault"]) for one in log] == [
        (f"/api/v3{FILE}/comments", 503, "premium", "status"),
        (f"/api/v3/files/{digest('control')}/contacted_ips", 200, "other", None),
    ]
    assert control(url, "DELETE", "requests").json() == control(url, "DELETE", "faults").json() == []
    assert control(url, "GET", "faults").json()["faults"] == []
    assert control(url, "POST", "clear").json()["requests"] == 0
    assert api.error(FILE, "other") == (401, "WrongCredentialsError")


@pytest.mark.parametrize(
    ("method", "name", "body", "status"),
    [
        ("PUT", "switches", {"no_such": 1}, 400),
        ("PUT", "switches", {"count": "many"}, 400),
        ("POST", "faults", {"pattern": "*", "kind": "explode"}, 400),
        ("POST", "faults", {"kind": "delay"}, 400),
        ("PUT", "keys", {"k": "gold"}, 400),
        ("PUT", "clock", {}, 400),
        ("GET", "nothing", None, 404),
    ],
)
def test_mistakes_are_said(api: Api, method: str, name: str, body: Any, status: int) -> None:
    answer = control(api.emulator.url, method, name, body)
    assert answer.status_code == status
    assert answer.json()["error"]


def test_controls_are_not_counted(api: Api) -> None:
    control(api.emulator.url, "GET", "state")
    assert len(api.emulator.requests) == 0


def test_every_choice_is_a_switch_with_its_default() -> None:
    defaults = attrs.asdict(Switches())
    assert {name: choices[0] for name, choices in CHOICES.items()} == {name: defaults[name] for name in CHOICES}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("cursor_repeats", "false", False),
        ("short_pages", "true", True),
        ("inline_page", "5", 5),
        ("retry_after", "7", 7.0),
        ("latency", "0.5", 0.5),
        ("analysis_status", "pondering", "pondering"),
    ],
)
def test_switches_as_text(name: str, text: str, value: Any) -> None:
    switches = Switches()
    switches.set(**{name: text})
    assert getattr(switches, name) == value


@pytest.mark.parametrize(("name", "text"), [("short_pages", "maybe"), ("latency", "-1"), ("inline_page", "many")])
def test_wrong_values_of_switches(name: str, text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Switches().set(**{name: text})


def test_the_log(api: Api) -> None:
    api.get(f"{FILE}?relationships=votes", headers={"X-Tool": "tests", "User-Agent": "agent"})
    request = api.emulator.requests[0]
    assert (request.method, request.path, request.query) == ("GET", f"/api/v3{FILE}", "relationships=votes")
    assert (request.headers["x-tool"], request.headers["user-agent"]) == ("tests", "agent")
    assert (request.key, request.status, request.charged) == ("premium", 200, True)
    assert request.ended is not None
    assert request.ended >= request.started
    assert api.emulator.requests.paths() == [f"GET {FILE}"]


@pytest.fixture
def process() -> Iterator[dict[str, str]]:
    command = [sys.executable, "-m", "virustotal.emulator", "--port", "0", "--key", "k=public:minute=1"]
    with subprocess.Popen([*command, "--switch", "quota_code=TooManyRequestsError"], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        yield json.loads(child.stdout.readline())
        child.terminate()


def test_a_process_of_its_own(process: dict[str, str]) -> None:
    url = f"{process['url']}/api/v3{FILE}"
    first = requests.get(url, headers={"x-apikey": "k"}, timeout=10)
    second = requests.get(url, headers={"x-apikey": "k"}, timeout=10)
    assert first.json()["data"]["id"] == EICAR_SHA256
    assert (second.status_code, second.json()["error"]["code"]) == (429, "TooManyRequestsError")
    assert control(process["url"], "GET", "state").json()["charged"] == 1


def test_the_world_as_a_folder_is_the_same_world(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--write-world", str(tmp_path)])
    assert json.loads(capsys.readouterr().out)["files"] > 200
    inside, written = load_store(None), load_store(tmp_path)
    for kind in ("file", "url", "domain", "ip_address", "file_behaviour", "comment", "resolution", "screenshot"):
        assert inside.identities(kind) == written.identities(kind) != []
    names = inside.names("file", EICAR_SHA256)
    assert names == written.names("file", EICAR_SHA256)
    assert all(
        inside.related("file", EICAR_SHA256, name) == written.related("file", EICAR_SHA256, name) for name in names
    )
    assert inside.artefacts.keys() == written.artefacts.keys()


@pytest.mark.parametrize(("world", "error"), [("/no/such/folder", NotADirectoryError), (5, TypeError)])
def test_a_wrong_world(world: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        Emulator(world)


def test_a_taken_port_is_said(api: Api) -> None:
    port = int(api.emulator.url.rpartition(":")[2])
    with pytest.raises(OSError, match="address already in use"), Emulator({}, port=port):
        pass


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [(["/no/such/folder"], "not a folder"), (["--switch", "count=many"], "count"), (["--key", "k=gold"], "tier")],
)
def test_a_mistake_on_the_command_line(arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--port", "0", *arguments])
    assert caught.value.code == 2
    assert reason in capsys.readouterr().err


def test_stopping_closes_what_was_accepted_a_moment_before() -> None:
    with Emulator() as emulator, socket.socket() as client, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        loop, stop, thread = emulator._loop, emulator._stop, emulator._thread
        assert loop is not None
        assert stop is not None
        assert thread is not None

        def connect() -> None:
            client.connect(("127.0.0.1", urlsplit(emulator.other_url).port))
            loop.call_soon(stop.set)  # when it is accepted

        loop.call_soon_threadsafe(connect)
        thread.join(5)
        gc.collect()
    assert not [str(warning.message) for warning in warned]
