"""Recorded and invented reports, whole and damaged in every way: always a valid result and valid ontology."""

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import REPORTS, load, report_files
from virustotal.core import Object, Ref
from virustotal.plugins.sandbox import activity, records
from virustotal.testing import evidence, run
from virustotal.testing.contract import examine

from .conftest import ANALYZERS, SHA256, findings, titled
from .test_rules import IDS, SIGMA

#: One of everything.
FULL: dict[str, Any] = {
    "sandbox_name": "Zenbox",
    "analysis_date": 1735689600,
    "verdicts": ["MALWARE"],
    "verdict_confidence": 70,
    "verdict_labels": ["Emberfox"],
    "tags": ["LONG_SLEEPS"],
    "processes_tree": [{"process_id": "4", "name": "a.exe", "children": [{"process_id": "5", "name": "b.exe"}]}],
    "mitre_attack_techniques": [{"id": "T1059", "severity": "IMPACT_SEVERITY_LOW", "signature_description": "x"}],
    "signature_matches": [{"id": "1", "name": "x", "severity": "IMPACT_SEVERITY_HIGH", "match_data": ["y"]}],
    "sigma_analysis_results": [SIGMA],
    "ids_alerts": [IDS],
    **{name: ["x"] for name in sorted(activity.ATTRIBUTES - {"processes_tree"})},
    **{table.attribute: [dict.fromkeys((*table.columns, *table.details), "x")] for table in records.RECORDS},
    "dns_lookups": [{"hostname": "a.example.com", "resolved_ips": ["192.0.2.1"]}],
    "ip_traffic": [{"destination_ip": "192.0.2.1", "destination_port": 80, "transport_layer_protocol": "TCP"}],
    "http_conversations": [
        {"url": "http://a.example.com/", "request_method": "GET", "request_headers": {"A": "b"}, "response_headers": {}}
    ],
}
WRONG: tuple[Any, ...] = (
    None,
    "",
    "text",
    7,
    -1,
    1e300,
    True,
    [],
    {},
    [None],
    ["text"],
    [7],
    [{}],
    [[]],
    {"a": {"b": 1}},
)


def recorded() -> list[Any]:
    """Every report, collection and summary that was recorded, as (name, objects)."""
    found = []
    for path in report_files("behaviours", "behaviour_summary"):
        data = load(path)["data"]
        entries = data if isinstance(data, list) else [data if "attributes" in data else {"attributes": data}]
        objects = [
            Object(Ref("file_behaviour", entry.get("id", f"{SHA256}_summary")), entry["attributes"])
            for entry in entries
        ]
        found.append(pytest.param(objects, id=path.stem))
    return found


needs_reports = pytest.mark.skipif(not REPORTS.is_dir(), reason="no recorded answers beside this checkout")


def valid(*objects: Object) -> list[Any]:
    results = findings(*objects)
    examine("behaviours", results)
    return results


def behaviour(attributes: Any) -> Object:
    return Object(Ref("file_behaviour", f"{SHA256}_Zenbox"), attributes)


@needs_reports
@pytest.mark.parametrize("objects", recorded() or [pytest.param([], id="none")])
def test_every_recorded_report_goes_through(objects: list[Object]) -> None:
    valid_ids = valid(*objects)
    assert titled(valid_ids, f"Reports of sandboxes ({len(objects)})")


@needs_reports
def test_what_is_known_of_a_recorded_report_is_there(reports: Any) -> None:
    (objects,) = (given.values[0] for given in recorded() if given.id == "chm-413d0aac-ui")
    valid_ids = valid(*objects)
    assert "VMRay, Zenbox" in titled(valid_ids, "Domains contacted (3)").body
    assert titled(valid_ids, "Sandbox activity (3)")


def short(value: Any) -> Any:
    """A report with the first three entries of every list."""
    if isinstance(value, dict):
        return {key: short(entry) for key, entry in value.items()}
    return [short(entry) for entry in value[:3]] if isinstance(value, list) else value


def sources() -> list[Any]:
    shortened = [
        pytest.param(short(dict(each.attributes)), id=f"{given.id}-{index}")
        for given in recorded()
        for index, each in enumerate(given.values[0])
    ]
    return [pytest.param(FULL, id="full"), *shortened]


@pytest.mark.parametrize("attributes", sources())
def test_each_attribute_deleted_and_of_another_type(attributes: dict[str, Any]) -> None:
    for name in attributes:
        valid(behaviour({key: value for key, value in attributes.items() if key != name}))
    # Several at once: each wrong value moves over all attributes.
    for shift in range(len(WRONG)):
        wrong = {name: WRONG[(index + shift) % len(WRONG)] for index, name in enumerate(attributes)}
        valid(behaviour(wrong))


def paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to everything inside a report."""
    found = [here] if here else []
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in entries:
        found += paths(entry, (*here, key))
    return found


PATHS = paths(FULL)
ANY = st.sampled_from(WRONG) | st.text(max_size=30) | st.integers() | st.floats() | st.binary(max_size=5)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.lists(st.tuples(st.sampled_from(PATHS), ANY), min_size=1, max_size=8))
def test_anything_anywhere(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    attributes = copy.deepcopy(FULL)
    for path, value in changes:
        holder: Any = attributes
        try:
            for key in path[:-1]:
                holder = holder[key]
            holder[path[-1]] = value
        except (TypeError, KeyError, IndexError):
            continue  # an earlier change took its holder away
    valid(behaviour(attributes))


def test_the_analyser_keeps_the_contract_of_the_kit() -> None:
    """No network, no changed evidence, the same findings twice, nothing that the host would cut or refuse."""
    run(ANALYZERS["behaviours"], evidence("file", "behaviours", related=[behaviour(FULL)]))


@pytest.mark.parametrize("attributes", [None, [], "text", 7, {"": ""}, {"\x00": "\x00"}, {"a" * 10_000: {"b": ["c"]}}])
def test_attributes_of_another_type(attributes: Any) -> None:
    valid(behaviour(attributes))


def test_a_hostile_giant_stays_within_the_bounds() -> None:
    word = "x" * 1_000
    giant: dict[str, Any] = {
        **{name: [word] * 300 for name in activity.ATTRIBUTES},
        **{table.attribute: [dict.fromkeys((*table.columns, "x"), word)] * 300 for table in records.RECORDS},
        "signature_matches": [{"name": f"{number}{word}", "match_data": [word] * 50} for number in range(300)],
        "processes_tree": [{"name": f"{number}{word}"} for number in range(2_000)],
    }
    valid(behaviour(giant))
