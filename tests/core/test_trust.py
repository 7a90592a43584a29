"""People before machines, trust, unwanted software and true counts: a table of cases, each with its reason."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virustotal.core.models import Verdict
from virustotal.core.scoring.safelist import read_safelist
from virustotal.core.scoring.verdicts import judge
from virustotal.core.settings.service_config import service_settings
from virustotal.plugins import assessment
from virustotal.plugins.av_remap import virustotal_remap
from virustotal.testing import evidence, obj, run

TROJAN, PUA = "Trojan.Example", "PUA.Example"


def listed(malicious: int = 0, suspicious: int = 0, undetected: int = 0, name: str = TROJAN) -> dict[str, Any]:
    """`last_analysis_results` with so many engines of each category."""
    counts = (("malicious", malicious, name), ("suspicious", suspicious, name), ("undetected", undetected, None))
    return {
        "last_analysis_results": {
            f"{category}{number}": {"category": category, "result": result}
            for category, count, result in counts
            for number in range(count)
        }
    }


def analyst(**factors: Any) -> dict[str, Any]:
    return {"gti_assessment": {"contributing_factors": {f"mandiant_analyst_{name}": v for name, v in factors.items()}}}


def category(*counted: tuple[str, int]) -> dict[str, Any]:
    values = [{"value": name, "count": count} for name, count in counted]
    return {"popular_threat_classification": {"popular_threat_category": values}}


BENIGN, MALICIOUS = analyst(benign=True), analyst(malicious=True)
GOODWARE = {"trusted_verdict": {"verdict": "goodware", "organization": "Microsoft Corporation"}}
DISTRIBUTED = {"known_distributors": {"distributors": ["Debian"]}}
NSRL = {"nsrl_info": {"products": ["Platform SDK (Microsoft)"]}}
POPULAR = {"popularity_ranks": {"List": {"rank": 5}}}


def judged(kind: str, attributes: dict[str, Any], config: dict[str, Any], **more: Any) -> Verdict:
    settings = service_settings({"av_config": config})
    return judge(
        obj(kind, **attributes),
        settings,
        remap=lambda detections, _: virustotal_remap(detections, settings),
        safelist=read_safelist(more.get("safelist")),
    )


#: Why, kind, attributes, score, word of its level, part of the reasons; configuration.
CASES: list[tuple[Any, ...]] = [
    # people before machines
    ("analyst benign, three engines: 0 by engines", "file", {**listed(3), **BENIGN}, 0, "clean", "Mandiant analyst"),
    ("analyst benign, nine engines: still fewer than ten", "file", {**listed(9, 0, 50), **BENIGN}, 0, "clean", ""),
    ("analyst benign, ten engines: 299 at most", "file", {**listed(10), **BENIGN}, 299, "informational", "disagrees"),
    ("analyst benign, sixty engines: 299 at most", "url", {**listed(60), **BENIGN}, 299, "informational", "299"),
    ("analyst benign, thirty suspicious: none malicious", "file", {**listed(0, 30), **BENIGN}, 0, "clean", ""),
    ("analyst malicious, no engine: 1000", "file", {**listed(0, 0, 60), **MALICIOUS}, 1000, "malicious", "analyst"),
    ("analyst malicious, nothing analysed: 1000", "domain", MALICIOUS, 1000, "malicious", "analyst"),
    ("analyst malicious, one engine: 1000", "ip_address", {**listed(1, 0, 80), **MALICIOUS}, 1000, "malicious", ""),
    ("both: malicious wins", "file", {**listed(3), **analyst(benign=True, malicious=True)}, 1000, "malicious", ""),
    ("sent as false: no verdict", "file", {**listed(3), **analyst(malicious=False)}, 300, "suspicious", ""),
    ("benign sent as false: no verdict", "file", {**listed(3), **analyst(benign=False)}, 300, "suspicious", ""),
    ("a text is no true", "file", {**listed(3), **analyst(benign="true")}, 300, "suspicious", ""),
    ("a number is no true", "file", {**listed(3), **analyst(malicious=1)}, 300, "suspicious", ""),
    (
        "factors of the wrong type",
        "file",
        {**listed(3), "gti_assessment": {"contributing_factors": []}},
        300,
        "suspicious",
        "",
    ),
    ("an assessment of the wrong type", "file", {**listed(3), "gti_assessment": "x"}, 300, "suspicious", ""),
    (
        "a machine's benign verdict is none",
        "file",
        {**listed(3), "gti_assessment": {"verdict": {"value": "VERDICT_BENIGN"}}},
        300,
        "suspicious",
        "",
    ),
    (
        "an unknown verdict word is none",
        "file",
        {**listed(3), "gti_assessment": {"verdict": {"value": "VERDICT_X"}}},
        300,
        "suspicious",
        "",
    ),
    (
        "a popular host is not scored, whoever says so",
        "domain",
        {**listed(20), **POPULAR, **MALICIOUS},
        0,
        "informational",
        "popular",
    ),
    # trust
    ("goodware of Microsoft, five engines: 0", "file", {**listed(5), **GOODWARE}, 0, "clean", "Microsoft"),
    ("a known distributor, five engines: 0", "file", {**listed(5), **DISTRIBUTED}, 0, "clean", "Debian"),
    ("NSRL, five engines: 0", "file", {**listed(5), **NSRL}, 0, "clean", "NSRL"),
    ("goodware, nine engines: still 0", "file", {**listed(9), **GOODWARE}, 0, "clean", "fewer than 10"),
    ("goodware, ten engines: full score", "file", {**listed(10), **GOODWARE}, 1000, "malicious", "disagrees"),
    ("trusted and undetected: clean", "file", {**listed(0, 0, 60), **NSRL}, 0, "clean", ""),
    ("undetected and not trusted: not called clean", "file", listed(0, 0, 60), 0, "informational", ""),
    (
        "another verdict than goodware is no trust",
        "file",
        {**listed(5), "trusted_verdict": {"verdict": "unknown"}},
        500,
        "suspicious",
        "",
    ),
    (
        "no distributor is no trust",
        "file",
        {**listed(5), "known_distributors": {"distributors": []}},
        500,
        "suspicious",
        "",
    ),
    (
        "trust of the wrong type is none",
        "file",
        {**listed(5), "trusted_verdict": ["goodware"], "nsrl_info": 1},
        500,
        "suspicious",
        "",
    ),
    ("hosts have no goodware", "domain", {**listed(5), **GOODWARE}, 500, "suspicious", ""),
    (
        "trusted, and an analyst malicious: malicious wins",
        "file",
        {**listed(2), **NSRL, **MALICIOUS},
        1000,
        "malicious",
        "",
    ),
    # unwanted software
    ("ten names of unwanted software: suspicious", "file", listed(10, name=PUA), 330, "suspicious", "own"),
    ("thirty of them", "file", listed(30, name=PUA), 990, "highly suspicious", ""),
    ("three are below suspicious", "file", listed(3, name="not-a-virus:AdWare.X"), 99, "informational", ""),
    ("an underscore borders a word", "file", listed(3, name="win/grayware_confidence_90%"), 99, "informational", ""),
    ("AppRisk", "file", listed(3, name="AppRisk:Generisk"), 99, "informational", ""),
    ("a part of a word is none", "file", listed(3, name="Trojan.Puamson"), 300, "suspicious", ""),
    (
        "100 restores the full weight",
        "file",
        listed(3, name=PUA),
        300,
        "suspicious",
        "",
        {"revised_kw_score_map": {"pua": 100}},
    ),
    (
        "the exact name goes before the table",
        "file",
        listed(2, name=PUA),
        133,
        "informational",
        "",
        {"revised_sig_score_map": {f"malicious0.{PUA}": 100}},
    ),
    (
        "null means the built-in table",
        "file",
        listed(10, name=PUA),
        330,
        "suspicious",
        "",
        {"revised_kw_score_map": None},
    ),
    (
        "an empty map means the built-in table",
        "file",
        listed(10, name=PUA),
        330,
        "suspicious",
        "",
        {"revised_kw_score_map": {}},
    ),
    (
        "another keyword leaves the table",
        "file",
        listed(10, name=PUA),
        330,
        "suspicious",
        "",
        {"revised_kw_score_map": {"zed": 1}},
    ),
    (
        "a category of adware leads: suspicious at most",
        "file",
        {**listed(40), **category(("adware", 9), ("trojan", 3))},
        699,
        "suspicious",
        "adware",
    ),
    (
        "a category of adware that follows: in full",
        "file",
        {**listed(40), **category(("trojan", 9), ("adware", 3))},
        1000,
        "malicious",
        "",
    ),
    (
        "two categories that tie: neither leads",
        "file",
        {**listed(40), **category(("adware", 3), ("trojan", 3))},
        1000,
        "malicious",
        "",
    ),
    (
        "100 restores the category too",
        "file",
        {**listed(40), **category(("adware", 9))},
        1000,
        "malicious",
        "",
        {"revised_kw_score_map": {"adware": 100}},
    ),
    # counts that are true
    (
        "a list of those that detected: the counters have the others",
        "url",
        {**listed(9), "last_analysis_stats": {"malicious": 9, "harmless": 56}},
        900,
        "highly suspicious",
        "9 of 65",
    ),
    (
        "such a list does not lift the rule for hosts",
        "url",
        {**listed(2), "last_analysis_stats": {"malicious": 2, "harmless": 63}},
        100,
        "informational",
        "2 of 65",
    ),
    (
        "four malicious and one suspicious of 94 are 5.3 %",
        "url",
        listed(4, 1, 89),
        400,
        "suspicious",
        "4 malicious and 1 suspicious of 94",
    ),
    ("four of 94 are less than 5 %", "url", listed(4, 0, 90), 200, "informational", "Less than 5%"),
    ("5 % exactly are not less", "url", listed(5, 0, 95), 500, "suspicious", "5 of 100"),
    (
        "counters below the list: the list holds",
        "file",
        {**listed(3, 0, 9), "last_analysis_stats": {"malicious": 1}},
        300,
        "suspicious",
        "3 of 12",
    ),
    ("engines without results", "file", {"last_analysis_results": {"A": None, "B": 5}}, 0, "unknown", "No engine"),
]


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_table(case: tuple[Any, ...]) -> None:
    _, kind, attributes, score, level, says, *config = case
    verdict = judged(kind, attributes, *(config or [{}]))
    assert (verdict.score, verdict.level.value) == (score, level), verdict.reasons
    assert says in " ".join(verdict.reasons)


def test_the_table_is_long() -> None:
    assert len(CASES) >= 40


def test_a_safelisted_host_is_clean_whoever_says_otherwise() -> None:
    safelist = {"match": {"network.static.domain": ["example.com"]}}
    verdict = judged("domain", {**listed(20), **MALICIOUS}, {}, safelist=safelist)
    assert (verdict.score, verdict.level.value) == (0, "clean")


# --- what the assessment adds beside the engines ---------------------------------------------------------------------

MACHINE = {"verdict": {"value": "VERDICT_MALICIOUS"}, "severity": {"value": "SEVERITY_HIGH"}}


@pytest.mark.parametrize(
    ("factors", "family", "amount"),
    [
        ({}, "assessment", 500),
        ({"mandiant_analyst_benign": True}, "assessment", 0),
        ({"mandiant_analyst_malicious": True}, "analyst", 1000),
        ({"mandiant_analyst_malicious": True, "mandiant_analyst_benign": True}, "analyst", 1000),
    ],
)
@pytest.mark.parametrize("analyzer", assessment.virustotal_analyzers(), ids=lambda analyzer: analyzer.kind)
def test_the_assessment_gives_way_to_people(analyzer: Any, factors: Any, family: str, amount: int) -> None:
    given_ = {**MACHINE, "contributing_factors": factors}
    _, points = run(analyzer, evidence(analyzer.kind, gti_assessment=given_))
    assert (points.family, points.amount) == (family, amount)


# --- what holds for all ----------------------------------------------------------------------------------------------

EXTRAS = st.sampled_from(
    [{}, BENIGN, MALICIOUS, GOODWARE, DISTRIBUTED, NSRL, category(("pua", 2)), category(("trojan", 2)), POPULAR]
)
NAMES = st.sampled_from([TROJAN, PUA])


@given(st.sampled_from(["file", "url", "domain"]), st.integers(0, 15), st.integers(0, 5), NAMES, EXTRAS, EXTRAS)
def test_one_more_malicious_engine_never_lowers(
    kind: str, malicious: int, suspicious: int, name: str, first: dict[str, Any], second: dict[str, Any]
) -> None:
    before = judged(kind, {**listed(malicious, suspicious, 40, name), **first, **second}, {})
    after = judged(kind, {**listed(malicious + 1, suspicious, 40, name), **first, **second}, {})
    assert after.score >= before.score


@given(st.integers(0, 15), st.integers(0, 15), EXTRAS, EXTRAS)
def test_ignoring_never_raises(malicious: int, ignored: int, first: dict[str, Any], second: dict[str, Any]) -> None:
    attributes = {**listed(malicious, 2, 40), **first, **second}
    rules = {"term_blocklist": [f"engine:malicious{number}" for number in range(ignored)]}
    assert judged("file", attributes, rules).score <= judged("file", attributes, {}).score
