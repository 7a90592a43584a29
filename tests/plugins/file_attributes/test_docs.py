"""The page about these analysers names every analyser, its attributes and its tag types, and nothing else."""

import re

from assemblyline.odm.models.tagging import Tagging

from tests.conftest import ROOT
from tests.plugins.file_attributes.everything import ANALYZERS, SHOWN

ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "static.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| `")
]


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_analysers_are_listed_in_their_order() -> None:
    expected = [analyzer.name for analyzer in sorted(ANALYZERS, key=lambda each: (each.order, each.name))]
    assert [quoted(row[0])[0] for row in ROWS] == expected


def test_attributes_are_listed_once() -> None:
    assert sorted(name for row in ROWS for name in quoted(row[1])) == sorted(SHOWN)


def test_tag_types_exist() -> None:
    types = {*Tagging.flat_fields(), "file.rule.yara"}
    for tag in (tag for row in ROWS for tag in quoted(row[2]) if tag != "tags"):
        assert any(known == tag or (tag.endswith("*") and known.startswith(tag[:-1])) for known in types), tag
