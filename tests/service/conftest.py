"""The service as Assemblyline runs it, against the emulator over real HTTP."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from assemblyline.common.classification import Classification

from tests.conftest import await_free_questions
from virustotal.emulator.server import Emulator
from virustotal.local.run_task import Target, TaskOutcome, run_task, started_service
from virustotal.local.targets import target_of

EICAR = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"
KEY = "gti-key"

Scan = Callable[..., TaskOutcome]


@pytest.fixture
def scan(emulator: Emulator, tmp_path: Path) -> Iterator[Scan]:
    """Run one task: `scan(target, parameters, config={...}, **message)`; the same configuration keeps its service."""
    with ExitStack() as stack:
        services: dict[str, Any] = {}

        def run(
            target: str | Target = EICAR,
            parameters: Mapping[str, Any] | None = None,
            *,
            config: Mapping[str, Any] | None = None,
            **message: Any,
        ) -> TaskOutcome:
            given = {
                "host": emulator.url,
                "api_key": KEY,
                "storage": str(tmp_path / "store.sqlite3"),
                **(config or {}),
            }
            if repr(given) not in services:
                services[repr(given)] = stack.enter_context(started_service(given))
            services[repr(given)].intervals = (0.02,)
            found = target_of(target, tmp_path) if isinstance(target, str) else target
            keep = tmp_path / "kept"
            keep.mkdir(exist_ok=True)
            outcome = run_task(services[repr(given)], found, parameters or {}, keep=keep, **message)
            await_free_questions()
            return outcome

        yield run


@pytest.fixture
def enforced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assemblyline's own classification engine, as a platform has it that enforces classifications."""
    import virustotal.platform.config_checks
    import virustotal.platform.task

    levels = [
        {
            "aliases": [],
            "css": {"color": "default"},
            "description": "-",
            "lvl": 100 * (place + 1),
            "name": name,
            "short_name": name,
        }
        for place, name in enumerate(("TLP:W", "TLP:C", "TLP:A"))
    ]
    engine = Classification(
        {
            "enforce": True,
            "dynamic_groups": False,
            "dynamic_groups_type": "all",
            "levels": levels,
            "required": [],
            "groups": [],
            "subgroups": [],
            "restricted": "TLP:A",
            "unrestricted": "TLP:C",
        }
    )
    for module in (virustotal.platform.config_checks, virustotal.platform.task):
        monkeypatch.setattr(module, "forge", SimpleNamespace(get_classification=lambda: engine))


@pytest.fixture
def records(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What the service logs: the framework keeps its records from the root logger."""
    caplog.set_level(logging.DEBUG, "assemblyline.service.virustotal")
    return caplog


def titles(outcome: TaskOutcome) -> list[str]:
    """The titles of all sections, in order."""
    return [str(section["title_text"]) for section in outcome.sections]


def shown(outcome: TaskOutcome, without: str = "") -> str:
    """Everything that an analyst can read of a result, but for the sections of one title."""
    sections = [section for section in outcome.sections if section["title_text"] != without]
    return "\n".join(f"{section['title_text']}\n{section.get('body') or ''}" for section in sections)
