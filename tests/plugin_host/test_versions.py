"""Versions of the plugin API, marks of hooks, and the types of what authors start from."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.plugin_host.conftest import announce
from tests.plugin_host.test_docs import blocks
from virustotal import core
from virustotal.cli.reports.plugins import check_plugin, remarks
from virustotal.core import Analyzer, Attachment, Detection, Evidence, Object, Settings, hookimpl
from virustotal.core.plugin_host.limits import EXTERNAL
from virustotal.core.plugin_host.manager import load_modules
from virustotal.core.plugin_host.plugin import Plugin, State
from virustotal.template import KINDS, write
from virustotal.testing import evidence, hooks, isolated, obj
from virustotal.util.deprecation import Deprecated

GIVEN = (Detection("Acme", "malicious"),)
DATA = Path(__file__).parent / "data"


def listed(**names: Any) -> Plugin:
    (plugin,) = load_modules({"mine": SimpleNamespace(__name__="virustotal_mine", **names)}, Settings()).listing
    return plugin


@hookimpl
def remap(detections: tuple[Detection, ...]) -> tuple[Detection, ...]:
    return detections


def test_a_plugin_of_api_1_works() -> None:
    spec = importlib.util.spec_from_file_location("virustotal_api1", DATA / "virustotal_api1.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (plugin,) = load_modules({"api1": module}, Settings()).listing
    assert (plugin.state, plugin.api, len(plugin.hooks)) == (State.LOADED, 1, 3)
    given = evidence("file", "comments", related=[obj("comment", "c-1", text="said")])
    (output,) = isolated(module, given)
    assert (output.error, output.notes) == ("", ())
    assert [len(part) for part in (output.sections, output.scored, output.downloads, output.attachments)] == [1] * 4
    assert len(output.ontology) == 1
    caller = hooks(module)
    assert caller.remap(GIVEN)[0].ignored_because == "old"
    verdict = caller.decide(obj("file"), GIVEN)
    assert verdict is not None
    assert (verdict.level, verdict.score) == ("suspicious", 5)
    assert not caller.failed


@pytest.mark.parametrize(
    ("api", "state", "reason"),
    [
        (99, State.REFUSED, "it was written for plugin API 99; this service supports 1: update the service"),
        (0, State.REFUSED, "it was written for plugin API 0; this service supports 1: update the plugin"),
        ("1", State.REFUSED, "VIRUSTOTAL_API is a whole number, not str"),
        (1, State.LOADED, ""),
    ],
)
def test_what_a_module_states_holds_for_remaps_too(api: Any, state: State, reason: str) -> None:
    plugin = listed(virustotal_remap=remap, VIRUSTOTAL_API=api)
    assert (plugin.state, plugin.reason) == (state, reason)


def test_one_that_states_nothing_is_api_1() -> None:
    assert listed(virustotal_remap=remap).api == 1
    assert Analyzer("a", "file", analyze=lambda _: ()).api == 1


def test_a_deprecated_name_works_and_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(core._DEPRECATED, "OldSettings", Deprecated(Settings, "6.0", "Settings"))
    (tmp_path / "virustotal_aged.py").write_text(
        "from virustotal.core import Analyzer, OldSettings, hookimpl\n\n"
        "@hookimpl\ndef virustotal_analyzers(settings: OldSettings):\n"
        "    return [Analyzer('aged', 'file', analyze=lambda evidence: ())]\n"
    )
    announce(tmp_path, "aged")
    monkeypatch.syspath_prepend(str(tmp_path))
    message = "virustotal.core.OldSettings is deprecated: 6.0 drops it; use Settings"
    checked = check_plugin("aged", {})
    assert (checked.plugin.state, checked.problems, checked.warnings) == (State.LOADED, (), (message,))
    assert caplog.text.count(message) == 1
    assert any(message in line for line in remarks(checked.plugin))
    with pytest.raises(ImportError):
        exec("from virustotal.core import NoSuchName")


def test_a_plugin_that_changes_the_process_at_import_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "virustotal_loud.py").write_text(
        "import os\nfrom virustotal.core import hookimpl\nos.environ['X_MINE'] = 'x'\nos.chdir('/')\n\n"
        "@hookimpl\ndef virustotal_analyzers(settings):\n    return ()\n"
    )
    announce(tmp_path, "loud")
    monkeypatch.syspath_prepend(str(tmp_path))
    before = os.getcwd()
    checked = check_plugin("loud", {})
    change = "It changed the working directory, the environment of the process; that was undone."
    assert (checked.plugin.state, checked.warnings) == (State.LOADED, (change,))
    assert (os.getcwd(), "X_MINE" in os.environ) == (before, False)


def test_a_plugin_that_removes_the_working_directory_has_all_else_set_back(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)

    @hookimpl
    def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
        os.environ["X_MINE"] = "x"
        os.chdir("/")
        tmp_path.rmdir()
        return ()

    plugin = listed(virustotal_analyzers=virustotal_analyzers)
    assert (plugin.state, len(plugin.warnings)) == (State.LOADED, 1)
    assert (os.getcwd(), "X_MINE" in os.environ) == ("/", False)


def test_an_optional_hook_of_a_later_service_is_passed_over() -> None:
    later = hookimpl(lambda report: None, optionalhook=True)
    plugin = listed(virustotal_remap=remap, virustotal_later=later)
    assert (plugin.state, [hook.hook for hook in plugin.hooks]) == (State.LOADED, ["virustotal_remap"])
    assert "no such hook" in listed(virustotal_later=hookimpl(lambda report: None)).reason


@pytest.mark.parametrize("mark", ["tryfirst", "trylast"])
def test_an_order_is_refused_with_the_reason(mark: str) -> None:
    plugin = listed(virustotal_remap=hookimpl(lambda detections: detections, **{mark: True}))
    assert plugin.state is State.REFUSED
    assert plugin.reason == f"virustotal_remap asks for {mark}; the order is the host's: built-ins first, then by name"


def test_a_remap_gets_a_copy_of_the_object() -> None:
    seen: list[Object] = []

    def virustotal_remap(detections: tuple[Detection, ...], obj: Object) -> tuple[Detection, ...]:
        seen.append(obj)
        return detections

    caller = hooks(SimpleNamespace(__name__="virustotal_mine", virustotal_remap=hookimpl(virustotal_remap)))
    subject = obj("url", url="https://example.com/")
    caller.remap(GIVEN, subject)
    assert seen == [subject]
    assert seen[0].attributes is not subject.attributes


def test_an_attachment_that_is_too_large_is_left_out_and_said() -> None:
    def analyze(evidence: Evidence) -> Any:
        yield Attachment("large.bin", "Too large.", data=b"x" * (EXTERNAL.attachment + 1))
        yield Attachment("small.txt", "Small.", data=b"x")

    def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
        return (Analyzer("mine", "file", analyze=analyze),)

    module = SimpleNamespace(__name__="virustotal_mine", virustotal_analyzers=hookimpl(virustotal_analyzers))
    (output,) = isolated(module, evidence("file"))
    assert [attachment.name for attachment in output.attachments] == ["small.txt"]
    assert output.error == ""
    assert output.notes[0].startswith("The attachment large.bin was left out: 16777217 bytes")


def _template(folder: Path) -> list[Path]:
    names = [path for kind in KINDS for path in write(f"mine-{kind}", folder, kind=kind) if path.suffix == ".py"]
    return [path for path in names if path.name != "test_plugin.py"]


def _tutorial(folder: Path) -> list[Path]:
    modules = [block for block in blocks(ROOT / "docs" / "plugins" / "tutorial.md") if block.name]
    for block in modules:
        (folder / f"{block.name}.py").write_text(block.code)
    return [folder / f"{block.name}.py" for block in modules]


def _examples(folder: Path) -> list[Path]:
    return sorted((*(ROOT / "examples").glob("*/virustotal_*.py"), *(ROOT / "examples").glob("*/tests/*.py")))


@pytest.mark.slow
@pytest.mark.ci
@pytest.mark.parametrize("files", [_template, _tutorial, _examples], ids=lambda found: found.__name__.strip("_"))
def test_what_authors_start_from_passes_mypy_strict(files: Callable[[Path], list[Path]], tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    paths = files(tmp_path)
    assert paths
    config = tmp_path / "mypy.ini"
    config.write_text("[mypy]\nstrict = true\nfollow_imports = silent\n[mypy-stix2.*]\nignore_missing_imports = true\n")
    folders = {str(path.parent) for path in paths} | {str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", str(config), *map(str, paths)],
        env={"MYPYPATH": ":".join(sorted(folders)), "PATH": "", "MYPY_CACHE_DIR": str(ROOT / ".mypy_cache" / "strict")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
