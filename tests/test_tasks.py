"""A task runs through the framework's own `handle_task`, and what comes out is what the platform would keep."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from assemblyline.common.exceptions import RecoverableError
from assemblyline_v4_service.common.base import ServiceBase
from assemblyline_v4_service.common.helper import get_service_manifest
from assemblyline_v4_service.common.request import ServiceRequest
from assemblyline_v4_service.common.result import Heuristic, Result, ResultSection

from virustotal.local.run_task import TaskOutcome, run_task
from virustotal.local.targets import digest_target, file_target, host_of, target_of

SHA256 = "ab" * 32


def outcome(execute: Callable[[ServiceRequest], None], **given: Any) -> TaskOutcome:
    class Double(ServiceBase):
        def execute(self, request: ServiceRequest) -> None:
            execute(request)

    return run_task(Double(), given.pop("target", digest_target(SHA256)), **given)


def section(request: ServiceRequest) -> None:
    found = ResultSection("Detections", body="1 of 2", heuristic=Heuristic(1, signature="engines", attack_id="T1059"))
    found.heuristic.add_signature_id("engine.malicious", 500)
    request.result = Result([found])


def test_a_result_is_stored_as_the_platform_does() -> None:
    result = outcome(section)
    assert not result.error
    assert result.score == result.stored["result"]["score"] >= 500
    assert result.sections[0]["heuristic"]["attack"][0]["attack_id"] == "T1059"
    assert result.handed["result"]["sections"][0]["heuristic"]["attack_ids"] == ["T1059"]
    assert not result.partial


def test_partial_is_kept() -> None:
    assert outcome(lambda request: request.partial()).partial


def test_an_error_is_the_outcome() -> None:
    def fail(request: ServiceRequest) -> None:
        raise RecoverableError("try again later")

    result = outcome(fail)
    assert result.error["response"]["status"] == "FAIL_RECOVERABLE"
    assert result.deliberate
    assert result.message == "try again later"
    assert not result.stored


def test_a_failure_of_the_service_is_told_apart() -> None:
    def fail(request: ServiceRequest) -> None:
        raise LookupError("no such thing")

    result = outcome(fail)
    assert not result.deliberate
    assert result.message == "LookupError: no such thing"


def test_parameters_and_message_reach_the_task() -> None:
    seen: dict[str, Any] = {}

    def read(request: ServiceRequest) -> None:
        seen.update(request.task.service_config, metadata=request.task.metadata, depth=request.task.depth)

    outcome(read, parameters={"max_related": 7}, metadata={"submitted_url": "http://example.com/"}, depth=2)
    assert seen == {
        **{parameter["name"]: parameter["value"] for parameter in get_service_manifest()["submission_params"]},
        "max_related": 7,
        "metadata": {"submitted_url": "http://example.com/"},
        "depth": 2,
    }


def test_content_and_files_pass_through(tmp_path: Path) -> None:
    sample = tmp_path / "sample.txt"
    sample.write_bytes(b"some plain text, nothing else\n")
    before = os.environ.get("TASKING_DIR")

    def copy(request: ServiceRequest) -> None:
        made = Path(request.task.working_directory, "made.json")
        made.write_text(json.dumps({"read": Path(request.file_path).read_text()}))
        request.add_extracted(str(made), "made.json", "for a test")

    result = outcome(copy, target=file_target(sample), keep=tmp_path)
    assert result.stored["sha256"] == hashlib.sha256(sample.read_bytes()).hexdigest()
    (file,) = result.stored["response"]["extracted"]
    assert json.loads(result.files[file["sha256"]].read_text()) == {"read": sample.read_text()}
    assert os.environ.get("TASKING_DIR") == before


def test_an_invalid_result_is_no_outcome() -> None:
    def wrong(request: ServiceRequest) -> None:
        found = ResultSection("Wrong")
        found.add_tag("network.static.nothing", "x")
        request.result = Result([found])

    with pytest.raises(ValueError, match="nothing"):
        outcome(wrong)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("https://example.com/a?b=c", "uri/https"),
        ("http://192.0.2.7:8080/", "uri/http"),
        ("example.com", "uri/host"),
        ("2001:db8::1", "uri/host"),
        (SHA256.upper(), "unknown"),
        ("cd" * 20, "unknown"),
        ("ef" * 16, "unknown"),
    ],
)
def test_targets(tmp_path: Path, text: str, kind: str) -> None:
    target = target_of(text, tmp_path)
    assert target.fileinfo["type"] == kind
    assert (target.path is None) is (kind == "unknown")
    assert bool(outcome(lambda request: None, target=target).stored)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("example.com", "example.com"),
        ("a-b.example.org.", "a-b.example.org."),
        ("münchen.example", "münchen.example"),
        ("198.51.100.7", "198.51.100.7"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("localhost", ""),
        ("✌.example", "✌.example"),
        ("_dmarc.bücher.example", "_dmarc.bücher.example"),
        ("192.0.2.999", ""),
        ("1.2.3.4.5", ""),
        ("example.com:80", ""),
        (f"{'a' * 64}.example", ""),
        ("\ud800.example", ""),
        ("a b.example", ""),
        ("-a.example", ""),
        ("example..com", ""),
        ("", ""),
    ],
)
def test_hosts(text: str, host: str) -> None:
    assert host_of(text) == host


#: URLs that are none, among them those of which a parser raises.
NO_URLS = [
    *("http://", "http:///path", "://x", "http://user@:80/", "file:///etc/passwd"),
    *("http://example.com:99999/", "http://example.com:-1/", "http://example.com:http/"),
    *("http://[::1", "http://exa mple.com/", "http://example..com/", "http://1.2.3.4.5/", "http://a\x00b/", "http://."),
    *(f"http://{'a' * 300}.example.com/", "https://example.com/\ud800"),
]


@pytest.mark.parametrize(
    "text",
    ["no such file", "abc", "zz" * 32, "x" * 300, "x/" * 3000, "a\x00b", "", *NO_URLS],
    ids=lambda text: text[:30],
)
def test_what_is_no_target_is_said(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match=r"is (no|not a) ") as caught:
        target_of(text, tmp_path)
    assert len(str(caught.value)) < 700
    assert str(caught.value).isprintable()


def test_a_url_longer_than_a_file_name_is_one(tmp_path: Path) -> None:
    assert target_of("https://example.com" + "/x" * 40_000, tmp_path).fileinfo["type"] == "uri/https"


def test_an_empty_file_is_no_target(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with pytest.raises(ValueError, match="empty is an empty file"):
        target_of(str(tmp_path / "empty"), tmp_path)
