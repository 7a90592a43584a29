"""The emulator starts from the terminal, and says where it is."""

import json
import subprocess
import sys
import urllib.request

import pytest
from click.testing import CliRunner

from virustotal.cli.app import app


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


@pytest.mark.parametrize("arguments", [["--key", "a-key"], ["--switch", "count"], ["--reports", "no such folder"]])
def test_wrong_usage_is_said(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, ["emulator", *arguments]).exit_code == 2
