"""Verdicts: a table of cases, and what holds for all of them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from virustotal.core.models import Detection, Level, Object, Ref, Verdict
from virustotal.core.scoring.safelist import read_safelist
from virustotal.core.scoring.verdicts import (
    ANSWERED,
    MOST_ENGINE_POINTS,
    best_rank,
    category_of,
    counters,
    detections,
    judge,
    judge_engines,
    stale_days,
)
from virustotal.core.scoring.words import level_of
from virustotal.core.settings.service_config import service_settings
from virustotal.plugins.av_remap import virustotal_remap
from virustotal.testing import obj

SETTINGS = service_settings({})
M, S, U, H = "malicious", "suspicious", "undetected", "harmless"


def engines(**counts: int) -> dict[str, Any]:
    """`last_analysis_results` with so many engines of each category; `_` stands for a hyphen."""
    return {
        f"{category}{number}": {
            "engine_name": f"{category}{number}",
            "category": category.replace("_", "-"),
            "result": f"Bad.{category}{number}" if category in {M, S} else None,
        }
        for category, count in counts.items()
        for number in range(count)
    }


def verdict(
    kind: str, attributes: dict[str, Any], config: dict[str, Any], id: str = "", safelist: Any = None
) -> Verdict:
    settings = service_settings({"av_config": config})
    return judge(
        obj(kind, id, **attributes),
        settings,
        remap=lambda found, _: virustotal_remap(found, settings),
        safelist=read_safelist(safelist),
    )


def case(
    name: str,
    kind: str,
    given: dict[str, Any],
    level: str,
    score: int,
    *,
    says: str = "",
    config: Any = None,
    **more: Any,
) -> Any:
    return pytest.param(kind, given, config or {}, level, score, says, more, id=name)


def results(**counts: int) -> dict[str, Any]:
    return {"last_analysis_results": engines(**counts)}


def stats(**counts: int) -> dict[str, Any]:
    return {"last_analysis_stats": counts}


def one(category: Any = M, result: Any = "Bad.Thing", engine: Any = "Acme") -> dict[str, Any]:
    return {"category": category, "result": result, "engine_name": engine}


def named(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"last_analysis_results": {f"key{number}": entry for number, entry in enumerate(entries)}}


THREE = named(
    one(engine="Acme"), one(engine="Bolt", result="Zed.Widgetry"), one(engine="Cog", result="Trojan.Test_EICAR")
)
ANY = {"hit_threshold": 0}
RANKED = {"popularity_ranks": {"List": {"rank": 10_000}}}
LISTED = {"match": {"network.static.domain": ["example.com"], "network.dynamic.ip": ["198.51.100.7"]}}

CASES = [
    # nothing to judge by
    case("no attributes", "file", {}, "unknown", 0),
    case("null results", "file", {"last_analysis_results": None}, "unknown", 0),
    case("results as list", "file", {"last_analysis_results": ["x"]}, "unknown", 0),
    case("results as text", "file", {"last_analysis_results": "x"}, "unknown", 0),
    case("empty results", "file", {"last_analysis_results": {}}, "unknown", 0),
    case("only time-outs", "file", results(timeout=60), "unknown", 0, says="No engine came to a verdict"),
    case("only unsupported", "file", results(type_unsupported=9), "unknown", 0, says="No engine"),
    case("only failures", "url", results(failure=3), "unknown", 0),
    case("only unheard-of categories", "file", results(astonished=4), "unknown", 0),
    # files
    case("all undetected", "file", results(undetected=70), "informational", 0, says="0 of 70"),
    case("all harmless", "url", results(harmless=90), "informational", 0),
    case(
        "one of many is below the threshold",
        "file",
        results(malicious=1, undetected=69),
        "informational",
        0,
        says="threshold of 2",
    ),
    case("two reach it", "file", results(malicious=2, undetected=68), "informational", 200),
    case("nine", "file", results(malicious=9, undetected=61), "highly suspicious", 900),
    case("ten are the cap", "file", results(malicious=10, undetected=60), "malicious", 1000),
    case("sixty are not more", "file", results(malicious=60), "malicious", 1000, says="no more than 1000"),
    case(
        "time-outs do not count as answers",
        "file",
        results(malicious=2, timeout=50),
        "informational",
        200,
        says="of 2 engines",
    ),
    # suspicious engines: half a hit, half the points, nothing on top
    case("one suspicious", "file", results(suspicious=1, undetected=5), "informational", 0),
    case("three suspicious are one and a half", "file", results(suspicious=3, undetected=5), "informational", 0),
    case("four suspicious", "file", results(suspicious=4, undetected=5), "informational", 200),
    case("thirty suspicious", "file", results(suspicious=30), "suspicious", 500),
    case("one and two halves", "file", results(malicious=1, suspicious=2), "informational", 150),
    case("suspicious adds nothing on top", "file", results(malicious=3, suspicious=1), "suspicious", 300),
    case("many suspicious outweigh few malicious", "file", results(malicious=2, suspicious=8), "suspicious", 500),
    case("a malicious engine is also a suspicious one", "file", results(malicious=1, suspicious=7), "suspicious", 400),
    case("four and six are not less than ten", "file", results(malicious=4, suspicious=6), "suspicious", 500),
    case(
        "suspicious alone never outgrow their own cap", "file", results(malicious=2, suspicious=40), "suspicious", 500
    ),
    # the threshold
    case("0 means any one", "file", results(malicious=1, undetected=60), "informational", 100, config=ANY),
    case(
        "1 means any one",
        "file",
        results(malicious=1, undetected=60),
        "informational",
        100,
        config={"hit_threshold": 1},
    ),
    case("0 means any suspicious one", "file", results(suspicious=1), "informational", 50, config=ANY),
    case("1 means any suspicious one", "file", results(suspicious=1), "informational", 50, config={"hit_threshold": 1}),
    case("0 hits are none", "file", results(undetected=9), "informational", 0, config=ANY),
    case("three asked, two there", "file", results(malicious=2), "informational", 0, config={"hit_threshold": 3}),
    case(
        "three asked, two and two halves",
        "file",
        results(malicious=2, suspicious=2),
        "informational",
        200,
        config={"hit_threshold": 3},
    ),
    case("no report reaches 1000", "file", results(malicious=90), "informational", 0, config={"hit_threshold": 1000}),
    # the blocklist
    case(
        "term in the engine",
        "file",
        THREE,
        "informational",
        200,
        config={"term_blocklist": ["acme"]},
        says="Not counted: 1",
    ),
    case("term in the result", "file", THREE, "informational", 200, config={"term_blocklist": ["widgetry"]}),
    case("term across engine and result", "file", THREE, "informational", 200, config={"term_blocklist": ["bolt.zed"]}),
    case(
        "part of a word is no term",
        "file",
        THREE,
        "suspicious",
        300,
        config={"term_blocklist": ["widget", "acm", "ojan"]},
    ),
    case("underscore borders a word", "file", THREE, "informational", 200, config={"term_blocklist": ["eicar"]}),
    case("engine: looks at the engine", "file", THREE, "suspicious", 300, config={"term_blocklist": ["engine:Zed"]}),
    case("engine: hits", "file", THREE, "informational", 200, config={"term_blocklist": ["engine:BOLT"]}),
    case("result: looks at the result", "file", THREE, "suspicious", 300, config={"term_blocklist": ["result:Bolt"]}),
    case("result: hits", "file", THREE, "informational", 200, config={"term_blocklist": ["result: zed"]}),
    case(
        "a colon of its own",
        "file",
        named(one(result="HEUR:Trojan"), one()),
        "informational",
        0,
        config={"term_blocklist": ["heur:trojan"]},
    ),
    case("an expression is plain text", "file", THREE, "suspicious", 300, config={"term_blocklist": [".*", "[a-z]+"]}),
    case(
        "all ignored",
        "file",
        THREE,
        "informational",
        0,
        config={"term_blocklist": ["acme", "bolt", "cog"]},
        says="Not counted: 3",
    ),
    # specific engines
    case("one engine of three", "file", THREE, "informational", 0, config={"specific_AVs": ["Acme"]}),
    case("two of three", "file", THREE, "informational", 200, config={"specific_AVs": ["acme", "COG"]}),
    case(
        "one alone with any", "file", THREE, "informational", 100, config={"specific_AVs": ["Acme"], "hit_threshold": 0}
    ),
    case("an unknown engine", "file", THREE, "informational", 0, config={"specific_AVs": ["Nobody"]}),
    # scores of their own
    case(
        "exact signature", "file", THREE, "malicious", 1000, config={"revised_sig_score_map": {"Acme.Bad.Thing": 800}}
    ),
    case("exact is exact", "file", THREE, "suspicious", 300, config={"revised_sig_score_map": {"acme.bad.thing": 800}}),
    case(
        "scored down to nothing",
        "file",
        THREE,
        "informational",
        200,
        config={"revised_sig_score_map": {"Acme.Bad.Thing": 0}},
    ),
    case("keyword", "file", THREE, "informational", 210, config={"revised_kw_score_map": {"zed": 10}}),
    case(
        "keyword is not looked for in the engine",
        "file",
        THREE,
        "suspicious",
        300,
        config={"revised_kw_score_map": {"bolt": 10}},
    ),
    case(
        "the longest keyword",
        "file",
        THREE,
        "informational",
        207,
        config={"revised_kw_score_map": {"zed": 900, "zed.widget": 7}},
    ),
    case(
        "exact before keyword",
        "file",
        THREE,
        "informational",
        205,
        config={"revised_kw_score_map": {"zed": 900}, "revised_sig_score_map": {"Bolt.Zed.Widgetry": 5}},
    ),
    case(
        "below the threshold a score of its own is nothing",
        "file",
        named(one()),
        "informational",
        0,
        config={"revised_kw_score_map": {"bad": 1000}},
    ),
    case(
        "ignored before scored",
        "file",
        THREE,
        "informational",
        200,
        config={"term_blocklist": ["acme"], "revised_sig_score_map": {"Acme.Bad.Thing": 1000}},
    ),
    case(
        "a suspicious one with a score of its own",
        "file",
        named(*[one(S, "Odd.Thing", f"E{n}") for n in range(4)]),
        "highly suspicious",
        800,
        config={"revised_kw_score_map": {"odd": 200}},
    ),
    # the platform's safelist
    case("safelisted name", "file", THREE, "informational", 200, safelist={"match": {"av.virus_name": ["bad.thing"]}}),
    case(
        "safelisted by expression",
        "file",
        THREE,
        "informational",
        0,
        safelist={"regex": {"av.virus_name": ["Bad", "Zed"]}},
    ),
    case(
        "empty safelist",
        "file",
        THREE,
        "suspicious",
        300,
        safelist={"match": {"av.virus_name": [""]}, "regex": {"av.virus_name": [""]}},
    ),
    # counters alone, and counters that disagree
    case("counters", "file", stats(malicious=12, undetected=50), "malicious", 1000),
    case(
        "counters of a threat list",
        "file",
        stats(malicious=3, typeUnsupported=4, undetected=50),
        "suspicious",
        300,
        says="3 of 53",
    ),
    case("counters below the threshold", "file", stats(malicious=1, undetected=60), "informational", 0),
    case(
        "counters without names",
        "file",
        stats(malicious=3),
        "suspicious",
        300,
        config={"term_blocklist": ["acme"]},
        says="could not be applied",
    ),
    case("positives", "file", {"positives": 7}, "highly suspicious", 700),
    case("no positives", "file", {"positives": 0}, "unknown", 0),
    case("counters of text", "file", {"last_analysis_stats": {"malicious": "4"}}, "suspicious", 400),
    case("nonsense counters", "file", {"last_analysis_stats": {"malicious": -4, "undetected": 1e30}}, "unknown", 0),
    case(
        "results go before counters",
        "file",
        {**results(malicious=2, undetected=9), **stats(malicious=60)},
        "informational",
        200,
        says="counters say 60",
    ),
    case(
        "results empty, counters there", "file", {"last_analysis_results": {}, **stats(malicious=4)}, "suspicious", 400
    ),
    # odd entries
    case("no engine name", "file", named(one(engine=None), one(engine=7)), "informational", 200),
    case(
        "engines without a name or key",
        "file",
        {"last_analysis_results": {"": one(), " ": one(engine=None), "Dot": one(U, None)}},
        "informational",
        200,
        says="2 of 3 engines",
    ),
    case("no result", "file", named(one(result=None), one(result=["x"])), "informational", 200),
    case("category in capitals", "file", named(one("MALICIOUS"), one(" Malicious ")), "informational", 200),
    case("category of another type", "file", named(one(None), one(5), one()), "informational", 0),
    case(
        "entries of other types",
        "file",
        {"last_analysis_results": {"a": None, "b": "x", "c": one(), "d": one()}},
        "informational",
        200,
    ),
    # URLs, domains, addresses
    case(
        "two of ninety: half the points",
        "url",
        results(malicious=2, harmless=88),
        "informational",
        100,
        says="Less than 5%",
    ),
    case("five of a hundred are 5 %", "url", results(malicious=5, harmless=95), "suspicious", 500),
    case("five of a hundred and one are less", "url", results(malicious=5, harmless=96), "informational", 250),
    case("four of ninety", "domain", results(malicious=4, harmless=86), "informational", 200),
    case("five of ninety: all of them", "ip_address", results(malicious=5, harmless=85), "suspicious", 500),
    case("one of ninety", "domain", results(malicious=1, harmless=89), "informational", 0),
    case("one of ninety with any", "domain", results(malicious=1, harmless=89), "informational", 50, config=ANY),
    case("phishing everywhere", "url", results(malicious=20, harmless=70), "malicious", 1000),
    case("a file has no ratio", "file", results(malicious=2, undetected=88), "informational", 200),
    case(
        "popular domain", "domain", {**results(malicious=20), **RANKED}, "informational", 0, says="popular (rank 10000)"
    ),
    case(
        "less popular domain",
        "domain",
        {**results(malicious=20), "popularity_ranks": {"List": {"rank": 10_001}}},
        "malicious",
        1000,
    ),
    case(
        "the best list counts",
        "domain",
        {**results(malicious=20), "popularity_ranks": {"A": {"rank": 900_000}, "B": {"rank": 3}}},
        "informational",
        0,
    ),
    case(
        "ranks of other types",
        "domain",
        {**results(malicious=20), "popularity_ranks": {"A": {"rank": "x"}, "B": 4, "C": {"rank": 0}}},
        "malicious",
        1000,
    ),
    case(
        "popular and harmless needs no reason",
        "domain",
        {**results(harmless=20), **RANKED},
        "informational",
        0,
        says="0 of 20",
    ),
    case("a URL is judged by itself", "url", {**results(malicious=20), **RANKED}, "malicious", 1000),
    case("safelisted domain", "domain", results(malicious=20), "clean", 0, safelist=LISTED, says="safelisted"),
    case(
        "below a safelisted domain",
        "domain",
        results(malicious=20),
        "clean",
        0,
        safelist=LISTED,
        id="cdn.example.com",
    ),
    case(
        "beside a safelisted domain",
        "domain",
        results(malicious=20),
        "malicious",
        1000,
        safelist=LISTED,
        id="badexample.com",
    ),
    case("safelisted address", "ip_address", results(malicious=20), "clean", 0, safelist=LISTED),
    case(
        "a URL on a safelisted host",
        "url",
        {**results(malicious=20), "url": "https://example.com/a"},
        "malicious",
        1000,
        safelist=LISTED,
    ),
    case(
        "a safelisted URL",
        "url",
        {**results(malicious=20), "url": "https://example.com/a"},
        "clean",
        0,
        safelist={"regex": {"network.dynamic.uri": [r"https?://example\.com/"]}},
    ),
]


@pytest.mark.parametrize(("kind", "attributes", "config", "level", "score", "says", "more"), CASES)
def test_table(
    kind: str,
    attributes: dict[str, Any],
    config: dict[str, Any],
    level: str,
    score: int,
    says: str,
    more: dict[str, Any],
) -> None:
    found = verdict(kind, attributes, config, **more)
    assert (found.level.value, found.score) == (level, score), found.reasons
    assert says in " ".join(found.reasons)


def test_the_table_is_long() -> None:
    assert len(CASES) >= 60


# --- what holds for all ----------------------------------------------------------------------------------------------

CATEGORIES = st.sampled_from([M, S, U, H, "timeout", "failure", "confirmed-timeout", "type-unsupported", "odd"])
DETECTIONS = st.builds(
    Detection,
    engine=st.text(min_size=1, max_size=6),
    category=CATEGORIES,
    result=st.text(max_size=6),
    score=st.none() | st.integers(-50, 2000),
    ignored_because=st.sampled_from(["", "a rule"]),
)
LISTS = st.lists(DETECTIONS, max_size=40)
KINDS = st.sampled_from(["file", "url", "domain", "ip_address"])
THRESHOLDS = st.integers(0, 6)


def score(kind: str, found: list[Detection], threshold: int) -> Verdict:
    settings = service_settings({"av_config": {"hit_threshold": threshold}})
    return judge_engines(Object(Ref(kind, "x")), found, settings)


@given(KINDS, LISTS, THRESHOLDS, st.integers(0, 40))
def test_one_more_malicious_engine_never_lowers(kind: str, found: list[Detection], threshold: int, place: int) -> None:
    before = score(kind, found, threshold)
    after = score(kind, [*found[:place], Detection("New", M), *found[place:]], threshold)
    assert after.score >= before.score
    assert after.level.rank >= before.level.rank


@given(KINDS, LISTS, THRESHOLDS, st.integers(0, 39))
def test_an_undetected_engine_that_turns_malicious_never_lowers(
    kind: str, found: list[Detection], threshold: int, place: int
) -> None:
    if place < len(found) and found[place].category in ANSWERED - {M, S}:
        turned = [*found[:place], evolve(found[place], category=M, ignored_because=""), *found[place + 1 :]]
        assert score(kind, turned, threshold).score >= score(kind, found, threshold).score


@given(KINDS, LISTS, THRESHOLDS, st.integers(0, 39))
def test_a_suspicious_engine_that_turns_malicious_never_lowers(
    kind: str, found: list[Detection], threshold: int, place: int
) -> None:
    if place < len(found) and found[place].category == S:
        turned = [*found[:place], evolve(found[place], category=M), *found[place + 1 :]]
        before, after = score(kind, found, threshold), score(kind, turned, threshold)
        assert after.score >= before.score
        assert after.level.rank >= before.level.rank


@given(KINDS, st.integers(0, 30), st.integers(1, 30), THRESHOLDS)
def test_of_plain_engines_a_suspicious_one_that_turns_malicious_never_lowers(
    kind: str, malicious: int, suspicious: int, threshold: int
) -> None:
    before = [Detection("A", M)] * malicious + [Detection("B", S)] * suspicious
    after = [Detection("A", M)] * (malicious + 1) + [Detection("B", S)] * (suspicious - 1)
    assert score(kind, after, threshold).score >= score(kind, before, threshold).score


@given(KINDS, LISTS, THRESHOLDS, st.integers(0, 39))
def test_ignoring_an_engine_never_raises(kind: str, found: list[Detection], threshold: int, place: int) -> None:
    if place < len(found):
        ignored = [*found[:place], evolve(found[place], ignored_because="a rule"), *found[place + 1 :]]
        before, after = score(kind, found, threshold), score(kind, ignored, threshold)
        assert after.score <= before.score
        assert after.level.rank <= before.level.rank


@given(KINDS, LISTS, THRESHOLDS, st.randoms())
def test_the_order_does_not_matter(kind: str, found: list[Detection], threshold: int, random: Any) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)
    before, after = score(kind, found, threshold), score(kind, shuffled, threshold)
    assert (before.level, before.score, before.reasons) == (after.level, after.score, after.reasons)


@given(KINDS, LISTS, THRESHOLDS)
def test_nothing_exceeds_the_cap(kind: str, found: list[Detection], threshold: int) -> None:
    verdict = score(kind, found, threshold)
    assert 0 <= verdict.score <= MOST_ENGINE_POINTS
    assert verdict.level is level_of(verdict.score) or (verdict.score, verdict.level) == (0, Level.UNKNOWN)


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    KINDS,
    st.dictionaries(
        st.sampled_from(
            [
                "last_analysis_results",
                "last_analysis_stats",
                "positives",
                "popularity_ranks",
                "last_analysis_date",
                "url",
            ]
        ),
        ODD,
    ),
)
def test_no_attributes_raise(kind: str, attributes: dict[str, Any]) -> None:
    found = judge(obj(kind, **attributes), SETTINGS)
    assert 0 <= found.score <= MOST_ENGINE_POINTS


# --- hooks -----------------------------------------------------------------------------------------------------------


def test_the_verdict_hook_answers_first_and_is_bounded() -> None:
    seen: list[tuple[Detection, ...]] = []

    def decide(_obj: Object, found: tuple[Detection, ...]) -> Verdict:
        seen.append(found)
        return Verdict(Level.MALICIOUS, found, ("Because.",), 5000)

    found = judge(obj("file", **results(undetected=2)), SETTINGS, decide=decide)
    assert (found.level, found.score, found.reasons) == (Level.MALICIOUS, MOST_ENGINE_POINTS, ("Because.",))
    assert [each.engine for each in seen[0]] == ["undetected0", "undetected1"]


def test_no_hook_makes_a_safelisted_host_score() -> None:
    def decide(_obj: Object, found: tuple[Detection, ...]) -> Verdict:
        return Verdict(Level.MALICIOUS, found, ("Because.",), 500)

    found = judge(obj("domain"), SETTINGS, decide=decide, safelist=read_safelist(LISTED))
    assert (found.level, found.score) == (Level.CLEAN, 0)
    assert found.reasons[0] == "Because."


def test_a_verdict_hook_hides_no_engine() -> None:
    found = judge(
        obj("file", **results(malicious=3)), SETTINGS, decide=lambda *_: Verdict(Level.CLEAN, reasons=("Mine.",))
    )
    assert (found.level, found.score, len(found.detections)) == (Level.CLEAN, 0, 3)


def test_a_silent_verdict_hook_leaves_it_to_the_engines() -> None:
    assert judge(obj("file", **results(malicious=3)), SETTINGS, decide=lambda *_: None).score == 300


# --- readers ---------------------------------------------------------------------------------------------------------


def test_detections_are_sorted_and_complete() -> None:
    entry = {
        "category": M,
        "engine_name": "Acme",
        "engine_version": "1",
        "engine_update": "20260101",
        "result": "x\x00y",
    }
    found = detections(obj("file", last_analysis_results={"zeta": None, "Lionic": entry}))
    assert [each.engine for each in found] == ["Acme", "zeta"]
    assert found[0] == Detection("Acme", M, "x\N{REPLACEMENT CHARACTER}y", "1", "20260101")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("typeUnsupported", "type-unsupported"),
        ("type_unsupported", "type-unsupported"),
        ("confirmed timeout", "confirmed-timeout"),
        ("Harmless", "harmless"),
        (None, ""),
        (["x"], ""),
    ],
)
def test_category(value: object, expected: str) -> None:
    assert category_of(value) == expected


def test_counters_are_read_once_each() -> None:
    assert counters(obj("file", last_analysis_stats={"typeUnsupported": 2, "type-unsupported": 1, "x": None})) == {
        "type-unsupported": 3
    }


def test_best_rank() -> None:
    assert best_rank(obj("domain", popularity_ranks={"A": {"rank": "12"}, "B": {"rank": 9.0}})) == 9
    assert best_rank(obj("domain", popularity_ranks=[1])) is None


NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (1767225600, None),
        (1735689600, None),
        (1704067200, 731),
        ("2020-01-01", 2192),
        (None, None),
        ("never", None),
        (4246907690, None),
    ],
)
def test_stale(given: object, expected: int | None) -> None:
    assert stale_days(obj("file", last_analysis_date=given), SETTINGS, NOW) == expected


def test_nothing_is_stale_after_zero_days() -> None:
    never = service_settings({"stale_after_days": 0})
    assert stale_days(obj("file", last_analysis_date=1), never, NOW) is None
