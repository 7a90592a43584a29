"""Parts through the framework's own helper: completed, copied, and left out where they do not fit."""

import json
import logging
from typing import Any

import pytest
from assemblyline.odm.models.ontology import ResultOntology
from assemblyline_v4_service.common.ontology_helper import OntologyHelper

from virustotal.al_types.ontology import MODELS, Antivirus, apply, completed, problem, stable_id

GOOD: dict[str, dict[str, Any]] = {
    "antivirus": {"engine_name": "Example", "category": "malicious", "virus_name": "Eicar"},
    "malware_config": {"config_extractor": "VirusTotal", "family": ["Emberfox"]},
    "network": {"destination_ip": "192.0.2.1", "destination_port": 80, "transport_layer_protocol": "tcp"},
    "process": {"image": "a.exe", "start_time": "2025-01-01T00:00:00Z", "pid": 4},
    "sandbox": {"sandbox_name": "Zenbox", "analysis_metadata": {"start_time": "2025-01-01T00:00:00Z"}},
    "signature": {"name": "Rule", "type": "SIGMA"},
}


@pytest.fixture
def helper() -> OntologyHelper:
    return OntologyHelper(logging.getLogger("test"), "VirusTotal")


def results(helper: OntologyHelper) -> dict[str, Any]:
    """What the helper attaches, valid as a whole."""
    ontology: dict[str, Any] = {
        "odm_type": "Assemblyline Result Ontology",
        "odm_version": "1.9",
        "classification": "TLP:C",
        "file": {"md5": "0" * 32, "sha1": "0" * 40, "sha256": "0" * 64, "type": "unknown", "size": 1},
        "service": {"name": "VirusTotal", "version": "1", "tool_version": "1"},
        "results": {},
    }
    helper.attach_parts(ontology)
    ResultOntology(json.loads(json.dumps(ontology)))
    return dict(ontology["results"])


def test_every_kind_goes_through_the_helper(helper: OntologyHelper) -> None:
    assert set(GOOD) == set(MODELS)
    assert apply(helper, ((kind, data) for kind, data in GOOD.items())) == ()
    found = results(helper)
    assert {name: len(parts) for name, parts in found.items()} == {
        "antivirus": 1,
        "malwareconfig": 1,
        "netflow": 1,
        "process": 1,
        "sandbox": 1,
        "signature": 1,
    }


def test_a_time_that_nobody_knows_is_none(helper: OntologyHelper) -> None:
    assert apply(helper, [("process", {**GOOD["process"], "start_time": None})]) == ()
    assert len(helper._result_parts) == 1


@pytest.mark.parametrize("kind", GOOD)
def test_good_parts_have_no_problem_and_are_not_changed(kind: str, helper: OntologyHelper) -> None:
    before = json.dumps(GOOD[kind])
    assert problem(kind, GOOD[kind]) == ""
    apply(helper, [(kind, GOOD[kind])])
    assert json.dumps(GOOD[kind]) == before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("engine_version", "1.0"),
        ("engine_version", None),
        ("engine_version", 1.5),
        ("virus_name", ""),
        ("virus_name", b"Eicar"),
        ("engine_name", ""),
        ("engine_name", None),
        ("category", "harmless"),
        ("category", None),
        ("category", ["malicious"]),
        ("unknown", "field"),
    ],
)
def test_an_antivirus_part_is_the_same_with_and_without_its_model(
    field: str, value: Any, helper: OntologyHelper, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = [("antivirus", GOOD["antivirus"] | {field: value})]
    without = apply(helper, parts), results(helper)
    monkeypatch.setattr(Antivirus, "takes", lambda fields: False)
    other = OntologyHelper(helper.log, helper.service)
    assert without == (apply(other, parts), results(other))


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("nothing_like_it", {"a": 1}),
        ("process", {}),
        ("process", {"image": "a.exe"}),
        ("process", {"image": "a.exe", "start_time": None, "pid": "four"}),
        ("signature", {"name": "Rule", "type": "SNORT"}),
        ("antivirus", {"engine_name": "Example", "category": "harmless"}),
        ("network", {"destination_ip": "nonsense"}),
        ("network", {"connection_type": "dns", "dns_details": {"domain": "a.example.com"}}),
        ("malware_config", {"family": ["x"]}),
        ("sandbox", {"sandbox_name": "", "analysis_metadata": {"start_time": None}}),
    ],
)
def test_bad_parts_are_left_out_and_said(kind: str, data: dict[str, Any], helper: OntologyHelper) -> None:
    assert problem(kind, data)
    notes = apply(helper, [(kind, data), ("process", GOOD["process"])])
    assert notes == (f"1 parts of the ontology ({kind}) were left out.",)
    assert set(results(helper)) == {"process"}


def test_a_part_that_is_nested_too_deeply_is_left_out(helper: OntologyHelper) -> None:
    data: Any = []
    for _ in range(100_000):
        data = [data]
    assert problem("malware_config", {**GOOD["malware_config"], "other": {"x": data}})
    assert len(apply(helper, [("malware_config", {**GOOD["malware_config"], "other": {"x": data}})])) == 1


def test_two_sandboxes_with_the_same_process_keep_both(helper: OntologyHelper) -> None:
    for session in ("one", "two"):
        apply(helper, [("process", {**GOOD["process"], "objectid": {"session": session}})])
    assert len(results(helper)["process"]) == 2


def test_what_is_given_is_kept() -> None:
    given = {"tag": "tag", "ontology_id": "process_1", "session": "s"}
    assert completed("process", {**GOOD["process"], "objectid": given})["objectid"] == given
    signature = {**GOOD["signature"], "classification": "TLP:A"}
    assert completed("signature", signature, "TLP:C")["classification"] == "TLP:A"


def test_identifiers_are_stable() -> None:
    assert stable_id("process", {"a": 1, "b": [2]}) == stable_id("process", {"b": [2], "a": 1})
    assert stable_id("process", 1) != stable_id("process", 2)
    first, second = (completed("process", GOOD["process"]) for _ in range(2))
    assert first["objectid"]["ontology_id"] == second["objectid"]["ontology_id"]
