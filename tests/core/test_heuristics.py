"""Points to heuristics: caps, names, ATT&CK ids, and that code and manifest say the same."""

from typing import Any

import pytest
from assemblyline_v4_service.common.helper import get_heuristics
from hypothesis import given
from hypothesis import strategies as st

from virustotal.core.findings import Family, Points
from virustotal.core.scoring.heuristics import (
    CAPS,
    HEURISTICS,
    PLUGIN_INFORMATIONAL,
    PLUGIN_MALICIOUS,
    PLUGIN_SUSPICIOUS,
    ReportedPoints,
    apply_caps,
    attack_ids,
    heuristic,
    heuristic_id,
)


def points(family: str, amount: Any, name: str = "name", **more: Any) -> ReportedPoints:
    return ReportedPoints(Points(family, name, amount, "Because.", **more))


def test_manifest_and_code_agree() -> None:
    manifest = get_heuristics()
    assert set(manifest) == {*HEURISTICS.values(), PLUGIN_INFORMATIONAL, PLUGIN_SUSPICIOUS, PLUGIN_MALICIOUS}
    ids = {family: [HEURISTICS[family]] for family in HEURISTICS}
    ids[Family.PLUGIN] = [PLUGIN_INFORMATIONAL, PLUGIN_SUSPICIOUS, PLUGIN_MALICIOUS]
    assert set(ids) == set(Family) == set(CAPS)
    for family, numbers in ids.items():
        for number in numbers:
            assert manifest[number].max_score == CAPS[family]
            assert manifest[number].score == 0
            assert not manifest[number].signature_score_map  # it would go before the score of a point
            assert not manifest[number].attack_id


@pytest.mark.parametrize(
    ("family", "amounts", "counted"),
    [
        ("engines", [400, 400, 400], [400, 400, 200]),
        ("related", [1000], [300]),
        ("related", [100, 0, 300, 5], [100, 0, 200, 0]),
        ("static", [-50, 60], [0, 60]),
        ("behaviour", [True, None, "x", 2.5, "40"], [0, 0, 0, 0, 40]),
        ("nobody's", [400, 400], [400, 100]),
    ],
)
def test_caps(family: str, amounts: list[Any], counted: list[int]) -> None:
    scores = apply_caps(points(family, amount) for amount in amounts)
    assert [score.counted for score in scores] == counted


def test_families_do_not_share_a_cap() -> None:
    scores = apply_caps(points(family, 10_000) for family in Family)
    assert {score.family: score.counted for score in scores} == dict(CAPS)


def test_what_the_cap_takes_is_said() -> None:
    assert apply_caps([points("related", 500)])[0].reason == "Because. Capped: 300 of 500 points counted."


@pytest.mark.parametrize(
    ("reason", "shown"),
    [("Because", "Because."), ("Because.", "Because."), ("", "No reason was given."), ("So!", "So!")],
)
def test_reasons_are_sentences(reason: str, shown: str) -> None:
    assert apply_caps([ReportedPoints(Points("engines", "x", 1, reason))])[0].reason == shown


def test_external_points_are_the_plugins() -> None:
    (score,) = apply_caps([ReportedPoints(Points("engines", "x", 1000, "Because."), external=True)])
    assert (score.family, score.counted) == (Family.PLUGIN, CAPS[Family.PLUGIN])


def test_void_points_leave_the_cap_to_others() -> None:
    void = ReportedPoints(Points("engines", "x", 900, "Because."), void_because="Not counted.")
    first, second = apply_caps([void, points("engines", 900)])
    assert (first.counted, first.reason, second.counted) == (0, "Because. Not counted.", 900)


@pytest.mark.parametrize(
    ("total", "expected"),
    [(0, PLUGIN_INFORMATIONAL), (1, PLUGIN_SUSPICIOUS), (299, PLUGIN_SUSPICIOUS), (300, PLUGIN_MALICIOUS)],
)
def test_heuristics_of_plugins(total: int, expected: int) -> None:
    assert heuristic_id(Family.PLUGIN, total) == expected


def test_attack_ids() -> None:
    known, unknown = attack_ids(["T1059", "t1059.001 ", "T1002", "T9999", "S0002", "", None, "T1059", 7])
    assert known == ("T1059", "T1059.001", "T1560", "S0002")  # T1002 was revoked by T1560
    assert unknown == ("T9999", "7")


def test_same_names_are_told_apart() -> None:
    result = heuristic(
        apply_caps([points("behaviour", 10), points("behaviour", 20), points("behaviour", 0, "name (2)")])
    )
    assert result.signatures == {"name": 1, "name (2)": 1, "name (2) (2)": 1}
    assert result.score == 30


def test_points_of_nothing_still_raise_their_techniques() -> None:
    result = heuristic(apply_caps([points("behaviour", 0, attack_ids=("T1059", "T9999"))]))
    assert (result.score, result.attack_ids) == (0, ["T1059"])


GIVEN = st.lists(
    st.builds(
        points,
        st.sampled_from([*Family, "other"]),
        st.integers(-100, 5000),
        st.sampled_from(["a", "b", "a (2)", ""]),
    ),
    max_size=30,
)


@given(GIVEN)
def test_nothing_exceeds_its_cap_and_each_group_adds_up(given_points: list[ReportedPoints]) -> None:
    scores = apply_caps(given_points)
    for family in Family:
        group = [score for score in scores if score.family is family]
        assert 0 <= sum(score.counted for score in group) <= CAPS[family]
        if group:
            assert heuristic(group).score == sum(score.counted for score in group)
