"""That `make bench` starts each benchmark as it must be started."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench import mirror
from tests.conftest import ROOT

ALL = sorted(f"bench.{path.stem}" for path in (ROOT / "bench").glob("*.py"))


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_each_benchmark_is_run_as_a_module(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    python = tmp_path / "bin" / "python"
    python.write_text('#!/bin/sh\necho "run $*"\n')
    python.chmod(0o755)
    (tmp_path / ".dev").touch()  # nothing is to be installed
    said = subprocess.check_output(["make", "bench", f"VENV={tmp_path}"], cwd=ROOT, text=True)
    assert [line for line in said.splitlines() if line.startswith("run ")] == [f"run -m {name}" for name in ALL]


@pytest.mark.slow
def test_the_worst_answers_leave_the_service_within_its_memory() -> None:
    subprocess.run([sys.executable, "-m", "bench.memory_limits"], cwd=ROOT, check=True)


def test_each_benchmark_can_be_imported_as_a_module() -> None:
    code = f"import importlib; [importlib.import_module(name) for name in {ALL}]"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


@pytest.mark.parametrize("program", ["artefacts.CHILD", "submit.STREAMED"])
def test_what_a_benchmark_measures_in_a_process_of_its_own_can_be_imported(program: str) -> None:
    imports = f"from bench import artefacts, submit; lines = {program}.splitlines()"
    code = f"{imports}; exec('\\n'.join(line for line in lines if 'import ' in line))"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


@pytest.mark.parametrize(("most", "code"), [(23.1, 0), (45.0, 1)])
def test_memory_that_grows_with_the_lines_fails(most: float, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert mirror.verdict({1000: 22.9, 10_000: most}) == code
    assert ("by 22.9 MB for 1000, by 45.0 MB for 10000" in capsys.readouterr().out) == bool(code)
