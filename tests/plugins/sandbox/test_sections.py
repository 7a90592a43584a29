"""Every attribute has its section, empty ones have none, and what nobody knows is shown all the same."""

import json
from typing import Any

import pytest
from attrs import evolve

from virustotal.core.models import Outcome, Related, Status
from virustotal.core.settings import Settings
from virustotal.plugins.sandbox.attribute_sections import KINDS
from virustotal.plugins.sandbox.cell_text import described, registry_value
from virustotal.plugins.sandbox.sandboxes import sandbox_name, sandboxes
from virustotal.testing import evidence, obj

from .conftest import ANALYZERS, SHA256, findings, report, sections, tags, titled, titles


def test_descriptors_give_the_names_and_what_to_set() -> None:
    found = findings(obj("file_behaviour", f"{SHA256}_Zenbox"), obj("file_behaviour", f"{SHA256}_C2AE"), detailed=False)
    assert titles(found) == ["Sandboxes that ran this file (2)"]
    assert sections(found)[0].body.splitlines()[:2] == ["C2AE", "Zenbox"]
    assert "analyze_relationship" in sections(found)[0].body


@pytest.mark.parametrize("analyze", [True, False])
def test_what_is_set_already_is_not_asked_for(analyze: bool) -> None:
    found = findings(
        obj("file_behaviour", f"{SHA256}_Zenbox"),
        detailed=False,
        outcome=Outcome(Status.FORBIDDEN),
        settings=Settings(analyze_relationship=analyze),
    )
    said = sections(found)[0].body.splitlines()[1]
    assert ("Set the parameter" in said) is not analyze
    assert ("Only the names came" in said) is analyze


def test_nothing_found_gives_nothing() -> None:
    assert findings() == []
    assert findings(outcome=Outcome(Status.FORBIDDEN)) == []


def test_reports_known_by_id_alone_are_named() -> None:
    found = findings(obj("file_behaviour", f"{SHA256}_Zenbox", error="NotFoundError"), report("C2AE"))
    assert "Zenbox: VirusTotal has no report (NotFoundError)." in sections(found)[0].body
    alone = findings(obj("file_behaviour", f"{SHA256}_Zenbox", error="NotFoundError"))
    assert "NotFoundError" in sections(alone)[0].body


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("value", [None, [], {}, ""])
def test_empty_kinds_make_no_section(kind: Any, value: Any) -> None:
    bare = titles(findings(report()))
    assert bare == titles(findings(report(**{kind.name: value})))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_kind_has_its_section(kind: Any) -> None:
    entry: Any = dict.fromkeys(kind.columns, "example") if kind.columns else "example"
    section = titled(findings(report(**{kind.name: [entry]}))[1:], f"{kind.title} (")
    assert section.body.count("example") == max(1, len(kind.columns))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("entry", ["example", {"unheard_of": "example"}, ["example"], 7, {"example": {"a": ["b"]}}])
def test_entries_of_another_type_are_shown_all_the_same(kind: Any, entry: Any) -> None:
    body = titled(findings(report(**{kind.name: [entry]}))[1:], f"{kind.title} (").body
    assert "7" in body if entry == 7 else "example" in body


def test_what_nobody_knows_is_shown() -> None:
    section = titled(findings(report(brand_new={"seen": ["one", {"two": 3}]})), "Other observations")
    assert json.loads(section.body) == [["brand_new", "seen: (one, (two: 3))"]]


@pytest.mark.parametrize(
    ("count", "title"),
    [(1, "Other observations"), (200, "Other observations"), (300, "Other observations (200 of 300)")],
)
def test_many_unknown_attributes_are_counted(count: int, title: str) -> None:
    section = titled(findings(report(**{f"new_{number}": number for number in range(count)})), "Other observations")
    assert section.title_text == title
    assert len(json.loads(section.body)) == min(count, 200)


def test_long_lists_are_bounded_and_said() -> None:
    found = findings(report(files_opened=[f"C:\\{number}" for number in range(5_000)]))
    assert "Files opened (200 of 5000)" in titles(found)
    assert len(titled(found[1:], "Files opened").body.splitlines()) == 200


@pytest.mark.parametrize(
    ("id", "attributes", "expected"),
    [
        (f"{SHA256}_Zenbox", {}, "Zenbox"),
        (f"{SHA256}_VirusTotal Jujubox", {}, "VirusTotal Jujubox"),
        (f"{SHA256}_Zenbox", {"sandbox_name": "Other"}, "Other"),
        (f"{SHA256}_Zenbox", {"sandbox_name": None}, "Zenbox"),
        (f"{SHA256}_Zenbox", {"sandbox_name": ["Other"]}, "Zenbox"),
        (f"{SHA256}_Zenbox", {"sandbox_name": "  "}, "Zenbox"),
        (f"{SHA256}_two\nlines\u202e", {}, "two lines\N{REPLACEMENT CHARACTER}"),
        (f"{SHA256}_../../etc", {}, "../../etc"),
        (f"{SHA256}_", {}, "unnamed sandbox"),
        ("1", {}, "unnamed sandbox"),
    ],
)
def test_sandbox_names(id: str, attributes: dict[str, Any], expected: str) -> None:
    assert sandbox_name(obj("file_behaviour", id, **attributes)) == expected


def test_names_that_come_twice_are_numbered() -> None:
    found = sandboxes([obj("file_behaviour", "1"), obj("file_behaviour", "2")])
    assert [each.name for each in found] == ["unnamed sandbox", "unnamed sandbox (2)"]
    assert len({each.session for each in found}) == 2


@pytest.mark.parametrize("moment", [1735689600, 1735689600000, "1735689600", "2025-01-01T00:00:00Z"])
def test_times_in_seconds_milliseconds_and_text(moment: Any) -> None:
    found = findings(report(analysis_date=moment))
    information = json.loads(titled(found, "Sandbox: Zenbox").body)["analysis_information"]
    assert information["analysis_metadata"]["start_time"] == "2025-01-01T00:00:00+00:00"


@pytest.mark.parametrize("moment", [None, 0, -1, "yesterday", {}, True, 1e300])
def test_times_that_are_none_stay_empty(moment: Any) -> None:
    found = findings(report(analysis_date=moment))
    assert json.loads(titled(found, "Sandbox: Zenbox").body)["analysis_information"]["analysis_metadata"][
        "start_time"
    ] in (None, "1970-01-01T00:00:01+00:00")


def test_agreement_comes_first() -> None:
    found = findings(
        report("A", dns_lookups=[{"hostname": "one.example"}, {"hostname": "both.example"}]),
        report("B", dns_lookups=[{"hostname": "BOTH.example.", "resolved_ips": ["192.0.2.1"]}]),
    )
    rows = json.loads(titled(found, "Domains").body)
    assert [(row["Domain"], row["Seen by"], row["Sandboxes"]) for row in rows] == [
        ("both.example", 2, "A, B"),
        ("one.example", 1, "A"),
    ]
    assert rows[0]["Details"] == "192.0.2.1"


@pytest.mark.parametrize(
    ("name", "title", "first", "second"),
    [
        ("files_written", "Files changed", "C:\\Users\\ann\\a.exe", "%USERPROFILE%\\A.EXE"),
        ("files_written", "Files changed", "%TEMP%\\x", "c:\\users\\bob\\appdata\\local\\temp\\x"),
        ("files_opened", "Files opened (1)", "%windir%\\win.ini", "C:\\Windows\\win.ini"),
        ("registry_keys_deleted", "Registry keys changed", "HKLM\\Software\\A", "HKEY_LOCAL_MACHINE\\SOFTWARE\\A"),
        ("registry_keys_opened", "Registry keys opened (1)", "HKCU\\A", "HKEY_CURRENT_USER\\a"),
        ("mutexes_created", "Mutexes (", "Local\\x", "\\Sessions\\1\\BaseNamedObjects\\Local\\x"),
        ("command_executions", "Commands and", "cmd  /c dir", "CMD /c dir"),
    ],
)
def test_what_sandboxes_write_differently_is_one_thing(name: str, title: str, first: str, second: str) -> None:
    found = findings(report("A", **{name: [first]}), report("B", **{name: [second]}))
    top = [each for each in sections(found)[0].subsections if each.title_text.startswith(title)]
    (row,) = json.loads(top[0].body)
    assert row["Seen by"] == 2


def test_linux_paths_keep_their_case() -> None:
    found = findings(report("A", files_written=["/tmp/a"]), report("B", files_written=["/tmp/A"]))
    assert len(json.loads(titled(found, "Files changed").body)) == 2


def test_tags_are_of_what_was_done_and_can_be_one() -> None:
    found = findings(
        report(
            tags=["LONG_SLEEPS"],
            verdicts=["MALWARE"],
            verdict_labels=["Emberfox", "C2/Generic-A", "Trojan.Generic", ""],
            dns_lookups=[{"hostname": "c2.example.com"}, {}],
            ip_traffic=[
                {"destination_ip": "192.0.2.7", "destination_port": "443", "transport_layer_protocol": "TCP"},
                {"destination_ip": "nonsense", "destination_port": 99999},
            ],
            http_conversations=[
                {"url": "http://c2.example.com/a?b=c", "request_headers": {"user-agent": "Invented/1"}}
            ],
            tls=[{"sni": "c2.example.com", "ja3": "1074895078955B2DB60423ED2BF8AC23", "ja3s": "not a digest"}],
            smtp_conversations=[{"message_from": "A <a@example.com>", "smtp_to": ["b@example.org"], "subject": "Hi"}],
            mutexes_created=["Global\\m"],
            registry_keys_set=[{"key": "HKCU\\Run", "value": "x"}],
            registry_keys_opened=["HKCU\\Opened"],
            processes_created=['"C:\\Program Files\\a b.exe" -x', "%SAMPLEPATH%"],
            memory_pattern_domains=["in.memory.example"],
        )
    )
    assert tags(found) == {
        "file.behavior": ["LONG_SLEEPS"],
        "attribution.family": ["Emberfox"],
        "network.dynamic.domain": ["c2.example.com"],
        "network.dynamic.ip": ["192.0.2.7"],
        "network.dynamic.uri": ["http://c2.example.com/a?b=c"],
        "dynamic.process.command_line": ['"C:\\Program Files\\a b.exe" -x', "%SAMPLEPATH%"],
        "dynamic.process.file_name": ["a b.exe"],
        "dynamic.process.file_path": ["C:\\Program Files\\a b.exe"],
        "dynamic.registry_key": ["HKCU\\Run"],
        "dynamic.mutex": ["Global\\m"],
        "network.user_agent": ["Invented/1"],
        "network.tls.sni": ["c2.example.com"],
        "network.tls.ja3_hash": ["1074895078955b2db60423ed2bf8ac23"],
        "network.protocol": ["tcp"],
        "network.port": ["443"],
        "network.email.address": ["a@example.com", "b@example.org"],
        "network.email.subject": ["Hi"],
    }


@pytest.mark.parametrize(
    "attributes",
    [
        {"mutexes_created": [{"name": "m", "x": 1}, 7, ["a"]]},
        {"registry_keys_deleted": [[1, [2]], {"a": 1}, True]},
        {"registry_keys_set": [{"key": 7}, True, 5]},
        {"command_executions": [7, {"a": 1}], "processes_created": [True]},
        {"processes_tree": [{"name": 7}, 8]},
        {"verdicts": ["MALWARE"], "verdict_labels": [True, 12345], "tags": [True, 3]},
        {"dns_lookups": [{"hostname": True}, 7], "ip_traffic": [{"destination_ip": 7}, 16909060]},
        {"http_conversations": [{"url": 16909060, "request_headers": {"User-Agent": ["a"], "user-agent": 7}}]},
        {"tls": [{"sni": 7, "ja3": 10**31}, {"sni": True}], "ja3_digests": [10**31]},
        {"smtp_conversations": [{"subject": True, "message_from": {"a@example.com": 1}}]},
        {"signature_matches": [{"name": 7}, {"description": True}], "sigma_analysis_results": [{"rule_title": 7}]},
        {"ids_alerts": [{"rule_msg": True}, {"rule_id": False, "rule_msg": 1.5}]},
    ],
)
def test_what_was_not_given_as_text_is_shown_and_not_tagged(attributes: dict[str, Any]) -> None:
    assert tags(findings(report(**attributes))) == {}


def test_what_one_sandbox_gives_as_text_is_tagged() -> None:
    found = findings(report("A", mutexes_created=[{"name": "m"}]), report("B", mutexes_created=["name: m"]))
    assert tags(found) == {"dynamic.mutex": ["name: m"]}


def test_the_id_of_an_ids_rule_may_be_a_number() -> None:
    found = findings(report(ids_alerts=[{"rule_id": 2038809, "rule_msg": "ET INVENTED"}]))
    assert tags(found) == {
        "network.signature.signature_id": ["2038809"],
        "network.signature.message": ["ET INVENTED"],
    }


def test_labels_of_the_files_own_report_that_are_no_texts_are_no_family() -> None:
    own = {"Zenbox": {"category": "malicious", "malware_names": [True, "Emberfox"]}}
    assert tags(list(ANALYZERS["sandbox_verdicts"].analyze(evidence("file", sandbox_verdicts=own)))) == {
        "attribution.family": ["Emberfox"]
    }


def test_a_host_that_is_an_address_is_not_tagged_as_domain() -> None:
    found = findings(report(dns_lookups=[{"hostname": "192.0.2.1"}], http_conversations=[{"url": "http://192.0.2.9/"}]))
    assert "network.dynamic.domain" not in tags(found)
    assert tags(found)["network.dynamic.ip"] == ["192.0.2.9"]


@pytest.mark.parametrize(
    ("attributes", "title"),
    [
        ({"files_written": ["C:\\a"]}, "Files changed (1)"),
        ({"registry_keys_set": [{"key": "HKCU\\a"}]}, "Registry keys changed (1)"),
        ({"mutexes_opened": ["m"]}, "Mutexes (1)"),
        ({"mitre_attack_techniques": [{"id": "T1059"}]}, "ATT&CK techniques (1)"),
        ({"ids_alerts": [{"rule_msg": "x"}]}, "IDS alerts (1)"),
        ({"http_conversations": [{"request_method": "GET"}]}, "HTTP conversations (1)"),
    ],
)
def test_a_report_of_one_thing_alone_shows_it(attributes: dict[str, Any], title: str) -> None:
    assert title in titles(findings(report(**attributes)))


@pytest.mark.parametrize(
    ("attributes", "tagged"),
    [
        ({"popularity_ranks": {"Example list": {"rank": 5}}}, False),
        ({"popularity_ranks": {"Example list": {"rank": 500_000}}}, True),
        ({}, True),
        (
            {
                "popularity_ranks": {"Example list": {"rank": 5}},
                "last_analysis_results": {name: {"category": "malicious"} for name in "ABC"},
            },
            True,
        ),
        (
            {
                "popularity_ranks": {"Example list": {"rank": 5}},
                "last_analysis_stats": {"malicious": 30, "harmless": 60},
            },
            True,
        ),
        ({"popularity_ranks": {"Example list": {"rank": 5}}, "last_analysis_stats": {"harmless": 60}}, False),
    ],
)
def test_popular_domains_without_detections_are_shown_and_not_tagged(attributes: dict[str, Any], tagged: bool) -> None:
    seen = report(dns_lookups=[{"hostname": "Popular.example.com"}], tls=[{"sni": "Popular.Example.com."}])
    given = evidence("file", "behaviours", related=[seen])
    known = Related("contacted_domains", (obj("domain", "popular.example.com", **attributes),))
    given = evolve(given, report=evolve(given.report, related={**given.report.related, "contacted_domains": known}))
    found = list(ANALYZERS["behaviours"].analyze(given))
    assert titled(found, "Domains (1)")
    assert titled(found, "Network fingerprints").body == '[["sni", "Popular.Example.com."]]'
    assert ("network.dynamic.domain" in tags(found)) is tagged
    assert ("network.tls.sni" in tags(found)) is tagged


def test_a_clean_sandbox_names_no_family() -> None:
    assert "attribution.family" not in tags(findings(report(verdicts=["CLEAN"], verdict_labels=["Emberfox"])))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain", "plain"),
        ("padded\x00\x00", "padded"),
        ("\x01\x02\x03\x04", "binary: 01 02 03 04"),
        ("aGVsbG8=", "aGVsbG8="),
        (7, "7"),
        (b"\x00", ""),
        (None, ""),
        (["a", "b"], "a, b"),
    ],
)
def test_registry_values(value: Any, expected: str) -> None:
    assert registry_value(value) == expected


def test_descriptions_are_bounded_in_depth_and_number() -> None:
    deep: Any = "end"
    for _ in range(10_000):
        deep = [deep]
    assert described(deep) == "(((…)))"
    assert described(list(range(100))).endswith("and 80 more")
    assert len(described({str(number): "x" * 1_000 for number in range(100)}, 300)) == 300


def test_a_sandbox_body_is_bounded() -> None:
    rows = [{"url": f"http://example.com/{number}{'a' * 1_900}", "request_method": "GET"} for number in range(2_000)]
    section = titled(findings(report(http_conversations=rows)), "Sandbox: Zenbox")
    assert 1_000 < len(section.body) <= 500_000
