"""Distributions as pip installs them, one at a time on the path."""

import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.plugin_host.broken import BROKEN, Broken


def wheel(folder: Path, name: str, version: str, source: str, points: str) -> Path:
    """Write the wheel of a distribution `virustotal-NAME` of one module."""
    plain = f"virustotal_{name.replace('-', '_')}"
    info = f"{plain}-{version}.dist-info"
    files = {
        f"{plain}.py": source,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: virustotal-{name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[virustotal.plugins]\n{points}\n",
    }
    record = "".join(f"{path},,\n" for path in (*files, f"{info}/RECORD"))
    path = folder / f"{plain}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(member, content)
    return path


def pip_install(target: Path, path: Path) -> None:
    """Install a wheel into a folder, with pip and without a network."""
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--no-compile"]
    command += ["--disable-pip-version-check", "--root-user-action=ignore", "--target", str(target), str(path)]
    subprocess.run(command, check=True, capture_output=True)


def unpack(target: Path, path: Path) -> None:
    """Unpack a wheel of pure Python into a folder, which is what pip does, in a hundredth of the time."""
    with zipfile.ZipFile(path) as archive:
        archive.extractall(target)


def announce(folder: Path, name: str, metadata: str = "Version: 1.0\n", source: str = "", points: str = "") -> None:
    """Write what pip leaves behind of the distribution `virustotal-NAME`; its module, too, where there is one."""
    info = folder / f"virustotal_{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: virustotal-{name}\n{metadata}")
    (info / "entry_points.txt").write_text(f"[virustotal.plugins]\n{points or name} = virustotal_{name}\n")
    if source:
        (folder / f"virustotal_{name}.py").write_text(source)


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that holds every broken distribution, unpacked."""
    wheels, target = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("installed")
    for name, broken in BROKEN.items():
        unpack(target, wheel(wheels, name, "1.2", broken.source, broken.points(name)))
    return target


@pytest.fixture
def on_path(installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Broken]]:
    """A function that puts one of the installed distributions on the path, until the test ends."""

    def put(name: str) -> Broken:
        plain = f"virustotal_{name.replace('-', '_')}"
        for path in (*installed.glob(f"{plain}.py"), *installed.glob(f"{plain}-*")):
            (tmp_path / path.name).symlink_to(path)
        return BROKEN[name]

    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield put
    for module in set(sys.modules) - before:
        if module.startswith("virustotal_"):
            del sys.modules[module]
