"""The oldest framework that setup.cfg allows and the newest one, each in an environment of its own.

The package `assemblyline` below it is the newest in both: its releases of that time are sources that no longer build.
"""

import configparser
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.slow

#: What meets the framework: its results, ontology, tasks and manifest.
TESTS = ("tests/service/test_service.py", "tests/service/test_attaching.py", "tests/al_types/test_ontology.py")


def lower_bound() -> str:
    """Return the lowest version of the framework that the package asks for."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    match = re.search(r"assemblyline-v4-service>=([\d.]+)", setup["options"]["install_requires"])
    assert match is not None
    return match[1]


@pytest.mark.parametrize("version", ["oldest", "newest"])
def test_framework(version: str, tmp_path: Path) -> None:
    wanted = f"=={lower_bound()}.0.0" if version == "oldest" else ""
    source = tmp_path / "project"  # pip builds in the folder that it installs from
    ignored = shutil.ignore_patterns(".*", "build", "dist", "site", "*.egg-info", "__pycache__")
    shutil.copytree(ROOT, source, symlinks=True, ignore=ignored)
    venv.create(tmp_path / "env", with_pip=True)
    python = str(tmp_path / "env" / "bin" / "python")
    framework = f"assemblyline-v4-service{wanted}"
    install = [python, "-m", "pip", "install", "-q", "--no-input", framework, f"{source}[test]"]
    subprocess.run(install, check=True, timeout=500)
    environment = {**os.environ, "PYTHONPATH": str(source), "VIRUSTOTAL_REPORTS": ""}
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS]
    ended = subprocess.run(command, cwd=source, env=environment, capture_output=True, text=True, timeout=500)
    assert ended.returncode == 0, f"{sys.version}\n{ended.stdout[-3000:]}"
