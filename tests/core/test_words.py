"""The word of each title is the platform's word for the number beside it."""

import json
import time
from typing import Any

import pytest
from assemblyline_v4_service.common.result import ResultSection
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plugins.test_subject_reports import BROKEN, broken, everything
from virustotal.core.models import Detection, EngineCounts, Level, Object, Report, Verdict
from virustotal.core.plugin_host import runner
from virustotal.core.plugin_host.manager import load
from virustotal.core.scoring.opinions import headline, opinions
from virustotal.core.scoring.verdicts import VERDICT_ATTRIBUTES, detection_ratio, judge
from virustotal.core.scoring.words import THRESHOLDS, counts_text, score_word, verdict_words
from virustotal.core.settings import Settings
from virustotal.plugins import BUILTIN
from virustotal.result.layout import SubjectResult, compose
from virustotal.testing import obj

SETTINGS = Settings()


@pytest.mark.parametrize(
    ("score", "word"),
    [
        (0, ""),
        (299, ""),
        (300, "suspicious"),
        (699, "suspicious"),
        (700, "highly suspicious"),
        (999, "highly suspicious"),
        (1000, "malicious"),
        (4000, "malicious"),
    ],
)
def test_word_of_a_score(score: int, word: str) -> None:
    assert score_word(score) == word


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        (EngineCounts(), "not analysed"),
        (EngineCounts(0, 0, 63), "no detections, 0 of 63 engines"),
        (EngineCounts(1, 0, 63, below_threshold=True), "1 of 63 engines, below the threshold"),
        (EngineCounts(4, 1, 94), "4 malicious and 1 suspicious of 94 engines"),
        (EngineCounts(0, 3, 60), "3 suspicious of 60 engines"),
    ],
)
def test_counts(counts: EngineCounts, text: str) -> None:
    assert counts_text(counts) == text


@pytest.mark.parametrize(
    ("categories", "stats", "shown"),
    [
        (("malicious", "suspicious", "undetected", "timeout"), {}, "2/3"),
        (("ignored", "harmless"), {"malicious": 5}, "0/2"),
        (("timeout",), {"malicious": 1, "suspicious": 1, "harmless": 3, "failure": 2}, "2/5"),
        ((), {"timeout": 3}, ""),
        ((), {}, ""),
    ],
)
def test_ratio_of_detections(categories: tuple[str, ...], stats: dict[str, int], shown: str) -> None:
    engines = tuple(
        Detection(f"E{number}", "malicious", ignored_because="a rule")
        if category == "ignored"
        else Detection(f"E{number}", category)
        for number, category in enumerate(categories)
    )
    assert detection_ratio(obj("file", "a", last_analysis_stats=stats), Verdict(detections=engines)) == shown


def test_clean_only_where_a_trusted_source_says_so() -> None:
    counts = EngineCounts(0, 0, 63)
    assert verdict_words(Verdict(Level.INFORMATIONAL, counts=counts)) == "no detections, 0 of 63 engines"
    assert verdict_words(Verdict(Level.CLEAN, counts=counts)) == "clean, no detections, 0 of 63 engines"
    assert verdict_words(Verdict()) == "not analysed"
    assert verdict_words(Verdict(Level.CLEAN, counts=counts), 300) == "suspicious, no detections, 0 of 63 engines"


AI = {"crowdsourced_ai_results": [{"source": "palm", "verdict": "malicious"}]}
NONE = {"last_analysis_stats": {"malicious": 0, "undetected": 60}}


@pytest.mark.parametrize(
    ("attributes", "title"),
    [
        ({**NONE, **AI}, "no detections, 0 of 60 engines; Code Insight: malicious"),
        ({**NONE, "threat_verdict": "VERDICT_UNDETECTED"}, "no detections, 0 of 60 engines"),
        (
            {**NONE, **AI, "threat_verdict": "VERDICT_UNDETECTED"},
            "no detections, 0 of 60 engines; VirusTotal's threat verdict: undetected; Code Insight: malicious",
        ),
        (
            {**NONE, "sandbox_verdicts": {"A": {"category": "malicious"}, "B": {"category": "harmless"}}},
            "no detections, 0 of 60 engines; sandboxes: 1 of 2 malicious",
        ),
        (
            {**NONE, "gti_assessment": {"contributing_factors": {"mandiant_analyst_malicious": True}}},
            "malicious, no detections, 0 of 60 engines; Mandiant analyst: malicious",
        ),
        (
            {"last_analysis_stats": {"malicious": 5, "undetected": 60}, "nsrl_info": {"products": ["X"]}},
            "clean, 5 of 65 engines; trusted by NSRL",
        ),
        (
            {"last_analysis_stats": {"malicious": 12, "undetected": 60}, "nsrl_info": {"products": ["X"]}},
            "malicious, 12 of 72 engines; trusted by NSRL",
        ),
        (
            {
                "last_analysis_stats": {"malicious": 3, "undetected": 60},
                "gti_assessment": {"contributing_factors": {"mandiant_analyst_benign": True}},
                "nsrl_info": {"products": ["X"]},
            },
            "clean, 3 of 63 engines; trusted by a Mandiant analyst (benign), NSRL",
        ),
        ({**NONE, "crowdsourced_ai_results": "x", "threat_verdict": 7}, "no detections, 0 of 60 engines"),
    ],
)
def test_the_headline_names_who_says_what(attributes: dict[str, Any], title: str) -> None:
    subject = obj("file", **attributes)
    assert headline(subject, judge(subject, SETTINGS)) == title


def test_a_sinkhole_is_called_one() -> None:
    subject = obj("domain", tags=["sinkhole"], **NONE)
    assert headline(subject, judge(subject, SETTINGS)) == "no detections, 0 of 60 engines; a sinkhole"


# --- titles and numbers ----------------------------------------------------------------------------------------------

WORDS = sorted((level.value for _, level in THRESHOLDS), key=len, reverse=True)


def word_of(title: str) -> str:
    """The word that a title begins with, after the name of what it is about."""
    _, _, text = title.rpartition(": ") if title.startswith("Detections") else title.partition(": ")
    return next((word for word in WORDS if text.startswith(f"{word},") or text == word), "")


def score_of(section: ResultSection) -> int:
    own = section.heuristic.score if section.heuristic else 0
    return own + sum(map(score_of, section.subsections))


PLUGINS = load(BUILTIN, SETTINGS)


def agree(subject: Object) -> None:
    hooks = PLUGINS.begin(SETTINGS)
    report = Report(subject)

    def verdict_of(related: Object) -> Verdict:
        return judge(related, SETTINGS, hooks.remap, hooks.decide)

    outputs = runner.analyse(report, PLUGINS, SETTINGS, verdict_of, time.monotonic() + 60)
    layout = compose([SubjectResult(report, verdict=verdict_of(subject), contributions=outputs)], SETTINGS)
    head, *sections = layout.sections
    shown = head.title_text.partition(": ")[2]
    word = next((word for word in WORDS if shown.startswith((f"{word},", f"{word};")) or shown == word), "")
    assert word == score_word(layout.score), (head.title_text, layout.score)
    assert layout.score == sum(map(score_of, sections))
    for section in sections:
        if section.title_text.startswith(("Detections: ", "Verdict: ")):
            assert word_of(section.title_text) == score_word(section.heuristic.score if section.heuristic else 0)


def test_every_recorded_object(reports: object) -> None:
    for subject in everything():
        agree(subject)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_recorded_objects_with_one_broken_attribute(reports: object, data: st.DataObject) -> None:
    subject = data.draw(st.sampled_from(everything()))
    name = data.draw(st.sampled_from(sorted({*subject.attributes, *VERDICT_ATTRIBUTES})))
    agree(broken(subject, name, data.draw(st.sampled_from(BROKEN))))


ODD = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.text(max_size=3), max_size=2)


@given(
    st.dictionaries(
        st.sampled_from(["gti_assessment", "sandbox_verdicts", "crowdsourced_ai_results", "threat_verdict"]),
        ODD | st.dictionaries(st.sampled_from(["verdict", "contributing_factors", "category"]), ODD),
    )
)
def test_odd_opinions_are_shown_or_left_out(attributes: dict[str, Any]) -> None:
    json.dumps([str(opinion) for opinion in opinions(obj("file", **attributes))])
