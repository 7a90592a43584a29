"""The lenient readers: a table for each, and no input at all may raise."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from virustotal.util import readers

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
READERS = [
    readers.as_text,
    readers.integer,
    readers.number,
    readers.as_mapping,
    readers.as_list,
    readers.as_texts,
    readers.as_mappings,
    lambda value: list(readers.pairs(value)),
    readers.boolean,
    readers.timestamp,
    readers.date,
    readers.safe_name,
]


@settings(max_examples=200)
@given(value=ANYTHING)
def test_nothing_raises(value: Any) -> None:
    for reader in READERS:
        reader(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("  plain ", "plain"),
        ("a\x00b\x1b[31m", "a\ufffdb\ufffd[31m"),
        ("exe\u202egpj", "exe\ufffdgpj"),
        ("\ud800", "\ufffd"),
        (7, "7"),
        (True, "true"),
        (0.5, "0.5"),
        (float("nan"), ""),
        (10**200, ""),
        (None, ""),
        (["a"], ""),
        ({"a": 1}, ""),
        ("x" * 2000, "x" * 999 + "…"),
    ],
)
def test_text(value: Any, expected: str) -> None:
    assert readers.as_text(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, 3),
        ("53248", 53248),
        ("6.0", 6),
        (6.5, None),
        (True, None),
        ("0x10", None),
        (2**63, None),
        ("1e400", None),
        ("inf", None),
        ("", None),
        (None, None),
    ],
)
def test_integer(value: Any, expected: int | None) -> None:
    assert readers.integer(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1735689600, "2025-01-01 00:00:00 UTC"),
        ("1735689600", "2025-01-01 00:00:00 UTC"),
        (1735689600000, "2025-01-01 00:00:00 UTC"),
        ("2025-01-01T02:00:00+02:00", "2025-01-01 00:00:00 UTC"),
        ("2025-01-01 00:00:00", "2025-01-01 00:00:00 UTC"),
        (4260211200, "2105-01-01 00:00:00 UTC"),
        ("05:39 AM 04/17/2013", "05:39 AM 04/17/2013"),
        (0, ""),
        (-1, ""),
        (10**30, ""),
        (None, ""),
    ],
)
def test_date(value: Any, expected: str) -> None:
    assert readers.date(value) == expected


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("VirusTotal Jujubox", "275a021b", ".pcap"), "VirusTotal_Jujubox_275a021b_pcap"),
        (("../../etc/passwd",), "etc_passwd"),
        (("Dr.Web vxCube",), "Dr.Web_vxCube"),
        (("", "\u202e\x00"), "unnamed"),
        (("a" * 500,), "a" * 119),
    ],
)
def test_safe_name(parts: tuple[str, ...], expected: str) -> None:
    assert readers.safe_name(*parts) == expected


@given(st.lists(ANYTHING, max_size=4))
def test_safe_name_is_always_one_visible_segment(parts: list[Any]) -> None:
    name = readers.safe_name(*parts)
    assert name
    assert len(name) <= 120
    assert not name.startswith(".")
    assert not set(name) - set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")


def test_lists_and_mappings() -> None:
    assert readers.as_list({"a": 1}) == ({"a": 1},)
    assert readers.as_list(None) == ()
    assert readers.as_texts(["b", "a", "b", None, "", 3]) == ("b", "a", "3")
    assert readers.as_mappings([{"a": 1}, "x", None]) == ({"a": 1},)
    assert list(readers.pairs({"": 1, " k ": 2})) == [("k", 2)]
    assert [readers.boolean(each) for each in (True, "true", 1, "1", "no", 0, None, [])] == [True] * 4 + [False] * 4


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([{"value": "a", "count": 2}, {"value": "b", "count": 9}], (("b", 9), ("a", 2))),
        ([["a", 2], ("b", "9")], (("b", 9), ("a", 2))),
        ([{"value": "", "count": 3}, {"count": 3}, [], None, 5, "c"], (("5", 0), ("c", 0))),
        ([{"value": "a", "count": 1}, {"value": "a", "count": 4}], (("a", 4),)),
        (None, ()),
        ({"value": "a", "count": 1}, (("a", 1),)),
        ("x", (("x", 0),)),
    ],
)
def test_named_counts(given: object, expected: object) -> None:
    assert readers.named_counts(given) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (" Evil.A ", "Evil.A"),
        (7, "7"),
        ("Evil\u202egnp.exe", ""),
        ("x" * 1000, "x" * 1000),
        ("x" * 1001, ""),
        ("cut before…", ""),
        (None, ""),
    ],
)
def test_whole_text(value: Any, expected: str) -> None:
    assert readers.whole_text(value) == expected
