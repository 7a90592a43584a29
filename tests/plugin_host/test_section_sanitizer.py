"""Sections become values: bounded, inert, of a shape that can be drawn."""

import json
from typing import Any

import pytest
from assemblyline_v4_service.common.result import (
    BODY_FORMAT,
    DividerSectionBody,
    JSONSectionBody,
    ProcessItem,
    ResultGraphSection,
    ResultJSONSection,
    ResultKeyValueSection,
    ResultMultiSection,
    ResultOrderedKeyValueSection,
    ResultProcessTreeSection,
    ResultSection,
    ResultTableSection,
    ResultTimelineSection,
    ResultURLSection,
    TableRow,
    TableSectionBody,
    TextSectionBody,
)
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from virustotal.al_types import section_bodies, tags
from virustotal.core.plugin_host import section_sanitizer
from virustotal.core.plugin_host.limits import EXTERNAL, Usage
from virustotal.core.plugin_host.output import Section
from virustotal.core.plugin_host.section_sanitizer import SectionSanitizer

#: Names that some format reads.
KEYS = ("url", "name", "title", "process_pid", "process_name", "command_line", "children", "data", "type", "processes",
        "domain", "values", "column_order", "signatures")  # fmt: skip


def rebuilt(section: ResultSection, **bounds: int) -> tuple[Section, list[str]]:
    usage = Usage(evolve(EXTERNAL, **bounds))
    made = SectionSanitizer(usage).rebuild(section)
    assert made is not None
    return made, list(usage.notes)


def formatted(body_format: str, body: Any) -> ResultSection:
    return ResultSection("A title", body_format=body_format, body=body)


def table(rows: int) -> ResultTableSection:
    section = ResultTableSection("Rows")
    for number in range(rows):
        section.add_row(TableRow({"b": number, "a": "x" * 10}))
    return section


def test_every_field_of_a_section() -> None:
    section = ResultKeyValueSection("A title", auto_collapse=True, zeroize_on_tag_safe=True)
    section.set_item("k", 1)
    section.add_tag("network.static.domain", "EXAMPLE.com")
    section.promote_as_uri_params()
    section.add_subsection(ResultSection("Below", body="text"))
    made, notes = rebuilt(section)
    assert not notes
    assert (made.title, made.body, made.body_format) == ("A title", '{"k": 1}', "KEY_VALUE")
    assert (made.auto_collapse, made.zeroize_on_tag_safe, made.promote_to) == (True, True, "URI_PARAMS")
    assert made.tags == {"network.static.domain": ("example.com",)}
    assert made.classification == section.classification
    assert [(section.title, section.body) for section in made.subsections] == [("Below", "text")]


def process() -> ResultSection:
    section = ResultProcessTreeSection("Processes")
    section.add_process(ProcessItem(1, "a.exe", "a.exe /b", children=[ProcessItem(2, "b.exe", "b.exe")]))
    return section


def url() -> ResultSection:
    section = ResultURLSection("Links")
    section.add_url("https://example.com/", "example")
    return section


def graph() -> ResultSection:
    section = ResultGraphSection("Entropy")
    section.set_colormap(0, 8, [1, 2])
    section.promote_as_entropy()
    return section


def ordered() -> ResultSection:
    section = ResultOrderedKeyValueSection("Facts")
    section.add_item("k", True)
    return section


def timeline() -> ResultSection:
    section = ResultTimelineSection("Time")
    section.add_node("t", "c", "o")
    return section


def multi() -> ResultSection:
    section, rows, tree = ResultMultiSection("Many"), TableSectionBody(), JSONSectionBody()
    rows.add_row(TableRow({"b": 1, "a": 2}))
    tree.set_json({"x": [1]})
    for body in (TextSectionBody("text"), DividerSectionBody(), rows, tree):
        section.add_section_part(body)
    return section


@pytest.mark.parametrize("make", [process, url, graph, ordered, timeline, multi, lambda: table(3)])
def test_sections_of_the_framework_are_kept_as_they_are(make: Any) -> None:
    section = make()
    made, notes = rebuilt(section)
    assert not notes
    assert json.loads(made.body or "") == json.loads(section.body)
    assert (made.body_format, dict(made.body_config)) == (section.body_format, section.body_config)
    assert made.promote_to == section.promote_to


@pytest.mark.parametrize(
    ("body_format", "body", "message"),
    [
        ("JSON", {"x": float("inf")}, "not a JSON value"),
        ("JSON", "[NaN]", "no number of JSON"),
        ("JSON", "not json", "not a JSON value"),
        ("JSON", {"x": b"bytes"}, "not a JSON value"),
        ("JSON", b"{}", "not a JSON value"),
        ("TEXT", b"bytes", "a plain body is a text"),
        ("TEXT", ["a", "list"], "a plain body is a text"),
        ("KEY_VALUE", [1], "a KEY_VALUE body is a mapping"),
        ("ORDERED_KEY_VALUE", {"a": 1}, "is a list"),
        ("ORDERED_KEY_VALUE", [["a"]], "a name and a value"),
        ("TABLE", [1], "a row of a TABLE body"),
        ("TABLE", {"a": 1}, "a TABLE body is a list"),
        ("URL", [{"url": "javascript:alert(1)"}], "begins with http"),
        ("URL", [{"url": "//example.com/"}], "begins with http"),
        ("URL", [{"url": 7}], "`url` of a URL body is a text"),
        ("URL", [{"name": "x"}], "begins with http"),
        ("URL", [{"url": "http://[bad/"}], "begins with http"),
        ("URL", [{"url": "https://example.com/", "name": {}}], "`name` of a URL body is a text"),
        ("GRAPH_DATA", {"data": {"domain": [0, 1], "values": 1}}, "`values` of a GRAPH_DATA body is a list"),
        ("PROCESS_TREE", {"a": 1}, "is a list"),
        ("PROCESS_TREE", [{"children": [{"children": 7}]}], "`children` of a PROCESS_TREE body is a list"),
        ("PROCESS_TREE", [{"children": [{"signatures": []}]}], "`signatures` of a PROCESS_TREE body is a mapping"),
        ("TIMELINE", [{"title": 1}], "`title` of a TIMELINE body is a text"),
        ("SANDBOX", {"processes": [1]}, "a row of `processes` of a SANDBOX body is a mapping"),
        ("MULTI", [["IMAGE", [], {}]], "no such format"),
        ("MULTI", [["MULTI", [], {}]], "a part of a MULTI body"),
        ("MULTI", [["TEXT", 7, {}]], "a TEXT body is a text"),
        ("MULTI", ["TEXT"], "a row of a MULTI body"),
        ("NO_SUCH_FORMAT", {"a": 1}, "no such format"),
    ],
)
def test_what_cannot_be_drawn_is_refused(body_format: str, body: Any, message: str) -> None:
    with pytest.raises(section_bodies.BodyError, match=message):
        rebuilt(formatted(body_format, body))


@pytest.mark.parametrize(
    ("body_format", "body", "completed"),
    [
        ("GRAPH_DATA", {"type": "colormap"}, {"type": "colormap", "data": {"domain": [], "values": []}}),
        (
            "PROCESS_TREE",
            [{"children": [{}], "signatures": None}],
            [{"children": [{"signatures": {}, "children": []}], "signatures": {}}],
        ),
        ("SANDBOX", {"processes": None}, {"processes": [], "network_connections": [], "signatures": []}),
        ("TIMELINE", [{"score": 7}], [{"score": 7}]),
    ],
)
def test_what_the_interface_reads_unchecked_is_there(body_format: str, body: Any, completed: Any) -> None:
    assert json.loads(rebuilt(formatted(body_format, body))[0].body or "") == completed


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=200)
@given(body=JSON, config=JSON)
def test_whatever_the_body_is_the_platform_can_take_what_is_left(body: Any, config: Any) -> None:
    for body_format in (*section_bodies._SHAPES, "IMAGE", "DIVIDER", "x"):
        takes_what_is_left(body_format, body, config)


def takes_what_is_left(body_format: str, body: Any, config: Any) -> None:
    section = formatted(body_format, body)
    section._body_config = config
    try:
        made, _ = rebuilt(section, body=100)
    except (section_bodies.BodyError, TypeError):
        return
    assert made.body is None or isinstance(made.body, str)
    if made.body is not None and made.body_format not in section_bodies.PLAIN:
        json.loads(made.body, parse_constant=pytest.fail)
        assert section_bodies.shaped(made.body_format, json.loads(made.body)) == json.loads(made.body)
    json.dumps(dict(made.body_config), allow_nan=False)


def test_images_are_built_by_the_service() -> None:
    with pytest.raises(TypeError, match="Attachment of the role image"):
        rebuilt(formatted(BODY_FORMAT.IMAGE, [{"img": {}}]))


def test_nesting_is_bounded_without_recursion() -> None:
    deep: Any = 1
    for _ in range(section_bodies.MOST_BODY_LEVELS + 1):
        deep = [deep]
    with pytest.raises(section_bodies.BodyError, match="levels"):
        rebuilt(formatted("JSON", json.dumps(deep)))
    with pytest.raises(section_bodies.BodyError, match="not a JSON value"):
        rebuilt(formatted("JSON", "[" * 100_000 + "]" * 100_000))


def test_a_process_tree_of_200_levels_passes_even_with_odd_characters() -> None:
    node = ProcessItem(1, "leaf\x00", "x")
    for level in range(199):
        node = ProcessItem(level, "a\u202eb", "c", children=[node])
    section = ResultProcessTreeSection("Processes")
    section.add_process(node)
    made, _ = rebuilt(section)
    assert (made.body or "").count("\\ufffd") == 200


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("a\x00b\u202ec", "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c"),
        ("two\nlines\t here", "two lines here"),
        ("", "Untitled"),
        ("x" * 300, "x" * 249 + "…"),
    ],
)
def test_titles(title: str, shown: str) -> None:
    section = ResultSection("x")
    section.title_text = title
    assert rebuilt(section)[0].title == shown


def test_texts_in_bodies_are_inert_and_all_else_is_kept() -> None:
    value = {"a\x1b": ["b\u2066", "schön", "\\u0000", 1, None, True, "😀"]}
    for body in (value, json.dumps(value), json.dumps(value, ensure_ascii=False)):
        made, _ = rebuilt(formatted("JSON", body))
        assert json.loads(made.body or "") == {"a�": ["b�", "schön", "\\u0000", 1, None, True, "😀"]}


def test_a_body_is_read_once() -> None:
    class Turning(ResultSection):
        @property
        def body(self) -> Any:
            self.reads = getattr(self, "reads", 0) + 1
            return "first" if self.reads == 1 else float("nan")

    assert rebuilt(Turning("x"))[0].body == "first"


def test_rows_are_cut_and_said() -> None:
    made, notes = rebuilt(table(1000), body=1000)
    rows = json.loads(made.body or "")
    assert 20 < len(rows) < 40
    assert len(made.body or "") <= 1000
    assert notes == [f"The body of the section 'Rows' was cut: {1000 - len(rows)} rows are not shown."]
    assert made.body_config == {"column_order": ["b", "a"]}


def test_what_has_no_rows_is_left_out_and_said() -> None:
    section = ResultJSONSection("Tree")
    section.set_json({"x": "y" * 5000})
    made, notes = rebuilt(section, body=1000)
    assert (made.body_format, made.body) == ("TEXT", "This body is too large, and is not shown.")
    assert notes == ["The body of the section 'Tree' is too large, and is not shown."]


def test_all_bodies_together_are_bounded() -> None:
    top = ResultSection("Top")
    for number in range(50):
        top.add_subsection(ResultSection(f"Part {number}", body="x" * 900))
    made, notes = rebuilt(top, bodies=10_000)
    assert sum(len(section.body or "") for section in made.subsections) < 10_000 + 50 * 200
    assert len(notes) == 39


@pytest.mark.parametrize(
    ("tags", "kept", "note"),
    [
        ({"network.static.domain": ["Example.COM", "example.com", "", None]}, ("example.com",), "left out: 1"),
        ({"network.dynamic.ip": "192.0.2.7"}, ("192.0.2.7",), ""),
        ({"network.port": [443, "80", True, -1.5]}, ("443", "80"), "left out: 2"),
        ({"network.static.uri": [b"http://example.com/a"]}, ("http://example.com/a",), ""),
        ({"av.virus_name": ["with\x00control"]}, (), "left out: 1"),
        ({"av.virus_name": ["x" * 9000]}, (), "left out: 1"),
        ({"av.virus_name": {"a": 1}}, (), "left out: 1"),
        ({"attribution.family": ["emotet"]}, ("EMOTET",), ""),
        ({"dynamic.mutex": ["Evil", "EVIL"]}, ("Evil",), ""),
        (
            {"network.static.uri": ["http://a.example/A", "http://a.example/a"]},
            ("http://a.example/A", "http://a.example/a"),
            "",
        ),
        ({"network.tls.ja3_hash": ["d41d8cd98f00b204e9800998ecf8427e"]}, (), "left out: 1"),
        ({"network.static.url": ["http://example.com/"]}, (), "no tag type 'network.static.url'"),
        ({7: ["x"]}, (), "no tag type 7"),
    ],
)
def test_tags(tags: Any, kept: tuple[str, ...], note: str) -> None:
    section = ResultSection("Tags")
    section.set_tags(tags)
    made, notes = rebuilt(section)
    assert tuple(value for values in made.tags.values() for value in values) == kept
    assert bool(note) is bool(notes)
    assert note in " ".join(notes)


def test_tags_that_are_no_mapping_are_refused() -> None:
    section = ResultSection("Tags")
    section._tags = ["network"]
    with pytest.raises(TypeError, match="a mapping"):
        rebuilt(section)


@pytest.mark.parametrize(
    ("tag_type", "known"),
    [
        ("network.static.domain", True),
        ("file.rule.virustotal", True),
        ("file.rule.a.b", False),
        ("file.rule.store", False),
        ("file.rule.A", False),
        ("file.rule", False),
        ("network", False),
        ("network.static", False),
        ("", False),
        (None, False),
    ],
)
def test_tag_types(tag_type: Any, known: bool) -> None:
    assert tags.known(tag_type) is known


def test_a_classification_that_is_none_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    class Engine:
        @staticmethod
        def is_valid(text: str) -> bool:
            return text == "TLP:C"

    monkeypatch.setattr(section_sanitizer, "_classifications", Engine)
    section = ResultSection("Secret", classification="COSMIC")
    made, notes = rebuilt(section)
    assert made.classification == ""
    assert "is not valid" in notes[0]
    assert rebuilt(ResultSection("Open", classification="TLP:C"))[0].classification == "TLP:C"


def test_a_promotion_that_cannot_be_drawn_is_said() -> None:
    section = ResultSection("Picture")
    section._promote_to = "SCREENSHOT"
    made, notes = rebuilt(section)
    assert made.promote_to is None
    assert notes == ["The section 'Picture' cannot be promoted to SCREENSHOT."]


def test_notes_are_bounded() -> None:
    section = ResultSection("Tags")
    section.set_tags({f"no.such.type{number}": ["x"] for number in range(100)})
    _, notes = rebuilt(section)
    assert len(notes) == 51
    assert notes[-1] == "And 50 more notes of this kind."
