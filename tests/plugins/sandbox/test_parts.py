"""Ontology: valid under Assemblyline's models, stable, one session a sandbox, and nothing invented."""

from typing import Any

import pytest

from virustotal.al_types.ontology import problem

from .conftest import findings, parts, report
from .test_rules import IDS, SIGMA

TREE = [
    {
        "process_id": "4",
        "name": "C:\\a.exe -x",
        "children": [{"process_id": "5", "name": "b.exe"}, {"process_id": "5", "name": "b.exe"}, {}],
    }
]


def test_every_part_is_valid_and_ids_are_stable() -> None:
    given = report(
        analysis_date=1735689600,
        processes_tree=TREE,
        signature_matches=[{"name": "r", "format": "SIG_FORMAT_YARA"}],
        sigma_analysis_results=[SIGMA],
        ids_alerts=[IDS],
        dns_lookups=[{"hostname": "c2.example.com", "resolved_ips": ["192.0.2.1", "2001:db8::1", "x"]}],
    )
    first, second = findings(given, report("Other", processes_tree=TREE)), findings(given)
    every = [each for each in first if hasattr(each, "kind")]
    assert [problem(each.kind, each.data) for each in every] == [""] * len(every)
    ids = [each.data["objectid"]["ontology_id"] for each in every]
    assert len(set(ids)) == len(ids) == 1 + 4 + 3 + 2 + 1 + 4
    again = [each.data["objectid"]["ontology_id"] for each in second if hasattr(each, "kind")]
    assert set(again) < set(ids)
    assert len({each.data["objectid"]["session"] for each in every}) == 2


def test_a_process_knows_its_parent() -> None:
    found = parts(findings(report(processes_tree=TREE)), "process")
    root, child, twin, nameless = found
    assert root == {
        "objectid": root["objectid"],
        "start_time": None,
        "pid": 4,
        "image": "C:\\a.exe",
        "command_line": "C:\\a.exe -x",
    }
    assert child["pobjectid"] == root["objectid"]
    assert (child["ppid"], child["pimage"], child["pcommand_line"]) == (4, "C:\\a.exe", "C:\\a.exe -x")
    assert child["objectid"]["ontology_id"] != twin["objectid"]["ontology_id"]
    assert "image" not in nameless
    assert nameless["pid"] is None


@pytest.mark.parametrize(
    ("moment", "offset", "expected"),
    [
        (1735689600, 90, "2025-01-01T00:01:30+00:00"),
        (1735689600, "90", "2025-01-01T00:01:30+00:00"),
        (1735689600, None, None),
        (1735689600, 10**12, None),
        (1735689600, -1, None),
        (None, 90, None),
        (253402300799, 90, None),
    ],
)
def test_a_process_has_a_time_where_the_report_gives_one(moment: Any, offset: Any, expected: str | None) -> None:
    results = findings(report(analysis_date=moment, processes_tree=[{"name": "a", "time_offset": offset}]))
    (part,) = parts(results, "process")
    assert part["start_time"] == expected


def test_offsets_are_of_each_process_and_never_added_up() -> None:
    tree = [
        {"name": "a", "time_offset": 1, "children": [{"name": "b", "time_offset": 2}, {"name": "c", "time_offset": 3}]}
    ]
    found = parts(findings(report(analysis_date=1735689600, processes_tree=tree)), "process")
    assert [part["start_time"][17:19] for part in found] == ["01", "02", "03"]


def test_created_processes_where_there_is_no_tree() -> None:
    (part,) = parts(findings(report(processes_created=["C:\\a b.exe -x", ""])), "process")
    assert (part["image"], part["command_line"]) == ("C:\\a b.exe", "C:\\a b.exe -x")
    assert "pid" not in part


@pytest.mark.parametrize(
    ("name", "value", "count"),
    [
        ("ip_traffic", {"destination_ip": "192.0.2.1", "destination_port": 80, "transport_layer_protocol": "TCP"}, 1),
        ("ip_traffic", {"destination_ip": "2001:db8::1", "transport_layer_protocol": "ICMP"}, 1),
        ("ip_traffic", {"destination_ip": "nonsense"}, 0),
        ("ip_traffic", {"destination_port": 80}, 0),
        ("dns_lookups", {"hostname": "a.example.com"}, 0),
        ("dns_lookups", {"hostname": "a.example.com", "resolved_ips": ["192.0.2.1"]}, 1),
        ("dns_lookups", {"hostname": "a.example.com", "resolved_ips": ["192.0.2.1", "2001:db8::1"]}, 2),
        ("dns_lookups", {"hostname": "no domain", "resolved_ips": ["192.0.2.1"]}, 0),
        ("http_conversations", {"url": "http://example.com/", "request_method": "GET"}, 0),
        (
            "http_conversations",
            {"url": "http://example.com/", "request_method": "get", "request_headers": {}, "response_headers": {}},
            1,
        ),
        (
            "http_conversations",
            {"url": "http://example.com/", "request_method": "HACK", "request_headers": {}, "response_headers": {}},
            0,
        ),
        (
            "http_conversations",
            {"url": "no url", "request_method": "GET", "request_headers": {}, "response_headers": {}},
            0,
        ),
        ("smtp_conversations", {"smtp_from": "a@example.com", "smtp_to": ["b@example.org"]}, 1),
        ("smtp_conversations", {"smtp_from": "a@example.com"}, 0),
        ("smtp_conversations", {"smtp_from": "nobody", "smtp_to": ["nobody"]}, 0),
    ],
)
def test_a_connection_needs_what_the_model_insists_on(name: str, value: Any, count: int) -> None:
    assert len(parts(findings(report(**{name: [value]})), "network")) == count


def test_nothing_is_said_of_a_protocol_that_assemblyline_does_not_have() -> None:
    given = [{"destination_ip": "192.0.2.1", "transport_layer_protocol": "ICMP"}]
    (part,) = parts(findings(report(ip_traffic=given)), "network")
    assert set(part) == {"objectid", "destination_ip"}


@pytest.mark.parametrize(
    ("sandbox", "attributes", "types"),
    [
        ("Zenbox", {"signature_matches": [{"name": "x"}]}, []),
        ("CAPE Sandbox", {"signature_matches": [{"name": "x"}]}, ["CUCKOO"]),
        ("Zenbox", {"signature_matches": [{"name": "x", "format": "SIG_FORMAT_YARA"}]}, ["YARA"]),
        ("Zenbox", {"signature_matches": [{"name": "x", "format": "SIG_FORMAT_SIGMA"}]}, ["SIGMA"]),
        ("CAPE Sandbox", {"signature_matches": [{"name": "x", "format": "SIG_FORMAT_CAPA"}]}, []),
        ("Zenbox", {"sigma_analysis_results": [SIGMA]}, ["SIGMA"]),
        ("Zenbox", {"ids_alerts": [IDS]}, ["SURICATA"]),
        ("Zenbox", {"ids_alerts": [IDS | {"rule_source": "Snort registered user ruleset"}]}, []),
    ],
)
def test_a_signature_is_of_a_type_that_is_known(sandbox: str, attributes: dict[str, Any], types: list[str]) -> None:
    assert [part["type"] for part in parts(findings(report(sandbox, **attributes)), "signature")] == types


def test_parts_are_bounded() -> None:
    results = findings(
        report(processes_tree=[{"name": "a"}] * 3_000, ip_traffic=[{"destination_ip": "192.0.2.1"}] * 3_000)
    )
    assert len(parts(results, "process")) == 1_000
    assert len(parts(results, "network")) == 500
