"""The pages as a whole: links lead somewhere, commands are understood, and troubleshooting has what can happen."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tests.conftest import ROOT
from virustotal.cli.app import app
from virustotal.core import Status, errors

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
TEXTS = [*PAGES, ROOT / "README.md", *sorted((ROOT / "examples").glob("*/README.md"))]
TROUBLESHOOTING = DOCS / "troubleshooting.md"
_BLOCK = re.compile(r"^ *```(?:console|bash)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"(?:^|[ $])virustotal-service((?: .*)?)$")


def targets(page: Path) -> list[str]:
    """The addresses of the links of a page, without fragments."""
    return re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    wrong = [
        target for target in targets(page) if not target.startswith("https://") and not (page.parent / target).exists()
    ]
    assert not wrong


def test_every_page_is_in_the_navigation_and_within_two_links_of_the_start() -> None:
    def linked(page: Path) -> set[Path]:
        return {(page.parent / target).resolve() for target in targets(page) if target.endswith(".md")}

    near = linked(DOCS / "index.md")
    near |= {target for page in list(near) for target in linked(page)}
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert not [page for page in PAGES if page.relative_to(DOCS).as_posix() not in navigation]
    assert not [page for page in PAGES if page.resolve() not in near and page.name != "index.md"]


def first_column(heading: str) -> list[str]:
    """The first cells of the table below a heading of the troubleshooting page, sorted."""
    text = TROUBLESHOOTING.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1].strip(" `") for line in text.splitlines() if line.startswith("|")]
    return sorted(rows[2:])


def test_troubleshooting_has_every_outcome_and_error() -> None:
    assert first_column("Outcomes in a result") == sorted(Status)
    defined = [value for value in vars(errors).values() if getattr(value, "__module__", "") == errors.__name__]
    assert first_column("Errors") == sorted(value.__name__ for value in defined)


def test_troubleshooting_has_every_check_of_doctor() -> None:
    reports = ROOT / "virustotal" / "cli" / "reports"
    source = "".join((reports / name).read_text(encoding="utf-8") for name in ("checks.py", "doctor.py"))
    names = {*re.findall(r'(?:_ok|_advice|_wrong|Check)\(\s*"([a-z ]+)"', source)}
    assert len(names) >= 12
    assert first_column("Checks of `doctor`") == sorted(names)


def commands(page: Path) -> Iterator[list[str]]:
    """The arguments of this project's command lines in the blocks of a page."""
    for block in _BLOCK.findall(page.read_text(encoding="utf-8")):
        for line in block.splitlines():
            match = _COMMAND.search(re.split(r"  +#|\s[|>&]", line)[0].rstrip())
            if match and "--entrypoint" not in line:
                yield shlex.split(match[1])


def understand(command: click.Command, arguments: list[str]) -> None:
    """Parse arguments as the command line does, without running anything; click.ClickException."""
    if isinstance(command, click.Group) and arguments and not arguments[0].startswith("-"):
        assert arguments[0] in command.commands
        understand(command.commands[arguments[0]], arguments[1:])
    else:
        command.make_context(command.name or "", list(arguments))


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: page.stem)
def test_command_lines_are_understood(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for arguments in commands(page):
        for name in arguments:
            path = tmp_path / name
            if name.endswith("/"):
                path.mkdir(parents=True, exist_ok=True)
            elif re.fullmatch(r"[\w./-]+(?:\.\w+|/\*)", name) and not name.startswith(("-", "/")):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text("{}")
        understand(app, arguments)


def test_there_are_command_lines() -> None:
    assert sum(len(list(commands(page))) for page in TEXTS) > 15


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: page.stem)
def test_nothing_is_named_that_a_reader_does_not_have(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "shared/" not in text
    assert not re.findall(r"pip install[^`\n]*(?<!/)assemblyline-service-virustotal", text), "it is on no index yet"
