"""The HTML file: one document without scripts and network, whatever a report holds."""

import html.parser
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from assemblyline.odm.models.result import BODY_FORMAT

from tests.cli.test_bodies import CASES
from tests.cli.test_show import result, section
from virustotal.local.run_task import TaskOutcome
from virustotal.rendering.html_report import html_report
from virustotal.rendering.relationship_graph import MOST_OBJECTS, picture

HOSTILE = (
    '<script>alert(1)</script>"><img src=x onerror=alert(1)> {{ 7 * 7 }} \x1b[2J\x00 \u061c\u202e\u2066\u2028\u2029'
    "\U000e0041\ufdd0\uffff\U0010ffff\ud800 ]]></style><!-- javascript:alert(1)"
)
INVISIBLE = "\x1b\x00\u061c\u202e\u2066\u2028\u2029\U000e0041\ufdd0\uffff\U0010ffff\ud800"
PNG, WEBP = b"\x89PNG\r\n\x1a\n" + bytes(8), b"RIFF\x10\x00\x00\x00WEBPVP8 "
#: Elements that the templates have; all others would come from a report.
ELEMENTS = (
    "html head meta title style body header h1 p span figure figcaption svg g line rect path circle text main details "
    "summary div table thead tbody tr th td dl dt dd ul ol li a b code img footer"
)


class Document(html.parser.HTMLParser):
    """The elements and attributes of a document; a void or unknown element fails at once."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.sources: list[str] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        assert tag in ELEMENTS.split(), tag
        values = dict(attributes)
        assert not [name for name in values if name.startswith("on")]
        self.links += [values["href"] or ""] if "href" in values else []
        self.sources += [values["src"] or ""] if "src" in values else []
        if tag not in {"meta", "img"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        assert tag in ELEMENTS.split(), tag

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def document(outcome: TaskOutcome, name: str = "eicar.com") -> Document:
    return Document(html_report(name, outcome))


def filled(value: Any) -> Any:
    """Return a body with every text in it replaced, keys too, but for what makes the format."""
    if isinstance(value, dict):
        kept = {"process_name", "process_pid", "command_line", "children", "signatures", "url", "name", "img", "thumb"}
        return {key if key in kept else HOSTILE: filled(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [filled(entry) for entry in value]
    return HOSTILE if isinstance(value, str) and value not in BODY_FORMAT else value


def hostile_sections() -> Iterator[dict[str, Any]]:
    for body_format, (data, _) in CASES.items():
        body = filled(data) if body_format != "SANDBOX" else data
        given = {"body_format": body_format, "body": body if isinstance(body, str) else json.dumps(body)}
        heuristic = {"name": HOSTILE, "score": 1000, "attack": [{"attack_id": HOSTILE, "pattern": HOSTILE}]}
        tags = {"network": {"static": {"domain": [HOSTILE], "uri": [HOSTILE]}}, "av": {"virus_name": [HOSTILE]}}
        yield section(HOSTILE * 100, heuristic=heuristic, tags=tags, **given)
        yield section("x" * 10_000, depth=1, **given)
    columns = ("Level", "Relationship", "Kind", "Object", "Detections", "Threat")
    rows = json.dumps([dict.fromkeys(columns, HOSTILE)])
    yield section("Related objects flagged by engines (1)", body_format="TABLE", body=rows)


def test_hostile_texts_are_inert_wherever_they_stand() -> None:
    files = [{"name": HOSTILE, "description": HOSTILE, "sha256": HOSTILE}]
    outcome = result(*hostile_sections(), score=1000, partial=True, extracted=files, service_tool_version=HOSTILE)
    found = document(outcome, HOSTILE)
    assert "<script>alert(1)</script>" in found.text
    assert "{{ 7 * 7 }}" in found.text
    assert not set(INVISIBLE) & set(found.text)
    assert not [link for link in found.links if not link.startswith(("http://", "https://"))]
    assert max(map(len, found.text.split())) < 2_000


@pytest.mark.parametrize("body_format", sorted(BODY_FORMAT))
def test_each_format_is_drawn(body_format: str) -> None:
    data, expected = CASES[body_format]
    body = data if isinstance(data, str) else json.dumps(data)
    output = " ".join(document(result(section("Body", body_format=body_format, body=body))).text.split())
    for part in expected:
        assert part.replace("a page https://example.com/", "a page") in output


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", "//example.com", "http://[", "file:///x"]
)
def test_only_addresses_of_the_web_are_links(address: str) -> None:
    body = json.dumps([{"name": "a page", "url": address}, {"name": "", "url": "https://example.com/?a=1&b=2"}])
    assert document(result(section("Link", body_format="URL", body=body))).links == ["https://example.com/?a=1&b=2"]


def test_closed_sections_are_closed_and_nested_ones_inside() -> None:
    output = html_report("x", result(section("Closed", auto_collapse=True), section("Below", depth=1), section("Open")))
    assert output.count("<details") == 3
    assert output.count(" open>") == 2
    assert output.index("Closed") < output.index("Below") < output.index("Open")


def test_pictures_are_inlined_where_they_are_pictures(tmp_path: Path) -> None:
    contents = {"a" * 64: PNG, "b" * 64: b"<svg onload='alert(1)'/>", "d" * 64: WEBP}
    files = {}
    for digest, content in contents.items():
        files[digest] = tmp_path / digest
        files[digest].write_bytes(content)
    images = [{"img": {"name": f"{digest[0]}.png", "sha256": digest}} for digest in (*contents, "c" * 64)]
    drawn = section("Screenshots", body_format="IMAGE", body=json.dumps(images))
    outcome = TaskOutcome(stored={"result": {"sections": [drawn], "score": 0}}, files=files)
    found = document(outcome)
    assert [source.partition(",")[0] for source in found.sources] == ["data:image/png;base64", "data:image/webp;base64"]
    assert found.text.count("(not included)") == 2


def flagged(count: int) -> dict[str, Any]:
    rows = [
        {
            "Level": "malicious" if number % 2 else "suspicious",
            "Relationship": "Contacted domains, Dropped files" if number % 3 else "Contacted domains",
            "Kind": "Domain",
            "Object": f"h{number}.example.net",
            "Detections": "9/90",
        }
        for number in range(count)
    ]
    return section(f"Related objects flagged by engines ({count})", body_format="TABLE", body=json.dumps(rows))


def test_ten_thousand_related_objects_are_listed_and_forty_drawn() -> None:
    outcome = result(flagged(10_000))
    output = html_report("x", outcome)
    assert output.count('<g class="node') == MOST_OBJECTS
    assert "9960 more are listed below." in output
    assert "h9999.example.net" in output


def test_the_picture_is_the_same_each_time_and_nothing_overlaps() -> None:
    sections = result(flagged(MOST_OBJECTS)).sections
    drawn = picture("x", sections)
    assert drawn is not None
    assert drawn == picture("x", sections)
    points = [drawn.subject, *drawn.objects, *drawn.relationships]
    assert len({(round(point.x), round(point.y)) for point in points}) == len(points)
    assert all(0 < point.y < drawn.height and 0 < point.x < drawn.width for point in points)
    assert {edge[0].label for edge in drawn.edges if edge[0] == drawn.subject} == {"x"}


def test_a_configured_c2_is_in_the_picture() -> None:
    heuristic = {"heur_id": "1002", "name": "Malware configuration", "score": 500}
    tags = {"network": {"static": {"domain": ["c2.example.net"], "uri": ["http://c2.example.net/"]}}}
    drawn = picture("x", [section("Malware configuration: x", heuristic=heuristic, tags=tags)])
    assert drawn is not None
    assert {(point.label, point.neighbour.kind) for point in drawn.objects if point.neighbour} == {
        ("c2.example.net", "Domain"),
        ("http://c2.example.net/", "URL"),
    }


def test_nothing_flagged_draws_nothing() -> None:
    assert picture("x", [section("Body")]) is None
    assert not document(result(section("Body"))).sources
