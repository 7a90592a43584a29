"""The main job through the real `handle_task`: what is asked, what it costs, and what the analyst sees."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from tests.conftest import requests_of
from tests.service.conftest import EICAR, KEY, Scan, shown, titles
from virustotal.al_types import ontology
from virustotal.core.errors import ConfigurationError
from virustotal.emulator.keys import Key
from virustotal.emulator.server import Emulator
from virustotal.local.run_task import Target, TaskOutcome, started_service
from virustotal.local.targets import file_target

UNKNOWN = "ab" * 32
FILE = f"GET /files/{EICAR}"


def test_a_known_file_costs_one_request(emulator: Emulator, scan: Scan) -> None:
    outcome = scan()
    assert requests_of(emulator) == [FILE]
    assert outcome.score >= 1000
    assert not outcome.partial
    assert any(title.startswith("Detections: ") for title in titles(outcome))
    assert any(title.startswith("Contacted domains (") for title in titles(outcome))
    assert any(title.startswith("Coverage") for title in titles(outcome))


def test_with_analysis_one_more_for_each_relationship_that_is_not_empty(emulator: Emulator, scan: Scan) -> None:
    names = "contacted_ips,contacted_domains,contacted_urls,dropped_files,behaviours,bundled_files"
    emulator.fault("GET /files/*/*", "delay", seconds=0.1)  # so that side by side shows on a busy machine too
    scan(EICAR, {"analyze_relationship": True, "relationships": names})
    asked = requests_of(emulator)
    assert asked[0] == FILE
    known = ("contacted_ips", "contacted_domains", "contacted_urls", "dropped_files", "behaviours")
    assert sorted(asked[1:]) == sorted(f"{FILE}/{name}" for name in known)
    assert emulator.requests.peak > 1


def test_parts_of_the_ontology_have_the_classification_of_the_results(
    scan: Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    classifications = []
    monkeypatch.setattr(
        ontology, "apply", lambda _helper, _parts, classification: classifications.append(classification) or ()
    )
    outcome = scan()
    sections = outcome.stored["result"]["sections"]
    assert set(classifications) == {section["classification"] for section in sections}


def test_an_unknown_file_is_said_to_be_unknown_and_not_kept_by_the_platform(emulator: Emulator, scan: Scan) -> None:
    outcome = scan(UNKNOWN)
    assert outcome.partial
    assert "unknown to VirusTotal" in titles(outcome)[0]
    assert "dynamic_submit" in shown(outcome)
    assert outcome.score == 0


@pytest.mark.parametrize(
    ("target", "asked"),
    [
        ("https://example.com/", ["GET /domains/example.com", "GET /urls/aHR0cHM6Ly9leGFtcGxlLmNvbS8"]),
        ("example.com", ["GET /domains/example.com"]),
        ("192.88.99.1", ["GET /ip_addresses/192.88.99.1"]),
        ("http://192.168.1.1/admin", []),
        ("http://printer.local/", []),
        ("44d88612fea8a8f36de82e1278abb02f", ["GET /files/44d88612fea8a8f36de82e1278abb02f"]),
    ],
)
def test_targets(emulator: Emulator, scan: Scan, target: str, asked: list[str]) -> None:
    outcome = scan(target)
    assert sorted(requests_of(emulator)) == asked
    assert not outcome.error
    if not asked:
        assert "Not sent to VirusTotal" in shown(outcome)


def test_the_submitted_url_stands_in_place_of_the_file(emulator: Emulator, scan: Scan) -> None:
    outcome = scan(EICAR, metadata={"submitted_url": "https://user:hunter2@example.com/"})
    assert requests_of(emulator) == ["GET /urls/aHR0cHM6Ly9leGFtcGxlLmNvbS8"]
    assert outcome.partial, "the platform's result cache does not know the metadata"
    assert "without them" in shown(outcome)
    assert "and not the file itself" in shown(outcome)
    assert "hunter2" not in json.dumps(dict(outcome.handed))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"ignore_submitted_url": True}, {}),
        ({}, {"depth": 1}),
        ({}, {"metadata": {"submitted_url": ""}}),
        ({}, {"metadata": {"submitted_url": "not a url"}}),
        ({}, {"metadata": {"submitted_url": "http://10.0.0.1/"}}),
        ({}, {"metadata": {"submitted_url": "javascript:alert(1)"}}),
    ],
)
def test_the_file_stays_the_subject(emulator: Emulator, scan: Scan, parameters: Any, message: Any) -> None:
    outcome = scan(EICAR, parameters, **{"metadata": {"submitted_url": "https://example.com/"}, **message})
    assert "and not the file itself" not in shown(outcome)
    assert requests_of(emulator) == [FILE]


@pytest.mark.parametrize("depth", [0, 1])
def test_a_capture_that_comes_back_is_neither_looked_up_nor_submitted(
    emulator: Emulator, scan: Scan, depth: int
) -> None:
    capture = Target(
        "a.pcap",
        {"md5": "1" * 32, "sha1": "2" * 40, "sha256": "3" * 64, "type": "network/tcpdump", "size": 9, "magic": "pcap"},
    )
    outcome = scan(capture, {"dynamic_submit": True}, config={"allow_dynamic_submit": True}, depth=depth)
    assert len(requests_of(emulator)) == (0 if depth else 1)
    assert outcome.partial
    assert ("neither looked up nor submitted" in shown(outcome)) is bool(depth)


@pytest.mark.parametrize(("bound", "asked"), [("TLP:W", 0), ("TLP:C", 1)])
def test_above_the_bound_not_even_a_hash_leaves(
    emulator: Emulator, scan: Scan, enforced: None, bound: str, asked: int
) -> None:
    outcome = scan(
        UNKNOWN, {"dynamic_submit": True}, config={"max_classification": bound, "allow_dynamic_submit": True}
    )
    assert len(requests_of(emulator)) == asked
    assert ("above max_classification" in shown(outcome)) is not bool(asked)


def test_a_bound_that_is_no_classification_stops_the_service(enforced: None) -> None:
    with pytest.raises(ConfigurationError, match=r"submit_policy\.max_classification"):
        started_service({"submit_policy": {"max_classification": "SECRET"}}).__enter__()


# --- keys ------------------------------------------------------------------------------------------------------------


def test_without_a_key_one_clear_error(emulator: Emulator, scan: Scan) -> None:
    outcome = scan(config={"api_key": ""})
    assert outcome.error["response"]["status"] == "FAIL_NONRECOVERABLE"
    assert "api_key" in outcome.message
    assert len(requests_of(emulator)) == 0


def test_a_wrong_key_is_one_clear_error_and_never_shown(
    emulator: Emulator, scan: Scan, records: pytest.LogCaptureFixture
) -> None:
    outcome = scan(config={"api_key": "wrong-and-secret"})
    assert outcome.error["response"]["status"] == "FAIL_NONRECOVERABLE"
    assert "api_key" in outcome.message
    assert "wrong-and-secret" not in json.dumps(dict(outcome.error)) + records.text


def test_the_submissions_key_goes_first(emulator: Emulator, scan: Scan, records: pytest.LogCaptureFixture) -> None:
    outcome = scan(EICAR, {"api_key": KEY}, config={"api_key": "wrong-and-secret"})
    assert outcome.score
    assert {request.key for request in emulator.requests} == {KEY}
    assert requests_of(emulator) == [FILE]
    assert KEY not in json.dumps(dict(outcome.handed)) + records.text


# --- what goes wrong -------------------------------------------------------------------------------------------------


def test_403_on_one_of_six_costs_that_one(emulator: Emulator, scan: Scan) -> None:
    emulator.fault("*/comments", status=403)
    names = "contacted_ips,contacted_domains,contacted_urls,dropped_files,behaviours,comments"
    outcome = scan(EICAR, {"analyze_relationship": True, "relationships": names})
    for title in (
        "Contacted IP addresses",
        "Contacted domains",
        "Contacted URLs",
        "Dropped files",
        "Sandbox activity",
    ):
        assert any(each.startswith(title) for each in titles(outcome))
    coverage = next(section for section in outcome.sections if section["title_text"].startswith("Coverage"))
    row = next(row for row in json.loads(coverage["body"]) if "comments" in row["relationship"])
    assert "licence" in row["result"] or "forbidden" in row["result"]


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"kind": "status", "status": 503}, "FAIL_RECOVERABLE"),
        ({"kind": "status", "status": 502, "body": "html"}, "FAIL_RECOVERABLE"),
        ({"kind": "garbage"}, "FAIL_RECOVERABLE"),
        ({"kind": "reset"}, "FAIL_RECOVERABLE"),
        ({"kind": "truncate"}, "FAIL_RECOVERABLE"),
    ],
)
def test_with_nothing_known_the_platform_tries_again(
    emulator: Emulator, scan: Scan, fault: dict[str, Any], status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    emulator.fault("GET /files/*", **fault)
    outcome = scan()
    assert outcome.error["response"]["status"] == status
    assert EICAR in outcome.message
    assert KEY not in json.dumps(dict(outcome.error))


def test_a_spent_quota_is_a_partial_result_and_no_error(
    emulator: Emulator, scan: Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    emulator.keys["spent"] = Key.parse("spent", "public:day=1")
    scan(UNKNOWN, {"api_key": "spent"})
    outcome = scan(EICAR, {"api_key": "spent"})
    assert not outcome.error
    assert outcome.partial
    assert "1 request a day is used up, until" in json.dumps([dict(section) for section in outcome.sections])
    assert [request.status for request in emulator.requests if request.charged] == [404]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"kind": "status", "status": 503}, "failed"),
        ({"kind": "garbage"}, "failed"),
        ({"kind": "status", "status": 429, "code": "QuotaExceededError"}, "quota"),
        ({"kind": "status", "status": 404}, ""),
    ],
)
def test_with_something_known_the_result_is_partial(
    emulator: Emulator, scan: Scan, fault: dict[str, Any], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    emulator.fault("GET /files/*/contacted_domains", **fault)
    outcome = scan(EICAR, {"analyze_relationship": True})
    assert outcome.score >= 1000
    assert any(title.startswith("Contacted IP addresses (") for title in titles(outcome))
    if words:
        assert outcome.partial
        coverage = next(section for section in outcome.sections if section["title_text"].startswith("Coverage"))
        assert any(words in row["result"] for row in json.loads(coverage["body"]))


def test_403_on_the_subject_is_a_result_that_says_so(emulator: Emulator, scan: Scan) -> None:
    emulator.fault("GET /files/*", status=403)
    outcome = scan()
    assert outcome.partial
    assert "forbidden" in titles(outcome)[0]


def test_a_host_that_does_not_answer(scan: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    quick(monkeypatch)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        outcome = scan(config={"host": f"http://127.0.0.1:{free.getsockname()[1]}"})
    assert outcome.error["response"]["status"] == "FAIL_RECOVERABLE"


def test_a_tree_too_deep_for_the_parser(emulator: Emulator, scan: Scan) -> None:
    emulator.fault(f"{FILE}/behaviours", "nested", size=3000)
    outcome = scan(EICAR, {"analyze_relationship": True})
    assert not outcome.error
    assert outcome.score >= 1000


@pytest.mark.parametrize(
    "config",
    [
        {"av_config": {"hit_threshold": -1}},
        {"proxy": "not a proxy"},
        {"ca_bundle": "/does/not/exist.pem"},
        {"host": "ftp://example.com"},
    ],
)
def test_a_wrong_configuration_stops_the_service_with_its_path(config: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(config))), started_service(config):
        pass


# --- parameters ------------------------------------------------------------------------------------------------------


def test_the_relationship_parameter_is_tolerant(emulator: Emulator, scan: Scan) -> None:
    outcome = scan(EICAR, {"relationships": " Contacted_IPs,,contacted_hosts , contacted_ips,nonsense, "})
    assert requests_of(emulator) == [FILE]
    assert "nonsense" in shown(outcome)
    assert "contacted_hosts is understood as contacted_ips" in shown(outcome)
    assert "asked for as contacted_hosts" in shown(outcome)


def test_a_name_nobody_knows_is_asked_alone_with_analysis(emulator: Emulator, scan: Scan) -> None:
    outcome = scan(EICAR, {"relationships": "contacted_ips,nonsense", "analyze_relationship": True})
    assert f"{FILE}/nonsense" in requests_of(emulator)
    assert "nonsense" in shown(outcome)
    assert any(title.startswith("Contacted IP addresses (") for title in titles(outcome))


@pytest.mark.parametrize("relationships", ["", " , ", None])
def test_an_empty_relationship_parameter(emulator: Emulator, scan: Scan, relationships: Any) -> None:
    outcome = scan(EICAR, {"relationships": relationships})
    assert len(requests_of(emulator)) == 1
    assert outcome.score >= 1000


def test_wrong_parameters_are_said(scan: Scan) -> None:
    outcome = scan(EICAR, {"max_related": "many", "analyze_relationship": "perhaps"})
    assert "max_related was not understood" in shown(outcome)
    assert "analyze_relationship was not understood" in shown(outcome)


@pytest.mark.parametrize(("parameters", "pages", "words"), [({"max_related": 95}, 3, "(95)"), ({}, 1, "40 of 95")])
def test_ninety_five_domains(
    emulator: Emulator, scan: Scan, parameters: dict[str, Any], pages: int, words: str
) -> None:
    emulator.store.put(
        {"type": "file", "id": UNKNOWN, "attributes": {"last_analysis_results": {}}},
        {
            "contacted_domains": [
                {"type": "domain", "id": f"d{number}.example.com", "attributes": {}} for number in range(95)
            ]
        },
    )
    outcome = scan(UNKNOWN, {"analyze_relationship": True, "relationships": "contacted_domains", **parameters})
    assert len(requests_of(emulator)) == 1 + pages
    assert any(words in title for title in titles(outcome))


# --- files -----------------------------------------------------------------------------------------------------------


def test_captures_and_logs_are_extracted_and_pictures_promoted(scan: Scan) -> None:
    outcome = scan(
        EICAR,
        {
            "analyze_relationship": True,
            "download_pcap": True,
            "download_evtx": True,
            "relationships": "behaviours,screenshots",
        },
    )
    extracted = outcome.handed["response"]["extracted"]
    assert {file["parent_relation"] for file in extracted} == {"DYNAMIC"}
    names = {file["name"] for file in extracted}
    assert any(name.endswith(".pcap") for name in names)
    assert any(name.endswith(".evtx") for name in names)
    for file in extracted:
        magic = Path(outcome.files[file["sha256"]]).read_bytes()[:8]
        assert magic.startswith((b"ElfFile\x00", b"\xd4\xc3\xb2\xa1", b"\n\r\r\n"))
    assert any(section.get("promote_to") == "SCREENSHOT" for section in outcome.sections)


def test_max_extracted_is_kept_to_and_said(scan: Scan) -> None:
    outcome = scan(EICAR, {"analyze_relationship": True, "download_pcap": True}, max_files=1)
    assert len(outcome.handed["response"]["extracted"]) == 1
    assert "max_extracted" in shown(outcome)


def test_downloads_without_analysis_say_what_to_set(emulator: Emulator, scan: Scan) -> None:
    outcome = scan(EICAR, {"download_pcap": True, "relationships": ""})
    assert "analyze_relationship" in shown(outcome)
    assert len(requests_of(emulator)) == 1


def test_later_services_get_what_the_engines_say(scan: Scan) -> None:
    data = scan().handed["temp_submission_data"]["virus_total_vt3_files"]
    assert len(data) <= 4096
    assert EICAR in data


def test_the_tool_version_is_stable_and_follows_the_configuration() -> None:
    def version(**config: Any) -> str:
        with started_service(config) as service:
            assert service.get_tool_version() == service.get_tool_version()
            return str(service.get_tool_version())

    plain = version()
    assert plain == version(api_key="any", storage="/elsewhere")
    assert plain != version(av_config={"hit_threshold": 3})
    assert plain != version(plugins={"disabled": ["detections"]})


def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the client and the quota of this test wait for nothing."""
    from virustotal.client import http_client
    from virustotal.client.retry import RetryPolicy
    from virustotal.storage import rate_windows

    monkeypatch.setattr(rate_windows, "FIRST_PAUSE", 0.05)

    monkeypatch.setattr(http_client, "RetryPolicy", lambda: RetryPolicy(attempts=2, first=0.01, longest=0.02))


def test_nothing_is_left_of_one_task_in_the_next(emulator: Emulator, scan: Scan) -> None:
    first: TaskOutcome = scan()
    scan(UNKNOWN)
    again = scan(ignore_cache=True)
    assert [dict(section) for section in first.sections] == [dict(section) for section in again.sections]


def test_a_name_of_another_kind_of_object_is_said(emulator: Emulator, scan: Scan) -> None:
    outcome = scan(EICAR, {"relationships": "resolutions,contacted_ips"})
    assert "since a file has no such relationships: resolutions." in shown(outcome)
    assert "no such relationships" not in shown(scan("example.com"))


def test_a_refused_url_makes_the_result_no_answer_for_others(scan: Scan) -> None:
    outcome = scan(EICAR, metadata={"submitted_url": "http://intranet.corp/secret"})
    assert outcome.score >= 1000
    assert outcome.partial


def test_the_file_name_of_one_submitter_is_not_in_the_result(scan: Scan, tmp_path: Path) -> None:
    path = tmp_path / "salaries of somebody.docm"
    path.write_bytes(b"unknown content")
    assert "salaries" not in shown(scan(file_target(path)))


@pytest.mark.parametrize("content", [b"", b"uri: 2001-13-45", b"uri: !!int foo", b"[" * 5000, b"uri: \xff", b"- a"])
def test_a_uri_file_that_is_none(emulator: Emulator, scan: Scan, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.uri"
    path.write_bytes(content + b"\n")
    target = file_target(path)
    outcome = scan(evolve(target, fileinfo={**target.fileinfo, "type": "uri/http"}))
    assert not outcome.error
    assert len(emulator.requests) == 0


def test_certificates_that_vanish_are_one_clear_error(scan: Scan, tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text("")
    config = {"ca_bundle": str(bundle)}
    scan("http://10.0.0.1/", config=config)
    bundle.unlink()
    outcome = scan(EICAR, config=config)
    assert outcome.error["response"]["status"] == "FAIL_NONRECOVERABLE"
    assert "ca_bundle" in outcome.message


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"allow_dynamic_submitt": True}, "allow_dynamic_submitt is no setting"),
        ({"max_classification": "TLP:C"}, "has no effect"),
        ({"ocr": {"banned": []}}, ""),
    ],
)
def test_what_an_administrator_may_have_meant_otherwise_is_logged(
    config: dict[str, Any], words: str, records: pytest.LogCaptureFixture
) -> None:
    with started_service(config):
        warned = [record.getMessage() for record in records.records if record.levelname == "WARNING"]
    assert [words in line for line in warned] == ([True] if words else [])
