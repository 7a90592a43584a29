"""What a machine lacks is said in one line that tells the command."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

#: Answers of a Python in place of the real one: the last argument is the program that it is asked to run.
PYTHON = """#!/bin/sh
for last; do :; done
case "$last" in
    *sys.exit*) exit {version} ;;
    *ensurepip*) exit {ensurepip} ;;
    *libmagic*) exit {libmagic} ;;
esac
exit 0
"""


def setup(folder: Path, *, version: int = 0, ensurepip: int = 0, libmagic: int = 0, venv: bool = False) -> str:
    """Run `tools/setup` where there is no apt-get, and return what it says; an empty text if it ends well."""
    (folder / "id").symlink_to(shutil.which("id") or "id")
    places = [folder / "python3.11", folder / ".venv" / "bin" / "python"] if venv else [folder / "python3.11"]
    for place in places:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(PYTHON.format(version=version, ensurepip=ensurepip, libmagic=libmagic))
        place.chmod(0o755)
    done = subprocess.run(
        ["/bin/sh", str(ROOT / "tools" / "setup"), ".venv", "cli"],
        env={"PATH": str(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert bool(done.returncode) is bool(done.stderr), done.stdout + done.stderr
    return done.stderr


@pytest.mark.parametrize(
    ("lacks", "line"),
    [
        ({"version": 1}, "error: Python 3.11 or later is missing; name it with: make PYTHON=/path/to/python3.11\n"),
        ({"ensurepip": 1}, "error: Python's venv is missing; install it with: sudo apt-get install python3-venv\n"),
        (
            {"libmagic": 1, "venv": True},
            "error: libmagic is missing; install it with: sudo apt-get install libmagic1\n",
        ),
        ({"venv": True}, ""),
    ],
)
def test_what_is_missing_is_said(tmp_path: Path, lacks: dict[str, int], line: str) -> None:
    assert setup(tmp_path, **lacks) == line  # type: ignore[arg-type]
