"""Verdicts, ATT&CK, Sigma, IDS and signatures: tables, points and what is counted once."""

import json
from typing import Any

import pytest

from virustotal.plugins.file_attributes._severity import WORTH
from virustotal.plugins.sandbox.severity import SCORED_IN_FILE, severity
from virustotal.testing import evidence, run

from .conftest import ANALYZERS, findings, points, report, tags, titled, titles


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("IMPACT_SEVERITY_HIGH", "high"),
        ("IMPACT_SEVERITY_UNKNOWN", "unknown"),
        ("critical", "critical"),
        ("MEDIUM", "medium"),
        ("informational", "info"),
        ("info", "info"),
        (None, "unknown"),
        (3, "unknown"),
        ([], "unknown"),
    ],
)
def test_severities(given: Any, expected: str) -> None:
    assert severity(given) == expected


@pytest.mark.parametrize(
    ("attributes", "amount"),
    [
        ({"verdicts": ["MALWARE"]}, 150),
        ({"verdicts": ["MALWARE", "RANSOM"], "verdict_confidence": 50}, 75),
        ({"verdicts": ["STEALER"], "verdict_confidence": "80"}, 120),
        ({"verdicts": ["MALWARE"], "verdict_confidence": 900}, 150),
        ({"verdicts": ["GREYWARE"]}, 50),
        ({"verdicts": ["NEVER_HEARD_OF"]}, 0),
        ({"verdicts": "MALWARE"}, 150),
    ],
)
def test_verdicts_score_by_confidence(attributes: dict[str, Any], amount: int) -> None:
    assert points(findings(report(**attributes)))["verdict.Zenbox"].amount == amount


@pytest.mark.parametrize("verdicts", [["CLEAN"], ["UNKNOWN_VERDICT"], [], None, [None], {}])
def test_clean_verdicts_score_nothing(verdicts: Any) -> None:
    assert points(findings(report(verdicts=verdicts))) == {}


def test_a_verdict_in_the_files_own_report_stands_and_counts_once() -> None:
    subject = {
        "sandbox_verdicts": {
            "Zenbox": {"category": "malicious", "confidence": 60, "malware_names": ["Emberfox"]},
        },
        "last_analysis_results": {"Acme": {"category": "malicious", "result": "Trojan.Emberfox"}},
    }
    again = findings(report(verdicts=["MALWARE"]), subject=subject)
    assert points(again) == {}
    assert not [title for title in titles(again) if title.startswith("Verdicts")]
    own = run(ANALYZERS["sandbox_verdicts"], evidence("file", **subject))
    assert points(own)["verdict.Zenbox"].amount == 90
    assert tags(own) == {"attribution.family": ["Emberfox"]}
    assert titles(own) == ["Verdicts of sandboxes (1)"]


@pytest.mark.parametrize(
    ("own", "scored"),
    [
        ({"category": "harmless"}, True),
        ({"category": "undetected", "confidence": 90}, True),
        ({"category": "malicious", "confidence": 0}, True),
        ({}, True),
        ({"category": "suspicious"}, False),
        ({"category": "malicious", "confidence": 1}, False),
    ],
)
def test_a_verdict_that_scores_nothing_in_the_files_own_report_counts_here(own: dict[str, Any], scored: bool) -> None:
    given = report(verdicts=["MALWARE"], verdict_confidence=90)
    scores = points(findings(given, subject={"sandbox_verdicts": {"Zenbox": own}}))
    assert [score.amount for score in scores.values()] == ([135] if scored else [])


@pytest.mark.parametrize("value", [None, {}, [], "x", {"Zenbox": None}, {"Zenbox": {"category": 7}}])
def test_sandbox_verdicts_of_another_type(value: Any) -> None:
    result = run(ANALYZERS["sandbox_verdicts"], evidence("file", sandbox_verdicts=value))
    assert points(result) == {}


def test_techniques_are_mapped_grouped_and_not_scored_twice() -> None:
    results = findings(
        report(
            "A",
            mitre_attack_techniques=[
                {
                    "id": "T1574.002",
                    "signature_description": "Loads a library",
                    "severity": "IMPACT_SEVERITY_MEDIUM",
                    "refs": [{"ref": "#signature_matches", "value": "9"}],
                },
                {"id": "T9999", "severity": "IMPACT_SEVERITY_HIGH"},
                {"id": "T1112", "severity": "IMPACT_SEVERITY_HIGH"},
            ],
            signature_matches=[{"id": "9", "description": "Side-loads", "severity": "IMPACT_SEVERITY_HIGH"}],
        ),
        report("B", mitre_attack_techniques=[{"id": "t1574.001"}]),
    )
    rows = {
        row["Technique"].split()[0]: row
        for row in json.loads(titled(results, "ATT&CK techniques in sandboxes (3)").body)
    }
    assert next(iter(rows)) == "T1574.001"
    assert rows["T1574.001"]["Sandboxes"] == "A, B"
    assert rows["T1574.001"]["Technique"] == "T1574.001 DLL (reported as T1574.002, t1574.001)"
    assert rows["T1574.001"]["Severity"] == "medium"
    assert rows["T9999"]["Technique"] == "T9999 (not known to Assemblyline)"
    scored = points(results)
    assert "attack.T9999" not in scored
    assert (scored["attack.T1574.001"].amount, scored["attack.T1574.001"].attack_ids) == (0, ("T1574.001",))
    assert scored["attack.T1112"].amount == 50
    assert scored["signature.Side-loads"].amount == 100
    assert scored["signature.Side-loads"].attack_ids == ()  # each technique is named once
    assert scored["signature.Side-loads"].section.title_text == "Signatures in sandboxes: 1 high (1)"


@pytest.mark.parametrize(
    "value",
    [None, "T1059", ["T1059"], [{}], [{"id": None}], [{"id": 7}], {"id": "T1059"}, [{"id": "T1059", "refs": 7}]],
)
def test_techniques_of_another_type(value: Any) -> None:
    findings(report(mitre_attack_techniques=value))


def test_techniques_of_a_summary() -> None:
    results = findings(
        report(attack_techniques={"T1055": [{"description": "Injects", "severity": "HIGH"}], "T1057": None})
    )
    assert points(results)["attack.T1055"].amount == 50
    assert points(results)["attack.T1057"].amount == 0


def test_techniques_that_rules_name_themselves() -> None:
    results = findings(
        report(
            sigma_analysis_results=[
                {"rule_id": "r", "rule_title": "Rule", "rule_level": "high", "tags": ["attack.t1059"]}
            ]
        )
    )
    assert (points(results)["attack.T1059"].amount, points(results)["attack.T1059"].attack_ids) == (0, ("T1059",))


SIGMA = {
    "rule_id": "f6de6525",
    "rule_title": "Invented rule",
    "rule_level": "critical",
    "rule_author": "An author",
    "rule_source": "Invented rules",
    "rule_description": "Finds what was invented",
    "match_context": [{"values": {"EventID": "4104"}}],
}
IDS = {
    "rule_id": "1:2038809",
    "rule_msg": "ET INVENTED Beacon",
    "alert_severity": "high",
    "rule_category": "A Network Trojan was detected",
    "rule_source": "Proofpoint Emerging Threats Open",
    "alert_context": {"dest_ip": "192.0.2.1", "dest_port": 80, "proto": "TCP", "hostname": "c2.example.com"},
}


NAMES = ("ids.ET INVENTED Beacon", "sigma.Invented rule")


def test_sigma_has_rule_author_severity_source_and_context() -> None:
    results = findings(report("A", sigma_analysis_results=[SIGMA]), report("B", sigma_analysis_results=[SIGMA]))
    (row,) = json.loads(titled(results, "Sigma rules in sandboxes: 1 critical (1)").body)
    assert (row["Rule"], row["Description"], row["Sandboxes"]) == ("Invented rule", "Finds what was invented", "A, B")
    details = titled(results, "Sigma rules in sandboxes: details").body.splitlines()
    assert details == [
        "Invented rule",
        "    Id: f6de6525",
        "    Author: An author",
        "    Source: Invented rules",
        "    Match 1: EventID: 4104",
    ]
    assert points(results)["sigma.Invented rule"].amount == 200


@pytest.mark.parametrize(
    "context", [{"values": {"EventID": "4104"}}, [{"EventID": "4104"}], [{"values": {"EventID": 4104}}]]
)
def test_sigma_context_in_any_shape(context: Any) -> None:
    results = findings(report(sigma_analysis_results=[SIGMA | {"match_context": context}]))
    assert "Match 1: EventID: 4104" in titled(results, "Sigma rules in sandboxes: details").body


@pytest.mark.parametrize("key", ["proto", "protocol"])
@pytest.mark.parametrize("listed", [False, True])
def test_ids_context_as_list_or_mapping(key: str, listed: bool) -> None:
    context: Any = {"dest_ip": "192.0.2.1", "dest_port": 80, key: "TCP"}
    results = findings(report(ids_alerts=[IDS | {"alert_context": [context] if listed else context}]))
    assert (
        "dest ip: 192.0.2.1, dest port: 80, protocol: TCP" in titled(results, "IDS alerts in sandboxes: details").body
    )


def test_alerts_show_without_look_ups_and_also_those_of_info() -> None:
    results = findings(report(ids_alerts=[IDS | {"alert_severity": "info"}]))
    assert titled(results, "IDS alerts in sandboxes, no high severity: 1 info (1)")
    assert points(results) == {}
    assert tags(results)["network.signature.signature_id"] == ["1:2038809"]


def test_what_the_file_reports_as_crowdsourced_is_counted_there() -> None:
    subject = {
        "sigma_analysis_results": [{"rule_id": "f6de6525", "rule_level": "medium"}],
        "crowdsourced_ids_results": [{"rule_msg": "ET INVENTED Beacon", "alert_severity": "HIGH"}],
    }
    scores = points(findings(report(sigma_analysis_results=[SIGMA], ids_alerts=[IDS]), subject=subject))
    assert {name: each.amount for name, each in scores.items()} == {
        "ids.ET INVENTED Beacon": 0,
        "sigma.Invented rule": 0,
    }


@pytest.mark.parametrize("level", ["low", "info", None, "", 7])
def test_what_scores_nothing_in_the_files_report_is_counted_here(level: Any) -> None:
    subject = {
        "sigma_analysis_results": [{"rule_id": "f6de6525", "rule_level": level}],
        "crowdsourced_ids_results": [{"rule_id": "1:2038809", "alert_severity": level}],
    }
    scores = points(findings(report(sigma_analysis_results=[SIGMA], ids_alerts=[IDS]), subject=subject))
    assert {name: each.amount for name, each in scores.items()} == {
        "ids.ET INVENTED Beacon": 150,
        "sigma.Invented rule": 200,
    }
    assert not any("counted in" in score.reason for score in scores.values())


def test_ids_of_one_sort_are_no_ids_of_another() -> None:
    subject = {
        "sigma_analysis_results": [{"rule_id": "12", "rule_level": "high"}],
        "crowdsourced_ids_results": [{"rule_id": "13", "alert_severity": "high"}],
    }
    given = report(
        signature_matches=[{"id": "12", "name": "Injects", "severity": "HIGH"}],
        sigma_analysis_results=[SIGMA | {"rule_id": "13"}],
        ids_alerts=[IDS | {"rule_id": "12"}],
    )
    scores = points(findings(given, subject=subject))
    assert {name: each.amount for name, each in scores.items()} == {
        "ids.ET INVENTED Beacon": 150,
        "sigma.Invented rule": 200,
        "signature.Injects": 100,
    }


def test_the_files_report_scores_the_severities_that_it_is_said_to() -> None:
    assert {level for level, worth in WORTH.items() if worth} == SCORED_IN_FILE


@pytest.mark.parametrize("name", ["signature_matches", "sigma_analysis_results", "ids_alerts", "ids_results"])
@pytest.mark.parametrize("value", [None, {}, [], "x", [None], ["x"], [{}], {"name": "x"}, 7, [{"rule_msg": None}]])
def test_rules_of_another_type(name: str, value: Any) -> None:
    findings(report(**{name: value}))


def test_points_are_bounded() -> None:
    matches = [{"name": f"rule {number}", "severity": "IMPACT_SEVERITY_HIGH"} for number in range(5_000)]
    results = findings(report(signature_matches=matches))
    assert len(points(results)) == 100
    assert titled(results, "Signatures in sandboxes: 2000 high (200 of 2000)")


def test_formats_and_authors_of_public_rules() -> None:
    capa = {
        "name": "encode data using XOR",
        "format": "SIG_FORMAT_CAPA",
        "authors": ["an author"],
        "rule_src": "rule:\n",
        "match_data": ["x"] * 5_000,
    }
    (row,) = json.loads(titled(findings(report(signature_matches=[capa])), "Signatures in").body)
    assert row["Format"] == "capa"
    below = titled(findings(report(signature_matches=[capa])), "Signatures in sandboxes, no high severity: details")
    assert "Author: an author" in below.body


@pytest.mark.parametrize(
    ("name", "level", "title", "worth"),
    [
        ("sigma_analysis_results", "rule_level", "rule_title", 30),
        ("ids_alerts", "alert_severity", "rule_msg", 50),
        ("signature_matches", "severity", "name", 30),
    ],
)
@pytest.mark.parametrize("count", [5, 6, 50])
def test_of_rules_below_high_five_count(name: str, level: str, title: str, worth: int, count: int) -> None:
    scores = points(findings(report(**{name: [{level: "medium", title: f"Rule {number}"} for number in range(count)]})))
    assert sum(score.amount for score in scores.values()) == 5 * worth
    assert len(scores) == count
