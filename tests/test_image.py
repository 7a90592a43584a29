"""Who builds the image tells the Dockerfile what it asks for, by the very name: an unknown argument is left aside."""

import configparser
import re

import pytest
from packaging.requirements import Requirement

from bench import memory_limits
from tests.conftest import ROOT


@pytest.mark.parametrize("builder", ["Makefile", "docker/check"])
def test_each_argument_of_a_build_is_one_of_the_dockerfile(builder: str) -> None:
    asked = set(re.findall(r"^ARG (\w+)", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE))
    given = set(re.findall(r"--build-arg (\w+)=", (ROOT / builder).read_text(encoding="utf-8")))
    assert {"BASE", "version"} <= given <= asked


def test_the_constraints_are_within_the_ranges_of_setup_cfg() -> None:
    lines = (ROOT / "docker" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.lower().split("==") for line in lines if line and not line.startswith("#"))
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    required = setup["options"]["install_requires"] + setup["options.extras_require"]["cli"]
    for line in filter(None, required.splitlines()):
        requirement = Requirement(line)
        if requirement.name != "assemblyline-v4-service":  # the base image brings the framework
            assert requirement.specifier.contains(pins[requirement.name.lower()]), line


def test_the_image_sets_what_the_benchmark_of_memory_assumes() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert all(f"ENV {name}={value}\n" in text for name, value in memory_limits.MALLOC.items())
