"""What each family of relationships shows of objects of its kind."""

from typing import Any

import pytest
from attrs import evolve

from tests.plugins.relationships.kit import by_name, details, downloads, facts, points, rows, sections, tags, titled
from virustotal.core.analyzer import ANY
from virustotal.core.findings import Finding, Role
from virustotal.core.models import Object, Ref
from virustotal.core.settings import Settings
from virustotal.plugins.relationships import community, generic, history, host_history, objects, screenshots, threats
from virustotal.testing import evidence, obj, run

ANALYZERS = [
    analyzer
    for module in (community, history, host_history, generic, objects, screenshots, threats)
    for analyzer in module.virustotal_analyzers(Settings())
]
DAY = 1_700_000_000
DAY_SHOWN = "2023-11-14"
SHOWN = f"{DAY_SHOWN} 22:13:20 UTC"


def found(kind: str, name: str, *related: Object, **given: Any) -> list[Finding]:
    return run(by_name(ANALYZERS, kind, name), evidence(kind, name, related=related, **given))


# --- community -------------------------------------------------------------------------------------------------------


def test_comments_are_their_text_and_never_their_html() -> None:
    text = "<script>alert(1)</script>\u202egnp.exe " + "x" * 100_000
    comment = obj(
        "comment", "f-1", date=DAY, text=text, html="<b>HTML</b>", votes={"positive": 2, "abuse": 1}, tags=["a"]
    )
    result = found("file", "comments", comment, total=23, complete=False)
    (row,) = rows(titled(result, "Comments (1 of 23)"))
    assert row["Comment"].startswith("<script>alert(1)</script>\N{REPLACEMENT CHARACTER}gnp.exe xxx")
    assert len(row["Comment"]) <= 120
    assert "x" * 900 in details(result)
    assert (row["Date"], row["Tags"], row["Votes"]) == (DAY_SHOWN, "a", "2 positive, 1 abuse")
    assert "HTML" not in str(row)
    assert not tags(result)


def test_related_comments_say_where_they_were_posted() -> None:
    comment = obj("comment", "f-1", context={"posted_in": {"type": "domain", "id": "example.net"}}, text="hm")
    (row,) = rows(titled(found("url", "related_comments", comment), "Comments on related objects (1)"))
    assert row["On"] == "domain example.net"


def test_votes_are_summed_in_the_title() -> None:
    votes = [obj("vote", f"f-{place}", date=DAY, verdict="malicious", value=-2) for place in range(3)]
    result = found(
        "file", "votes", *votes, obj("vote", "f-9", verdict="harmless", value="1"), obj("vote", "f-10", verdict=[])
    )
    assert titled(result, "Votes (5): 3 malicious (weight -6), 1 harmless (weight 1)")


def test_a_threat_of_google_threat_intelligence() -> None:
    actor = obj(
        "collection",
        "threat-actor--1",
        context={"related_from": [{"type": "collection", "id": "c-1"}, None]},
        name="EXAMPLE BEAR",
        collection_type="threat-actor",
        alt_names_details=[{"value": "Bear"}, {"value": None}],
        motivations=[{"value": "Espionage"}],
        counters={"files": 3, "iocs": 9, "domains": 0},
        source_region="XX",
    )
    result = found("file", "related_threat_actors", actor)
    assert titled(result, "Threat actors (1)")
    assert facts(titled(result, "Threat actor: EXAMPLE BEAR")) == {
        "Name": "EXAMPLE BEAR",
        "Kind": "threat-actor",
        "Also known as": "Bear",
        "Motivations": "Espionage",
        "From": "XX",
        "Holds": "3 files",
        "Through": "collection c-1",
        "Id": "threat-actor--1",
    }
    assert tags(result) == {"attribution.actor": {"EXAMPLE BEAR"}}
    (link,) = rows(titled(result, "Open on VirusTotal"))
    assert link["url"] == "https://www.virustotal.com/gui/collection/threat-actor--1"


def test_a_collection_as_descriptor_with_a_few_attributes() -> None:
    (row,) = rows(
        titled(found("domain", "collections", obj("collection", "c-1", name="N"), detailed=False), "Collections")
    )
    assert row == {"Name": "N", "Id": "c-1"}


def test_the_files_own_techniques_are_told_without_a_score_and_those_of_people_are_not() -> None:
    techniques = [
        Object(Ref("attack_technique", each)) for each in ("T1055", "T1027.002", "T1055", "TA0005", "x", "T10555")
    ]
    (scores,) = points(found("file", "attack_techniques", *techniques))
    assert (scores.family, scores.amount, scores.attack_ids) == ("behaviour", 0, ("T1055", "T1027.002"))
    for kind in ("file", "url", "domain", "ip_address"):
        assert not points(found(kind, "related_attack_techniques", *techniques))


def test_graphs_and_references() -> None:
    graph = obj("graph", "g1", graph_data={"description": "G"}, nodes=[1, 2], links=[1], views_count=0)
    (row,) = rows(titled(found("file", "graphs", graph), "Graphs"))
    assert row == {"Name": "G", "Nodes": 2, "Links": 1, "Views": 0, "Id": "g1"}
    reference = obj("reference", "r1", title="T", url="https://example.org/x", creation_date=DAY)
    (row,) = rows(titled(found("file", "references", reference), "References"))
    assert row == {"Title": "T", "Date": DAY_SHOWN, "Address": "https://example.org/x"}


# --- history ---------------------------------------------------------------------------------------------------------


def test_submissions_are_a_timeline_newest_first_with_the_table_below() -> None:
    result = found(
        "file",
        "submissions",
        obj("submission", "f-1", date=DAY, country="CA", city="Ottawa", name="a.exe", interface="web", source_key="k"),
        obj("submission", "f-2", date=DAY + 86_400, country="FR"),
        obj("submission", "f-3", date="soon"),
        obj("submission", "f-4"),
    )
    line = titled(result, "Submissions (4)")
    assert line.body_format == "TIMELINE"
    assert [(node["opposite_content"], node["title"]) for node in rows(line)] == [
        ("soon", "-"),
        ("2023-11-15 22:13:20 UTC", "Country: FR"),
        (SHOWN, "Country: CA, City: Ottawa"),
    ]
    assert rows(line)[2]["content"] == "File name: a.exe, Interface: web, Submitter: k"
    assert len(rows(titled(result, "All records"))) == 4


def test_a_long_history_says_what_its_table_holds() -> None:
    scans = [obj("analysis", f"a{place}", date=DAY + place, status="completed") for place in range(300)]
    result = found("file", "analyses", *scans)
    line = titled(result, "Earlier scans")
    assert (line.title_text, len(rows(line))) == ("Earlier scans (300), the newest 40 drawn", 40)
    table = titled(result, "All records")
    assert (table.title_text, len(rows(table))) == ("All records (200 of 300)", 200)


def test_a_queued_analysis_is_not_a_clean_one() -> None:
    queued = obj("analysis", "a", date=DAY, status="queued", stats={"malicious": 0, "undetected": 0}, results={})
    done = obj(
        "analysis", "b", date=DAY - 9, status="completed", stats={"malicious": 3, "undetected": 60, "timeout": 9}
    )
    nodes = rows(titled(found("url", "analyses", queued, done), "Earlier scans (2)"))
    assert [(node["title"], node["content"]) for node in nodes] == [
        ("-", "Status: queued"),
        ("Detections: 3/63", "Status: completed"),
    ]


def test_bare_history_has_no_dates_and_is_a_table() -> None:
    (section, *_) = sections(found("file", "analyses", Object(Ref("analysis", "a1"), whole=False), detailed=False))
    assert (section.body_format, rows(section)) == ("TABLE", [{"Id": "a1"}])


# --- hosts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "subject", "label", "other"),
    [("domain", "example.com", "IP address", "198.51.100.7"), ("ip_address", "198.51.100.7", "Domain", "example.com")],
)
def test_resolutions_show_the_other_end_also_of_a_bare_id(kind: str, subject: str, label: str, other: str) -> None:
    bare = Object(Ref("resolution", "198.51.100.7example.com"), whole=False)
    (row,) = rows(titled(found(kind, "resolutions", bare, id=subject, detailed=False), "DNS resolutions (1)"))
    assert row[label] == other
    whole = obj(
        "resolution",
        "x",
        date=DAY,
        ip_address="198.51.100.7",
        host_name="example.com",
        host_name_last_analysis_stats={"malicious": 2, "harmless": 60},
        ip_address_last_analysis_stats={"harmless": "60", "timeout": 5},
    )
    result = found(kind, "resolutions", whole, id=subject)
    assert rows(titled(result, "DNS resolutions (1)")) == [
        {"Date": DAY_SHOWN, label: other, "IP address detections": "0/60", "Domain detections": "2/62"}
    ]
    assert not tags(result)


def test_dns_records_show_what_the_link_says() -> None:
    record = obj("domain", "mx.example.net", context={"priority": 10, "ttl": 900, "timestamp": DAY}, registrar="R")
    (row,) = rows(titled(found("domain", "mx_records", record), "With a report"))
    assert (row["Domain"], row["Priority"], row["TTL"], row["Seen"]) == ("mx.example.net", 10, 900, DAY_SHOWN)


def test_whois_history_has_a_timeline_and_the_newest_record() -> None:
    records = [
        obj(
            "whois",
            f"w{place}",
            first_seen_date=DAY + place,
            registrar_name=f"R{place}",
            whois_map={"DNSSEC": f"{place}"},
        )
        for place in range(3)
    ]
    result = found("domain", "historical_whois", *records)
    assert [row["Registrar"] for row in rows(titled(result, "WHOIS history (3)"))] == ["R0", "R1", "R2"]
    assert [node["title"] for node in rows(titled(result, "Registrars over time"))] == ["R2", "R1", "R0"]
    assert titled(result, "Newest record").section_body._data == [("DNSSEC", "2")]


def test_certificate_history() -> None:
    certificate = obj(
        "ssl_cert",
        "ab" * 32,
        context={"first_seen_date": "2023-11-14", "port": "443"},
        subject={"CN": "example.com"},
        issuer={"O": "CA"},
        extensions={"subject_alternative_name": ["example.com", "example.net"]},
    )
    result = found("domain", "historical_ssl_certificates", certificate)
    (row,) = rows(titled(result, "Certificate history (1)"))
    assert (row["Port"], row["Subject"], row["Issuer"]) == ("443", "CN=example.com", "O=CA")
    assert row["Alternative names"] == "example.com, example.net"
    assert not tags(result)


# --- single objects --------------------------------------------------------------------------------------------------


def test_a_single_object_is_key_values() -> None:
    result = found("url", "network_location", obj("ip_address", "198.51.100.9", country="CA", asn=64496))
    assert dict(titled(result, "Host of the URL").section_body._data) == {
        "IP address": "198.51.100.9",
        "Level": "not analysed",
        "Country": "CA",
        "Autonomous system": "AS64496",
    }
    assert not tags(result)


def test_a_single_object_that_is_bare_missing_or_a_list() -> None:
    bare = Object(Ref("domain", "example.net"), whole=False)
    assert titled(found("domain", "parent", bare, detailed=False), "Registered domain").section_body._data == [
        ("Domain", "example.net")
    ]
    error = obj("domain", "example.net", error="NotFoundError")
    assert dict(titled(found("domain", "parent", error), "Registered").section_body._data)["Reason"].endswith(
        "(NotFoundError)"
    )
    assert found("domain", "parent") == []
    two = [obj("domain", f"{name}.example.net", tld="net") for name in "ab"]
    assert titled(found("domain", "parent", *two), "Registered domain (2)")


# --- screenshots -----------------------------------------------------------------------------------------------------


def picture(place: int, **attributes: Any) -> Object:
    link = f"https://pictures.example.net/{place}.png?signed=1"
    return obj("screenshot", f"ab-{place}", **{"date": DAY, "link": link, "sandbox_name": "A Sandbox/..", **attributes})


def test_screenshots_are_fetched_where_relationships_are_analysed() -> None:
    given = evidence("file", "screenshots", related=[picture(place) for place in range(30)])
    analyzer = by_name(ANALYZERS, "file", "screenshots")
    assert not downloads(run(analyzer, given))
    result = run(analyzer, evolve(given, settings=Settings(analyze_relationship=True)))
    assert titled(result, "Screenshots (30), the first 12 fetched")
    first, *rest = downloads(result)
    assert len(rest) == 11
    assert (first.kind, first.role, first.link) == (
        "screenshot",
        Role.IMAGE,
        "https://pictures.example.net/0.png?signed=1",
    )
    assert first.name == "screenshot_01_A_Sandbox.png"
    assert first.description == f"Screenshot of A Sandbox/.., {SHOWN}"


@pytest.mark.parametrize(
    "link",
    [
        *(None, "", "  ", 7, True, ["https://example.net"], {}),
        *("javascript:alert(1)", "/relative.png", "ftp://pictures.example.net/1.png", "//pictures.example.net/1.png"),
    ],
)
def test_a_screenshot_without_a_link_is_only_listed_and_the_others_are_fetched(link: Any) -> None:
    given = evidence("file", "screenshots", related=[picture(1, link=link), picture(2)])
    result = run(by_name(ANALYZERS, "file", "screenshots"), evolve(given, settings=Settings(analyze_relationship=True)))
    assert titled(result, "Screenshots (2)").title_text == "Screenshots (2), 1 without an address to fetch"
    assert [download.link for download in downloads(result)] == ["https://pictures.example.net/2.png?signed=1"]


# --- plain -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["clues", "code_blocks", "distributors", "email_senders", "sigma_analysis"])
def test_unconfirmed_types_are_shown_as_they_came(name: str) -> None:
    many = {f"key{place}": place for place in range(500)}
    hint = obj("hint", "h-1", nested={"a": [1]}, plain=[1, "b"], text="t", **many)
    result = run(by_name(ANALYZERS, "file", ANY), evidence("file", name, related=[hint]))
    (row,) = rows(next(sections(result)))
    assert (row["Kind"], row["Id"]) == ("hint", "h-1")
    lines = str(titled(result, "Further attributes").body).splitlines()
    assert lines[:4] == ["nested: a: 1", "plain: 1, b", "text: t", "key0: 0"]
    assert len(lines) == 503
