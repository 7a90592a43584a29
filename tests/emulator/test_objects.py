"""Objects: look-ups by every form of id, errors, keys, and what each key may see."""

import base64
import hashlib

import pytest

from tests.emulator.conftest import FILE, Api
from virustotal.emulator.world.hosts import BAD_URL
from virustotal.emulator.world.shared import EICAR, EICAR_SHA256, digest, url_id

MD5, SHA1 = (hashlib.new(name, EICAR, usedforsecurity=False).hexdigest() for name in ("md5", "sha1"))


def encoded(url: str) -> str:
    return base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


@pytest.mark.parametrize("name", [EICAR_SHA256, EICAR_SHA256.upper(), MD5, SHA1, MD5.upper()])
def test_a_file_by_any_hash(api: Api, name: str) -> None:
    data = api.json(f"/files/{name}")["data"]
    assert (data["type"], data["id"]) == ("file", EICAR_SHA256)
    assert data["links"]["self"] == f"{api.emulator.url}/api/v3{FILE}"
    assert "relationships" not in data
    assert data["attributes"]["last_analysis_stats"]["malicious"] > 40


@pytest.mark.parametrize(("value", "answer"), [("accepted", 200), ("404", 404), ("400", 400)])
def test_upper_case_is_a_switch(api: Api, value: str, answer: int) -> None:
    api.emulator.switches.uppercase_hash = value
    assert api.get(f"/files/{MD5.upper()}").status_code == answer


@pytest.mark.parametrize(
    "name",
    [
        url_id(BAD_URL),
        encoded(BAD_URL),
        encoded("HTTP://C2.EXAMPLE.NET:80/gate.php#fragment"),
        encoded("c2.example.net/gate.php"),
    ],
)
def test_a_url_by_any_form(api: Api, name: str) -> None:
    data = api.json(f"/urls/{name}")["data"]
    assert (data["id"], data["attributes"]["url"]) == (url_id(BAD_URL), BAD_URL)


@pytest.mark.parametrize(("switch", "answer"), [("400", (400, "BadRequestError")), ("404", (404, "NotFoundError"))])
@pytest.mark.parametrize(
    "name",
    [
        base64.urlsafe_b64encode(b"http://c2.example.net/").decode(),
        base64.b64encode("http://c2.example.net/?\u00ff\u00fe>>>".encode()).decode().rstrip("="),
        "c2.example.net",
        encoded("no scheme, no host"),
    ],
)
def test_padding_and_other_alphabets_are_refused(api: Api, name: str, switch: str, answer: tuple[int, str]) -> None:
    api.emulator.switches.bad_url_id = switch
    path = "/urls/" + name.replace("/", "%2F").replace("+", "%2B").replace("=", "%3D")
    assert api.error(path) == answer


@pytest.mark.parametrize(
    ("path", "identity"),
    [
        ("/domains/EXAMPLE.com", "example.com"),
        ("/ip_addresses/192.0.2.10", "192.0.2.10"),
        ("/ip_addresses/2001:DB8:0::10", "2001:db8::10"),
        ("/resolutions/198.51.100.7example.com", "198.51.100.7example.com"),
        (f"/file_behaviours/{EICAR_SHA256}_VirusTotal%20Jujubox", f"{EICAR_SHA256}_VirusTotal Jujubox"),
        (f"/file_behaviours/{EICAR_SHA256}_Dr.Web%20vxCube", f"{EICAR_SHA256}_Dr.Web vxCube"),
        ("/attack_techniques/T1059.003", "T1059.003"),
        ("/yara_rulesets/0121ae37cc", "0121ae37cc"),
        (f"/collections/{digest('collection')}", digest("collection")),
    ],
)
def test_other_objects(api: Api, path: str, identity: str) -> None:
    assert api.json(path)["data"]["id"] == identity


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/files/" + "0" * 64, (404, "NotFoundError")),
        ("/files/nothing", (404, "NotFoundError")),
        ("/files/", (404, "NotFoundError")),
        ("/files", (404, "NotFoundError")),
        ("/files//comments", (404, "NotFoundError")),
        ("/urls/" + "0" * 64, (404, "NotFoundError")),
        ("/nothing/at/all", (404, "NotFoundError")),
        (f"{FILE}/../{EICAR_SHA256}/comments/x/y", (404, "NotFoundError")),
        ("/domains/localhost", (400, "InvalidArgumentError")),
        ("/domains/not%20a%20name.example", (400, "InvalidArgumentError")),
        ("/domains/192.0.2.10", (400, "InvalidArgumentError")),
        ("/ip_addresses/192.0.2.999", (400, "InvalidArgumentError")),
        ("/resolutions/203.0.113.99nothing.example", (404, "NotFoundError")),
    ],
)
def test_errors(api: Api, path: str, answer: tuple[int, str]) -> None:
    assert api.error(path) == answer


def test_messages_as_seen(api: Api) -> None:
    unknown = "0" * 64
    assert api.get(f"/files/{unknown}").json() == {
        "error": {"code": "NotFoundError", "message": f'File "{unknown}" not found'}
    }
    bad = api.get("/domains/xpressco").json()["error"]["message"]
    assert bad == 'Domain "xpressco" is not a valid domain pattern'


@pytest.mark.parametrize("path", ["/domains/never.seen.example", "/ip_addresses/203.0.113.200"])
def test_never_seen_hosts_are_a_switch(api: Api, path: str) -> None:
    data = api.json(path)["data"]
    assert data["attributes"]["last_analysis_stats"]["malicious"] == 0
    assert "last_analysis_results" not in data["attributes"]
    assert api.json(f"{path}/resolutions")["data"] == []
    api.emulator.switches.unknown_host = "404"
    assert api.error(path) == (404, "NotFoundError")
    assert api.error(f"{path}/resolutions") == (404, "NotFoundError")


@pytest.mark.parametrize(
    ("headers", "answer"),
    [
        ({}, (401, "AuthenticationRequiredError", "X-Apikey header is missing")),
        ({"x-apikey": "wrong"}, (401, "WrongCredentialsError", "Wrong API key")),
        ({"X-ApiKey": "premium"}, None),
        ({"X-APIKEY": "premium"}, None),
    ],
)
def test_keys(api: Api, headers: dict[str, str], answer: tuple[int, str, str] | None) -> None:
    response = api.get(FILE, key=None, headers=headers)
    if answer is None:
        assert response.status_code == 200
    else:
        error = response.json()["error"]
        assert (response.status_code, error["code"], error["message"]) == answer


def test_an_inactive_key(api: Api) -> None:
    api.emulator.keys["premium"].active = False
    assert api.error(FILE) == (401, "UserNotActiveError")


@pytest.mark.parametrize(
    ("key", "tool", "shown"),
    [("gti", True, True), ("gti", False, False), ("premium", True, False), ("public", True, False)],
)
def test_the_assessment_needs_licence_and_tool(api: Api, key: str, tool: bool, shown: bool) -> None:
    headers = {"X-Tool": "tests"} if tool else {}
    assert ("gti_assessment" in api.json(FILE, key, headers=headers)["data"]["attributes"]) is shown


def test_premium_attributes_are_not_for_public_keys(api: Api) -> None:
    path = f"/files/{digest('setup.exe')}"
    assert {"exiftool", "malware_config"} <= api.json(path)["data"]["attributes"].keys()
    assert not {"exiftool", "malware_config"} & api.json(path, "public")["data"]["attributes"].keys()


def test_field_selection_is_a_switch(api: Api) -> None:
    whole = api.json(f"{FILE}?attributes=md5,size")["data"]["attributes"]
    assert "last_analysis_results" in whole
    api.emulator.switches.attributes = "honoured"
    assert api.json(f"{FILE}?attributes=md5,size")["data"]["attributes"].keys() == {"md5", "size"}
    assert (
        "last_analysis_results"
        not in api.json(f"{FILE}?exclude_attributes=last_analysis_results")["data"]["attributes"]
    )
    api.emulator.switches.attributes = "400"
    assert api.error(f"{FILE}?attributes=md5") == (400, "BadRequestError")


@pytest.mark.parametrize(
    ("mode", "agent", "compressed"),
    [
        ("agent", "x; gzip", True),
        ("agent", "x", False),
        ("always", "x", True),
        ("never", "x; gzip", False),
    ],
)
def test_compression_goes_by_the_agent(api: Api, mode: str, agent: str, compressed: bool) -> None:
    api.emulator.switches.gzip = mode
    answer = api.get(FILE, headers={"User-Agent": agent, "Accept-Encoding": "gzip"})
    assert ("gzip" in answer.headers.get("Content-Encoding", "")) is compressed
    assert answer.json()["data"]["id"] == EICAR_SHA256
