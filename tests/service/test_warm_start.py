"""What a start does once, so that the first task does not."""

import builtins
import gc
from pathlib import Path
from typing import Any

import pytest

from tests.service.conftest import EICAR, KEY
from virustotal.emulator.server import Emulator
from virustotal.local.run_task import _message, started_service, tasking_folder
from virustotal.local.targets import target_of


def test_no_task_opens_the_manifest_again(emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    real = builtins.open

    def noting(file: Any, *arguments: Any, **options: Any) -> Any:
        opened.append(str(file))
        return real(file, *arguments, **options)

    # As in a process of its own: other tests have read the manifest already.
    monkeypatch.setattr("assemblyline_v4_service.common.result.HEUR_LIST", None)
    monkeypatch.setattr("assemblyline_v4_service.common.result.SERVICE_ATTRIBUTES", None)
    config = {"host": emulator.url, "api_key": KEY, "storage": str(tmp_path / "store.sqlite3")}
    with started_service(config) as service, tasking_folder() as folder:
        target = target_of(EICAR, tmp_path)
        task = _message(service, target, {"relationships": "", "analyze_relationship": False}, {})
        monkeypatch.setattr(builtins, "open", noting)
        service.handle_task(task)
        assert list(folder.glob("*_result.json"))
    assert opened
    assert not [name for name in opened if "manifest" in name]


def test_no_collection_of_a_task_goes_through_what_was_loaded(emulator: Emulator, tmp_path: Path) -> None:
    gc.unfreeze()  # as in a process of its own: what these tests loaded is frozen already
    with started_service({"host": emulator.url, "api_key": KEY, "storage": str(tmp_path / "store.sqlite3")}):
        assert gc.get_freeze_count() > 50_000
