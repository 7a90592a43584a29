"""`virustotal-service mirror load`, and a scan that the mirror alone answers."""

import bz2
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from tests.mirror.clusters import SHA, an_object, opensearch
from virustotal.cli.app import app
from virustotal.client.retry import RetryPolicy
from virustotal.emulator.server import Emulator
from virustotal.emulator.world.shared import EICAR_SHA256


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with opensearch() as url:
        yield url


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "202601010000"
    results = {"Engine A": {"category": "malicious", "result": "Trojan.Example", "engine_name": "Engine A"}}
    objects = [
        an_object("file", SHA, attributes={"last_analysis_results": results}),
        an_object("domain", "example.com"),
    ]
    path.write_bytes(bz2.compress(b"\n".join(json.dumps(each).encode() for each in objects)))
    return path


def run(state: Path, *arguments: Any, **environment: str) -> Result:
    given = {"XDG_STATE_HOME": str(state), "VIRUSTOTAL_API_KEY": "", "VIRUSTOTAL_MIRROR": "", "SERVICE_API_HOST": None}
    return CliRunner().invoke(app, list(map(str, arguments)), env={**given, **environment})


def test_load_and_scan_without_a_key(address: str, package: Path, tmp_path: Path) -> None:
    result = run(tmp_path, "mirror", "load", package, "--host", address)
    assert result.exit_code == 0, result.output
    assert "stored 2" in " ".join(result.output.split())
    config = tmp_path / "config.yml"
    config.write_text(yaml.safe_dump({"mirror": {"hosts": [address], "only": True}}))
    scanned = run(tmp_path, "scan", SHA, "--full", "--config", config)
    assert scanned.exit_code == 4, scanned.output  # relationships are missing, and that is said
    for part in ("Trojan.Example", "Answered by mirror", "Air-gapped", "does not hold"):
        assert part in scanned.output
    assert run(tmp_path, "scan", "0" * 63 + "1", "--config", config).exit_code == 4


def test_loaded_twice_is_loaded_once(address: str, package: Path, tmp_path: Path) -> None:
    arguments = ("mirror", "load", package, package, "--host", address, "--json")
    first, second = (json.loads(run(tmp_path, *arguments).stdout) for _ in range(2))
    assert (first["read"], first["loaded_before"]) == (2, 2)
    assert (second["read"], second["loaded_before"]) == (0, 4)
    assert json.loads(run(tmp_path, *arguments, "--again").stdout)["read"] == 4


def test_refused_lines_are_named_with_their_first(address: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text('{"type": "[bold]thing", "id": "1", "attributes": {}}\n{broken\n')
    result = run(tmp_path, "mirror", "load", path, VIRUSTOTAL_MIRROR=address)
    assert result.exit_code == 4
    for part in ("refused: unknown type [bold]thing", "refused: broken JSON", "bad.jsonl:2"):
        assert part in result.output
    again = run(tmp_path, "mirror", "load", path, "--json", VIRUSTOTAL_MIRROR=address)
    assert again.exit_code == 4
    said = json.loads(again.stdout)
    assert (said["read"], said["loaded_before"]) == (0, 0)
    assert [(each["lines"], each["first"]) for each in said["refused"]] == [(1, "bad.jsonl:1"), (1, "bad.jsonl:2")]


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "said"),
    [
        ((), {}, 3, "--host"),
        (("--host", "ftp://mirror.example.com"), {}, 3, "mirror.hosts.0"),
        (("--host", "http://me:word@mirror.example.com"), {}, 3, "without user"),
        (("--host", "http://mirror.example.com"), {"VIRUSTOTAL_MIRROR_USER": "me"}, 3, "mirror_password"),
        (("--host", "http://mirror.example.com", "--ca", "/missing"), {}, 2, "--ca"),
    ],
)
def test_what_cannot_work_is_said(
    package: Path, tmp_path: Path, arguments: tuple[str, ...], environment: dict[str, str], code: int, said: str
) -> None:
    result = run(tmp_path, "mirror", "load", package, *arguments, **environment)
    assert result.exit_code == code, result.output
    assert said in result.output
    assert "word@" not in result.output


@pytest.mark.parametrize("command", [("scan", SHA), ("doctor",)])
def test_who_looks_up_takes_the_secrets_from_the_environment_as_the_load_does(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    config = tmp_path / "config.yml"
    config.write_text("mirror: {hosts: ['http://mirror.example.com'], only: true}\n")
    result = run(tmp_path, *command, "--config", config, VIRUSTOTAL_MIRROR_USER="me")
    assert result.exit_code == 3, result.output
    assert "mirror_password" in result.output


def test_a_mirror_that_is_down_ends_the_load(package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("virustotal.mirror.feed_loader.RETRIES", RetryPolicy(8, 0.001))
    result = run(tmp_path, "mirror", "load", package, "--host", "http://127.0.0.1:9")
    assert result.exit_code == 1
    assert "cannot be reached" in result.output
    assert "The same command" in result.output


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(keys={"premium": "premium", "public": "public"}) as running:
        yield running


def fetch(state: Path, address: str, emulator: Emulator, *arguments: str, key: str = "premium") -> Result:
    given = {"VIRUSTOTAL_API_KEY": key, "VIRUSTOTAL_HOST": emulator.url, "VIRUSTOTAL_MIRROR": address}
    return run(state, "mirror", "fetch", *arguments, **given)


def test_feeds_are_fetched_and_the_next_run_goes_on(address: str, emulator: Emulator, tmp_path: Path) -> None:
    since = (datetime.now(UTC) - timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M")
    first = fetch(tmp_path, address, emulator, "files", "domains", "--since", since, "--json")
    assert first.exit_code == 0, first.output
    kinds = sum(len(emulator.store.identities(kind)) for kind in ("file", "domain"))
    assert json.loads(first.stdout)["read"] >= 2 * kinds  # two hours, and some
    assert json.loads(fetch(tmp_path, address, emulator, "files", "--json").stdout)["read"] < kinds
    config = tmp_path / "config.yml"
    config.write_text(yaml.safe_dump({"mirror": {"hosts": [address], "only": True}}))
    assert "Answered by mirror" in run(tmp_path, "scan", EICAR_SHA256, "--config", config).output


@pytest.mark.parametrize(
    ("arguments", "key", "code", "said"),
    [
        (("files", "--since", "2999-01-01"), "premium", 2, "60 minutes old"),
        (("comments",), "premium", 2, "there is no feed comments"),
        (("files",), "", 3, "--api-key-file"),
        (("files",), "wrong", 3, "does not accept the API key"),
        (("files", "--api-host", "nonsense"), "premium", 3, "host: expected"),
        (("files",), "public", 1, "The same command continues"),
    ],
)
def test_what_cannot_be_fetched_is_said(
    address: str, emulator: Emulator, tmp_path: Path, arguments: tuple[str, ...], key: str, code: int, said: str
) -> None:
    result = fetch(tmp_path, address, emulator, *arguments, key=key)
    assert result.exit_code == code, result.output
    assert said in " ".join(result.output.split())


@pytest.mark.parametrize(("mirror", "said"), [({"only": True}, "mirror.only"), ({"urls": ""}, "no index for urls")])
def test_a_configuration_that_fetches_nothing(
    address: str, emulator: Emulator, tmp_path: Path, mirror: dict[str, Any], said: str
) -> None:
    config = tmp_path / "config.yml"
    config.write_text(yaml.safe_dump({"mirror": mirror}))
    result = fetch(tmp_path, address, emulator, "urls", "--config", str(config))
    assert (result.exit_code, said in result.output) == (3, True), result.output


def test_a_user_without_home_is_told_before_anything_is_loaded(
    address: str, package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("virustotal.mirror.checkpoint.state_folder", lambda: Path("/proc/none"))
    result = run(tmp_path, "mirror", "load", package, "--host", address)
    assert result.exit_code == 1, result.output
    assert "/proc/none/mirror" in result.output
    assert "--state" in result.output
    assert "stored" not in result.output
