"""Names of families and actors."""

from typing import Any

import pytest

from tests.plugins.test_subject_reports import everything
from virustotal.core.models import Detection
from virustotal.core.scoring.families import (
    NO_FAMILY,
    agreed_labels,
    attribution_tags,
    family_names,
    is_actor,
    is_family,
)
from virustotal.core.scoring.unwanted import UNWANTED_WORDS
from virustotal.core.scoring.verdicts import detections
from virustotal.util.readers import as_mapping, as_texts, pairs


@pytest.mark.parametrize(
    "name",
    [
        "CRYP",
        "FILE",
        "ANDR",
        "EXPL",
        "W97M",
        "APPL",
        "MISC",
        "DACIC",
        "DOWNLOADER",
        "downloader11",
        "msil",
        "Win32",
        "agent",
        "Generic-A",
        "ab",
        "x1",
        "2022",
        "PUM",
        "not-a-virus",
        "Potentially Unwanted",
        *UNWANTED_WORDS,
    ],
)
def test_generic_names_are_no_family(name: str) -> None:
    assert not is_family(name)


@pytest.mark.parametrize("name", ["AgentTesla", "Agent Tesla", "mirai", "Emotet_Loader", "padodor"])
def test_families(name: str) -> None:
    assert is_family(name)


@pytest.mark.parametrize(
    ("name", "actor"),
    [("APT28", True), ("Lazarus Group", True), ("Bitter Elephant", True), ("Fancy Bear", True), ("Mirai", False)],
)
def test_actors(name: str, actor: bool) -> None:
    assert is_actor(name) is actor


def popular(*names: str) -> dict[str, Any]:
    return {"popular_threat_classification": {"popular_threat_name": [[name, 9] for name in names]}}


@pytest.mark.parametrize(
    ("results", "families"),
    [
        (["Trojan.Mirai.A", "Linux/Mirai-B"], ("mirai",)),
        (["Trojan.Mirai.A"], ()),
        (["Trojan.Mirai.A", "Trojan.Mirai.A (B)"], ()),
        (["PUA/Mirai.abcd", "PotentialRisk.PUA/Mirai.abcd"], ()),
        (["BKDR_MIRAI_SM", "Backdoor.Mirai"], ("mirai",)),
        (["Trojan.Miraibot", "Backdoor.Xmirai"], ()),
    ],
)
def test_unrelated_engines_have_to_agree(results: list[str], families: tuple[str, ...]) -> None:
    engines = [Detection(f"E{number}", "malicious", result) for number, result in enumerate(results)]
    assert family_names(engines, popular("mirai")) == families


def test_an_actor_has_a_tag_of_its_own() -> None:
    assert list(attribution_tags(["Mirai", "APT28", "mirai", "generic"])) == [
        ("attribution.family", "Mirai"),
        ("attribution.actor", "APT28"),
    ]


def test_a_sandbox_needs_another_source() -> None:
    engines = {"last_analysis_results": {"A": {"category": "malicious", "result": "Trojan.Mirai.A"}}}
    assert agreed_labels({"Zenbox": ["Mirai"]}, {}) == ()
    assert agreed_labels({"Zenbox": ["Mirai"]}, engines) == ("Mirai",)
    assert agreed_labels({"Zenbox": ["Mirai"], "CAPE": ["mirai"]}, {}) == ("Mirai", "mirai")


@pytest.mark.parametrize("category", [[], {"": {}}, ["malicious"], None, 7])
def test_a_category_of_any_type_is_survived(category: object) -> None:
    assert agreed_labels({"Zenbox": ["Mirai"]}, {"last_analysis_results": {"A": {"category": category}}}) == ()


def test_the_families_of_the_recorded_reports(reports: object, capsys: pytest.CaptureFixture[str]) -> None:
    families: set[str] = set()
    for subject in everything():
        known = subject.attributes
        labels = {
            sandbox: as_texts(as_mapping(verdict).get("malware_names"))
            for sandbox, verdict in pairs(known.get("sandbox_verdicts"))
        }
        names = (*family_names(detections(subject), known), *agreed_labels(labels, known))
        families.update(name.casefold() for tag_type, name in attribution_tags(names) if tag_type.endswith("family"))
    with capsys.disabled():
        print(f"\nattribution.family: {', '.join(sorted(families))}")
    assert families
    assert not families & NO_FAMILY
