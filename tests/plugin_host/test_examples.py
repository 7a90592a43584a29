"""The examples and the template's distribution: their tests pass as they stand, and the service runs them."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from virustotal.cli.reports.plugins import as_json, check_plugin, plugins
from virustotal.template import KINDS, write

EXAMPLES = sorted(path for path in (ROOT / "examples").iterdir() if (path / "pyproject.toml").is_file())
#: Every kind of plugin, and each kind of subject and of related object that the template tells apart.
WRITTEN: list[dict[str, str]] = [
    *({"kind": kind} for kind in KINDS),
    {"relationship": "contacted_urls"},
    {"relationship": "subdomains", "subject": "domain"},
    {"relationship": "resolutions", "subject": "ip_address"},
    {"kind": "attributes", "subject": "url"},
    {"kind": "download", "subject": "domain", "relationship": "communicating_files"},
    {"kind": "unknown-relationship", "subject": "url", "relationship": "others"},
]


def run_tests(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda path: path.name)
def test_the_tests_of_an_example_pass(folder: Path) -> None:
    done = run_tests(folder)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_tests_of_new_plugins_pass_as_written(tmp_path: Path) -> None:
    """All in one run of pytest, each in the folder and with the configuration that it was written with."""
    for number, chosen in enumerate(WRITTEN):
        write(f"mine-{number}", tmp_path, **chosen)
    folders = [str(path) for path in sorted(tmp_path.iterdir())]
    paths = [f"{folder}/tests" for folder in folders]
    (tmp_path / "pytest.ini").write_text(f"[pytest]\npythonpath = {' '.join(folders)}\nfilterwarnings = error\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib", *paths],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    assert " skipped" not in done.stdout


def test_what_a_plugin_is_tested_with_has_the_commands_of_its_readme(tmp_path: Path) -> None:
    write("mine", tmp_path)
    for folder in (*EXAMPLES, tmp_path / "virustotal-mine"):
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        assert "assemblyline-service-virustotal[cli,emulator]" in project["optional-dependencies"]["test"]


def install(folder: Path, target: Path) -> None:
    """Do what an editable install leaves behind: the metadata of the project, and its module on the path."""
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    name, version = project["name"], project["version"]
    info = target / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    points = "".join(f"{key} = {value}\n" for key, value in project["entry-points"]["virustotal.plugins"].items())
    (info / "entry_points.txt").write_text(f"[virustotal.plugins]\n{points}")
    for module in folder.glob("*.py"):
        (target / module.name).symlink_to(module)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for folder in EXAMPLES:
        install(folder, tmp_path)
    (tmp_path / "hosts.txt").write_text("c2.example.net\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def config(folder: Path) -> dict[str, Any]:
    return {"plugins": {"settings": {"blocklist": {"file": str(folder / "hosts.txt")}}}}


def test_the_listing(installed: Path) -> None:
    rows = {row["name"]: row for row in json.loads(json.dumps(as_json(plugins(config(installed)).listing)))}
    assert rows["blocklist"]["hooks"] == ["virustotal_analyzers", "virustotal_verdict"]
    assert (rows["blocklist"]["state"], rows["blocklist"]["distribution"]) == ("loaded", "virustotal-blocklist")
    assert [analyzer["name"] for analyzer in rows["stix"]["analyzers"]] == [
        "stix_file",
        "stix_url",
        "stix_domain",
        "stix_ip_address",
    ]
    assert rows["stix"]["api"] == 1
    without = {each.name: each for each in plugins({}).listing}
    assert without["blocklist"].state == "failed"
    assert without["blocklist"].reason.endswith("plugins.settings.blocklist.file: expected the path of the list")


@pytest.mark.parametrize("name", ["blocklist", "virustotal-stix", "relationships.community"])
def test_the_checks_find_nothing(name: str, installed: Path) -> None:
    problems = check_plugin(name, config(installed))
    assert problems.problems == ()
    assert problems.runs > 5


def test_the_checks_say_why_a_plugin_is_not_used(installed: Path) -> None:
    (problem,) = check_plugin("blocklist", {}).problems
    assert problem.startswith("Not loaded, failed: ValueError: plugins.settings.blocklist")
    with pytest.raises(LookupError, match="no plugin is named nobody"):
        check_plugin("nobody", {})


def test_both_are_in_the_result_of_a_task(installed: Path, virustotal_task: Any) -> None:
    result = virustotal_task(
        "44d88612fea8a8f36de82e1278abb02f",
        config(installed),
        relationships="contacted_domains",
        analyze_relationship=True,
    )
    assert not result.error, result.message
    shown = json.dumps(result.sections)
    assert "internal blocklist hosts.txt, as c2.example.net" in shown
    assert "STIX bundle" in shown
    (bundle,) = [each for each in result.stored["response"]["supplementary"] if each["name"].endswith(".stix.json")]
    assert json.loads(result.files[bundle["sha256"]].read_text())["type"] == "bundle"
    assert "Analysers that failed" not in shown
