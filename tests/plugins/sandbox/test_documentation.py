"""The page about behaviours agrees with the code."""

import re
from typing import Any

import pytest

from tests.conftest import ROOT
from virustotal.core import table_fit, tables
from virustotal.core.lookup import executor
from virustotal.plugins.sandbox import downloads, process_tree, processes, severity, signatures
from virustotal.plugins.sandbox.sandboxes import MOST_MATCHES

PAGE = (ROOT / "docs" / "behaviours.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("| ")]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("levels of a process tree that are drawn", processes.MOST_LEVELS),
        ("processes of a tree that are drawn", processes.MOST_DRAWN),
        ("processes in the table of those that are not", process_tree.MOST_ROWS),
        ("rows of any other table or list", tables.MOST_ROWS),
        ("characters of a cell", table_fit.LONGEST_CELL),
        ("matches of one sort of rule in one report that are read", MOST_MATCHES),
        ("points of one sort of rule", signatures.MOST_SCORED),
        ("rules of one sort below `high` that count", severity.MOST_MINOR),
    ],
)
def test_bounds(name: str, value: int) -> None:
    assert [name, str(value)] in ROWS


def test_parameters_and_relations() -> None:
    documented = {row[0].strip("`"): row[2] for row in ROWS if row[0].startswith("`download_")}
    assert tuple(documented) == downloads.PARAMETERS
    for recording in downloads.RECORDINGS:
        said = documented[recording.parameter]
        assert recording.role.value in said
        assert recording.role.value == "supplementary" or f"`{recording.relation}`" in said


def test_downloads_at_a_time() -> None:
    words: dict[str, Any] = {"Twelve": 12}
    assert words[re.findall(r"(\w+) downloads run at a time", PAGE)[0]] == executor.WORKERS
