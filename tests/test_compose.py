"""docker/compose.yaml: valid, true to image and manifest, and its commands run as plain processes."""

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from tests.conftest import ROOT
from tests.storage.servers import BINARY, Server, free_port
from virustotal.cli.app import app

COMPOSE = ROOT / "docker" / "compose.yaml"
PROGRAM = {"virustotal-service": [sys.executable, "-c", "from virustotal.cli import main; main()"]}


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]
    return found


def command(service: dict[str, Any], **changed: str) -> list[str]:
    """Return what a container runs, with values of this machine in place of the container's."""
    whole = [*service.get("entrypoint", []), *service["command"]]
    return [*PROGRAM.get(whole[0], whole[:1]), *(changed.get(each, each) for each in whole[1:])]


@pytest.fixture(scope="module")
def redis(services: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    name, *options = services["redis"]["command"]
    assert name == "redis-server"
    port, folder = free_port(), tmp_path_factory.mktemp("redis")
    server = Server(str(BINARY), folder, port, f"redis://127.0.0.1:{port}", ("--port", str(port), *options))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def emulator(services: dict[str, Any]) -> Iterator[str]:
    port = str(free_port())
    started = command(services["emulator"], **{"8080": port, "0.0.0.0": "127.0.0.1"})
    with subprocess.Popen(started, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield json.loads(server.stdout.readline())["url"]
        finally:
            server.terminate()


def environment(services: dict[str, Any], emulator: str, redis: Server) -> dict[str, str]:
    """Return the variables of the service `scan`, with the addresses of this machine."""
    here = {"http://emulator:8080": emulator, "redis": "127.0.0.1", "6379": str(redis.port)}
    return {name: here.get(value, value) for name, value in services["scan"]["environment"].items()}


def run(services: dict[str, Any], emulator: str, redis: Server, *instead: str) -> "subprocess.CompletedProcess[str]":
    """Run the service `scan`, with another command where one is given, as `docker-compose run` takes it."""
    own = environment(services, emulator, redis)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("VIRUSTOTAL", "SERVICE"))}
    service = {**services["scan"], "command": list(instead) or services["scan"]["command"]}
    return subprocess.run(command(service), env=kept | own, capture_output=True, text=True, timeout=60, check=False)


def requests(emulator: str) -> list[str]:
    with urllib.request.urlopen(f"{emulator}/emulator/requests", timeout=5) as answer:
        return [each["path"] for each in json.load(answer) if "/users/" not in each["path"]]


def test_the_commands_run(services: dict[str, Any], emulator: str, redis: Server) -> None:
    first = run(services, emulator, redis)
    assert first.returncode in {0, 4}, first.stderr
    assert "(malicious)" in first.stdout
    asked = requests(emulator)
    assert asked
    again = run(services, emulator, redis)
    assert again.returncode == first.returncode, again.stderr
    assert requests(emulator) == asked
    here = environment(services, emulator, redis)
    kept = json.loads(CliRunner().invoke(app, ["cache", "--json"], env=here).stdout)
    assert kept["store"] == f"redis://127.0.0.1:{redis.port}"
    assert kept["objects"]
    rows = json.loads(CliRunner().invoke(app, ["quota", "--json"], env=here).stdout)["windows"]
    assert {row["ledger"] for row in rows} == {len(asked)}


def test_all_of_it_works(services: dict[str, Any], emulator: str, redis: Server) -> None:
    result = run(services, emulator, redis, "doctor", "--json")
    assert result.returncode == 0, result.stdout + result.stderr
    store = next(check for check in json.loads(result.stdout) if check["check"] == "store")
    assert "all replicas" in store["found"]


def test_the_emulator_says_that_it_is_healthy(services: dict[str, Any], emulator: str) -> None:
    _, _, flag, program = services["emulator"]["healthcheck"]["test"]
    assert subprocess.run([sys.executable, flag, program.replace("http://127.0.0.1:8080", emulator)]).returncode == 0


def test_the_image_takes_the_extras(services: dict[str, Any]) -> None:
    assert "\nARG extras=[cli]\n" in (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert services["scan"]["build"] == services["emulator"]["build"]
    assert services["scan"]["build"]["args"] == {"extras": "[cli,emulator]"}
    assert (COMPOSE.parent / services["scan"]["build"]["context"] / "Dockerfile").is_file()


def test_redis_is_that_of_the_manifest(services: dict[str, Any]) -> None:
    manifest = (ROOT / "service_manifest.yml").read_text(encoding="utf-8")
    ready = manifest[manifest.index("# dependencies:") :].replace("\n# ", "\n").removeprefix("# ")
    container = yaml.safe_load(ready)["dependencies"]["redis"]["container"]
    assert services["redis"]["image"] == container["image"]
    assert services["redis"]["command"] == container["command"]


def test_docker_compose_takes_it(tmp_path: Path) -> None:
    if shutil.which("docker-compose") is None:
        pytest.skip("no docker-compose; Debian: apt-get install docker-compose")
    result = subprocess.run(
        ["docker-compose", "-f", str(COMPOSE), "config"], capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 0, result.stderr
    assert set(yaml.safe_load(result.stdout)["services"]) == {"redis", "emulator", "scan"}
