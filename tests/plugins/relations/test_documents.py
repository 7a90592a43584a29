"""docs/relationships.md has a row for each relationship, and each has an analyser among the built-in plugins."""

import importlib
import inspect
import runpy
from typing import Any

import pytest

from tests.conftest import ROOT
from virustotal.core.analyzer import Analyzer
from virustotal.core.catalogue import ALIASES, CATALOGUE, KINDS
from virustotal.core.registry import ANY, Registry
from virustotal.core.settings import Settings
from virustotal.plugins import BUILTIN

TOOL = runpy.run_path(str(ROOT / "tools" / "relationships.py"))


def analyzers() -> list[Analyzer]:
    found: list[Analyzer] = []
    for name in BUILTIN:
        hook: Any = getattr(importlib.import_module(name), "virustotal_analyzers", None)
        if hook is not None:
            found += hook(*[Settings() for _ in inspect.signature(hook).parameters])
    return found


def test_the_page_is_what_the_tool_writes() -> None:
    assert TOOL["main"](["--check"]) == 0, "run `python tools/relationships.py`"


@pytest.mark.parametrize("key", sorted(CATALOGUE), ids="-".join)
def test_each_relationship_has_a_row(key: tuple[str, str]) -> None:
    titles = {"file": "File", "url": "URL", "domain": "Domain", "ip_address": "IP address"}
    page = (ROOT / "docs" / "relationships.md").read_text(encoding="utf-8")
    part = page.partition(f"\n## {titles[key[0]]} (")[2].partition("\n## ")[0]
    (row,) = [line for line in part.splitlines() if line.startswith(f"| `{key[1]}` |")]
    assert CATALOGUE[key].title in row
    assert f"`{CATALOGUE[key].family.value}`" in row


def test_each_relationship_has_a_builtin_analyser() -> None:
    found = Registry(tuple(analyzers()))
    exact = {(each.kind, each.relationship) for each in found.analyzers}
    assert set(CATALOGUE) - exact == set()
    assert {(kind, ANY) for kind in KINDS} <= exact


def test_each_name_of_an_analyser_is_unique() -> None:
    names = [each.name for each in analyzers()]
    assert sorted(names) == sorted(set(names))


def test_what_is_tagged_is_said() -> None:
    assert TOOL["tags"]() == {
        ("file", "contacted_domains"): "network.dynamic.domain",
        ("file", "contacted_ips"): "network.dynamic.ip",
        ("file", "contacted_urls"): "network.dynamic.uri",
        ("url", "contacted_domains"): "network.dynamic.domain",
        ("url", "contacted_ips"): "network.dynamic.ip",
        ("url", "redirects_to"): "network.static.uri",
    }


@pytest.mark.parametrize("alias", ALIASES)
def test_aliases_are_documented(alias: str) -> None:
    assert f"| `{alias}` | `{ALIASES[alias]}` |" in (ROOT / "docs" / "relationships.md").read_text(encoding="utf-8")
