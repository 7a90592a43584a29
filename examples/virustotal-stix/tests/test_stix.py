"""The plugin alone: no server, no network."""

import json
from typing import Any

import pytest
import stix2
import virustotal_stix

from virustotal.core import Attachment, Evidence
from virustotal.testing import PluginError, analyzers, as_text, evidence, examples, found, obj, plugins, realistic, run

ENGINES = {f"engine-{n}": {"category": "malicious", "result": "x", "engine_name": f"engine-{n}"} for n in range(5)}


def bundle(given: Evidence, config: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    kind = given.report.subject.ref.kind
    findings = run(analyzers(virustotal_stix, config)[f"stix_{kind}"], given)
    (attachment,) = [each for each in findings if isinstance(each, Attachment)]
    parsed = stix2.parse(attachment.data.decode(), allow_custom=False)
    assert parsed.type == "bundle"
    objects: list[dict[str, Any]] = json.loads(attachment.data)["objects"]
    ids = {each["id"] for each in objects}
    for each in objects:
        assert {each[name] for name in ("source_ref", "target_ref") if name in each} <= ids
    return objects


def test_observables_relationships_and_indicators() -> None:
    domains = [obj("domain", "a.example"), obj("domain", "b.example", last_analysis_results=ENGINES)]
    found = bundle(evidence("file", "contacted_domains", related=domains, last_analysis_date=1735689600, md5="a" * 32))
    types = [each["type"] for each in found]
    assert types == [
        "file", "domain-name", "relationship", "domain-name", "indicator", "relationship", "relationship",
    ]  # fmt: skip
    assert found[0]["hashes"]["MD5"] == "a" * 32
    assert found[2]["description"] == "contacted_domains"
    assert found[4]["pattern"] == "[domain-name:value = 'b.example']"
    assert found[4]["created"] == "2025-01-01T00:00:00.000Z"
    assert "5 of 5 engines" in found[4]["description"]


@pytest.mark.parametrize(
    ("kind", "id", "attributes", "value"),
    [
        ("ip_address", "192.0.2.1", {}, ("ipv4-addr", "192.0.2.1")),
        ("ip_address", "2001:db8::1", {}, ("ipv6-addr", "2001:db8::1")),
        ("url", "ab" * 32, {"url": "http://example.com/it's"}, ("url", "http://example.com/it's")),
    ],
)
def test_kinds(kind: str, id: str, attributes: dict[str, Any], value: tuple[str, str]) -> None:
    found = bundle(
        evidence("domain", "x", related=[obj(kind, id, last_analysis_results=ENGINES, **attributes)], id="example.com")
    )
    assert value in [(each["type"], each.get("value")) for each in found]
    assert [each["pattern"] for each in found if each["type"] == "indicator"]


@pytest.mark.parametrize(
    ("kind", "id", "attributes"),
    [
        ("url", "ab" * 32, {}),
        ("url", "ab" * 32, {"url": 7}),
        ("ip_address", "x", {}),
        ("file", "x", {}),
        ("comment", "c", {}),
    ],
)
def test_what_stix_has_no_value_for_is_left_out(kind: str, id: str, attributes: dict[str, Any]) -> None:
    found = bundle(evidence("file", "x", related=[obj(kind, id, **attributes), obj("domain", "example.com")]))
    assert [each["type"] for each in found] == ["file", "domain-name", "relationship"]


def test_without_relationships_there_is_no_bundle() -> None:
    assert run(analyzers(virustotal_stix)["stix_file"], evidence("file")) == []


def test_the_bound_is_kept_and_said() -> None:
    config = {"plugins": {"settings": {"stix": {"max_objects": 3}}}}
    related = [obj("domain", f"host{n}.example") for n in range(10)]
    given = evidence("file", "contacted_domains", related=related, settings=config)
    findings = run(analyzers(virustotal_stix, config)["stix_file"], given)
    assert "left out: 9" in as_text(findings)


def test_the_emulators_world_is_valid_stix() -> None:
    assert len(bundle(realistic("file"))) > 50
    for report in examples():
        run(analyzers(virustotal_stix)[f"stix_{report.subject.ref.kind}"], found(report))


def test_settings_that_cannot_work_are_refused() -> None:
    with pytest.raises(PluginError, match="expected a whole number"):
        plugins(virustotal_stix, {"plugins": {"settings": {"stix": {"max_objects": 0}}}})
