"""What a new author types, from an empty folder with only the wheel installed, to a passing check of each kind."""

import json
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.conftest import ROOT
from virustotal.emulator.server import Emulator
from virustotal.template import KINDS

pytestmark = [pytest.mark.slow, pytest.mark.ci]

INSTALL = "python -m pip install -q --no-deps --no-index --no-build-isolation"


class Shell:
    """A fresh environment: what the wheel needs comes from the one of the tests, and nothing of this project."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "venv"
        venv.create(self.home, with_pip=False)
        (site,) = self.home.glob("lib/python*/site-packages")
        needs = [path for path in sys.path if path.endswith("site-packages")]
        (site / "needs.pth").write_text("\n".join(needs) + "\n")
        pip = self.home / "bin" / "pip"
        pip.write_text('#!/bin/sh\nexec python -m pip "$@"\n')
        pip.chmod(0o755)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("SERVICE_", "PYTHON"))}
        self.environment = {**inherited, "PATH": f"{self.home / 'bin'}:{os.environ['PATH']}", "HOME": str(folder)}

    def __call__(
        self, command: str, *, folder: Path | None = None, expected: tuple[int, ...] = (0,), **more: str
    ) -> str:
        done = subprocess.run(
            command,
            shell=True,
            cwd=folder or self.folder,
            env={**self.environment, **more},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in expected, f"$ {command}\n{done.stdout}{done.stderr}"
        return done.stdout


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    folder = tmp_path_factory.mktemp("shell")
    source = folder / "source"
    ignored = shutil.ignore_patterns(".*", "build", "dist", "site", "*.egg-info", "__pycache__", "tests")
    shutil.copytree(ROOT, source, symlinks=True, ignore=ignored)
    made = Shell(folder)
    made("python -m pip install -q 'setuptools>=77,<84' wheel")  # once, in place of one for each build
    made(f"{INSTALL} --force-reinstall ./source")
    shutil.rmtree(source)
    assert str(folder) in made("python -c 'import virustotal; print(virustotal.__file__)'")
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_from_an_empty_folder_to_a_passing_check(kind: str, shell: Shell, tmp_path: Path) -> None:
    name = f"my-{kind}"
    assert len(shell(f"virustotal-service new-plugin {name} --kind {kind}", folder=tmp_path).splitlines()) == 8
    project = tmp_path / f"virustotal-{name}"
    assert " passed" in shell("python -m pytest", folder=project)
    shell(f"{INSTALL} .", folder=project)
    listed = {row["name"]: row for row in json.loads(shell("virustotal-service plugins --json"))}
    assert (listed[name]["state"], listed[name]["distribution"]) == ("loaded", f"virustotal-{name}")
    assert (listed[name]["version"], listed[name]["api"]) == ("0.1.0", 1)
    assert " 0 problems" in shell(f"virustotal-service plugins check {name}")


def test_the_tutorial_runs_as_printed(shell: Shell, tmp_path: Path) -> None:
    """All but its first block, which makes the environment that the shell stands in for; the port is a free one."""
    text = (ROOT / "docs" / "plugins" / "tutorial.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line.removeprefix("$ ") for block in blocks[1:] for line in block.splitlines()]
    assert [line.split()[0] for line in lines].count("virustotal-service") == 5
    with Emulator() as emulator:
        script = "\n".join("" if line.startswith("virustotal-service emulator") else line for line in lines)
        script = script.replace("http://127.0.0.1:8080", emulator.url)
        script = re.sub(r"^(virustotal-service scan .*)$", r"\1 || [ $? -eq 4 ]", script, flags=re.MULTILINE)
        shown = shell(f"set -e\n{script}", folder=tmp_path, PIP_NO_BUILD_ISOLATION="0", PIP_NO_DEPS="1")
    assert "of interest" in shown
    assert "comment-words 0.1.0" in shown
    assert " 0 problems" in shown
    assert list(tmp_path.glob("virustotal-comment-words/dist/*.whl"))
