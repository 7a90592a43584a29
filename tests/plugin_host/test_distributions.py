"""Distributions as they come: one name twice, a dependency that is missing, metadata that lacks something."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.conftest import ROOT
from tests.plugin_host.conftest import announce
from virustotal.cli.app import app
from virustotal.cli.reports.plugins import as_json, check_plugin, plugins
from virustotal.core.plugin_host.plugin import State

QUIET = """
from virustotal.core import Analyzer, hookimpl

@hookimpl
def virustotal_analyzers(settings):
    return [Analyzer(__name__, "file", analyze=lambda evidence: ())]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("virustotal_")]:
        del sys.modules[name]


def test_of_two_plugins_of_one_name_the_second_is_refused(folder: Path) -> None:
    announce(folder, "one", source=QUIET, points="same")
    announce(folder, "two", source=QUIET, points="same")
    same = {plugin.distribution: plugin for plugin in plugins({}).listing if plugin.name == "same"}
    assert sorted(plugin.state for plugin in same.values()) == [State.LOADED, State.REFUSED]
    (refused,) = (plugin for plugin in same.values() if plugin.state is State.REFUSED)
    assert refused.reason == "its name is taken by another plugin: same"
    assert check_plugin("same", {}).problems == ()
    assert check_plugin(refused.distribution, {}).problems == (f"Not loaded, refused: {refused.reason}.",)


def test_a_plugin_without_its_dependency_is_named_by_the_check(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "stix2", None)
    announce(folder, "stix", source=(ROOT / "examples/virustotal-stix/virustotal_stix.py").read_text(encoding="utf-8"))
    done = CliRunner().invoke(app, ["plugins", "check", "stix"])
    assert done.exit_code == 1
    assert "problem: stix_file raised ModuleNotFoundError: import of stix2 halted" in done.output


@pytest.mark.parametrize(
    ("metadata", "version", "home"),
    [
        ("", "", ""),
        ("Version: 2\n", "2", ""),
        ("Version: 2\nHome-page: https://example.com/old\n", "2", "https://example.com/old"),
        (
            "Version: 2\nProject-URL: Docs, https://example.com/docs\nProject-URL: Homepage, https://example.com/\n",
            "2",
            "https://example.com/",
        ),
    ],
)
def test_version_api_and_home_page_are_listed(folder: Path, metadata: str, version: str, home: str) -> None:
    announce(folder, "mine", metadata, QUIET)
    (row,) = [row for row in as_json(plugins({}).listing) if row["name"] == "mine"]
    assert (row["state"], row["version"], row["api"], row["home"]) == ("loaded", version, 1, home)
    listed = CliRunner().invoke(app, ["plugins"], env={"COLUMNS": "200"})
    (line,) = [line for line in listed.output.splitlines() if "virustotal-mine" in line]
    assert all(text in line for text in (" mine ", version, "API 1, virustotal-mine", home))
    assert json.loads(CliRunner().invoke(app, ["plugins", "--json"]).output)
