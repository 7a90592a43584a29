"""The service's import costs little beside the framework's own. Slow: fresh interpreters, and a machine at rest."""

import re
import subprocess
import sys

import pytest

from tests.conftest import ROOT


@pytest.mark.slow
def test_the_service_adds_little_to_the_frameworks_import() -> None:
    command = [sys.executable, str(ROOT / "bench" / "import_time.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    share = re.match(r"the service adds ([0-9.]+) % ", done.stdout)
    assert share is not None
    assert float(share[1]) < 10, done.stdout
