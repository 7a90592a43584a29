from typing import Any

import pytest

from tests.plugins.file_attributes.look import assert_sound, found, points, tags, titles, words
from virustotal.al_types.attack import current_id
from virustotal.plugins.file_attributes import (
    ai,
    autostart,
    capabilities,
    distributors,
    network_ids,
    sigma,
    yara,
)

RULE = {"rule_name": "Example_Rule", "ruleset_name": "example_set", "source": "https://example.com/rules"}


def test_yara_rules_are_shown_tagged_and_scored_a_little() -> None:
    findings = found(
        yara, crowdsourced_yara_results=[{**RULE, "author": "A", "description": "D", "match_date": 1700000000}]
    )
    for each in ("Example_Rule", "example_set", "https://example.com/rules", "2023-11-14", '"A"', '"D"'):
        assert each in words(findings)
    assert tags(findings) == {"file.rule.yara": ["example_set.Example_Rule"]}
    assert [(point.amount, point.name) for point in points(findings)] == [(10, "crowdsourced_yara")]


@pytest.mark.parametrize(
    ("rules", "tagged", "amount"),
    [
        ([RULE, RULE], ["example_set.Example_Rule"], 10),
        ([{**RULE, "rule_name": f"R{number}"} for number in range(9)], [f"example_set.R{n}" for n in range(9)], 50),
        ([{**RULE, "ruleset_name": "with blanks"}], ["Example_Rule"], 10),
        ([{"rule_name": "no rule at all!"}], [], 10),
        ([{"rule_name": None, "author": "A"}], [], None),
        ([{"author": "A"}], [], None),
        (["Bare_Text"], [], None),
        ({"rule_name": "One_Alone"}, ["One_Alone"], 10),
    ],
)
def test_yara_rules_of_other_shapes(rules: Any, tagged: list[str], amount: int | None) -> None:
    findings = found(yara, crowdsourced_yara_results=rules)
    assert titles(findings)[0].startswith("Crowdsourced YARA rules")
    assert tags(findings).get("file.rule.yara", []) == tagged
    assert [point.amount for point in points(findings)] == ([] if amount is None else [amount])


@pytest.mark.parametrize(
    ("levels", "amounts"),
    [
        (["critical"], [100]),
        (["high", "high", "medium"], [80, 10]),
        (["High", " MEDIUM "], [40, 10]),
        (["medium"] * 5, [50]),
        (["medium"] * 6, [50]),
        (["low", "info", "informational", "unheard of", None, 7], []),
        ([], []),
    ],
)
@pytest.mark.parametrize(
    ("module", "attribute", "level", "name"),
    [
        (sigma, "sigma_analysis_results", "rule_level", "rule_title"),
        (network_ids, "crowdsourced_ids_results", "alert_severity", "rule_msg"),
    ],
)
def test_rules_score_by_severity(
    module: Any, attribute: str, level: str, name: str, levels: list[Any], amounts: list[int]
) -> None:
    rules = [{level: each, name: f"Rule {number}"} for number, each in enumerate(levels)]
    findings = found(module, **{attribute: rules + rules})
    assert [point.amount for point in points(findings)] == amounts
    assert all(f"Rule {number}" in words(findings) for number in range(len(levels)))


def test_sigma_shows_the_worst_first_with_events_and_statistics() -> None:
    rules = [
        {"rule_level": "low", "rule_title": "Mild"},
        {"rule_level": "critical", "rule_title": "Grave", "match_context": [{"values": {"EventID": "4104"}}] * 5},
    ]
    findings = found(
        sigma, sigma_analysis_results=rules, sigma_analysis_stats={"high": 3}, sigma_analysis_summary={"S": {"high": 3}}
    )
    shown = words(findings)
    assert shown.index("Grave") < shown.index("Mild")
    assert "EventID: 4104" in shown
    assert "and 2 more" in shown
    assert titles(findings) == [
        "Crowdsourced Sigma rules: 1 critical (1)",
        "Crowdsourced Sigma rules: details",
        "Crowdsourced Sigma rules, lower severity: 1 low (1)",
        "Sigma rules: VirusTotal's statistics",
        "Sigma rules: statistics by rule set (1)",
    ]


def test_sigma_statistics_alone_are_shown_and_not_scored() -> None:
    findings = found(sigma, sigma_analysis_stats={"critical": 1})
    assert "critical" in words(findings)
    assert not points(findings)


@pytest.mark.parametrize("context", [{"values": {"EventID": "1"}}, [{"EventID": "1"}], ["EventID 1"], "EventID 1"])
def test_sigma_events_of_other_shapes(context: Any) -> None:
    assert "EventID" in words(found(sigma, sigma_analysis_results=[{"rule_title": "R", "match_context": context}]))


ALERT = {"rule_id": "1:2036220", "rule_msg": "ET MALWARE Example", "alert_severity": "high"}
PEER = {"dest_ip": "198.51.100.7", "dest_port": 80, "hostname": "c2.example.com", "url": "http://c2.example.com/a"}


@pytest.mark.parametrize("context", [[PEER], PEER])
def test_ids_alerts_without_any_dns_are_shown_and_tagged(context: Any) -> None:
    findings = found(
        network_ids, crowdsourced_ids_results=[{**ALERT, "alert_context": context}], crowdsourced_ids_stats={"high": 1}
    )
    assert tags(findings) == {
        "network.signature.message": ["ET MALWARE Example"],
        "network.signature.signature_id": ["1:2036220"],
        "network.dynamic.ip": ["198.51.100.7"],
        "network.dynamic.domain": ["c2.example.com"],
        "network.dynamic.uri": ["http://c2.example.com/a"],
    }
    assert titles(findings) == [
        "Crowdsourced IDS rules: 1 high (1)",
        "Crowdsourced IDS rules: details",
        "Alert traffic (1)",
        "IDS rules: VirusTotal's statistics",
    ]


@pytest.mark.parametrize("level", ["low", "info", None, "unheard of"])
def test_peers_of_harmless_alerts_are_shown_and_not_tagged(level: Any) -> None:
    findings = found(
        network_ids, crowdsourced_ids_results=[{**ALERT, "alert_severity": level, "alert_context": [PEER]}]
    )
    assert "c2.example.com" in words(findings)
    assert not any(kind.startswith("network.dynamic") for kind in tags(findings))


@pytest.mark.parametrize("key", ["proto", "protocol"])
def test_ids_protocol_has_two_names(key: str) -> None:
    findings = found(
        network_ids, crowdsourced_ids_results=[{**ALERT, "alert_context": [{key: "TCP", "ja3": ["a" * 32, "no"]}]}]
    )
    assert '"Protocol": "TCP"' in words(findings)
    assert tags(findings)["network.tls.ja3_hash"] == ["a" * 32]


@pytest.mark.parametrize(
    ("value", "title", "text"),
    [
        ([{"source": "palm", "verdict": "malicious", "analysis": "It steals."}], "palm: malicious", "It steals."),
        ([{"source": "palm", "verdict": None, "analysis": "Text"}], "palm: no verdict", "Text"),
        ([{"verdict": "benign", "analysis": None, "id": "7"}], "unnamed source: benign", "No text."),
        ({"palm": {"verdict": "benign", "analysis": "Text"}}, "palm: benign", "Text"),
        ({"palm": "Text"}, "palm: no verdict", "Text"),
        ({"source": "palm", "analysis": "Text"}, "palm: no verdict", "Text"),
        (["Bare text"], "unnamed source: no verdict", "Bare text"),
        ([{"source": "p", "analysis": ["a", "b"]}], "p: no verdict", "a, b"),
    ],
)
def test_language_models_are_quoted_and_never_scored(value: Any, title: str, text: str) -> None:
    findings = found(ai, crowdsourced_ai_results=value)
    assert titles(findings)[1] == title
    assert text in words(findings)
    assert "Not scored." in words(findings)
    assert [point.amount for point in points(findings)] == [0]
    assert not tags(findings)


def test_a_long_analysis_and_many_of_them_are_bounded() -> None:
    findings = found(ai, crowdsourced_ai_results=[{"source": "s", "analysis": "x" * 100_000}] * 30)
    assert len(words(findings)) < 20 * 6_000
    assert "10 more are not shown" in words(findings)


@pytest.mark.parametrize("value", [None, [], {}, "", [None], [{}], [{"analysis": ""}]])
def test_no_analysis_shows_nothing(value: Any) -> None:
    assert not found(ai, crowdsourced_ai_results=value)


def test_capabilities_name_techniques_and_unknown_ones() -> None:
    findings = found(capabilities, capabilities_tags=["Keylogger", "str_win32_http_api", "something_new", 7, None])
    assert "something_new" in words(findings)
    (scores,) = points(findings)
    assert (scores.amount, scores.attack_ids) == (0, ("T1056.001",))


@pytest.mark.parametrize("name", sorted(capabilities.CAPABILITIES))
def test_every_technique_of_the_table_exists(name: str) -> None:
    _, technique = capabilities.CAPABILITIES[name]
    assert not technique or current_id(technique)[1]
    assert name == name.lower()


def test_distributors_are_shown_and_bounded() -> None:
    findings = found(
        distributors,
        known_distributors={
            "distributors": ["Example Corp."],
            "products": [f"P{n}" for n in range(300)],
            "data_sources": None,
        },
        trusted_verdict={"verdict": "goodware", "organization": "Example Corp."},
        monitor_info={"organizations": "Example Corp.", "filenames": ["a.exe"]},
    )
    assert "Products (200 of 300)" in titles(findings)
    assert "goodware" in words(findings)
    assert "a.exe" in words(findings)
    assert not points(findings)
    assert_sound(findings)


@pytest.mark.parametrize(
    ("value", "title", "text"),
    [
        ([{"entry": "cmd.exe", "location": "Run"}], "(1)", "cmd.exe"),
        ([{"entry": " "}, {"entry": ""}, {"entry": "a.exe"}], "(1)", "a.exe"),
        (["a.exe"], "(1)", "a.exe"),
    ],
)
def test_automatic_start(value: Any, title: str, text: str) -> None:
    findings = found(autostart, autostart_locations=value)
    assert titles(findings)[0].endswith(title)
    assert text in words(findings)
    assert not tags(findings)
