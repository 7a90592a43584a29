"""Fixtures for tests of plugins; pytest finds them by itself. Nothing is imported before a test asks for one."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from virustotal.emulator.server import Emulator
    from virustotal.local.run_task import TaskOutcome


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--virustotal-approve`."""
    group = parser.getgroup("virustotal", "plugins of the VirusTotal service")
    group.addoption("--virustotal-approve", action="store_true", help="write the snapshots of virustotal_approved anew")


@pytest.fixture
def virustotal_emulator() -> "Iterator[Emulator]":
    """A running emulator over its invented world; `.url` is its address, `premium-key` one of its keys."""
    from virustotal.emulator.server import Emulator

    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def virustotal_task(
    virustotal_emulator: "Emulator", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> "Callable[..., TaskOutcome]":
    """A function that runs the whole service in this process, against the emulator over HTTP.

    `task(target, config=None, plugin=None, **parameters)`: target is a path, digest, URL, domain or address; config as
    in the manifest; parameters are submission parameters. Installed plugins are loaded as they are in the service's
    image, and so is the module `plugin`. Everything is written to the test's own folder.
    """
    from virustotal.local.run_task import run_task, started_service
    from virustotal.local.targets import target_of
    from virustotal.testing.plugins import announce

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def task(
        target: str | Path, config: Mapping[str, Any] | None = None, plugin: Any = None, **parameters: Any
    ) -> "TaskOutcome":
        own = {"host": virustotal_emulator.url, "api_key": "premium-key", "storage": str(tmp_path / "store.sqlite3")}
        if plugin is not None:
            announce(plugin, tmp_path / "announced")
            monkeypatch.syspath_prepend(str(tmp_path / "announced"))
        with started_service({**own, **(config or {})}) as service:
            return run_task(service, target_of(str(target), tmp_path), parameters, keep=tmp_path)

    return task


@pytest.fixture
def virustotal_approved(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """A function that compares a text with the approved one of this test.

    That is in `approved/TEST.txt` beside the test's file, and is written by `pytest --virustotal-approve`.
    """
    name = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in request.node.name)
    path = Path(request.node.path).parent / "approved" / f"{name}.txt"

    def approved(text: str) -> None:
        if request.config.getoption("--virustotal-approve"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text + "\n", encoding="utf-8")
        elif not path.exists():
            pytest.fail(f"nothing is approved yet; look at this and run pytest --virustotal-approve:\n{text}")
        assert text + "\n" == path.read_text(encoding="utf-8")  # noqa: S101 - pytest shows the difference

    return approved
