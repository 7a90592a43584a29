"""Every attribute has its section, empty ones have none, and what nobody knows is shown all the same."""

import json
from typing import Any

import pytest
from assemblyline_v4_service.common.result import ResultTableSection
from attrs import evolve

from virustotal.core.models import Outcome, Related, Status
from virustotal.core.settings import Settings
from virustotal.plugins.sandbox import activity, records
from virustotal.plugins.sandbox.cell_text import describe, registry_value
from virustotal.plugins.sandbox.sandboxes import sandbox_name, sandboxes
from virustotal.testing import evidence, obj

from .conftest import ANALYZERS, SHA256, findings, report, sections, tags, titled, titles, walk


def test_descriptors_give_the_names_and_what_to_set() -> None:
    results = findings(
        obj("file_behaviour", f"{SHA256}_Zenbox"), obj("file_behaviour", f"{SHA256}_C2AE"), detailed=False
    )
    assert titles(results) == ["Sandboxes that ran this file (2)"]
    assert sections(results)[0].body.splitlines()[:2] == ["C2AE", "Zenbox"]
    assert "analyze_relationship" in sections(results)[0].body


@pytest.mark.parametrize("analyze", [True, False])
def test_what_is_set_already_is_not_asked_for(analyze: bool) -> None:
    results = findings(
        obj("file_behaviour", f"{SHA256}_Zenbox"),
        detailed=False,
        outcome=Outcome(Status.FORBIDDEN),
        settings=Settings(analyze_relationship=analyze),
    )
    said = sections(results)[0].body.splitlines()[1]
    assert ("Set the parameter" in said) is not analyze
    assert ("Names only." in said) is analyze


def test_nothing_found_gives_nothing() -> None:
    assert findings() == []
    assert findings(outcome=Outcome(Status.FORBIDDEN)) == []


def test_reports_known_by_id_alone_are_named() -> None:
    results = findings(obj("file_behaviour", f"{SHA256}_Zenbox", error="NotFoundError"), report("C2AE"))
    assert "Zenbox: VirusTotal has no report (NotFoundError)." in sections(results)[0].body
    alone = findings(obj("file_behaviour", f"{SHA256}_Zenbox", error="NotFoundError"))
    assert "NotFoundError" in sections(alone)[0].body


LISTS = sorted((activity.ATTRIBUTES | records.ATTRIBUTES) - {"processes_tree"})


def words(found: list[Any]) -> str:
    """All that is written in the sections."""
    return "\n".join(f"{section.title_text}\n{section.body}" for top in sections(found) for section in walk(top))


@pytest.mark.parametrize("name", LISTS)
def test_an_empty_list_makes_no_section_and_whatever_a_full_one_holds_is_shown(name: str) -> None:
    bare = titles(findings(report()))
    for empty in (None, [], {}, ""):
        assert titles(findings(report(**{name: empty}))) == bare, empty
    for entry in ("example", {"unheard_of": "example"}, ["example"], {"example": {"a": ["b"]}}):
        results = findings(report(**{name: [entry]}))
        assert len(titles(results)) > len(bare), entry
        assert "example" in words(results), entry
    assert "7" in words(findings(report(**{name: [7]})))


def test_records_show_each_known_field() -> None:
    for table in records.RECORDS:
        entry = {key: f"<{key}>" for key in (*table.columns, *table.details)}
        shown = words(findings(report(**{table.attribute: [entry]})))
        assert all(f"<{key}>" in shown for key in entry), table.attribute


def test_a_password_of_mail_is_named_and_not_shown() -> None:
    results = findings(report(smtp_conversations=[{"message_from": "a@example.com", "auth_pass": "Secret7"}]))
    assert "Secret7" not in words(results)
    assert "Password: present, not shown" in words(results)


def test_no_section_is_empty_and_no_name_of_an_attribute_shows() -> None:
    attributes = {name: ["example"] for name in LISTS} | {"new_attribute": {"inner_name": 1}}
    results = findings(report(processes_tree=[{"name": "a.exe", "files_opened": ["x"]}], **attributes), report("Other"))
    for section in (each for top in sections(results) for each in walk(top)):
        assert section.body or section.subsections
    assert not [name for name in (*LISTS, "new_attribute", "inner_name") if "_" in name and name in words(results)]
    assert len(set(titles(results))) == len(titles(results))


def test_verdicts_and_serious_rules_are_open_and_all_else_is_closed() -> None:
    results = findings(
        report(
            verdicts=["MALWARE"],
            files_written=["a"],
            signature_matches=[{"name": "A", "severity": "HIGH"}, {"name": "B", "severity": "LOW"}],
            mitre_attack_techniques=[{"id": "T1059"}],
            processes_tree=[{"name": "a"}],
        )
    )
    opened = [section.title_text for top in sections(results) for section in walk(top) if not section.auto_collapse]
    assert opened == ["Verdicts in reports of sandboxes (1)", "Signatures in sandboxes: 1 high (1)"]


def test_tables_have_six_columns_at_most_and_short_cells() -> None:
    long = "x" * 3_000
    attributes = {
        table.attribute: [dict.fromkeys((*table.columns, *table.details), long)] for table in records.RECORDS
    } | {name: [long] for name in activity.ATTRIBUTES - {"processes_tree", "tls", "http_conversations", "ja3_digests"}}
    results = findings(
        report(signature_matches=[{"name": long, "description": long, "format": "SIG_FORMAT_YARA"}], **attributes)
    )
    for section in (each for top in sections(results) for each in walk(top)):
        if isinstance(section, ResultTableSection):
            for row in json.loads(section.body):
                assert len(row) <= 6
                assert max(len(str(cell)) for cell in row.values()) <= 120


# --- nothing is cut away for good ------------------------------------------------------------------------------------

ENCODED = "powershell -Enc " + "QQBB" * 900


def test_a_long_command_is_whole_in_its_tag_and_in_the_ontology() -> None:
    results = findings(report(processes_tree=[{"process_id": 4, "name": ENCODED}]))
    assert tags(results)["dynamic.process.command_line"] == [ENCODED]
    assert [result.data["command_line"] for result in results if getattr(result, "kind", "") == "process"] == [ENCODED]
    assert json.loads(titled(results, "Commands").body)[0]["Command"] == ENCODED[:119] + "…"


def test_a_cut_value_is_no_tag() -> None:
    results = findings(
        report(
            mutexes_created=["m" * 9_000],
            processes_created=["cmd /c " + "v" * 40_000],
            http_conversations=[{"url": "http://example.com/" + "a" * 9_000}],
        )
    )
    assert not [value for values in tags(results).values() for value in values if "…" in value or len(value) > 8_000]


# --- interest and noise ----------------------------------------------------------------------------------------------


def test_files_and_registry_are_one_table_each_with_what_tells_most_first() -> None:
    noise = [f"C:\\Users\\ann\\AppData\\Local\\Temp\\__PSScriptPolicyTest_{number}.ps1" for number in range(9)]
    results = findings(
        report(
            files_opened=["C:\\opened.exe"],
            files_written=[*noise, "C:\\notes.txt", "C:\\evil.exe"],
            files_deleted=["C:\\evil.exe"],
            registry_keys_opened=["HKCU\\Opened"],
            registry_keys_set=[{"key": "HKCU\\Plain"}, {"key": "HKCU\\Software\\Run\\evil", "value": "C:\\evil.exe"}],
        )
    )
    files = json.loads(titled(results, "Files (12)").body)
    assert [row["File"] for row in files[:3]] == ["C:\\evil.exe", "C:\\notes.txt", "C:\\opened.exe"]
    assert files[0]["Action"] == "written, deleted"
    keys = json.loads(titled(results, "Registry (3)").body)
    assert [(row["Key"], row["Action"], row["Value"]) for row in keys] == [
        ("HKCU\\Software\\Run\\evil", "set", "C:\\evil.exe"),
        ("HKCU\\Plain", "set", ""),
        ("HKCU\\Opened", "opened", ""),
    ]


@pytest.mark.parametrize(
    "attributes",
    [
        {"dns_lookups": [{"hostname": "ctldl.windowsupdate.com"}], "tls": [{"sni": "ctldl.windowsupdate.com"}]},
        {"http_conversations": [{"url": "http://ocsp.digicert.com/abc"}]},
        {"ip_traffic": [{"destination_ip": "8.8.8.8"}]},
        {"ip_traffic": [{"destination_ip": "203.0.113.7", "destination_ip_as_owner": "CLOUDFLARENET"}]},
        {"mutexes_created": ["Local\\SM0:5232:304:WilStaging_02", "Local\\ZonesCacheCounterMutex", "_SHuassist.mtx"]},
        {"mutexes_created": ["\\Sessions\\1\\BaseNamedObjects\\DBWinMutex"]},
        {"processes_created": ["C:\\Windows\\system32\\svchost.exe -k netsvcs -p -s BITS"]},
        {"processes_created": ["C:\\WINDOWS\\system32\\wbem\\wmiprvse.exe -secured -Embedding"]},
        {
            "processes_created": [
                "C:\\Windows\\System32\\conhost.exe C:\\Windows\\system32\\conhost.exe 0xffffffff -ForceV1"
            ]
        },
        {"registry_keys_set": [{"key": "HKCU\\Software\\Microsoft\\Windows\\Internet Settings\\ZoneMap\\AutoDetect"}]},
    ],
)
def test_known_noise_is_shown_and_not_tagged(attributes: dict[str, Any]) -> None:
    results = findings(report(**attributes))
    assert len(titles(results)) > 2
    assert not set(tags(results)) - {"network.port", "network.protocol"}


@pytest.mark.parametrize(
    "attributes",
    [
        {"dns_lookups": [{"hostname": "windowsupdate.com.evil.example"}]},
        {"mutexes_created": ["EvilMutex"]},
        {"processes_created": ["C:\\Users\\ann\\svchost.exe -k netsvcs"]},
        {"processes_created": ["C:\\Windows\\system32\\conhost.exe C:\\evil.exe 0xffffffff"]},
        {"registry_keys_set": [{"key": "HKCU\\Software\\ZoneMapEvil"}]},
        {"ip_traffic": [{"destination_ip": "203.0.113.7", "destination_ip_as_owner": "Evil hosting"}]},
    ],
)
def test_what_only_resembles_noise_is_tagged(attributes: dict[str, Any]) -> None:
    assert tags(findings(report(**attributes)))


def test_noise_that_engines_flag_is_tagged() -> None:
    given = evidence("file", "behaviours", related=[report(ip_traffic=[{"destination_ip": "203.0.113.7"}])])
    for malicious, expected in ((0, False), (9, True)):
        peer = obj("ip_address", "203.0.113.7", as_owner="Akamai", last_analysis_stats={"malicious": malicious})
        related = {**given.report.related, "contacted_ips": Related("contacted_ips", (peer,))}
        found = list(ANALYZERS["behaviours"].analyze(evolve(given, report=evolve(given.report, related=related))))
        assert ("network.dynamic.ip" in tags(found)) is expected


def test_values_that_differ_by_case_are_one_tag() -> None:
    results = findings(report("A", mutexes_created=["Evil"]), report("B", mutexes_opened=["EVIL"]))
    assert tags(results) == {"dynamic.mutex": ["Evil"]}


def test_newer_fields_are_shown_and_tagged() -> None:
    ja4 = "t13d1517h2_0a1b2c3d4e5f_5f4e3d2c1b0a"
    results = findings(
        report(
            tls=[{"sni": "c2.example.com", "ja4": ja4}, {"ja4": "nonsense"}],
            dns_lookups=[{"hostname": "c2.example.com", "txt_records": ["v=cmd"]}],
            ip_traffic=[{"destination_ip": "203.0.113.7", "destination_ip_asn": 64500}],
            signature_matches=[{"name": "k", "format": "SIG_FORMAT_KEYWORD", "events": ["an event"]}],
        )
    )
    assert tags(results)["network.tls.ja4_hash"] == [ja4]
    for word in (ja4, "v=cmd", "AS64500", "Keyword", "an event"):
        assert word in words(results)


def test_what_nobody_knows_is_shown() -> None:
    section = titled(findings(report(brand_new={"seen": ["one", {"two": 3}]})), "Other observations")
    (row,) = json.loads(section.body)
    assert (row["What"], row["Value"]) == ("brand new", "seen: (one, (two: 3))")


@pytest.mark.parametrize(("count", "title"), [(200, "Other observations (200)"), (300, "(200 of 300)")])
def test_many_unknown_attributes_are_counted(count: int, title: str) -> None:
    section = titled(findings(report(**{f"new_{number}": number for number in range(count)})), "Other observations")
    assert section.title_text.endswith(title)


def test_long_lists_are_bounded_and_counted() -> None:
    results = findings(report(files_opened=[f"C:\\{number}" for number in range(5_000)]))
    assert len(json.loads(titled(results, "Files (200 of 5000)").body)) == 200


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


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        *((given, "2025-01-01") for given in (1735689600, 1735689600000, "1735689600", "2025-01-01T00:00:00Z")),
        *((given, "") for given in (None, 0, -1, {}, [])),
    ],
)
def test_the_day_of_an_analysis(moment: Any, day: str) -> None:
    (row,) = json.loads(titled(findings(report(analysis_date=moment)), "Reports of sandboxes").body)
    assert row.get("Analysed", "") == day


def test_agreement_comes_first() -> None:
    results = findings(
        report("A", dns_lookups=[{"hostname": "one.example"}, {"hostname": "both.example"}]),
        report("B", dns_lookups=[{"hostname": "BOTH.example.", "resolved_ips": ["192.0.2.1"]}]),
    )
    rows = json.loads(titled(results, "Domains").body)
    assert [(row["Domain"], row["Sandboxes"]) for row in rows] == [("both.example", "A, B"), ("one.example", "A")]
    assert rows[0]["Answers"] == "192.0.2.1"


@pytest.mark.parametrize(
    ("name", "title", "first", "second"),
    [
        ("files_written", "Files (1)", "C:\\Users\\ann\\a.exe", "%USERPROFILE%\\A.EXE"),
        ("files_written", "Files (1)", "%TEMP%\\x", "c:\\users\\bob\\appdata\\local\\temp\\x"),
        ("files_opened", "Files (1)", "%windir%\\win.ini", "C:\\Windows\\win.ini"),
        ("registry_keys_deleted", "Registry (1)", "HKLM\\Software\\A", "HKEY_LOCAL_MACHINE\\SOFTWARE\\A"),
        ("registry_keys_opened", "Registry (1)", "HKCU\\A", "HKEY_CURRENT_USER\\a"),
        ("mutexes_created", "Mutexes (", "Local\\x", "\\Sessions\\1\\BaseNamedObjects\\Local\\x"),
        ("command_executions", "Commands and", "cmd  /c dir", "CMD /c dir"),
    ],
)
def test_what_sandboxes_write_differently_is_one_thing(name: str, title: str, first: str, second: str) -> None:
    results = findings(report("A", **{name: [first]}), report("B", **{name: [second]}))
    (row,) = json.loads(titled(results, title).body)
    assert row["Sandboxes"] == "A, B"


def test_linux_paths_keep_their_case() -> None:
    results = findings(report("A", files_written=["/tmp/a"]), report("B", files_written=["/tmp/A"]))
    assert len(json.loads(titled(results, "Files (2)").body)) == 2


def test_tags_are_of_what_was_done_and_can_be_one() -> None:
    results = findings(
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
    assert tags(results) == {
        "file.behavior": ["LONG_SLEEPS"],
        "network.dynamic.domain": ["c2.example.com"],
        "network.dynamic.ip": ["192.0.2.7"],
        "network.dynamic.uri": ["http://c2.example.com/a?b=c"],
        "dynamic.process.command_line": ['"C:\\Program Files\\a b.exe" -x'],
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


def test_a_ja3_digest_without_its_connection_is_a_tag() -> None:
    digest = "1074895078955b2db60423ed2bf8ac23"
    assert tags(findings(report(ja3_digests=[digest.upper()]))) == {"network.tls.ja3_hash": [digest]}


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
    results = findings(report("A", mutexes_created=[{"name": "m"}]), report("B", mutexes_created=["name: m"]))
    assert tags(results) == {"dynamic.mutex": ["name: m"]}


def test_the_id_of_an_ids_rule_may_be_a_number() -> None:
    results = findings(report(ids_alerts=[{"rule_id": 2038809, "rule_msg": "ET INVENTED"}]))
    assert tags(results) == {
        "network.signature.signature_id": ["2038809"],
        "network.signature.message": ["ET INVENTED"],
    }


def test_labels_of_the_files_own_report_that_are_no_texts_are_no_family() -> None:
    own = {
        "Zenbox": {"category": "malicious", "malware_names": [True, "Emberfox"]},
        "CAPE": {"malware_names": ["Emberfox"]},
    }
    assert tags(list(ANALYZERS["sandbox_verdicts"].analyze(evidence("file", sandbox_verdicts=own)))) == {
        "attribution.family": ["Emberfox"]
    }


def test_a_host_that_is_an_address_is_not_tagged_as_domain() -> None:
    results = findings(
        report(dns_lookups=[{"hostname": "192.0.2.1"}], http_conversations=[{"url": "http://192.0.2.9/"}])
    )
    assert "network.dynamic.domain" not in tags(results)
    assert tags(results)["network.dynamic.ip"] == ["192.0.2.9"]


@pytest.mark.parametrize(
    ("attributes", "title"),
    [
        ({"files_written": ["C:\\a"]}, "Files (1)"),
        ({"registry_keys_set": [{"key": "HKCU\\a"}]}, "Registry (1)"),
        ({"mutexes_opened": ["m"]}, "Mutexes (1)"),
        ({"mitre_attack_techniques": [{"id": "T1059"}]}, "ATT&CK techniques in sandboxes (1)"),
        ({"ids_alerts": [{"rule_msg": "x"}]}, "IDS alerts in sandboxes, no high severity (1)"),
        ({"http_conversations": [{"request_method": "GET"}]}, "URLs requested (1)"),
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
    assert titled(found, "Domains contacted (1)")
    assert "Popular.Example.com." in titled(found, "TLS connections").body
    assert ("network.dynamic.domain" in tags(found)) is tagged
    assert ("network.tls.sni" in tags(found)) is tagged


@pytest.mark.parametrize(("word", "tagged"), [("CLEAN", False), ("MALWARE", True)])
def test_a_clean_sandbox_names_no_family(word: str, tagged: bool) -> None:
    engines = {"last_analysis_results": {"Acme": {"category": "malicious", "result": "Trojan.Emberfox"}}}
    results = findings(report(verdicts=[word], verdict_labels=["Emberfox"]), subject=engines)
    assert ("attribution.family" in tags(results)) is tagged


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
    assert describe(deep) == "(((…)))"
    assert describe(list(range(100))).endswith("and 80 more")
    assert len(describe({str(number): "x" * 1_000 for number in range(100)}, 300)) == 300
