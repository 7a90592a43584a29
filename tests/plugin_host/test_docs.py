"""The docs hold: examples run, every hook and exported name has its place, generated pages are up to date."""

import importlib.util
import inspect
import re
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from tests.conftest import ROOT
from tests.plugin_host import isolation
from virustotal import core, testing

DOCS = ROOT / "docs"
PAGES = sorted((DOCS / "plugins").glob("*.md"))
_BLOCK = re.compile(r'^```python(?: title="(?P<name>\w+)\.py")?\n(?P<code>.*?)^```$', re.MULTILINE | re.DOTALL)


@frozen
class Block:
    page: Path
    name: str
    code: str
    line: int


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for found in _BLOCK.finditer(text):
        yield Block(page, found["name"] or "", found["code"], text[: found.start()].count("\n") + 1)


def executed(block: Block) -> types.ModuleType:
    module = types.ModuleType(block.name or "example")
    if block.name:
        sys.modules[block.name] = module
    exec(compile("\n" * block.line + block.code, str(block.page), "exec"), vars(module))
    return module


@pytest.fixture(autouse=True)
def _forget_examples() -> Iterator[None]:
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith(("virustotal_", "test_")):
            del sys.modules[name]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_examples_run(page: Path) -> None:
    """Each block is executed; tests in it that need no fixture are called."""
    for block in blocks(page):
        for name, found in vars(executed(block)).items():
            if name.startswith("test_") and not inspect.signature(found).parameters:
                found()


def test_every_plugin_of_the_docs_has_a_test() -> None:
    names = {block.name for page in PAGES for block in blocks(page) if block.name}
    plugins = {name.removeprefix("virustotal_") for name in names if name.startswith("virustotal_")}
    assert len(plugins) >= 5
    assert plugins == {name.removeprefix("test_") for name in names if name.startswith("test_")}


def generator() -> Any:
    spec = importlib.util.spec_from_file_location("tools_api", ROOT / "tools" / "api.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


API = generator()


def test_the_api_page_is_up_to_date() -> None:
    assert (DOCS / "api.md").read_text(encoding="utf-8") == API.page(), "python tools/api.py"


def test_every_name_of_the_kit_has_a_section() -> None:
    page = (DOCS / "api.md").read_text(encoding="utf-8")
    assert not [name for name in testing.__all__ if f"\n### testing.{name}\n" not in page]


@pytest.mark.parametrize("name", API.hooks())
def test_every_hook_has_a_page_with_its_signature(name: str) -> None:
    page = DOCS / "plugins" / f"{name}.md"
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {name}\n")
    assert API.signature(name, API.hooks()[name]) in text
    assert "**When.**" in text
    for argument in inspect.signature(API.hooks()[name]).parameters:
        assert f"**{argument}**" in text
    assert any(f"def {name}(" in block.code for block in blocks(page))


@pytest.mark.parametrize("name", core.__all__)
def test_every_exported_name_has_a_place(name: str) -> None:
    api = (DOCS / "api.md").read_text(encoding="utf-8")
    assert f"\n### {name}\n" in api or f"`{name}`" in api
    assert any(re.search(rf"\b{name}\b", page.read_text(encoding="utf-8")) for page in PAGES)


def test_the_table_of_isolation_is_that_of_the_tests_that_prove_it() -> None:
    assert isolation.written() == isolation.table(), "python -m tests.plugin_host.isolation"
    assert not list(isolation.unproven())
