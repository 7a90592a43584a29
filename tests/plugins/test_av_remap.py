"""`av_config` by the letter of its names; tests/core/test_verdicts.py has what it does to the score."""

import copy
from typing import Any

import pytest

from virustotal.core.models import Detection
from virustotal.core.settings.service_config import service_settings
from virustotal.plugins import av_remap
from virustotal.plugins.av_remap import virustotal_remap

ACME = Detection("Acme", "malicious", "Trojan.Win32.Test_EICAR!gen")
CLEAN = Detection("Bolt", "undetected")


def remap(config: dict[str, Any], *detection: Detection) -> tuple[Detection, ...]:
    return virustotal_remap(detection or (ACME, CLEAN), service_settings({"av_config": config}))


@pytest.mark.parametrize(
    ("term", "hits"),
    [
        ("eicar", True),
        ("EICAR!gen", True),
        ("test_eicar", True),
        ("acme", True),
        ("acme.trojan", True),
        ("win32", True),
        ("win", False),
        ("cme", False),
        ("genX", False),
        ("engine:acme", True),
        ("ENGINE: Acme", True),
        ("engine:trojan", False),
        ("result:trojan", True),
        ("result:acme", False),
        (":", False),
        ("test.", False),
        ("!", True),
        ("eicar!", True),
        ("_eicar", True),
        ("icar!", False),
    ],
)
def test_terms(term: str, hits: bool) -> None:
    found = remap({"term_blocklist": [term]})[0]
    assert found.ignored_because == (f"av_config.term_blocklist: {term}" if hits else "")


def test_specific_engines() -> None:
    assert [each.ignored_because for each in remap({"specific_AVs": ["ACME"]})] == ["", "not in av_config.specific_AVs"]


def test_scores_name_their_rule() -> None:
    exact = remap({"revised_sig_score_map": {"Acme.Trojan.Win32.Test_EICAR!gen": 0}})[0]
    assert (exact.score, exact.remapped_because) == (
        0,
        "av_config.revised_sig_score_map: Acme.Trojan.Win32.Test_EICAR!gen",
    )
    keyword = remap({"revised_kw_score_map": {"EICAR": 7, "absent": 9}})[0]
    assert (keyword.score, keyword.remapped_because) == (7, "av_config.revised_kw_score_map: EICAR")


def test_nothing_configured_changes_nothing() -> None:
    assert remap({}) == (ACME, CLEAN)
    assert remap({"hit_threshold": 5}) == (ACME, CLEAN)


def test_nothing_is_left_out_and_earlier_rules_stay() -> None:
    earlier = Detection("Cog", "malicious", "X", ignored_because="another plugin")
    detections = remap({"term_blocklist": ["cog"], "revised_kw_score_map": {"x": 1}}, earlier, ACME)
    assert detections == (earlier, ACME)


def test_the_configuration_stays_as_it_is() -> None:
    config = {"term_blocklist": ["acme"], "revised_kw_score_map": {"x": 1}, "specific_AVs": ["Acme"]}
    before = copy.deepcopy(config)
    settings = service_settings({"av_config": config})
    virustotal_remap((ACME, CLEAN), settings)
    assert config == before
    assert settings == service_settings({"av_config": before})


def test_patterns_are_compiled_once() -> None:
    settings = service_settings({"av_config": {"term_blocklist": ["only here"]}})
    virustotal_remap((ACME,), settings)
    compiled = av_remap._terms.cache_info().misses
    for _ in range(5):
        virustotal_remap((ACME, CLEAN), settings)
    assert av_remap._terms.cache_info().misses == compiled
