"""Threats: cards, the order of danger, tags, and answers that no specification foresees."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest

from tests.plugins.relationships.kit import by_name, facts, points, sections, tags, titled
from tests.plugins.relationships.test_all import HOSTILE, check
from virustotal.core import Object, Ref, Related, Report, tables
from virustotal.core.findings import Finding
from virustotal.core.settings import Settings
from virustotal.core.threats import exploitation, exploited, threat_kind
from virustotal.plugins.relationships import threat_facts, threats
from virustotal.testing import as_text, evidence, examples, obj, run

#: The vulnerability that issue and API reference describe.
EXPLOITED: Mapping[str, Any] = {
    "collection_type": "vulnerability",
    "name": "CVE-2099-0001",
    "risk_rating": "CRITICAL",
    "exploitation_state": "WIDESPREAD",
    "exploitation_consequence": "Code Execution",
    "exploitation_vectors": ["Email"],
    "cisa_known_exploited": {"added_date": 1_700_000_000, "due_date": 1_701_000_000, "ransomware_use": "Known"},
    "cvss": {"cvssv3_x": {"base_score": 9.8, "vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}},
    "epss": {"score": 0.93, "percentile": 0.997},
    "date_of_disclosure": 1_690_000_000,
    "available_mitigation": ["Patch", "Workaround"],
    "workarounds": ["<p>Do not <b>open</b> it.</p>"],
}
MEDIUM = {"collection_type": "vulnerability", "name": "CVE-2099-0002", "cvss": {"cvssv3_x": {"base_score": 5}}}


def vulnerability(number: int, **attributes: Any) -> Object:
    name = f"CVE-2099-{number:04}"
    return obj("collection", f"vulnerability--{name.lower()}", **{**MEDIUM, "name": name, **attributes})


def found(name: str, *related: Object, contract: bool = True, **given: Any) -> list[Finding]:
    """Return what the analyser yields; the contract is checked by calling it again."""
    analyzer = by_name(threats.virustotal_analyzers(Settings()), "file", name)
    return run(analyzer, evidence("file", name, related=related, **given), check=contract)


def cards(result: list[Finding]) -> list[str]:
    kinds = tuple(f"{kind}: " for kind in threat_facts.KINDS.values())
    return [section.title_text for section in sections(result) if section.title_text.startswith(kinds)]


def test_all_facts_of_a_vulnerability_are_in_one_card_before_one_with_a_lower_score() -> None:
    result = found("vulnerabilities", vulnerability(2), vulnerability(1, **EXPLOITED))

    assert cards(result) == [
        "Vulnerability: CVE-2099-0001, exploited in the wild, CVSS 9.8, risk CRITICAL",
        "Vulnerability: CVE-2099-0002, CVSS 5",
    ]
    card = facts(titled(result, "Vulnerability: CVE-2099-0001"))
    assert card == {
        "Name": "CVE-2099-0001",
        "Kind": "vulnerability",
        "Exploited in the wild": "yes: state WIDESPREAD, listed by CISA",
        "Risk": "CRITICAL",
        "CVSS": "3.x 9.8 (CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H)",
        "EPSS": "0.93, percentile 0.997",
        "Exploitation state": "WIDESPREAD",
        "Consequence": "Code Execution",
        "CISA Known Exploited Vulnerabilities": "added 2023-11-14, due 2023-11-26, ransomware use: Known",
        "Vectors": "Email",
        "Disclosed": "2023-07-22",
        "Mitigations available": "Patch, Workaround",
        "Workarounds": "Do not open it.",
        "Id": "vulnerability--cve-2099-0001",
    }
    assert titled(result, "Vulnerabilities (2): CVE-2099-0001 exploited in the wild")
    assert tags(result) == {"attribution.exploit": {"CVE-2099-0001", "CVE-2099-0002"}}
    assert not points(result)


def test_the_most_dangerous_comes_first() -> None:
    related = [
        obj("collection", "r", collection_type="report", name="Report"),
        obj("collection", "c", collection_type="collection", name="List"),
        vulnerability(1, epss={"score": 0.2}),
        vulnerability(2, epss={"score": 0.7}),
        vulnerability(3, cvss={"cvssv4_x": {"score": "9.1"}}),
        vulnerability(4, risk_rating="high"),
        vulnerability(5, exploitation_state="confirmed", cvss=None),
        obj("collection", "a", collection_type="threat_actor", name="EXAMPLE BEAR"),
    ]

    assert [title.partition(",")[0] for title in cards(found("associations", *related))] == [
        "Vulnerability: CVE-2099-0005",
        "Threat actor: EXAMPLE BEAR",
        "Vulnerability: CVE-2099-0004",
        "Vulnerability: CVE-2099-0003",
        "Vulnerability: CVE-2099-0002",
        "Vulnerability: CVE-2099-0001",
        "Report: Report",
    ]


def test_threats_beyond_the_cards_are_rows_with_all_that_is_known() -> None:
    many = [vulnerability(number, exploit_availability=f"state-{number}") for number in range(1, 41)]

    result = found("vulnerabilities", *many)

    assert len(cards(result)) == threats.MOST_CARDS
    assert titled(result, f"Further ones ({40 - threats.MOST_CARDS})")
    assert all(f"state-{number}" in as_text(result) for number in range(1, 41))


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"exploitation_state": "Confirmed"}, True),
        ({"exploitation_state": "Wide"}, True),
        ({"cisa_known_exploited": {"added_date": 1}}, True),
        ({"exploitation": {"first_exploitation": 1_700_000_000}}, True),
        ({"tags": ["observed_in_the_wild"]}, True),
        ({"exploitation_state": "No Known", "cisa_known_exploited": {}}, False),
        ({"exploitation": {"first_exploitation": None}}, False),
        ({"exploitation_state": "Suspected"}, False),
        ({"exploitation_state": ["Confirmed"], "tags": "x", "exploitation": "x"}, False),
        ({"collection_type": "report", "exploitation_state": "Confirmed"}, False),
    ],
)
def test_what_the_headline_names(attributes: dict[str, Any], expected: bool) -> None:
    related = Related("associations", (vulnerability(1, **attributes), vulnerability(2)))
    report = Report(Object(Ref("file", "a" * 64)), MappingProxyType({"associations": related}))

    assert exploited(report) == ("exploited in the wild: CVE-2099-0001" if expected else "")


def test_the_headline_names_each_once_and_some_of_many() -> None:
    many = tuple(vulnerability(number, **EXPLOITED, cve_id=f"cve-2099-{number:04}") for number in (1, 2, 3, 4, 4))
    related = {name: Related(name, many) for name in ("associations", "vulnerabilities")}

    assert exploited(Report(Object(Ref("file", "a" * 64)), MappingProxyType(related))) == (
        "exploited in the wild: CVE-2099-0001, CVE-2099-0002, CVE-2099-0003 and 1 more"
    )


def test_techniques_that_a_threat_is_known_for_stand_apart_and_are_not_reported_as_observed() -> None:
    actor = obj(
        "collection",
        "threat-actor--1",
        collection_type="threat-actor",
        name="EXAMPLE BEAR",
        attack_techniques=["T1059.003", {"id": "T1036", "name": "Masquerading"}],
        aggregations={"files": {"attack_techniques": [{"value": "T1055", "count": 3}], "mutexes_created": ["m"]}},
    )

    result = found("related_threat_actors", actor)

    own = titled(result, "Techniques that EXAMPLE BEAR is known for (not observed here) (3)")
    assert str(own.body).splitlines() == ["T1059.003", "T1036 Masquerading", "T1055 (3 members)"]
    assert not points(result)


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("threat_actor", "threat-actor"),
        ("malware_family", "malware-family"),
        ("software_toolkits", "software-toolkit"),
        ("VULNERABILITY", "vulnerability"),
        ("country profile", "country-profile"),
        (None, "collection"),
        (["report"], "collection"),
    ],
)
def test_kinds_are_written_in_several_ways(written: Any, kind: str) -> None:
    assert threat_kind(obj("collection", "x", collection_type=written)) == kind


@pytest.mark.parametrize("kind", ["vulnerability", "threat-actor", "report", "country-profile", "x" * 100_000])
def test_any_attribute_may_be_of_any_type(kind: str) -> None:
    columns = sorted({name for column, _ in threat_facts.FACTS for name in column.attributes} | {"aggregations"})
    known = dict.fromkeys(columns, "x") | {"collection_type": kind, "name": "N"}
    for value in HOSTILE:
        broken = [obj("collection", f"c-{place}", **{**known, name: value}) for place, name in enumerate(columns)]
        everything = obj("collection", "c", **{**dict.fromkeys(columns, value), "collection_type": kind})
        contract = kind == "vulnerability"
        check(found("associations", *broken[: threats.MOST_CARDS - 1], everything, contract=contract))
        check(found("associations", *broken[threats.MOST_CARDS :], everything, contract=contract))


ODD: tuple[dict[str, Any], ...] = (
    {"cvss": "9.8"},
    {"cvss": {"cvssv3_x": "CVSS:3.1/AV:N", "cvssv2_0": None}},
    {"cvss": {"cvssv3_x": {"base_score": "nine", "vector": ["x"]}}},
    {"cvss": {"cvssv3_x": {"base_score": 980}}},
    {"epss": {"score": 1.7, "percentile": -3}},
    {"epss": 0.5},
    {"executive_summary": "<b>markup</b> " * 10_000},
    {"name": "<script>alert(1)</script>", "cve_id": "<img src=x>"},
    {"date_of_disclosure": -86_400, "creation_date": "1969-12-31", "last_modification_date": -1},
    {"exploitation_vectors": [f"region {number}" for number in range(10_000)]},
    {"cisa_known_exploited": "yes"},
)


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: next(iter(odd)))
def test_odd_values_are_shown_bounded_and_sorted_as_if_they_said_nothing(odd: dict[str, Any]) -> None:
    result = found("vulnerabilities", vulnerability(1, **{"cvss": None, **odd}), vulnerability(2))

    check(result)
    assert len(as_text(result)) < 20_000
    assert len(cards(result)) == 2
    assert "<script>" not in str(tags(result))


def test_odd_numbers_are_said() -> None:
    assert facts(titled(found("vulnerabilities", vulnerability(1, epss={"score": 1.7})), "Vulnerability"))["EPSS"] == (
        "1.7 (not a probability)"
    )
    assert facts(titled(found("vulnerabilities", vulnerability(1, cvss="9.8")), "Vulnerability"))["CVSS"] == "9.8"


def test_ten_thousand_regions_are_some_and_a_number() -> None:
    regions = [{"country": f"C{number}"} for number in range(10_000)]
    actor = obj("collection", "a", collection_type="threat-actor", name="A B", targeted_regions_hierarchy=regions)

    card = facts(titled(found("related_threat_actors", actor), "Threat actor: "))

    assert card["Targeted regions"].endswith("C19 and 9980 more")


def test_a_name_with_markup_is_no_tag() -> None:
    actor = obj("collection", "a", collection_type="threat-actor", name="<b>BEAR</b>")

    result = found("related_threat_actors", actor)

    assert titled(result, "Threat actor: <b>BEAR</b>")
    assert not tags(result)


def test_the_world_has_one_of_each() -> None:
    kinds = {
        threat_kind(item)
        for report in examples()
        for related in report.related.values()
        for item in related.items
        if item.ref.kind == "collection" and item.attributes
    }

    assert kinds == {*threat_facts.KINDS, "collection"}


@pytest.mark.parametrize("moment", ["not known", "-", 0, None, {"value": "x"}])
def test_a_moment_that_is_none_exploits_nothing(moment: Any) -> None:
    one = obj("collection", "v", collection_type="vulnerability", exploitation={"first_exploitation": moment})
    assert exploitation(one) == ()


def test_keys_within_a_further_attribute_may_hold_a_session() -> None:
    one = obj("url", "u", visits=[{"request": {"Set-Cookie": "sid=hidden", "port": 443}}], login={"password": "hidden"})
    section = tables.further_attributes([one], ())
    assert section is not None
    assert "hidden" not in section.body
    assert "port: 443" in section.body


def test_further_dates_can_be_read_and_digests_are_whole() -> None:
    objs = [obj("file", "ab" * 32, last_modification_date=1735693200), obj("file", "c", last_modification_date=10**18)]
    section = tables.further_attributes(objs, ())
    assert section is not None
    assert f"{'ab' * 32}: 2025-01-01 01:00:00 UTC\n    c: {10**18}" in section.body


def test_a_further_attribute_of_a_url_stands_beside_its_address() -> None:
    one = obj("url", "ab" * 32, url="http://a.example/", reputation=-1)
    other = obj("url", "cd" * 32, context={"url": ["http://b.example/"]}, reputation=-2)
    section = tables.further_attributes([one, other, obj("url", "e" * 8)], ("url",), ("url",))
    assert section is not None
    assert section.body == "reputation:\n    http://a.example/: -1\n    http://b.example/: -2"
