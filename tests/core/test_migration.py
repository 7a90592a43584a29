"""docs/migration.md names every key, parameter and heuristic of the earlier service; its configurations start."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT
from virustotal.core.settings import Settings
from virustotal.core.settings.service_config import RETIRED, service_settings, unknown_settings
from virustotal.core.settings.submission_params import PARAMETERS, task_settings

PAGE = (ROOT / "docs" / "migration.md").read_text(encoding="utf-8")
MANIFESTS: Mapping[str, Any] = yaml.safe_load(Path(__file__).with_name("upstream_manifests.yml").read_text("utf-8"))
#: Maps whose names are the site's own.
OPEN = ("revised_sig_score_map", "revised_kw_score_map")


def keys(config: Mapping[str, Any], path: str = "") -> Iterator[str]:
    for name, value in config.items():
        if isinstance(value, dict) and name not in OPEN:
            yield from keys(value, f"{path}{name}.")
        else:
            yield path + name


def rows(heading: str) -> list[str]:
    table = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| `?([^`|,]+)`?[ ,]", table, re.MULTILINE)[1:]


@pytest.mark.parametrize("manifest", MANIFESTS.values(), ids=MANIFESTS)
def test_each_name_has_a_row(manifest: Mapping[str, Any]) -> None:
    assert not set(keys(manifest["config"])) - set(rows("Configuration"))
    assert not manifest["parameters"].keys() - set(rows("Parameters"))
    assert not {str(number) for number in manifest["heuristics"]} - set(rows("Heuristics"))


def test_no_row_is_of_a_name_that_nobody_has() -> None:
    assert set(rows("Configuration")) == {key for manifest in MANIFESTS.values() for key in keys(manifest["config"])}
    assert set(rows("Parameters")) == {name for manifest in MANIFESTS.values() for name in manifest["parameters"]}


@pytest.mark.parametrize("manifest", MANIFESTS.values(), ids=MANIFESTS)
def test_its_configuration_is_read_with_advice(manifest: Mapping[str, Any]) -> None:
    settings = service_settings(manifest["config"])
    assert settings.host == Settings().host
    assert settings.av_config.term_blocklist == ("Antiy-AVL", "APEX", "Jiangmin", "not-a-virus")
    assert settings.av_config.revised_kw_score_map == {"adware": 100}
    assert settings.allow_dynamic_submit is False
    unknown = {line.split()[0]: line for line in unknown_settings(manifest["config"])}
    assert unknown.keys() == {key for key in keys(manifest["config"]) if key in RETIRED}
    assert all(RETIRED[name] in line for name, line in unknown.items())


def test_a_frozen_configuration_with_its_cache_and_our_defaults() -> None:
    ours = yaml.safe_load((ROOT / "service_manifest.yml").read_text(encoding="utf-8"))["config"]
    frozen = {**ours, **MANIFESTS["today"]["config"], "cache": {"cache_only": True, "hours": 2}, "quota": None}
    settings = service_settings(frozen)
    assert (settings.cache.hours, settings.mirror.only, settings.quota) == (2, False, Settings().quota)
    names = {line.split()[0] for line in unknown_settings(frozen)}
    assert names == {"allow_dynamic_resubmit", "cache.cache_only"}


@pytest.mark.parametrize("manifest", MANIFESTS.values(), ids=MANIFESTS)
def test_its_parameters_are_ours(manifest: Mapping[str, Any]) -> None:
    assert not manifest["parameters"].keys() - set(PARAMETERS)
    assert task_settings(Settings(), manifest["parameters"])[1] == ()


def test_the_earlier_heuristics_are_still_there() -> None:
    ours = yaml.safe_load((ROOT / "service_manifest.yml").read_text(encoding="utf-8"))["heuristics"]
    identifiers = {heuristic["heur_id"] for heuristic in ours}
    assert not {number for manifest in MANIFESTS.values() for number in manifest["heuristics"]} - identifiers
