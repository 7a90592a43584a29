"""What is no valid finding is refused inside the analyser's own try; what is valid no longer is the plugin's."""

from pathlib import Path
from typing import Any

import pytest
from assemblyline_v4_service.common.result import ResultSection
from attrs import evolve

from virustotal.core import Attachment, Download, OntologyPart, Points, Ref
from virustotal.core.plugin_host.finding_collector import FindingCollector
from virustotal.core.plugin_host.limits import EXTERNAL, Usage
from virustotal.core.plugin_host.output import AnalyzerOutput
from virustotal.core.scoring.heuristics import ReportedPoints, apply_caps

DOWNLOAD = Download(Ref("file", "ab" * 32), "file", "a b/../c", "What it is")
ATTACHMENT = Attachment("x.json", "What it is", b"{}")
POINTS = Points("static", "name", 5, "Why")


def taken(*findings: Any, external: bool = True, **bounds: int) -> AnalyzerOutput:
    collector = FindingCollector(Usage(evolve(EXTERNAL, **bounds)), external=external)
    for finding in findings:
        collector.add(finding)
    return collector.output("analyser", "plugin 1")


@pytest.mark.parametrize(
    ("finding", "message"),
    [
        (None, "NoneType, which is no finding"),
        (evolve(DOWNLOAD, ref=("file", "x")), "`ref` of a Download is a Ref"),
        (evolve(DOWNLOAD, ref=Ref("file", 7)), "`ref.id` of a Download is a text"),  # type: ignore[arg-type]
        (evolve(DOWNLOAD, kind="exe"), "no such kind of Download"),
        (evolve(DOWNLOAD, name=None), "`name` of a Download is a text"),
        (evolve(DOWNLOAD, description=7), "`description` of a Download is a text"),
        (evolve(DOWNLOAD, relation="SIBLING"), "no such relation"),
        (evolve(DOWNLOAD, sha256="AB" * 32), "64 hexadecimal digits"),
        (evolve(DOWNLOAD, magic=("x",)), "`magic` of a Download is bytes"),
        (evolve(DOWNLOAD, link="file:///etc/passwd"), "begins with https"),
        (evolve(ATTACHMENT, data=b""), "either data or a path"),
        (evolve(ATTACHMENT, path=Path("/etc")), "either data or a path"),
        (evolve(ATTACHMENT, data="text"), "`data` of an Attachment is bytes or a bytearray, not str"),
        (evolve(ATTACHMENT, data=b"", path=Path("/no/such")), "is no file"),
        (OntologyPart("process", [1]), "`data` of an OntologyPart is a mapping"),  # type: ignore[arg-type]
        (evolve(POINTS, amount=1.5), "whole number"),
        (evolve(POINTS, amount=True), "whole number"),
        (evolve(POINTS, name=None), "`name` of Points"),
        (evolve(POINTS, attack_ids="T1059"), "`attack_ids` of Points is an iterable of texts, not str"),
        (evolve(POINTS, attack_ids=None), "`attack_ids` of Points is an iterable of texts, not NoneType"),
        (evolve(POINTS, attack_ids=("T1059", 7)), "`attack_ids` of Points is a text"),
        (evolve(POINTS, section="a title"), "is a ResultSection"),
    ],
)
def test_what_is_refused(finding: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        taken(finding, attachment=50)


def test_downloads_and_attachments_are_named_safely(tmp_path: Path) -> None:
    path = tmp_path / "made"
    path.write_bytes(b"content")
    output = taken(
        DOWNLOAD, ATTACHMENT, Attachment("../../x", "y\x00", path=path, role="extracted", relation="DYNAMIC")
    )
    assert [download.name for download in output.downloads] == ["a_b_.._c"]
    assert [attachment.name for attachment in output.attachments] == ["x.json", "x"]
    assert output.attachments[1].description == "y�"


def test_what_one_plugin_may_add_is_bounded_and_said() -> None:
    output = taken(*[DOWNLOAD] * 30, *[ATTACHMENT] * 30)
    assert (len(output.downloads), len(output.attachments)) == (20, 10)
    assert output.notes == (
        "Left out: 10 downloads beyond the 20 that one plugin may add.",
        "Left out: 20 attachments beyond the 10 that one plugin may add.",
    )


@pytest.mark.parametrize(("external", "family"), [(True, "plugin"), (False, "static")])
def test_points_colour_what_their_section_became(external: bool, family: str) -> None:
    top, below = ResultSection("Top"), ResultSection("Below", body="x")
    top.add_subsection(below)
    output = taken(evolve(POINTS, section=below), top, external=external)
    ((points, section),) = output.scored
    assert section is output.sections[0].subsections[0]
    assert (points.section, points.family) == (None, family)


def test_attack_ids_may_come_one_by_one() -> None:
    ((points, _),) = taken(evolve(POINTS, attack_ids=(name for name in ("T1059", "T1071")))).scored
    assert points.attack_ids == ("T1059", "T1071")


@pytest.mark.parametrize(
    ("amount", "taken_as"), [(10**30, 1_000_000), (2**70, 1_000_000), (-(10**30), 0), (-1, 0), (0, 0), (1000, 1000)]
)
def test_an_amount_out_of_range_is_clamped(amount: int, taken_as: int) -> None:
    ((points, section),) = taken(evolve(POINTS, amount=amount)).scored
    assert (points.amount, section) == (taken_as, None)
    (score,) = apply_caps([ReportedPoints(points, external=True)])
    assert (score.amount, score.counted) == (taken_as, min(taken_as, 500))


def test_points_of_a_section_that_never_came_say_so() -> None:
    output = taken(evolve(POINTS, section=ResultSection("Nowhere")))
    assert output.scored[0][1] is None
    assert output.notes == ("The points 'name' name a section that is not in the result.",)


def test_parts_of_the_ontology_are_tried() -> None:
    good = {"engine_name": "Acme", "category": "malicious", "virus_name": "x"}
    output = taken(
        OntologyPart("antivirus", good), OntologyPart("antivirus", {"category": "harmless"}), OntologyPart("x", good)
    )
    assert [dict(part.data) for part in output.ontology] == [good]
    assert len(output.notes) == 2
    good["engine_name"] = "changed"
    assert output.ontology[0].data["engine_name"] == "Acme"


@pytest.mark.parametrize(("count", "taken_all"), [(999, True), (1000, True), (1001, False)])
def test_a_thousand_findings_are_taken_and_no_more(count: int, taken_all: bool) -> None:
    output = taken(*[POINTS] * count)
    assert len(output.scored) == min(count, 1000)
    assert ("Only the first 1000 findings were taken." in output.notes) is not taken_all
