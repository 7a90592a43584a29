"""Each broken plugin of the isolation matrix, installed, and a whole task run: it always has a result."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.plugin_host.broken import BROKEN, Broken
from tests.plugin_host.conftest import installed, on_path  # noqa: F401 - the distributions of the matrix
from tests.service.conftest import EICAR, Scan, shown, titles
from virustotal.core.plugin_host import runner, timeout

#: `sleeps` and `never-yields` need more than this one.
BUDGET = 0.8
PARAMETERS = {"relationships": "contacted_domains", "analyze_relationship": True}
FAILED = "Analysers that failed"
#: Sections that say something of all plugins together.
OWN = (FAILED, "What was cut or left out", "How this score came about")

_alone: list[list[str]] = []


@pytest.fixture
def alone(scan: Scan) -> list[str]:
    """The titles of the same task without a plugin of others."""
    if not _alone:
        _alone.append(titles(scan(EICAR, PARAMETERS, config={"plugins": {"external": False}})))
    return _alone[0]


@pytest.mark.parametrize("name", BROKEN)
def test_a_task_has_a_result_whatever_a_plugin_does(
    name: str,
    alone: list[str],
    scan: Scan,
    on_path: Callable[[str], Broken],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    analyse = runner.analyse
    monkeypatch.setattr(runner, "analyse", lambda *given: analyse(*given, budget=BUDGET))
    monkeypatch.setattr(timeout, "HOOK_BUDGET", 1.0)
    broken = on_path(name)
    outcome = scan(EICAR, PARAMETERS)
    assert not outcome.error, outcome.message
    found: list[Any] = titles(outcome)
    assert set(broken.kept) <= set(found)
    assert not [title for title in alone if title not in found and not title.startswith(OWN)]
    assert bool([title for title in found if title.startswith(FAILED)]) is bool(broken.error)
    if broken.error:
        assert outcome.partial
        assert broken.error.replace('"', '\\"') in shown(outcome)
        assert f"{name} 1.2" in shown(outcome)
