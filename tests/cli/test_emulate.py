"""The emulator starts from the terminal, and says where it is."""

import json
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner

from virustotal.cli.app import app
from virustotal.emulator.__main__ import main


def test_it_serves_until_it_is_ended() -> None:
    program = "from virustotal.cli import main; main()"
    command = [sys.executable, "-c", program, "emulator", "--port", "0", "--key", "a-key=premium"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            address = json.loads(server.stdout.readline())["url"]
            request = urllib.request.Request(f"{address}/api/v3/domains/example.com", headers={"x-apikey": "a-key"})
            with urllib.request.urlopen(request, timeout=10) as answer:
                assert json.load(answer)["data"]["id"] == "example.com"
        finally:
            server.terminate()


WRONG = [
    (["--key", "a-key=silver"], "no such tier of a key: 'silver'"),
    (["--key", "a-key=public:foo=1"], "no such option of a key: 'foo=1'"),
    (["--key", "a-key=public:day=many"], "no such option of a key: 'day=many'"),
    (["--key", "a-key"], "'a-key' is not of the form NAME=VALUE"),
    (["--switch", "count"], "'count' is not of the form NAME=VALUE"),
    (["--switch", "nosuch=1"], "there is no switch 'nosuch'"),
    (["--switch", "relationship_attributes=maybe"], "the switch relationship_attributes: "),
    (["--switch", "short_pages=maybe"], "the switch short_pages: "),
    (["--switch", "latency=-1"], "the switch latency: "),
    (["--port", "99999"], "port"),
]


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        *WRONG,
        (["--reports", "no such folder"], "--reports"),
        (["--address", "192.0.2.1"], "192.0.2.1"),
    ],
)
def test_wrong_usage_is_said(arguments: list[str], part: str) -> None:
    result = CliRunner().invoke(app, ["emulator", *arguments])
    assert result.exit_code == 2, result.output
    assert part in " ".join(result.output.replace("│", "").split())
    assert "Attribute" not in result.output


def test_a_port_in_use_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = CliRunner().invoke(app, ["emulator", "--port", str(taken.getsockname()[1])])
    assert result.exit_code == 2, result.output
    assert "address already in use" in result.output


@pytest.mark.parametrize(("arguments", "part"), WRONG)
def test_the_module_says_the_same(capsys: pytest.CaptureFixture[str], arguments: list[str], part: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    shown = capsys.readouterr().err
    assert part in shown
    assert "Attribute" not in shown


def test_a_file_that_is_not_json_and_a_folder_that_cannot_be_made_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "half.json").write_text('{"data": {')
    for arguments, part in (([str(tmp_path)], "half.json is not JSON"), (["--write-world", "/proc/no"], "/proc/no")):
        with pytest.raises(SystemExit, match="2"):
            main(arguments)
        assert part in capsys.readouterr().err
