"""The air-gapped service: recorded feed objects loaded into a real server, and not one request to VirusTotal."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import load, report_files
from tests.mirror.clusters import SHA, an_object, descriptors, fill, opensearch
from tests.service.conftest import Scan
from virustotal.core.settings import MirrorConfig
from virustotal.emulator.server import Emulator
from virustotal.mirror import SearchClient
from virustotal.mirror.response_builder import INSTEAD

MANY = tuple(f"192.0.2.{number}" for number in range(1, 11))
ENGINES = {"Engine A": {"category": "malicious", "result": "Trojan.Example", "engine_name": "Engine A"}}


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A mirror with the recorded feed objects, and a file that contacted ten hosts."""
    recorded = [load(path)["data"] for path in report_files("feed_file")]
    own = an_object(
        "file",
        SHA,
        attributes={"last_analysis_results": ENGINES},
        relationships={"contacted_ips": descriptors("ip_address", *MANY)},
    )
    hosts = [an_object("ip_address", each, attributes={"last_analysis_results": ENGINES}) for each in MANY]
    hosts.append(an_object("domain", "bad.example.com", attributes={"last_analysis_results": ENGINES}))
    with opensearch() as url:
        statistics = fill(MirrorConfig(hosts=(url,)), [*recorded, own, *hosts], tmp_path_factory.mktemp("m")).statistics
        assert (statistics.stored, statistics.refused) == (len(recorded) + 12, {})
        yield url


def air_gapped(mirror: str, **more: Any) -> dict[str, Any]:
    return {"api_key": "", "mirror": {"hosts": [mirror], "only": True, **more}}


def test_recorded_feed_objects_are_looked_up_without_a_request(
    scan: Scan, emulator: Emulator, mirror: str, reports: Path
) -> None:
    for path in report_files("feed_file"):
        recorded = load(path)["data"]
        result = scan(recorded["id"], {"relationships": "contacted_ips,embedded_urls"}, config=air_gapped(mirror))
        assert not result.error, result.message
        shown = json.dumps(result.stored)
        for said in ("Answered by mirror", "days old", "Air-gapped"):
            assert said in shown
        engines = recorded["attributes"]["last_analysis_results"].values()
        malicious = [engine["engine_name"] for engine in engines if engine["category"] == "malicious"]
        assert all(name in shown for name in malicious)
    assert len(emulator.requests) == 0


def test_related_objects_are_judged_without_a_request(scan: Scan, emulator: Emulator, mirror: str) -> None:
    given = {"relationships": "contacted_ips,execution_parents", "analyze_relationship": "true"}
    result = scan(SHA, given, config=air_gapped(mirror))
    shown = json.dumps(result.stored)
    assert "shown 10 of 10" in shown
    assert "does not hold" in shown
    assert "Trojan.Example" in shown
    assert result.partial
    assert len(emulator.requests) == 0


def test_what_the_mirror_does_not_hold_was_not_looked_up_and_nothing_is_submitted(
    scan: Scan, emulator: Emulator, mirror: str, tmp_path: Path
) -> None:
    sample = tmp_path / "sample.txt"
    sample.write_bytes(b"a sample")
    config = air_gapped(mirror) | {"allow_dynamic_submit": True}
    result = scan(str(sample), {"dynamic_submit": "true"}, config=config)
    (title,) = [section["title_text"] for section in result.sections if "not looked up" in section["title_text"]]
    assert "unknown" not in title
    assert "mirror.only" in json.dumps(result.stored)
    assert result.partial
    assert len(emulator.requests) == 0


def test_what_earlier_services_tagged_is_looked_up_in_one_multi_get(
    scan: Scan, emulator: Emulator, mirror: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    get = SearchClient.get
    monkeypatch.setattr(
        SearchClient, "get", lambda self, wanted, until: (asked.append(len(wanted)), get(self, wanted, until))[1]
    )
    values = ("bad.example.com", *(f"host{number}.example.com" for number in range(20)))
    tags = [{"type": "network.dynamic.domain", "value": each, "short_type": "domain", "score": 0} for each in values]
    given = {"exhaustive_search": "true", "relationships": ""}
    result = scan(SHA, given, config=air_gapped(mirror), tags=tags)
    (section,) = [each for each in result.sections if each["title_text"].startswith("Exhaustive search")]
    results = Counter(row["Result"] for row in json.loads(section["body"]))
    assert results == {"found": 1, "skipped": 20}
    assert asked == [1, 42]
    assert len(emulator.requests) == 0


def test_a_spent_quota_does_not_hide_what_the_mirror_holds_of_what_was_tagged(scan: Scan, mirror: str) -> None:
    values = ("bad.example.com", "host1.example.com")
    tags = [{"type": "network.dynamic.domain", "value": each, "short_type": "domain", "score": 0} for each in values]
    with Emulator(keys={"few": "premium:day=1:minute=1000"}) as few:
        config = {"host": few.url, "api_key": "few", "mirror": {"hosts": [mirror], "max_age_days": 0}}
        scan("e" * 64, {"relationships": ""}, config=config)  # spends the day's only request
        result = scan(SHA, {"exhaustive_search": "true", "relationships": ""}, config=config, tags=tags)
        assert [path for path in few.requests.paths() if "/domains/" in path] == []
    (section,) = [each for each in result.sections if each["title_text"].startswith("Exhaustive search")]
    results = {row["Value"]: row["Result"] for row in json.loads(section["body"])}
    assert results == {"bad.example.com": "found", "host1.example.com": "skipped"}


def test_a_mirror_that_is_down_is_an_error_that_passes(scan: Scan, emulator: Emulator) -> None:
    result = scan(SHA, config=air_gapped("http://127.0.0.1:9"))
    assert result.error["response"]["status"] == "FAIL_RECOVERABLE"
    assert "mirror" in result.message
    assert len(emulator.requests) == 0


def test_beside_virustotal_it_saves_requests_and_its_loss_costs_nothing(
    scan: Scan, emulator: Emulator, mirror: str
) -> None:
    config = {"mirror": {"hosts": [mirror], "max_age_days": 0}}
    result = scan(SHA, {"relationships": "contacted_ips", "analyze_relationship": "true"}, config=config)
    assert "Answered by mirror" in json.dumps(result.stored)
    assert [path for path in emulator.requests.paths() if "/users/" not in path] == []  # reading the quota is free
    result = scan(config={"mirror": {"hosts": ["http://127.0.0.1:9"]}})
    assert result.score > 0
    assert len(emulator.requests) >= 1


def test_a_mirror_that_stands_in_is_told_of_where_a_private_scan_was_asked_for_too(
    scan: Scan, emulator: Emulator, mirror: str
) -> None:
    emulator.fault("GET /files/*", status=503)
    config = {"submit_privately": "allowed", "mirror": {"hosts": [mirror], "max_age_days": 1}}
    for parameters in ({}, {"private_submit": True}):
        result = scan(SHA, parameters, config=config)
        assert INSTEAD in json.dumps(result.stored)
        assert result.partial
