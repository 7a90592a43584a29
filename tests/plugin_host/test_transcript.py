"""What a new author types, from an empty folder with only the wheel installed, to the section in a result."""

import json
import os
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

import pytest

from tests.conftest import ROOT
from virustotal.emulator.server import Emulator

pytestmark = [pytest.mark.slow, pytest.mark.ci]

EICAR_MD5 = "44d88612fea8a8f36de82e1278abb02f"


class Shell:
    """A fresh environment: what the wheel needs comes from the one of the tests, and nothing of this project."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "venv"
        venv.create(self.home, with_pip=False)
        (site,) = self.home.glob("lib/python*/site-packages")
        needs = [path for path in sys.path if path.endswith("site-packages")]
        (site / "needs.pth").write_text("\n".join(needs) + "\n")
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


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    source = tmp_path / "source"
    ignored = shutil.ignore_patterns(".*", "build", "dist", "site", "*.egg-info", "__pycache__", "tests")
    shutil.copytree(ROOT, source, symlinks=True, ignore=ignored)
    found = Shell(tmp_path)
    found(f"{sys.executable} -m build --wheel --outdir wheels source")
    found("python -m pip install -q --no-deps --no-index --force-reinstall wheels/*.whl")
    shutil.rmtree(source)
    return found


def test_from_an_empty_folder_to_the_section(shell: Shell, tmp_path: Path) -> None:
    start = time.monotonic()
    empty = tmp_path / "empty"
    empty.mkdir()
    assert str(tmp_path) in shell("python -c 'import virustotal; print(virustotal.__file__)'", folder=empty)

    written = shell("virustotal-service new-plugin comment-words --relationship comments", folder=empty)
    project = empty / "virustotal-comment-words"
    assert len(written.splitlines()) == 7
    assert "6 passed" in shell("python -m pytest", folder=project)

    shell("python -m build --wheel", folder=project)
    shell("python -m pip install -q --no-deps --no-index dist/*.whl", folder=project)
    listed = {row["name"]: row for row in json.loads(shell("virustotal-service plugins --json"))}
    assert listed["comment-words"]["state"] == "loaded"
    assert listed["comment-words"]["distribution"] == "virustotal-comment-words"
    assert "0 problems" in shell("virustotal-service plugins check comment-words")

    with Emulator() as emulator:
        scan = f"virustotal-service scan {EICAR_MD5} --json result.json"
        scan += " -p relationships=comments -p analyze_relationship=true"
        shown = shell(scan, VIRUSTOTAL_API_KEY="premium-key", VIRUSTOTAL_HOST=emulator.url, expected=(0, 4))
    sections = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))["result"]["sections"]
    titles = [each["title_text"] for each in sections]
    assert [title for title in titles if title.startswith("Comments: ") and title.endswith(" of interest")], titles
    assert "of interest" in shown
    assert time.monotonic() - start < 120
