"""The engines' verdicts of the subject, as sections, tags, ontology and points."""

import json
from typing import Any

import pytest
from assemblyline.odm.models.ontology.results.antivirus import Antivirus
from assemblyline.odm.models.tagging import Tagging

from virustotal.core.analyzer import Evidence
from virustotal.core.findings import Finding, OntologyPart, Points
from virustotal.core.models import Level, Verdict
from virustotal.core.scoring.verdicts import judge
from virustotal.core.settings.service_config import service_settings
from virustotal.plugins import detections
from virustotal.plugins.av_remap import virustotal_remap
from virustotal.testing import evidence, run

ANALYZERS = {analyzer.kind: analyzer for analyzer in detections.virustotal_analyzers()}


def engine(category: Any, result: Any = None, **more: Any) -> dict[str, Any]:
    return {"category": category, "result": result, **more}


ENGINES = {
    "Acme": engine("malicious", "EICAR-Test-File", engine_version="1.2", engine_update="20260102"),
    "Bolt": engine("malicious", "Zed.Widgetry", engine_version="None", engine_update="today"),
    "Cog": engine("suspicious", "Heur.Odd"),
    "Dot": engine("undetected"),
    "Elk": engine("harmless", "clean"),
    "Fig": engine("type-unsupported"),
    "Gum": engine("timeout"),
    "Hat": engine("astonished", "Oh"),
    "Ink": engine("failure"),
}
POPULAR = {
    "popular_threat_name": [
        {"value": "eicar", "count": 9}, {"value": "msil", "count": 8}, {"value": "", "count": 7},
        {"value": "rare", "count": 1}, ["pair", 5], ["alone", 5],
    ]
}  # fmt: skip


def found(kind: str = "file", config: dict[str, Any] | None = None, **attributes: Any) -> list[Finding]:
    settings = service_settings({"av_config": config or {}})
    given = evidence(kind, settings=settings, **attributes)
    remap = lambda each, _: virustotal_remap(each, settings)  # noqa: E731
    return run(ANALYZERS[kind], Evidence(given.report, None, settings, lambda obj: judge(obj, settings, remap)))


def engines(section: Any) -> list[dict[str, Any]]:
    """The rows of the closed table of all engines."""
    (below,) = [part for part in section.subsections if part.title_text.startswith("All engines (")]
    assert below.auto_collapse
    return list(json.loads(below.body))


def test_names_are_open_and_all_engines_closed_the_malicious_first() -> None:
    section = found(last_analysis_results=ENGINES)[0]
    assert section.title_text == "Detections: 2 malicious and 1 suspicious of 5 engines"
    assert not section.auto_collapse
    assert [(row["result"], row["category"], row["engines"]) for row in json.loads(section.body)] == [
        ("EICAR-Test-File", "malicious", "Acme"),
        ("Zed.Widgetry", "malicious", "Bolt"),
        ("Heur.Odd", "suspicious", "Cog"),
    ]
    assert [row["category"] for row in engines(section)] == [
        *("malicious", "malicious", "suspicious", "harmless", "undetected"),
        *("failure", "timeout", "type unsupported", "astonished"),
    ]
    assert engines(section)[0] == {
        "engine": "Acme",
        "category": "malicious",
        "result": "EICAR-Test-File",
        "version": "1.2",
        "updated": "2026-01-02",
    }
    assert engines(section)[1]["version"] == ""


@pytest.mark.parametrize(("names", "rows"), [(8, 8), (9, 9)])
def test_the_names_that_most_engines_give_come_first_and_eight_have_a_row(names: int, rows: int) -> None:
    results = {f"E{number:02}": engine("malicious", f"N{number}") for number in range(names)}
    section = found(last_analysis_results={**results, "F": engine("malicious", "N3")})[0]
    shown = json.loads(section.body)
    assert shown[0] == {"result": "N3", "count": 2, "engines": "E03, F"}
    assert len(shown) == rows
    assert (shown[-1]["result"] == "1 other name") is (names == 9)


def test_points_say_why() -> None:
    section, points = found(last_analysis_results=ENGINES)[:2]
    assert isinstance(points, Points)
    assert (points.family, points.name, points.amount) == ("engines", "engines.informational", 200)
    assert points.reason == "2 malicious and 1 suspicious of 5 engines. A suspicious engine weighs half."
    assert points.section is section


def test_ignored_and_remapped_detections_name_their_rule() -> None:
    section, points, *_ = found(
        last_analysis_results=ENGINES,
        config={"term_blocklist": ["widgetry"], "revised_kw_score_map": {"eicar": 5}, "hit_threshold": 1},
    )
    assert [row["rule"] for row in json.loads(section.body)[:2]] == [
        "5 points: av_config.revised_kw_score_map: eicar",
        "ignored: av_config.term_blocklist: widgetry",
    ]
    assert points.amount == 55  # of the suspicious one, and of the malicious one by its keyword
    assert section.tags["av.virus_name"] == ["EICAR-Test-File", "Heur.Odd"]


def test_a_score_of_a_detection_that_found_nothing_is_not_claimed() -> None:
    section, points, *_ = found(last_analysis_results=ENGINES, config={"revised_kw_score_map": {"clean": 500}})
    rules = [row["rule"] for row in engines(section) if row["category"] == "harmless"]
    assert rules == ["not counted: av_config.revised_kw_score_map: clean"]
    assert points.amount == 200


def test_below_the_threshold_it_is_shown_and_scores_nothing() -> None:
    section, points, *_ = found(last_analysis_results={"Acme": ENGINES["Acme"], "Dot": ENGINES["Dot"]})
    assert section.title_text == "Detections: 1 of 2 engines, below the threshold"
    assert points.amount == 0
    assert "hit threshold of 2" in points.reason


def test_without_detections_no_points() -> None:
    everything = found(last_analysis_results={"Dot": ENGINES["Dot"]})
    assert not [each for each in everything if isinstance(each, Points)]


def test_tags() -> None:
    engines = {
        **ENGINES,
        "Jot": engine("undetected", "pair"),
        "Kit": engine("malicious", "Pair.A"),
        "Lam": engine("malicious", "W32/Pair-X"),
        "Mop": engine("malicious", "Alone.B"),
    }
    section = found(last_analysis_results=engines, popular_threat_classification=POPULAR)[0]
    assert section.tags == {
        "av.virus_name": ["EICAR-Test-File", "Zed.Widgetry", "Heur.Odd", "Pair.A", "W32/Pair-X", "Alone.B"],
        "attribution.family": ["pair"],
    }
    assert set(section.tags) <= set(Tagging.flat_fields())


def test_a_name_that_was_cleaned_or_cut_is_shown_and_not_tagged() -> None:
    odd = ("Evil\u202egnp.exe", "y" * 5000, "Good.Name", "Trojan.Good-X")
    names = {"popular_threat_name": [["fam\u202e", 9], ["z" * 500, 8], ["good", 7]]}
    section = found(
        last_analysis_results={f"E{number}": engine("malicious", name) for number, name in enumerate(odd)},
        popular_threat_classification=names,
    )[0]
    assert section.tags == {"av.virus_name": ["Good.Name", "Trojan.Good-X"], "attribution.family": ["good"]}
    assert len(engines(section)) == len(json.loads(section.body)) == 4


def test_a_clean_file_has_no_family() -> None:
    section = found(last_analysis_results={"Dot": ENGINES["Dot"]}, popular_threat_classification=POPULAR)[0]
    assert section.tags == {}


@pytest.mark.parametrize(
    ("kind", "tag_type", "value"),
    [
        ("url", "network.static.uri", "https://example.com/a"),
        ("domain", "network.static.domain", "example.com"),
        ("ip_address", "network.static.ip", "198.51.100.7"),
    ],
)
def test_a_network_object_is_tagged_itself_and_has_neither_names_nor_ontology(
    kind: str, tag_type: str, value: str
) -> None:
    everything = found(kind, last_analysis_results=ENGINES, **({"url": value} if kind == "url" else {}))
    assert everything[0].tags == {tag_type: [value]}
    assert len(everything) == 2


def test_the_ontology_is_assemblylines() -> None:
    parts = [each for each in found(last_analysis_results=ENGINES) if isinstance(each, OntologyPart)]
    shown = {part.data["engine_name"]: part.data["category"] for part in parts}
    assert shown == {
        "Acme": "malicious",
        "Bolt": "malicious",
        "Cog": "suspicious",
        "Dot": "undetected",
        "Elk": "undetected",
        "Fig": "type-unsupported",
        "Ink": "failure",
    }
    for part in parts:
        objectid = {"tag": Antivirus.get_tag(part.data), "ontology_id": Antivirus.get_oid(part.data)}
        Antivirus({**part.data, "objectid": objectid})
    assert parts[0].data == {
        "engine_name": "Acme",
        "engine_version": "1.2",
        "engine_definition_version": "20260102",
        "virus_name": "EICAR-Test-File",
        "category": "malicious",
    }
    assert parts[1].data["engine_version"] is None


def test_ignored_detections_stay_out_of_the_ontology() -> None:
    parts = [
        each
        for each in found(last_analysis_results=ENGINES, config={"specific_AVs": ["Acme"]})
        if isinstance(each, OntologyPart)
    ]
    assert [part.data["engine_name"] for part in parts] == ["Acme"]


def test_counters_alone() -> None:
    section, points = found(last_analysis_stats={"malicious": 3, "typeUnsupported": 2, "undetected": 5})
    assert section.title_text == "Detections: suspicious, 3 of 8 engines"
    assert json.loads(section.body) == [["malicious", 3], ["undetected", 5], ["type-unsupported", 2]]
    assert points.amount == 300


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"last_analysis_results": None},
        {"last_analysis_results": []},
        {"last_analysis_stats": "x"},
        {"positives": []},
    ],
)
def test_nothing_known_nothing_shown(attributes: dict[str, Any]) -> None:
    assert found(**attributes) == []


def test_a_thousand_engines_are_bounded_and_said() -> None:
    many = {f"E{number:04}": engine("undetected") for number in range(1000)}
    section = found(last_analysis_results=many)[0]
    assert (section.title_text, section.auto_collapse) == ("All engines (200 of 1000)", True)


def test_what_a_plugin_judges_without_engines_is_shown_and_scored() -> None:
    given = evidence("file")
    mine = Verdict(Level.MALICIOUS, reasons=("Our own list has it.",), score=500)
    decided = judge(given.report.subject, given.settings, decide=lambda *_: mine)
    section, points = run(ANALYZERS["file"], Evidence(given.report, None, given.settings, lambda _: decided))
    assert (section.title_text, section.body) == ("Verdict: suspicious", "Our own list has it.")
    assert (points.amount, points.reason, points.section) == (500, "Our own list has it.", section)
