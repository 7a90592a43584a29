"""What every test may use. Importing the kit first points the framework at the manifest of this package."""

import functools
import gc
import json
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import hypothesis
import pytest
import yaml

import virustotal.testing  # noqa: F401 - sets SERVICE_MANIFEST_PATH before the framework is imported
from virustotal.emulator.server import Emulator

# Without compiled modules on disk each worker and each process that a test starts compiles all of them again.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# No test fails because the machine is busy, or by the luck of a draw; other examples: --hypothesis-profile=random.
hypothesis.settings.register_profile("random", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.register_profile(
    "repeated", hypothesis.settings.get_profile("random"), derandomize=True, database=None
)
hypothesis.settings.load_profile("repeated")

# Thousands of tests are collected and stay: the garbage collector would walk through them again and again.
gc.disable()


def pytest_collection_finish() -> None:
    """Collect garbage from here on, but not what was there before."""
    gc.freeze()
    gc.enable()


ROOT = Path(__file__).resolve().parent.parent
#: Recorded answers of the live API, kept beside the checkout and never in it; tests skip where they are absent.
REPORTS = Path(os.environ.get("VIRUSTOTAL_REPORTS", ROOT.parent / "shared" / "reports"))


def report_files(*folders: str) -> list[Path]:
    """Return the recorded answers below the named folders; empty where there are none."""
    return sorted(path for folder in folders for path in (REPORTS / folder).rglob("*.json"))


def requests_of(emulator: Emulator) -> list[str]:
    """Return what an emulator was asked, as `GET /files/…`, but for what every key may ask of itself and is free."""
    return [path for path in emulator.requests.paths() if "/users/" not in path]


def await_free_questions() -> None:
    """Wait for what is asked about keys beside the tasks, so that no later count of requests meets it half-way."""
    for thread in threading.enumerate():
        if thread.name == "virustotal-account":
            thread.join(30.0)


def load(path: Path) -> Any:
    """Return the JSON of one recorded answer."""
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="session", autouse=True)
def state_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the default store of tests apart from that of the person who runs them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session", autouse=True)
def manifest_parser() -> Iterator[None]:
    """Let the framework read the manifest with libyaml: each service does, and PyYAML's own parser takes 12 ms."""
    parse = functools.partial(yaml.load, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("assemblyline_v4_service.common.helper.yaml", SimpleNamespace(safe_load=parse))
        yield


@pytest.fixture(scope="session")
def reports() -> Path:
    """The folder of recorded answers."""
    if not REPORTS.is_dir():
        pytest.skip("no recorded answers beside this checkout")
    return REPORTS


@pytest.fixture(scope="module")
def server() -> Iterator[Emulator]:
    """One emulator of the invented world for all tests of a module."""
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def emulator(server: Emulator) -> Emulator:
    """The module's emulator, as if it had just been started."""
    await_free_questions()
    server.clear()
    return server


def of_each(rows: Iterable[tuple[Any, ...]]) -> Callable[[Callable[..., None]], Callable[[], None]]:
    """Turn a check of one row into one test of all rows, whose failure names the rows that fail."""

    cases = list(rows)

    def decorate(check: Callable[..., None]) -> Callable[[], None]:
        def test() -> None:
            assert cases, "there is no row"
            failures = []
            for row in cases:
                try:
                    check(*row)
                except Exception as error:
                    failures.append(f"{'-'.join(map(str, row))}: {error!r}")
            assert not failures, "\n".join(failures)

        return test

    return decorate
