"""Every body format that Assemblyline has is drawn, whatever stands in it."""

import io
import json
from typing import Any

import pytest
from assemblyline.odm.models.result import BODY_FORMAT
from rich.console import Console

from virustotal.cli.section_text import draw
from virustotal.rendering.section_parts import Table, Text, body_parts


def shown(section: dict[str, Any]) -> str:
    console = Console(file=io.StringIO(), width=120, color_system=None)
    for part in body_parts(section):
        console.print(draw(part))
    return console.file.getvalue()  # type: ignore[attr-defined]


def section(body_format: str, data: Any, **config: Any) -> dict[str, Any]:
    text = data if isinstance(data, str) else json.dumps(data)
    return {"body_format": body_format, "body": text, "body_config": config}


CASES = {
    "TEXT": ("1 of 2 engines", ["1 of 2 engines"]),
    "TABLE": ([{"engine": "Example", "result": "EICAR"}], ["engine", "EICAR"]),
    "KEY_VALUE": ({"type": "text", "size": 68}, ["type", "68"]),
    "ORDERED_KEY_VALUE": ([["type", "text"], ["size", 68]], ["type", "68"]),
    "URL": ([{"url": "https://example.com/", "name": "a page"}], ["a page https://example.com/"]),
    "IMAGE": ([{"img": {"name": "a.png", "description": "the page"}, "thumb": {}}], ["a.png", "the page"]),
    "TIMELINE": ([{"title": "seen", "content": "first", "opposite_content": "2026-01-02"}], ["2026-01-02", "first"]),
    "PROCESS_TREE": (
        [{"process_pid": 1, "process_name": "a.exe", "command_line": "a /x", "children": [{"process_name": "b.exe"}]}],
        ["a.exe (1) a /x", "b.exe"],
    ),
    "SANDBOX": (
        {
            "analysis_information": {"sandbox_name": "Box"},
            "processes": [{"image": "c.exe"}],
            "network_connections": [{"destination_ip": "192.0.2.1"}],
            "signatures": [],
        },
        ["Box", "Processes: 1", "c.exe", "192.0.2.1"],
    ),
    "JSON": ({"a": [1, 2]}, ['"a"']),
    "GRAPH_DATA": ({"type": "colormap", "data": {"domain": [0, 8]}}, ["colormap"]),
    "MULTI": (
        [["TEXT", "first part", {}], ["DIVIDER", None], ["TABLE", [{"x": "second part"}], {}]],
        ["first", "second"],
    ),
    "MEMORY_DUMP": ("00000000: 4d5a", ["4d5a"]),
}


@pytest.mark.parametrize("body_format", sorted(BODY_FORMAT))
def test_each_format(body_format: str) -> None:
    data, expected = CASES[body_format]
    output = shown(section(body_format, data))
    assert all(part in output for part in expected), output


@pytest.mark.parametrize("body_format", sorted(BODY_FORMAT))
@pytest.mark.parametrize(
    "data", ["not json {", [], {}, [None], [[]], [["only"]], [{"a": None}], {"a": None}, 5, ["x"], True]
)
def test_odd_data_is_no_error(body_format: str, data: Any) -> None:
    shown(section(body_format, data))


def test_no_body_is_none() -> None:
    assert body_parts({"body": None, "body_format": "TEXT"}) == ()
    assert body_parts({"body": "[]", "body_format": "TABLE"}) == ()


def test_tables_keep_the_order_of_their_columns() -> None:
    output = shown(section("TABLE", [{"b": "row", "a": 1}], column_order=["a", "b"]))
    assert output.split()[:2] == ["a", "b"]


def test_deep_trees_are_drawn() -> None:
    process: dict[str, Any] = {"process_name": "leaf", "process_pid": 0}
    for pid in range(1, 190):
        process = {"process_name": "p", "process_pid": pid, "children": [process]}
    assert "level 190: leaf (0)" in shown(section("PROCESS_TREE", [process]))


@pytest.mark.parametrize(
    ("row", "level"),
    [
        ({"Level": "malicious"}, "malicious"),
        ({"Severity": "high"}, "malicious"),
        ({"Level": "", "Category": "suspicious"}, "suspicious"),
        ({"Verdict": "malicious, MALWARE"}, "malicious"),
        ({"Severity": "low", "Rule": "malicious"}, ""),
    ],
)
def test_rows_have_the_level_that_their_columns_say(row: dict[str, Any], level: str) -> None:
    (part,) = body_parts(section("TABLE", [row]))
    assert isinstance(part, Table)
    assert part.rows[0].level == level


@pytest.mark.parametrize("body_format", ["TEXT", "TABLE", "URL", "ORDERED_KEY_VALUE"])
def test_terminal_codes_and_markup_are_inert(body_format: str) -> None:
    hostile = "[bold]x[/] \x1b[2J\u202e"
    data = {
        "TEXT": hostile,
        "TABLE": [{"a": hostile}],
        "URL": [{"url": hostile}],
        "ORDERED_KEY_VALUE": [["a", hostile]],
    }
    output = shown(section(body_format, data[body_format]))
    assert "[bold]x[/]" in output
    assert "\x1b" not in output
    assert "\u202e" not in output


@pytest.mark.parametrize("body_format", ["TEXT", "MEMORY_DUMP"])
@pytest.mark.parametrize("text", ['["a",  1]', '"quoted"', "1e999", "[" * 20_000])
def test_a_text_that_looks_like_json_stays_as_it_is(body_format: str, text: str) -> None:
    (part,) = body_parts(section(body_format, text))
    assert isinstance(part, Text)
    assert part.text.startswith(text)
