import time
from typing import Any

import pytest
from attrs import evolve

from tests.plugins.relationships.kit import by_name, details, engines, points, rows, sections, tags, titled
from virustotal.core import About
from virustotal.core.analyzer import Analyzer
from virustotal.core.models import Object, Ref, Related
from virustotal.core.settings import Settings
from virustotal.plugins.relationships import columns, objects
from virustotal.testing import evidence, obj, run

ANALYZERS = tuple(objects.virustotal_analyzers(Settings()))
URL_ID = "ab" * 32


def analyzer(kind: str, relationship: str) -> Analyzer:
    return by_name(ANALYZERS, kind, relationship)


def bare(kind: str, *ids: str) -> list[Object]:
    return [Object(Ref(kind, each)) for each in ids]


@pytest.mark.parametrize(
    ("relationship", "kind", "tag", "ids"),
    [
        ("contacted_domains", "domain", "network.dynamic.domain", ("a.example.net", "b.example.net")),
        ("contacted_ips", "ip_address", "network.dynamic.ip", ("198.51.100.9", "2001:db8::1")),
    ],
)
def test_bare_hosts_are_one_table_and_tagged(relationship: str, kind: str, tag: str, ids: tuple[str, ...]) -> None:
    given = evidence("file", relationship, related=bare(kind, *ids), detailed=False)
    result = run(analyzer("file", relationship), given)
    assert tags(result) == {tag: set(ids)}
    assert titled(result, "Contacted").title_text.endswith("(2)")
    assert [set(row.values()) for row in rows(titled(result, "Contacted"))] == [{each} for each in ids]
    assert not points(result)


def test_bare_urls_are_their_address_and_never_their_id() -> None:
    related = [
        obj("url", URL_ID, context={"url": "http://example.com/a?b=c"}),
        obj("url", URL_ID[:-1] + "0", context={"url": ["http://example.com/list"]}),
        obj("url", URL_ID[:-1] + "1"),
    ]
    result = run(
        analyzer("file", "contacted_urls"), evidence("file", "contacted_urls", related=related, detailed=False)
    )
    assert tags(result) == {"network.dynamic.uri": {"http://example.com/a?b=c", "http://example.com/list"}}
    table = rows(titled(result, "Contacted URLs (3)"))
    assert [row["URL"] for row in table] == ["http://example.com/a?b=c", "http://example.com/list", ""]
    assert [row["Id"] for row in table] == ["", "", URL_ID[:-1] + "1"]


@pytest.mark.parametrize(
    ("total", "complete", "title"),
    [
        (None, True, "Contacted domains (2)"),
        (95, False, "Contacted domains (2 of 95)"),
        (None, False, "Contacted domains (first 2, VirusTotal has more)"),
        (1, False, "Contacted domains (first 2, VirusTotal has more)"),
        (1, True, "Contacted domains (2)"),
    ],
)
@pytest.mark.parametrize("detailed", [True, False])
def test_the_title_says_how_many(total: int | None, complete: bool, title: str, detailed: bool) -> None:
    given = evidence(
        "file",
        "contacted_domains",
        related=[obj("domain", "a.example.net", tld="net"), obj("domain", "b.example.net", tld="net")],
        total=total,
        complete=complete,
        detailed=detailed,
    )
    (first, *_) = sections(run(analyzer("file", "contacted_domains"), given))
    assert first.title_text == title


def test_what_a_table_cuts_stands_below_under_its_object() -> None:
    related = [
        obj("file", digit * 64, names=[digit + "n" * 300], last_analysis_results=engines(malicious))
        for digit, malicious in (("b", 4), ("a", 0))
    ]
    below = details(run(analyzer("file", "dropped_files"), evidence("file", "dropped_files", related=related)))
    named = [line for line in below.splitlines() if not line.startswith((" ", "All rows: "))]
    assert [line[:9] for line in named] == ["b" * 9, "a" * 9]


def test_detailed_ones_are_judged_and_the_worst_comes_first() -> None:
    related = [
        obj("domain", "clean.example.net", last_analysis_results=engines(0)),
        obj("domain", "bad.example.net", last_analysis_results=engines(3)),
        obj("domain", "worst.example.net", last_analysis_results=engines(7, 3), registrar="Example"),
        obj("domain", "ghost.example.net", error="NotFoundError"),
    ]
    result = run(analyzer("file", "contacted_domains"), evidence("file", "contacted_domains", related=related))
    top = titled(result, "Contacted domains (4)")
    assert (
        top.body
        == "1 highly suspicious, 1 suspicious, 1 below the suspicious threshold, 1 known to VirusTotal by id only."
    )
    assert top.auto_collapse
    assert [(row["Domain"], row["Detections"]) for row in rows(titled(result, "With a report (3)"))][:2] == [
        ("worst.example.net", "7/10"),
        ("bad.example.net", "3/13"),
    ]
    (unknown,) = rows(titled(result, "Known by name only (1)"))
    assert unknown == {"Domain": "ghost.example.net", "Reason": "No report on VirusTotal"}
    assert tags(result) == {"network.dynamic.domain": {"clean.example.net", "ghost.example.net"}}
    assert [(point.family, point.name, point.amount, point.section) for point in points(result)] == [
        ("related", "contacted_domains", 700, None),
        ("related", "contacted_domains", 300, None),
    ]
    about = points(result)[0].about
    assert about == About(
        Ref("domain", "worst.example.net"),
        "worst.example.net",
        "Contacted domains",
        detections="7/10",
        tag="network.dynamic.domain",
        level="highly suspicious",
    )


def test_tags_of_harmless_hosts_stand_apart_from_the_section_that_scores() -> None:
    related = [
        obj("domain", "clean.example.net", last_analysis_results=engines(0)),
        obj("domain", "bad.example.net", last_analysis_results=engines(5)),
    ]
    result = run(analyzer("file", "contacted_domains"), evidence("file", "contacted_domains", related=related))
    assert tags(result) == {"network.dynamic.domain": {"clean.example.net"}}
    assert [point.about.value for point in points(result) if point.about] == ["bad.example.net"]


@pytest.mark.parametrize(
    ("rank", "hits", "tagged", "scored"), [(1, 0, False, False), (1, 9, True, False), (900_000, 9, True, True)]
)
def test_popular_hosts_are_not_tagged_undetected_and_never_score(
    rank: int, hits: int, tagged: bool, scored: bool
) -> None:
    popular = obj(
        "domain",
        "cdn.example.net",
        popularity_ranks={"Example List": {"rank": rank, "timestamp": 1}, "Other": {"rank": "x"}},
        last_analysis_results=engines(hits),
    )
    result = run(analyzer("file", "contacted_domains"), evidence("file", "contacted_domains", related=[popular]))
    assert bool(tags(result) or points(result)) is tagged
    assert bool(points(result)) is scored


@pytest.mark.parametrize(
    ("name", "host", "tagged"),
    [
        ("contacted_domains", obj("domain", "ctldl.windowsupdate.com"), False),
        ("contacted_domains", obj("domain", "windowsupdate.com.evil.example"), True),
        ("contacted_domains", obj("domain", "ctldl.windowsupdate.com", last_analysis_stats={"undetected": 90}), False),
        ("contacted_domains", obj("domain", "ctldl.windowsupdate.com", last_analysis_stats={"malicious": 9}), True),
        ("contacted_ips", obj("ip_address", "8.8.8.8"), False),
        ("contacted_ips", obj("ip_address", "203.0.113.7", as_owner="Akamai", last_analysis_stats={}), False),
        ("contacted_ips", obj("ip_address", "203.0.113.7", as_owner="Some host", last_analysis_stats={}), True),
        ("contacted_urls", obj("url", "1", url="http://ocsp.digicert.com/a", last_analysis_stats={}), False),
    ],
)
def test_known_noise_is_shown_and_tagged_only_where_engines_flag_it(name: str, host: Object, tagged: bool) -> None:
    result = run(analyzer("file", name), evidence("file", name, related=[host]))
    assert any(section.body for section in sections(result))
    about = [point.about for point in points(result) if point.about and point.about.tag]
    assert bool(tags(result) or about) is tagged


@pytest.mark.parametrize(
    ("stats", "tagged"),
    [
        ({"malicious": 30, "harmless": 60}, True),
        ({"suspicious": "4", "harmless": 60}, True),
        ({"malicious": 1, "suspicious": 1}, False),
        ({"harmless": 90}, False),
        ({}, False),
        (None, False),
    ],
)
def test_popular_hosts_with_counters_alone_are_judged_by_them(stats: Any, tagged: bool) -> None:
    ranks = {"Example List": {"rank": 5}}
    popular = obj("domain", "cdn.example.net", popularity_ranks=ranks, last_analysis_stats=stats)
    result = run(analyzer("file", "contacted_domains"), evidence("file", "contacted_domains", related=[popular]))
    assert bool(tags(result)) is tagged
    assert not points(result)


def test_context_is_shown_and_neither_tagged_nor_scored() -> None:
    for relationship, kind, name in (
        ("itw_domains", "domain", "bad.example.net"),
        ("embedded_ips", "ip_address", "198.51.100.9"),
        ("execution_parents", "file", "cd" * 32),
        ("bundled_files", "file", "cd" * 32),
    ):
        result = run(
            analyzer("file", relationship),
            evidence("file", relationship, related=[obj(kind, name, last_analysis_results=engines(9))]),
        )
        assert rows(titled(result, "With a report"))
        assert not tags(result)
        assert [(point.amount, point.about and point.about.tag) for point in points(result)] == [(0, "")]


def test_dropped_files_known_by_hash_only_are_kept_beside_full_ones() -> None:
    related = [
        obj("file", "ab" * 32, error="NotFoundError"),
        obj("file", "cd" * 32),
        obj("file", "ef" * 32, names=["b.dll"], type_tag="pedll", size=7, last_analysis_results=engines(4)),
    ]
    result = run(analyzer("file", "dropped_files"), evidence("file", "dropped_files", related=related))
    assert [row["Reason"] for row in rows(titled(result, "Known by hash only (2)"))] == [
        "No report on VirusTotal",
        "no report",
    ]
    (flagged,) = rows(titled(result, "With a report"))
    assert flagged == {
        "Level": "suspicious",
        "Detections": "4/14",
        "SHA-256": "ef" * 32,
        "Name": "b.dll",
        "Type": "pedll",
        "Size": 7,
    }
    assert points(result)


def test_pages_are_linked_for_virustotal_itself_alone() -> None:
    related = [obj("domain", "bad.example.net", last_analysis_results=engines(5))]
    given = evidence("file", "contacted_domains", related=related)
    (link,) = rows(titled(run(analyzer("file", "contacted_domains"), given), "Open on VirusTotal"))
    assert link == {"name": "bad.example.net", "url": "https://www.virustotal.com/gui/domain/bad.example.net"}
    inside = evolve(given, settings=Settings(host="https://mirror.example.net"))
    assert "mirror" not in str(
        [section.body for section in sections(run(analyzer("file", "contacted_domains"), inside))]
    )
    assert not [
        section
        for section in sections(run(analyzer("file", "contacted_domains"), inside))
        if "Open" in section.title_text
    ]


@pytest.mark.parametrize("relationship", ["contacted_domains", "dropped_files"])
def test_nothing_found_says_nothing(relationship: str) -> None:
    assert run(analyzer("file", relationship), evidence("file", relationship)) == []
    assert run(analyzer("file", relationship), evidence("file")) == []


def test_needs_are_all_that_a_row_reads() -> None:
    for each in ANALYZERS:
        assert each.needs.attributes
    assert "popularity_ranks" in analyzer("file", "contacted_domains").needs.attributes
    assert "url" in analyzer("file", "contacted_urls").needs.attributes


@pytest.mark.parametrize(
    ("relationship", "kind", "name", "scored"),
    [
        ("contacted_domains", "domain", "pages.example.net", False),
        ("contacted_domains", "domain", "Example.net", False),
        ("contacted_domains", "domain", "other.example.net", True),
        ("contacted_ips", "ip_address", "198.51.100.9", False),
        ("contacted_ips", "ip_address", "198.51.100.10", True),
    ],
)
def test_a_url_is_not_condemned_by_its_own_host(relationship: str, kind: str, name: str, scored: bool) -> None:
    given = evidence(
        "url",
        relationship,
        related=[obj(kind, name, last_analysis_results=engines(9))],
        url="https://pages.example.net/clean",
    )
    serving = Related("last_serving_ip_address", (Object(Ref("ip_address", "198.51.100.9")),))
    report = evolve(given.report, related={**given.report.related, serving.relationship: serving})
    result = run(analyzer("url", relationship), evolve(given, report=report))
    assert rows(titled(result, "With a report (1)"))
    assert bool(points(result)) is scored


@pytest.mark.parametrize("name", ["ab" * 32, "AB" * 32])
def test_the_subject_among_its_own_files_is_shown_and_not_scored_again(name: str) -> None:
    related = [
        obj("file", name, last_analysis_results=engines(10)),
        obj("file", "cd" * 32, last_analysis_results=engines(2, 0)),
    ]
    result = run(analyzer("file", "dropped_files"), evidence("file", "dropped_files", related=related, id="ab" * 32))
    table = rows(titled(result, "With a report (2)"))
    assert [row.get("Note") for row in table] == ["The subject itself: its detections are counted once.", ""]
    (scored,) = points(result)
    assert (scored.amount, scored.reason) == (200, f"Dropped files: {'cd' * 32} is flagged (2/2).")


def test_bare_ones_beyond_the_rows_of_a_table_are_said() -> None:
    names = [f"h{place}.example.net" for place in range(300)]
    given = evidence("file", "contacted_domains", related=bare("domain", *names), detailed=False)
    section = titled(run(analyzer("file", "contacted_domains"), given), "Contacted domains")
    assert section.title_text == "Contacted domains (300), the first 200 in the table"
    assert len(rows(section)) == 200


@pytest.mark.parametrize(
    ("count", "title"), [(1, "Open on VirusTotal"), (40, "Open on VirusTotal"), (100, "Open on VirusTotal (40 of 100)")]
)
@pytest.mark.parametrize("detailed", [True, False])
def test_links_say_how_many_there_are(count: int, title: str, detailed: bool) -> None:
    related = [obj("domain", f"h{place}.example.net", tld="net") for place in range(count)]
    given = evidence("file", "contacted_domains", related=related, detailed=detailed)
    section = titled(run(analyzer("file", "contacted_domains"), given), "Open on VirusTotal")
    assert (section.title_text, len(rows(section))) == (title, min(count, 40))


def test_a_file_of_many_names_costs_no_more_than_they_are() -> None:
    names = [f"name-{number}.exe" for number in range(5_000)]
    file = Object(Ref("file", "a" * 64), {"names": ["", *names]})
    began = time.process_time()
    cells = {column.label: column.cell(file) for column in columns.COLUMNS["file"]}
    assert time.process_time() - began < 1
    assert cells["Name"] == names[0]
    assert cells["Other names"].startswith(f"{names[1]}, {names[2]}")
