"""Who builds the image tells the Dockerfile what it asks for, by the very name: an unknown argument is left aside."""

import re

import pytest

from tests.conftest import ROOT


@pytest.mark.parametrize("builder", ["Makefile", "docker/check"])
def test_each_argument_of_a_build_is_one_of_the_dockerfile(builder: str) -> None:
    asked = set(re.findall(r"^ARG (\w+)", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE))
    given = set(re.findall(r"--build-arg (\w+)=", (ROOT / builder).read_text(encoding="utf-8")))
    assert {"BASE", "version"} <= given <= asked
