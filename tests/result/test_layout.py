"""The final sections: their order, and that the explained score is what the framework and the platform compute."""

import json
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from assemblyline.common.dict_utils import flatten
from assemblyline.common.heuristics import HeuristicHandler
from assemblyline.odm.models.result import Section as SectionModel
from assemblyline_v4_service.common.helper import get_heuristics
from assemblyline_v4_service.common.result import Result, ResultSection
from hypothesis import given, settings
from hypothesis import strategies as st

from virustotal.core.findings import Download, Family, Points
from virustotal.core.lookup.downloads import DownloadOutcome
from virustotal.core.models import Level, Outcome, Ref, Related, Report, Status, Verdict
from virustotal.core.plugin_host.output import AnalyzerOutput, Section
from virustotal.core.scoring.heuristics import CAPS
from virustotal.core.scoring.safelist import read_safelist
from virustotal.core.scoring.verdicts import judge
from virustotal.core.settings import Settings
from virustotal.core.settings.service_config import service_settings
from virustotal.plugins.av_remap import virustotal_remap
from virustotal.result.layout import OPEN_FROM, Layout, SubjectResult, compose
from virustotal.testing import obj

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SETTINGS = Settings()


def contribution(*scored: tuple[Points, Section | None], name: str = "one", **more: Any) -> AnalyzerOutput:
    sections = more.pop("sections", tuple(dict.fromkeys(section for _, section in scored if section is not None)))
    return AnalyzerOutput(name, "builtin", sections=sections, scored=scored, **more)


def subject(
    *contributions: AnalyzerOutput, kind: str = "file", status: Status = Status.FOUND, detail: str = "", **more: Any
) -> SubjectResult:
    related = {each.relationship: each for each in more.pop("related", ())}
    attributes = more.pop("attributes", {})
    report = Report(obj(kind, **attributes), related, Outcome(status, detail))
    return SubjectResult(report, contributions=contributions, **more)


def layout(*results: SubjectResult, **more: Any) -> Layout:
    return compose(results, more.pop("settings", SETTINGS), now=NOW, **more)


def finalized(found: Layout) -> dict[str, Any]:
    result = Result()
    for section in found.sections:
        result.add_section(section)
    return result.finalize()


@cache
def definitions() -> dict[str, Any]:
    """The manifest's heuristics by the names that the platform gives them."""
    return {f"VIRUSTOTAL.{number}": definition for number, definition in get_heuristics().items()}


def test_what_belongs_to_no_subject_scores_is_shown_and_makes_the_result_partial() -> None:
    section = Section("Tagged")
    beside = (
        contribution((Points(Family.TAGGED, "tagged", 900, "Because."), section), name="tagged", notes=("Cut.",)),
        contribution(name="hook", error="It raised."),
    )

    for results in ((), (subject(),), (subject(kind="url"), subject(kind="domain"))):
        result = layout(*results, beside=beside)

        titles = [each.title_text for each in result.sections]
        assert result.score == platform_score(finalized(result)["sections"]) == CAPS[Family.TAGGED]
        assert "The analyser hook failed." in result.reasons
        assert titles.index("Tagged") >= len(results)
        assert {"Analysers that failed (1)", "What was cut or left out (1)"} <= set(titles)


def platform_score(sections: list[dict[str, Any]]) -> int:
    """What Assemblyline's tasking client makes of the sections; each is also checked with its model."""
    known = definitions()
    total = 0
    for given_section in sections:
        section = json.loads(json.dumps(given_section))
        if section["heuristic"]:
            section["heuristic"]["heur_id"] = f"VIRUSTOTAL.{section['heuristic']['heur_id']}"
            section["heuristic"], _ = HeuristicHandler().service_heuristic_to_result_heuristic(
                section["heuristic"], known
            )
            total += section["heuristic"]["score"]
        section.pop("zeroize_on_tag_safe")
        SectionModel(section)
    return total


def titles(found: Layout) -> list[str]:
    return [section["title_text"] for section in finalized(found)["sections"]]


def section_of(found: Layout, start: str) -> dict[str, Any]:
    return next(section for section in finalized(found)["sections"] if section["title_text"].startswith(start))


def explained(sections: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of the explanation, and one row of all reasons that do not count."""
    titles = ("How this score came about", "Points that do not count")
    explanation = [section for section in sections if section["title_text"].startswith(titles)]
    rows = [row for section in explanation if section["body_format"] == "TABLE" for row in json.loads(section["body"])]
    texts = [section["body"].replace("\n", " ") for section in explanation if section["body_format"] == "TEXT"]
    return rows + [{"family": "Not counted", "reason": text, "counted": 0, "points": 0} for text in texts]


def agrees(found: Layout) -> int:
    """Assert that the explained sum, the framework's and the platform's are one number, and return it."""
    result = finalized(found)
    rows = explained(result["sections"])
    assert found.score == result["score"] == sum(row["counted"] for row in rows)
    assert platform_score(result["sections"]) == found.score
    return found.score


# --- scores ----------------------------------------------------------------------------------------------------------


def test_no_points_no_explanation() -> None:
    result = layout(subject(contribution(sections=(Section("A"),))))
    assert result.score == 0
    assert titles(result) == ["VirusTotal: not analysed", "A"]


def test_one_point_colours_its_section() -> None:
    section = Section("Detections", subsections=(Section("Malicious"),))
    result = layout(subject(contribution((Points("engines", "engines", 400, "Four engines."), section))))
    shown = finalized(result)["sections"]
    assert [(each["title_text"], each["depth"]) for each in shown[1:]] == [
        ("Detections", 0),
        ("Malicious", 1),
        ("How this score came about: 400 points", 0),
    ]
    assert shown[1]["heuristic"]["score"] == 400
    assert shown[1]["heuristic"]["signatures"] == {"engines": 1}


def test_the_cap_holds_over_all_sections_and_both_subjects() -> None:
    url = subject(
        contribution((Points("engines", "a", 700, "Seven."), Section("A")), name="a"),
        contribution((Points("related", "r", 200, "Two."), Section("R")), name="r"),
        kind="url",
        verdict=Verdict(Level.MALICIOUS),
    )
    host = subject(
        contribution((Points("engines", "a", 700, "Seven."), Section("A")), name="a"),
        contribution((Points("related", "r", 200, "Two."), Section("R")), name="r"),
        kind="domain",
    )
    result = layout(url, host)
    assert agrees(result) == 1300
    rows = explained(finalized(layout(url, host))["sections"])
    assert all("family" in row and "reason" in row for row in rows)
    subjects = {row["subject"][:20] for row in rows}
    assert subjects == {"Domain example.com", "URL 0f115db062b7c0dd"}


def test_equal_reasons_of_two_subjects_stay_in_the_rows() -> None:
    several = [
        subject(contribution((Points("engines", "a", 300, "Six."), Section("A")), name="a"), kind=kind)
        for kind in ("url", "domain")
    ]
    rows = explained(finalized(layout(*several))["sections"])
    assert [(row["family"], row["reason"]) for row in rows] == [("Engines", "Six.")] * 2


def test_several_points_and_families_on_one_section() -> None:
    section = Section("Everything")
    result = layout(
        subject(
            contribution(
                (Points("static", "odd", 50, "Odd."), section),
                (Points("behaviour", "bad", 100, "Bad.", attack_ids=("T1560", "T1002", "T9999")), section),
                (Points("behaviour", "bad", 60, "Worse."), section),
                (Points("behaviour", "seen", 0, "Seen.", attack_ids=("T1112",)), section),
            )
        )
    )
    shown = finalized(result)["sections"]
    everything = next(each for each in shown if each["title_text"] == "Everything")
    small = next(each for each in shown if each["title_text"] == "Structure: 50 points")
    assert everything["heuristic"]["score"] == 160
    assert everything["heuristic"]["attack_ids"] == ["T1560", "T1112"]
    assert (small["depth"], small["heuristic"]["score"], small["body"]) == (1, 50, "Odd.")
    assert "T1560, T9999 (unknown)" in {row.get("ATT&CK") for row in explained(shown)}
    assert sum(row["counted"] for row in explained(shown)) == 210


def test_a_point_of_nothing_is_listed_and_raises_its_technique() -> None:
    section = Section("Techniques")
    result = layout(subject(contribution((Points("behaviour", "t", 0, "Seen.", attack_ids=("T1059",)), section))))
    assert section_of(result, "Techniques")["heuristic"]["attack_ids"] == ["T1059"]
    again = layout(subject(contribution((Points("behaviour", "t", 0, "Seen."), section))))
    shown = finalized(again)
    assert (again.score, shown["score"]) == (0, 0)
    assert [row["reason"] for row in explained(shown["sections"])] == ["Seen."]


def test_points_without_a_section_take_the_first_or_their_own() -> None:
    first, second = Section("First"), Section("Second")
    result = layout(
        subject(
            contribution((Points("static", "a", 10, "A."), None), sections=(first, second)),
            contribution((Points("static", "b", 20, "B."), None), name="lonely", sections=()),
            contribution((Points("static", "c", 30, "C."), Section("Nobody's")), name="c", sections=(Section("Mine"),)),
        )
    )
    shown = {
        section["title_text"]: section["heuristic"] and section["heuristic"]["score"]
        for section in finalized(result)["sections"]
    }
    assert {name: shown[name] for name in ("First", "Second", "lonely", "Mine")} == {
        "First": 10, "Second": None, "lonely": 20, "Mine": 30,
    }  # fmt: skip
    assert "Nobody's" not in shown


def test_external_points_count_as_the_plugins() -> None:
    section = Section("Mine")
    result = layout(
        subject(contribution((Points("engines", "x", 1000, "Me."), section), external=True, name="external"))
    )
    assert section_of(result, "Mine")["heuristic"]["heur_id"] == 2013
    assert result.score == 500


@pytest.mark.parametrize(
    ("kind", "attributes", "listed", "says"),
    [
        ("domain", {"popularity_ranks": {"L": {"rank": 3}}}, "", "The host is popular (rank 3), so it is not scored."),
        ("domain", {"popularity_ranks": {"L": {"rank": 3_000_000}}}, "", ""),
        ("domain", {}, "domain", "The host is safelisted on the platform, so it is not scored."),
        ("ip_address", {}, "ip", "The host is safelisted on the platform, so it is not scored."),
        ("url", {"url": "http://example.org/a"}, "uri", "The URL is safelisted on the platform, so it is not scored."),
        ("url", {"url": "http://example.org/b"}, "uri", ""),
        ("file", {"popularity_ranks": {"L": {"rank": 3}}}, "", ""),
    ],
)
def test_what_is_never_scored_has_no_points_of_an_assessment_either(
    kind: str, attributes: dict[str, Any], listed: str, says: str
) -> None:
    values = {"domain": obj("domain").ref.id, "ip": obj("ip_address").ref.id, "uri": "http://example.org/a"}
    safelist = read_safelist({"match": {f"network.static.{listed}": [values[listed]]}} if listed else {})
    points = Points("assessment", "gti", 500, "Held to be malicious.")
    given_ = subject(contribution((points, Section("G"))), kind=kind, attributes=attributes)
    result = layout(given_, safelist=safelist)
    assert result.score == (0 if says else 500)
    assert says in explained(finalized(result)["sections"])[0]["reason"]
    external = subject(contribution((points, Section("G")), external=True), kind=kind, attributes=attributes)
    assert layout(external, safelist=safelist).score == 500  # what a plugin of others says is its own business


@pytest.mark.parametrize(
    ("level", "url_points", "expected"),
    [(Level.CLEAN, 0, 0), (Level.CLEAN, 100, 600), (Level.UNKNOWN, 0, 500), (Level.SUSPICIOUS, 0, 500)],
)
def test_a_clean_url_is_not_condemned_by_its_host(level: Level, url_points: int, expected: int) -> None:
    scored = [(Points("assessment", "gti", url_points, "GTI."), Section("GTI"))] if url_points else []
    url = subject(contribution(*scored), kind="url", verdict=Verdict(level))
    host = subject(contribution((Points("engines", "e", 500, "Five."), Section("E"))), kind="domain")
    result = layout(url, host)
    assert agrees(result) == expected
    shown = section_of(layout(url, host), "E")
    assert shown["heuristic"]["score"] == (0 if expected == 0 else 500)
    tagged = contribution((Points(Family.TAGGED, "t", 50, "Tagged."), Section("T")))
    assert layout(url, host, beside=[tagged]).score == expected + 50  # it says nothing of the URL


ENGINES = {"last_analysis_results": {"Acme": {"category": "malicious"}, "Bolt": {"category": "harmless"}}}


@pytest.mark.parametrize(
    ("attributes", "blocklist", "expected"),
    [
        (ENGINES, [], 500),
        (ENGINES, ["acme"], 0),
        ({"last_analysis_stats": {"suspicious": 1, "harmless": 80}}, [], 500),
        ({"last_analysis_stats": {"harmless": 80}}, [], 0),
    ],
)
def test_below_the_threshold_a_url_is_not_clean_enough(
    attributes: dict[str, Any], blocklist: list[str], expected: int
) -> None:
    settings = service_settings({"av_config": {"term_blocklist": blocklist}})
    verdict = judge(obj("url", **attributes), settings, lambda detections, _: virustotal_remap(detections, settings))
    url = subject(kind="url", verdict=verdict, attributes=attributes)
    host = subject(contribution((Points("engines", "e", 500, "Five."), Section("E"))), kind="domain")
    assert layout(url, host).score == expected


def test_a_plugin_that_calls_a_url_clean_hides_no_engine() -> None:
    host = subject(contribution((Points("engines", "e", 500, "Five."), Section("E"))), kind="domain")
    for attributes, expected in ((ENGINES, 500), ({"last_analysis_stats": {"harmless": 80}}, 0)):
        verdict = judge(obj("url", **attributes), Settings(), decide=lambda *_: Verdict("clean"))
        assert verdict.level is Level.CLEAN
        assert layout(subject(kind="url", verdict=verdict, attributes=attributes), host).score == expected


def test_a_host_alone_is_scored() -> None:
    host = subject(contribution((Points("engines", "e", 500, "Five."), Section("E"))), kind="domain")
    assert layout(host).score == 500


def test_more_points_than_rows_still_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("virustotal.result.final_sections.MOST_SCORES", 3)
    section = Section("S")
    result = layout(
        subject(contribution(*[(Points("behaviour", f"n{number}", number, "B."), section) for number in range(9)]))
    )
    assert agrees(result) == 36


FAMILIES = st.sampled_from([*(family.value for family in Family), "unheard-of"])
POINTS = st.tuples(FAMILIES, st.integers(-10, 900), st.sampled_from(["a", "b"]), st.integers(0, 4))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(POINTS, max_size=12), min_size=1, max_size=2), st.booleans())
def test_the_sum_is_explained_whatever_comes(
    given_points: list[list[tuple[str, int, str, int]]], external: bool
) -> None:
    results = []
    for kind, each in zip(("url", "domain"), given_points, strict=False):
        leaves = tuple(Section(f"S{number}") for number in range(3))
        tree = Section("Top", subsections=leaves)
        places = (tree, *leaves, None)
        scored = tuple(
            (Points(family, name, amount, "Because.", attack_ids=("T1059",)), places[place])
            for family, amount, name, place in each
        )
        results.append(subject(contribution(*scored, sections=(tree,), external=external), kind=kind))
    agrees(compose(results, SETTINGS, now=NOW))


# --- order, headings, outcomes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "title", "sentence", "partial"),
    [
        (Status.FOUND, "not analysed", "Last analysis", False),
        (Status.UNKNOWN, "unknown to VirusTotal", "does not make it clean", True),
        (Status.PENDING, "analysis pending", "Look again later", True),
        (Status.FORBIDDEN, "forbidden", "may not read", True),
        (Status.QUOTA, "quota used up", "was not looked up", True),
        (Status.SKIPPED, "not looked up", "was not looked up", True),
        (Status.FAILED, "look-up failed", "Nothing is known", True),
        (Status.INVALID, "not looked up", "cannot look this file up", True),
    ],
)
def test_every_outcome_is_told_apart(status: Status, title: str, sentence: str, partial: bool) -> None:
    result = layout(subject(status=status, detail="The reason."))
    (shown,) = finalized(result)["sections"]
    assert title in shown["title_text"]
    assert sentence in shown["body"]
    assert "The reason." in shown["body"]
    assert result.partial is partial
    assert bool(result.reasons) is partial


def test_a_found_subject_says_its_verdict_age_origin_and_notes() -> None:
    result = layout(
        subject(
            attributes={"last_analysis_date": 1_600_000_000},
            verdict=Verdict(Level.MALICIOUS, (), ("5 of 60 engines.",), 500),
            origins={"": "the cache, 2 hours old"},
            notes=("A note.",),
        )
    )
    (shown,) = finalized(result)["sections"]
    assert shown["title_text"].endswith(": not analysed")
    for sentence in (
        "Stale: 1935 days ago (limit 365).",
        "Answered by the cache, 2 hours old.",
        "A note.",
        "https://www.virustotal.com/gui/file/275a",
        "Open on VirusTotal",
    ):
        assert sentence in shown["body"]


def test_no_link_for_another_host() -> None:
    result = layout(subject(), settings=Settings(host="https://mirror.example"))
    assert "https://" not in finalized(result)["sections"][0]["body"]


def test_several_subjects_stand_under_their_headings() -> None:
    result = layout(
        subject(
            contribution(sections=(Section("A", subsections=(Section("B"),)),)),
            kind="url",
            label="https://example.com/",
        ),
        subject(contribution(sections=(Section("C"),)), kind="domain"),
    )
    assert [(section["title_text"], section["depth"]) for section in finalized(result)["sections"]] == [
        ("Result: 0 points", 0),
        ("URL https://example.com/: not analysed", 0),
        ("A", 1),
        ("B", 2),
        ("Domain example.com: not analysed", 0),
        ("C", 1),
    ]


def test_no_subject_at_all() -> None:
    result = layout(notes=("The host is private.",))
    assert titles(result) == ["Notes (1)"]
    assert result.partial is False


def test_sections_keep_what_they_have() -> None:
    section = Section(
        "Table",
        body='[{"a": "1"}]',
        body_format="TABLE",
        body_config={"column_order": ["a"]},
        tags={"av.virus_name": ("X",)},
        auto_collapse=True,
        promote_to="URI_PARAMS",
        zeroize_on_tag_safe=True,
    )
    shown = section_of(layout(subject(contribution(sections=(section,)))), "Table")
    assert shown["body"] == '[{"a": "1"}]'
    assert shown["body_format"] == "TABLE"
    assert shown["body_config"] == {"column_order": ["a"]}
    assert flatten(shown["tags"]) == {"av.virus_name": ["X"]}
    assert (shown["auto_collapse"], shown["promote_to"], shown["zeroize_on_tag_safe"]) == (True, "URI_PARAMS", True)


def test_the_platform_takes_no_points_back() -> None:
    section = Section("S", tags={"av.virus_name": ("X",)}, zeroize_on_tag_safe=True)
    result = layout(subject(contribution((Points("static", "s", 10, "S."), section))))
    assert section_of(result, "S")["zeroize_on_tag_safe"] is False


# --- tags ------------------------------------------------------------------------------------------------------------

TAGS = {
    "network.dynamic.domain": ("bad.example.org", "www.example.com", "printer.local"),
    "network.dynamic.ip": ("8.8.8.8", "10.0.0.1"),
    "network.static.uri": ("https://bad.example.org/", "http://127.0.0.1/x", "https://cdn.example.com/x"),
    "av.virus_name": ("Safe.Name", "Bad.Name"),
}
LISTED = read_safelist(
    {
        "match": {
            "network.dynamic.domain": ["example.com"],
            "network.static.domain": ["example.com"],
            "av.virus_name": ["Safe.Name"],
        }
    }
)


def test_tags_of_safelisted_and_private_hosts_are_left_out_and_said() -> None:
    section = Section("S", tags=TAGS)
    result = layout(subject(contribution(sections=(section,))), safelist=LISTED)
    shown = finalized(result)["sections"]
    assert flatten(shown[1]["tags"]) == {
        "network.dynamic.domain": ["bad.example.org"],
        "network.dynamic.ip": ["8.8.8.8"],
        "network.static.uri": ["https://bad.example.org/"],
        "av.virus_name": ["Bad.Name"],
    }
    assert shown[-1]["body"] == "Tags of safelisted values or of hosts that are not public, left out: 6."


def test_ignore_filtering_keeps_safelisted_tags_and_no_private_hosts() -> None:
    section = Section("S", tags=TAGS)
    result = layout(
        subject(contribution(sections=(section,))), safelist=LISTED, settings=Settings(ignore_filtering=True)
    )
    assert flatten(finalized(result)["sections"][1]["tags"]) == {
        "network.dynamic.domain": ["bad.example.org", "www.example.com"],
        "network.dynamic.ip": ["8.8.8.8"],
        "network.static.uri": ["https://bad.example.org/", "https://cdn.example.com/x"],
        "av.virus_name": ["Safe.Name", "Bad.Name"],
    }


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("a@bad.example.org", True),
        ("a@intranet.corp", False),
        ("a@localhost", False),
        ("a@10.0.0.1", False),
        ("a@bad.example.org@printer.local", False),
        ("a@mail.example.com", True),  # a provider that is safelisted vouches for none of its users
    ],
)
def test_a_mail_address_is_tagged_where_its_host_is_public(address: str, kept: bool) -> None:
    section = Section("S", tags={"network.email.address": (address,)})
    result = layout(subject(contribution(sections=(section,))), safelist=LISTED)
    tags = flatten(finalized(result)["sections"][1]["tags"])
    assert tags == ({"network.email.address": [address]} if kept else {})


# --- errors, notes, partial ------------------------------------------------------------------------------------------


def test_failed_analysers_are_listed_and_make_the_result_partial() -> None:
    kept = Section("What came before")
    result = layout(
        subject(contribution(sections=(kept,), name="shaky", error="ValueError: no"), contribution(name="sound")),
        unloaded=("virustotal-broken 1.0: ImportError: no module",),
    )
    assert result.partial
    assert result.reasons == ("The analyser shaky failed.",)
    shown = finalized(result)["sections"]
    assert [each["title_text"] for each in shown][1:] == [
        "What came before",
        "Analysers that failed (1)",
        "Plugins that did not load (1)",
    ]
    assert json.loads(shown[2]["body"]) == [{"analyser": "shaky", "plugin": "builtin", "error": "ValueError: no"}]
    assert shown[2]["auto_collapse"]


def test_a_plugin_that_did_not_load_is_no_reason() -> None:
    result = layout(subject(), unloaded=("virustotal-broken 1.0: ImportError",))
    assert not result.partial
    assert titles(result)[-1] == "Plugins that did not load (1)"


def test_notes() -> None:
    result = layout(
        subject(contribution(name="long", notes=("a table was cut",))), notes=("The parameter x was not understood.",)
    )
    shown = finalized(result)["sections"]
    assert (shown[1]["title_text"], shown[1]["body"]) == ("Notes (1)", "The parameter x was not understood.")
    assert shown[2]["body"] == "long: a table was cut"


@pytest.mark.parametrize(
    ("status", "partial"),
    [(Status.FOUND, False), (Status.FORBIDDEN, False), (Status.UNKNOWN, False), (Status.INVALID, False),
     (Status.FAILED, True), (Status.SKIPPED, True), (Status.QUOTA, True), (Status.PENDING, True)],
)  # fmt: skip
def test_relationships_and_artefacts_that_may_come_later(status: Status, partial: bool) -> None:
    outcome = Outcome(status, "Why.")
    assert layout(subject(related=[Related("contacted_ips", outcome=outcome)])).partial is partial
    download = Download(Ref("file_behaviour", "x_Box"), "pcap", "box.pcap", "Capture")
    assert layout(subject(artefacts=(DownloadOutcome(download, outcome),))).partial is partial


def test_what_the_cache_cannot_know_makes_the_result_partial() -> None:
    result = layout(subject(), volatile=("The URL is from the metadata.",))
    assert (result.partial, result.reasons) == (True, ("The URL is from the metadata.",))


# --- flagged objects, open sections, titles --------------------------------------------------------------------------


def test_tags_that_a_cap_leaves_nothing_keep_the_colour_of_their_family() -> None:
    first = Section("One", tags={"network.static.domain": ("one.example.net",)})
    second = Section("Two", tags={"network.static.domain": ("two.example.net",)})
    points = Points(Family.CONFIGURATION, "configuration", CAPS[Family.CONFIGURATION], "Found.")
    result = layout(subject(contribution((points, first), (points, second))))
    assert flatten(section_of(result, "One")["tags"]) == {
        "network.static.domain": ["one.example.net", "two.example.net"]
    }
    assert result.score == CAPS[Family.CONFIGURATION]


def test_the_closed_section_of_many_names_the_first_and_counts_the_rest() -> None:
    sections = tuple(Section(f"Facts of sort {number} (3)", auto_collapse=True) for number in range(30))
    shown = finalized(layout(subject(contribution(sections=sections))))["sections"]
    (title,) = (section["title_text"] for section in shown if section["title_text"].startswith("Details"))
    assert title.startswith("Details: Facts of sort 0, ")
    assert title.endswith(" and 25 more")
    assert len(title) < 130


def test_sections_that_count_little_are_closed_and_those_of_plugins_are_as_they_came() -> None:
    results = (
        contribution((Points("static", "s", OPEN_FROM - 1, "S."), Section("Little")), name="little"),
        contribution((Points("behaviour", "b", OPEN_FROM, "B."), Section("Much")), name="much"),
        contribution(sections=(Section("Facts"),), name="facts"),
        contribution(sections=(Section("Engines"),), name="detections"),
        contribution(sections=(Section("Plugin"),), name="plugin", external=True),
    )
    shown = finalized(layout(subject(*results)))["sections"]
    closed = {section["title_text"] for section in shown if section["auto_collapse"]}
    score = f"How this score came about: {2 * OPEN_FROM - 1} points"
    assert closed == {"Details: Little, Facts", "Little", "Facts", score}
    assert [section["title_text"] for section in shown if section["depth"] == 1] == ["Little", "Facts"]


def test_scored_sections_of_several_subjects_have_titles_of_their_own() -> None:
    url = subject(contribution((Points("network", "a", 300, "A."), Section("Detections")), name="url_detections"))
    host = subject(
        contribution((Points("network", "b", 200, "B."), Section("Detections")), name="domain_detections"),
        kind="domain",
    )
    shown = finalized(layout(url, host))["sections"]
    titles = [section["title_text"] for section in shown if section["heuristic"]]
    assert len(set(titles)) == len(titles) == 2
    assert all(title.startswith("Detections (") for title in titles)


def test_the_table_of_screenshots_stands_below_the_screenshots_before_the_details() -> None:
    results = (
        contribution(sections=(Section("Facts", "a"),), name="facts"),
        contribution(sections=(Section("More facts", "b"),), name="more"),
        contribution(sections=(Section("Screenshots (2)", "c"),), name="screenshots"),
    )
    pictures = ResultSection("Screenshots (2)", body="pictures")
    shown = finalized(layout(subject(*results), pictures={"": pictures}))["sections"]
    titles = [section["title_text"] for section in shown]
    assert titles[1:4] == ["Screenshots (2)", "Screenshots: details", "Details: Facts, More facts"]
