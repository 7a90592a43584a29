"""Process trees: deep, broad, cyclic, with pids as text, reused or missing; and images in command lines."""

import json
import time
from typing import Any

import pytest

from virustotal.plugins.sandbox.processes import MOST_LEVELS, flatten, image_of

from .conftest import findings, parts, report, titled, titles


def chain(levels: int, **attributes: Any) -> list[dict[str, Any]]:
    """A tree of one process a level."""
    node: dict[str, Any] = {"process_id": str(levels), "name": f"p{levels}.exe", **attributes}
    for level in range(levels - 1, 0, -1):
        node = {"process_id": str(level), "name": f"p{level}.exe", "children": [node]}
    return [node]


def depth(nodes: list[Any]) -> int:
    levels = 0
    while nodes:
        levels, nodes = levels + 1, [child for node in nodes for child in node["children"]]
    return levels


def test_a_tree_of_five_thousand_levels_is_cut_and_the_rest_listed() -> None:
    results = findings(report(processes_tree=chain(5_000)))
    tree = titled(results, "Process tree (200 of 5000), 5000 levels")
    assert depth(json.loads(tree.body)) == MOST_LEVELS
    rest = titled(results, "Processes not in the tree")
    assert rest.title_text.endswith("(1000 of 4800)")
    assert json.loads(rest.body)[0] == {"Process": "p201.exe", "PID": 201, "Parent PID": 200, "Level": 201}


def test_a_tree_of_long_commands_is_reduced_and_the_rest_listed() -> None:
    nodes = [{"process_id": number, "name": f"{number} " + "ж" * 990} for number in range(300)]
    results = findings(report(processes_tree=[nodes[0] | {"children": nodes[1:]}]))
    tree = titled(results, "Process tree (75 of 300), 2 levels")
    assert 100_000 < len(tree.body) <= 500_000
    rest = titled(results, "Processes not in the tree")
    assert rest.title_text.endswith("(225)")
    assert len(json.loads(rest.body)) + len(drawn(json.loads(tree.body))) == 300


def test_a_broad_tree_is_walked_in_linear_time() -> None:
    nodes = [{"process_id": number, "name": "a.exe", "children": [{"name": "b"}] * 4} for number in range(10_000)]
    start = time.process_time()
    results = findings(report(processes_tree=nodes))
    assert time.process_time() - start < 5
    assert "Process tree (500 of 50000), 2 levels" in titles(results)


def test_more_than_is_looked_at_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("virustotal.plugins.sandbox.processes.MOST_PROCESSES", 600)
    results = findings(report(processes_tree=[{"name": "a"}] * 700))
    assert "only the first" in titled(results, "Processes not in the tree").title_text


def drawn(nodes: list[Any]) -> list[Any]:
    """The identities of the nodes that are drawn, parents first."""
    return [each for node in nodes for each in (node["process_pid"], *drawn(node["children"]))]


def test_what_is_drawn_has_an_identity_of_its_own() -> None:
    tree = [{"process_id": "4", "children": [{"process_id": 4}, {}, {"process_id": None}]}, {"process_id": "4"}]
    body = titled(findings(report(processes_tree=tree)), "Process tree (5)").body
    assert sorted(map(str, drawn(json.loads(body)))) == ["4", "4 (2)", "4 (3)", "?", "? (2)"]


def test_an_endless_tree_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("virustotal.plugins.sandbox.processes.MOST_PROCESSES", 1_000)
    node: dict[str, Any] = {"name": "a"}
    node["children"] = [node]
    rows, cut = flatten([node])
    assert (len(rows), cut) == (1_000, True)


def test_command_lines_of_blanks_in_five_megabytes_end() -> None:
    """They were never done; bench/patterns.py looks at the growth."""
    lines = [("C:\\" + unit * 1_000)[:1_000] for unit in ("a ", "C:\\ ", "-x=\t")]
    nodes = [{"process_id": number, "name": f"{number} {lines[number % 3]}"} for number in range(5_000)]
    commands = [f"{lines[number % 3]}{number}" for number in range(5_000)]
    start = time.process_time()
    results = findings(report(processes_tree=nodes, command_executions=commands, processes_created=commands))
    assert time.process_time() - start < 10
    assert any(title.startswith("Process tree") for title in titles(results))


def test_ids_that_form_a_cycle_are_processes_of_their_own() -> None:
    tree = [{"process_id": "4", "name": "a.exe", "children": [{"process_id": "5", "children": [{"process_id": "4"}]}]}]
    results = findings(report(processes_tree=tree))
    assert depth(json.loads(titled(results, "Process tree (3)").body)) == 3
    assert len({part["objectid"]["ontology_id"] for part in parts(results, "process")}) == 3


@pytest.mark.parametrize(
    ("given", "expected"),
    [("6692", 6692), (6692, 6692), ("", "?"), (None, "?"), ("x", "?"), ([], "?"), (10**30, "?"), (6692.0, 6692)],
)
def test_pids(given: Any, expected: Any) -> None:
    (node,) = json.loads(
        titled(findings(report(processes_tree=[{"process_id": given, "name": "a"}])), "Process tree").body
    )
    assert node["process_pid"] == expected


@pytest.mark.parametrize("tree", ["text", 7, {"name": "alone"}, [None, 7, "name", [], {}], [{"children": "x"}], True])
def test_trees_of_another_type(tree: Any) -> None:
    findings(report(processes_tree=tree))


def test_events_are_counted() -> None:
    tree = [{"name": "a", "files_opened": ["x", "y"], "files_written": ["z"], "registry_keys_set": [{}]}]
    (node,) = json.loads(titled(findings(report(processes_tree=tree)), "Process tree").body)
    assert (node["file_count"], node["registry_count"]) == (3, 1)


def test_what_a_node_says_beside_its_command_is_shown() -> None:
    tree = [{"name": "a", "process_id": 4, "time_offset": "7", "files_opened": ["x", "y"], "children": [{"name": "b"}]}]
    (row,) = json.loads(titled(findings(report(processes_tree=tree)), "Activity by process (1)").body)
    assert row == {"Process": "a", "PID": 4, "Second": 7, "Seen": "files opened: (x, y)", "Sandbox": "Zenbox"}


@pytest.mark.parametrize(
    ("command", "image"),
    [
        ("", ""),
        ("cmd.exe /c dir", "cmd.exe"),
        ('"C:\\Program Files\\a b.exe" -x "C:\\y.exe"', "C:\\Program Files\\a b.exe"),
        ("C:\\Program Files\\a b.exe -x", "C:\\Program Files\\a b.exe"),
        ("C:\\Windows\\System32\\cmd.exe /c a.exe", "C:\\Windows\\System32\\cmd.exe"),
        ("C:\\Windows\\hh C:\\x", "C:\\Windows\\hh C:\\x"),
        ("C:\\Windows\\hh /x", "C:\\Windows\\hh"),
        ("%SAMPLEPATH%", "%SAMPLEPATH%"),
        ('%CONHOST% "1-2"', "%CONHOST%"),
        ("%WINDIR%\\my tool.exe -a", "%WINDIR%\\my tool.exe"),
        ("/bin/sh -c 'a b'", "/bin/sh"),
        ("\\\\host\\share\\a b.exe x", "\\\\host\\share\\a b.exe"),
        ('"unclosed', '"unclosed'),
        ("a" * 100_000, "a" * 2_000),
        ('"' * 100_000, '"' * 2_000),
        (("C:\\ " * 20_000), ("C:\\ " * 500).strip()),
    ],
)
def test_images(command: str, image: str) -> None:
    start = time.process_time()
    assert image_of(command) == image
    assert time.process_time() - start < 0.5
