"""Temporary submission data: its shape, its bound, and what is cut first."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virustotal.core.models import Detection, Level, Object, Ref, Verdict
from virustotal.platform.temporary_data import LONGEST, temporary_data

SHA256, OTHER = "a" * 64, "b" * 64


def data(*detections: Detection, sha256: str = SHA256, kind: str = "file", previous: Any = None) -> str:
    return temporary_data(Object(Ref(kind, sha256)), Verdict(Level.MALICIOUS, detections), previous)


def engines(count: int, category: str = "malicious", result: str = "Trojan.Example") -> tuple[Detection, ...]:
    return tuple(Detection(f"{category}{number:03}", category, f"{result}.{number}") for number in range(count))


def test_shape() -> None:
    found = data(
        Detection("Bolt", "undetected"),
        Detection("Acme", "malicious", "EICAR-Test-File", "1", "20260101"),
        Detection("Cog", "malicious", "Bad", ignored_because="a rule"),
        Detection("Dot", "timeout"),
    )
    assert json.loads(found) == [
        {
            "type": "file",
            "id": SHA256,
            "attributes": {
                "sha256": SHA256,
                "last_analysis_results": {
                    "Acme": {"category": "malicious", "result": "EICAR-Test-File"},
                    "Bolt": {"category": "undetected"},
                },
            },
        }
    ]


@pytest.mark.parametrize("kind", ["url", "domain", "ip_address"])
def test_only_files(kind: str) -> None:
    assert data(*engines(1), kind=kind) == ""


def test_nothing_to_say() -> None:
    assert data() == ""
    assert data(Detection("Dot", "timeout")) == ""
    assert data(*engines(1), sha256="not a digest") == ""


def test_the_least_telling_is_cut_and_counted() -> None:
    found = data(*engines(70, "undetected", ""), *engines(30), *engines(5, "suspicious"))
    (shown,) = json.loads(found)
    results = shown["attributes"]["last_analysis_results"]
    assert len(found) <= LONGEST
    assert sum(1 for result in results.values() if result["category"] == "malicious") == 30
    assert sum(1 for result in results.values() if result["category"] == "suspicious") == 5
    assert len(results) + shown["attributes"]["left_out"] == 105


def test_earlier_files_are_kept_behind() -> None:
    first = data(*engines(60), *engines(20, "undetected", ""), sha256=OTHER)
    both = json.loads(data(*engines(60), previous=first))
    assert [each["id"] for each in both] == [SHA256, OTHER]
    shares = [len(each["attributes"]["last_analysis_results"]) for each in both]
    assert min(shares) >= 20
    assert [len(each["attributes"]["last_analysis_results"]) + each["attributes"]["left_out"] for each in both] == [
        60,
        80,
    ]


def test_the_same_file_again_replaces_itself() -> None:
    again = json.loads(data(*engines(2), previous=data(*engines(5))))
    assert [len(each["attributes"]["last_analysis_results"]) for each in again] == [2]


@pytest.mark.parametrize(
    "previous",
    [
        "",
        "{",
        "[" * 5000,
        "null",
        "[1, null]",
        7,
        {"a": 1},
        ["x"],
        '[{"id": 3}]',
        f'[{{"id": "{OTHER}"}}]',
        "x" * 99_999,
    ],
)
def test_any_earlier_value(previous: Any) -> None:
    assert json.loads(data(*engines(1), previous=previous))[0]["id"] == SHA256


def test_whole_files_go_when_they_have_nothing_left() -> None:
    many = [
        {
            "type": "file",
            "id": f"{number:064x}",
            "attributes": {"last_analysis_results": {"Acme": {"category": "malicious"}}},
        }
        for number in range(100)
    ]
    found = data(*engines(1), previous=json.dumps(many))
    shown = json.loads(found)
    assert len(found) <= LONGEST
    assert shown[0]["id"] == SHA256
    assert len(shown) > 10
    assert all(each["attributes"]["last_analysis_results"] for each in shown)


ENTRIES = st.builds(
    Detection, st.text(max_size=300), st.sampled_from(["malicious", "undetected"]), st.text(max_size=300)
)


@given(st.lists(ENTRIES, max_size=60))
def test_never_too_long(detections: list[Detection]) -> None:
    assert len(data(*detections)) <= LONGEST
