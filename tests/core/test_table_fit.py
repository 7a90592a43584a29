"""What stands in a table fits the page of Assemblyline, and what does not stands whole below it."""

import pytest

from virustotal.core import tables
from virustotal.core.table_fit import LONGEST_CELL, MOST_COLUMNS, fit

DIGEST = "ab" * 32


def test_columns_of_one_value_and_beyond_the_sixth_stand_below() -> None:
    rows = [{"name": f"n{row}", "same": "x", **{f"c{column}": row for column in range(8)}} for row in range(2)]
    shown = fit(rows, list(rows[0]))
    assert shown.columns == ("name", "c0", "c1", "c2", "c3", "c4")
    assert len(shown.columns) == MOST_COLUMNS
    assert shown.details[:5] == ("All rows: same: x", "n0", "    c5: 0", "    c6: 0", "    c7: 0")


def test_a_column_is_kept_where_it_is_asked_for_and_one_row_has_no_constant() -> None:
    rows = [{"a": 1, "b": 1}] * 2
    assert fit(rows, ["a", "b"], keep=("a", "b")).columns == ("a", "b")
    assert fit(rows[:1], ["a", "b"]).columns == ("a", "b")
    assert fit(rows, ["a", "b"]).columns


def test_dates_are_cut_to_the_day() -> None:
    assert fit([{"a": "2024-01-02 03:04:05 UTC"}], ["a"]).rows == ({"a": "2024-01-02"},)


@pytest.mark.parametrize("others", [1, 3, 5])
def test_long_texts_are_cut_so_that_no_word_of_others_is_broken(others: int) -> None:
    row = {"text": "word " * 200, **{f"c{place}": "malware_configuration" for place in range(others)}}
    shown = fit([row], list(row))
    (cells,) = shown.rows
    assert len(cells["text"]) <= LONGEST_CELL
    assert all(cells[f"c{place}"] == "malware_configuration" for place in range(others))
    assert f"    text: {row['text']}" in shown.details


def test_a_digest_is_whole_where_there_is_room_and_never_squeezes_others() -> None:
    assert fit([{"id": DIGEST, "name": "a.exe"}], ["id", "name"]).rows[0]["id"] == DIGEST
    row = {"id": DIGEST, **{f"c{place}": "malware_configuration" for place in range(5)}}
    shown = fit([row], list(row))
    assert len(shown.rows[0]["id"]) < 64
    assert f"    id: {DIGEST}" in shown.details


def test_what_is_cut_stands_in_a_closed_section() -> None:
    section = tables.table("T", [{"a": "x" * 500}], ("a",))
    assert section is not None
    (below,) = section.subsections
    assert (below.title_text, below.auto_collapse) == ("T: details", True)
    assert "x" * 500 in below.body


def test_columns_of_details_stand_below_under_the_cell_that_tells_rows_apart() -> None:
    rows = [{"level": "low", "rule": name, "id": name * 2} for name in ("a", "b")]
    shown = fit(rows, ["level", "rule", "id"], keep=("level",), detail=("id",))
    assert shown.columns == ("level", "rule")
    assert shown.details == ("a", "    id: aa", "b", "    id: bb")


def test_a_named_column_calls_the_rows_below() -> None:
    rows = [{"level": level, "url": url, "note": "n" * 200} for level, url in (("", "http://a/"), ("low", "http://b/"))]
    shown = fit(rows, ["level", "url", "note"], detail=("note",), name="url")
    assert [line for line in shown.details if not line.startswith(" ")] == ["http://a/", "http://b/"]


def test_a_table_of_empty_cells_is_no_table() -> None:
    assert tables.table("T", [{"a": ""}, {}], ("a",)) is None
