"""The page about the emulator names every switch with its values, every other setting, and every kind of fault."""

import attrs
import pytest

from tests.conftest import ROOT
from virustotal.emulator.faults import KINDS
from virustotal.emulator.switches import CHOICES, Switches

PAGE = (ROOT / "docs" / "emulator.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CHOICES)
def test_switches_and_their_values(name: str) -> None:
    values = ", ".join(f"`{value}`" for value in CHOICES[name])
    assert f"| `{name}` | {values} |" in PAGE


@pytest.mark.parametrize("name", [*attrs.fields_dict(Switches), *KINDS])
def test_every_name_is_there(name: str) -> None:
    assert f"`{name}`" in PAGE
