"""What the built distributions hold. Slow: they are really built."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

from tests.conftest import ROOT
from virustotal import __version__
from virustotal.template import write

pytestmark = [pytest.mark.slow, pytest.mark.ci]

MANIFEST = (ROOT / "service_manifest.yml").read_bytes()
#: What the base install may bring; anything else belongs to an extra. The framework itself needs redis.
BASE = {"assemblyline-v4-service", "attrs", "idna", "ijson", "pluggy", "redis", "regex", "requests", "urllib3"}


def python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run this interpreter without what the tests set for the framework."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("SERVICE_", "PYTHON"))}
    return subprocess.run(
        [sys.executable, *arguments],
        env={**inherited, **environment},
        cwd=environment.get("HOME", "/"),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that was built from it."""
    source = tmp_path_factory.mktemp("source") / "project"
    ignored = shutil.ignore_patterns(".*", "build", "dist", "site", "*.egg-info", "__pycache__")
    shutil.copytree(ROOT, source, symlinks=True, ignore=ignored)
    folder = tmp_path_factory.mktemp("dist")
    done = python("-m", "build", "--outdir", str(folder), str(source))
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    return next(built.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the wheel alone is installed."""
    folder = tmp_path_factory.mktemp("installed")
    done = python("-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder), str(wheel))
    assert done.returncode == 0, done.stderr
    return folder


def test_both_carry_the_manifest_itself(built: Path, wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        assert archive.read("virustotal/service_manifest.yml") == MANIFEST
        assert "virustotal/py.typed" in archive.namelist()
        assert not [name for name in archive.namelist() if name.startswith("tests")]
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        (member,) = [each for each in archive if each.name.endswith("/virustotal/service_manifest.yml")]
        assert member.isreg()
        content = archive.extractfile(member)
        assert content is not None
        assert content.read() == MANIFEST


def test_the_base_install_is_lean(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [each for each in archive.namelist() if each.endswith(".dist-info/METADATA")]
        metadata = message_from_bytes(archive.read(name))
    needed = [each for each in metadata.get_all("Requires-Dist", []) if "extra ==" not in each]
    assert {re.split(r"[^A-Za-z0-9_.-]", each)[0].lower() for each in needed} == BASE
    assert metadata["Version"] == __version__
    assert {"cli", "emulator", "test"} <= set(metadata.get_all("Provides-Extra", []))


def test_the_kit_works_without_a_checkout(installed: Path, tmp_path: Path) -> None:
    code = f"""
import virustotal.testing
from assemblyline_v4_service.common.result import Heuristic, ResultSection
assert virustotal.__file__.startswith({str(installed)!r}), virustotal.__file__
section = ResultSection("a title", heuristic=Heuristic(1))
print(section.title_text, section.heuristic.name)
"""
    done = python("-c", code, PYTHONPATH=str(installed), HOME=str(tmp_path))
    assert done.stdout == "a title File detected\n", done.stderr


def test_the_command_says_what_to_install(installed: Path, tmp_path: Path) -> None:
    code = "import sys; sys.modules['click'] = None; import virustotal.cli; virustotal.cli.main()"
    done = python("-c", code, PYTHONPATH=str(installed), HOME=str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.strip().splitlines() == [
        "virustotal-service needs click: pip install 'assemblyline-service-virustotal[cli]'"
    ]


def test_a_new_plugin_builds_without_a_complaint(tmp_path: Path) -> None:
    write("mine", tmp_path)
    done = python("-m", "build", str(tmp_path / "virustotal-mine"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "eprecat" not in done.stdout + done.stderr
    with zipfile.ZipFile(next(tmp_path.glob("virustotal-mine/dist/*.whl"))) as archive:
        assert any(name.endswith("/licenses/LICENSE") for name in archive.namelist())
