"""Each branch of the submission's flow over real HTTP, with the number of uploads counted: never more than one."""

import hashlib
import os
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from virustotal.api import decoding, endpoints, identifiers
from virustotal.api.source import Upload
from virustotal.client.http_client import HttpClient
from virustotal.client.retry import RetryPolicy
from virustotal.core.errors import AuthenticationError, VirusTotalError
from virustotal.core.lookup.subjects import Facts
from virustotal.core.models import Object, Ref, Report, Status
from virustotal.core.settings import Credentials, Settings
from virustotal.core.settings.service_config import service_settings
from virustotal.core.submission import submit
from virustotal.core.submission.receipts import (
    LIFETIME,
    Progress,
    Receipt,
    Receipts,
    StoreError,
)
from virustotal.core.submission.submit import Content, Submission, SubmissionContext, submit_and_wait
from virustotal.emulator.server import Emulator
from virustotal.storage.key_values import MemoryKeyValues
from virustotal.storage.receipt_store import StoredReceipts

CONTENT = b"invented content of a file that nobody has seen"
QUICK = RetryPolicy(attempts=2, first=0.01, longest=0.02)


class Bench:
    """One key, one emulator, and what a submission needs of them."""

    def __init__(self, emulator: Emulator, folder: Path) -> None:
        self.emulator, self.folder = emulator, folder
        self.receipts: Receipts = StoredReceipts(MemoryKeyValues())
        self.lines: list[str] = []
        self.seconds = 5.0

    def file(self, content: bytes = CONTENT, name: str = "a.bin") -> Submission:
        path = self.folder / "content"
        path.write_bytes(content)
        ref = Ref("file", hashlib.sha256(content).hexdigest())
        return Submission(ref, lambda: self.look_up(ref), "submit_policy", Upload(path, name), size=len(content))

    def url(self, url: str) -> Submission:
        ref = Ref("url", identifiers.url_id(url))
        return Submission(ref, lambda: self.look_up(ref), "submit_policy", url=url)

    def again(self, ref: Ref) -> Submission:
        return Submission(ref, lambda: self.look_up(ref), "submit_policy")

    def look_up(self, ref: Ref) -> Report:
        with_source = HttpClient(
            service_settings({"host": self.emulator.url}), Credentials("premium-key"), policy=QUICK
        )
        try:
            answer = with_source.ask(endpoints.object_request(ref), time.monotonic() + 5)
            return decoding.decode_report(answer.payload, ref)
        except VirusTotalError as error:
            return Report(Object(ref), outcome=error.outcome)
        finally:
            with_source.close()

    def run(self, submission: Submission, key: str = "premium-key") -> Report:
        source = HttpClient(service_settings({"host": self.emulator.url}), Credentials(key), policy=QUICK)
        context = SubmissionContext(
            Settings(),
            Facts(""),
            lambda first, second: False,
            Content(str),
            source,
            self.receipts,
            time.monotonic() + self.seconds,
            audit=self.lines.append,
            stage=lambda line: None,
            intervals=(0.01, 0.02),
        )
        try:
            return submit_and_wait(submission, context)
        finally:
            source.close()

    def posts(self) -> list[str]:
        return [path for path in self.emulator.requests.paths() if path.startswith("POST")]


@pytest.fixture
def bench(server: Emulator, tmp_path: Path) -> Bench:
    server.clear()
    return Bench(server, tmp_path)


def test_an_unknown_file_is_sent_once_waited_for_and_fetched(bench: Bench) -> None:
    submission = bench.file()
    report = bench.run(submission)
    assert report.outcome.found
    assert report.subject.ref == submission.ref
    assert bench.emulator.uploads == {submission.ref.id: 1}
    assert bench.posts() == ["POST /files"]
    (line,) = bench.lines
    assert line.startswith(
        f"submit publicly file {submission.ref.id} size={len(CONTENT)} rule=submit_policy: analysis "
    )


def test_an_unknown_url_is_sent_as_form_data_and_fetched(bench: Bench) -> None:
    report = bench.run(bench.url("https://never-seen.example.com/path?query=1&more=ü"))
    assert report.outcome.found
    assert report.subject.attributes["url"] == "https://never-seen.example.com/path?query=1&more=ü"
    assert bench.posts() == ["POST /urls"]


def test_a_large_file_goes_to_an_upload_address(bench: Bench) -> None:
    content = os.urandom(endpoints.LARGEST_DIRECT + 1)
    submission = bench.file(content)
    assert bench.run(submission).outcome.found
    assert "GET /files/upload_url" in bench.emulator.requests.paths()
    assert bench.emulator.uploads == {submission.ref.id: 1}


def test_an_upload_address_on_another_host_gets_nothing(bench: Bench) -> None:
    bench.emulator.switches.upload_host = "other"
    report = bench.run(bench.file(os.urandom(endpoints.LARGEST_DIRECT + 1)))
    assert report.outcome.status is not Status.FOUND
    assert "not submitted" in report.outcome.detail
    assert bench.emulator.uploads == {}
    assert bench.emulator.leaks == []


@pytest.mark.parametrize(("setting", "value"), [("analysis_end", "never"), ("analysis_status", "of-a-later-version")])
def test_still_queued_at_the_deadline_is_pending_and_the_next_run_polls(bench: Bench, setting: str, value: Any) -> None:
    setattr(bench.emulator.switches, setting, value)
    bench.emulator.switches.analysis_polls = 1000
    bench.seconds = 0.3
    submission = bench.file()
    first = bench.run(submission)
    assert first.outcome.status is Status.PENDING
    assert "Submitted to VirusTotal at" in first.outcome.detail
    bench.emulator.switches.set(analysis_end="completed", analysis_status="", analysis_polls=0)
    bench.seconds = 5.0
    assert bench.run(submission).outcome.found
    assert bench.emulator.uploads == {submission.ref.id: 1}


def test_an_analysis_that_is_unknown_at_first_and_an_object_that_comes_late(bench: Bench) -> None:
    bench.emulator.switches.set(analysis_missing=2, object_missing=2)
    submission = bench.file()
    assert bench.run(submission).outcome.found
    assert bench.emulator.uploads == {submission.ref.id: 1}


def test_an_analysis_that_stays_unknown_is_given_up(bench: Bench) -> None:
    bench.emulator.switches.analysis_missing = 10_000
    report = bench.run(bench.file())
    assert report.outcome.status is Status.PENDING
    assert "no longer knows its analysis" in report.outcome.detail
    assert len([path for path in bench.emulator.requests.paths() if "/analyses/" in path]) == 5


def test_already_exists_is_looked_up_and_not_sent_again(bench: Bench) -> None:
    submission = bench.file()
    bench.run(submission)
    bench.receipts = StoredReceipts(MemoryKeyValues())
    bench.emulator.switches.known_upload = "409"
    report = bench.run(submission)
    assert report.outcome.found
    assert len(bench.posts()) == 2
    assert "has it already" in bench.lines[-1]


@pytest.mark.parametrize("stored", [True, False])
def test_after_a_reset_nothing_is_sent_blindly_again(bench: Bench, stored: bool) -> None:
    bench.emulator.fault("POST /files", "reset", size=100_000, stored=stored)
    bench.seconds = 0.5
    submission = bench.file(os.urandom(400_000))
    report = bench.run(submission)
    assert report.outcome.status in {Status.PENDING, Status.FOUND}
    assert bench.lines[-1].endswith("outcome unknown")
    again = bench.run(submission)
    assert again.outcome.status in {Status.PENDING, Status.FOUND}
    assert len(bench.posts()) == 1
    if report.outcome.status is Status.PENDING:
        assert "nobody knows" in report.outcome.detail


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"status": 429, "code": "QuotaExceededError"}, Status.QUOTA),
        ({"status": 403}, Status.FORBIDDEN),
        ({"status": 400, "code": "InvalidArgumentError"}, Status.INVALID),
        ({"status": 413, "body": "text"}, Status.INVALID),
    ],
)
def test_what_is_refused_is_said_and_not_retried(bench: Bench, fault: dict[str, Any], status: Status) -> None:
    bench.emulator.fault("POST /files", **fault)
    submission = bench.file()
    report = bench.run(submission)
    assert report.outcome.status is status
    assert report.outcome.detail.startswith("It was not submitted:")
    assert len(bench.posts()) == 1
    assert "refused" in bench.lines[-1]
    assert bench.receipts.get(submission.key) is None


@pytest.mark.parametrize("body", [{"data": {"type": "file", "id": "x"}}, {"data": []}, {"data": {"type": "analysis"}}])
def test_an_answer_that_names_no_analysis_is_uncertain(
    bench: Bench, body: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    submission = bench.file()
    asked = HttpClient.ask

    def ask(self: HttpClient, request: Any, deadline: float) -> Any:
        answer = asked(self, request, deadline)
        return type(answer)(body) if request.upload else answer

    monkeypatch.setattr(HttpClient, "ask", ask)
    bench.seconds = 0.3
    bench.run(submission)
    bench.run(submission)
    assert bench.emulator.uploads == {submission.ref.id: 1}


def test_a_wrong_key_is_an_error_and_leaves_no_receipt(bench: Bench) -> None:
    submission = bench.file()
    with pytest.raises(AuthenticationError):
        bench.run(submission, key="wrong-key")
    assert bench.receipts.get(submission.key) is None
    assert bench.emulator.uploads == {}


def test_quota_while_waiting_is_said_and_the_receipt_stays(bench: Bench) -> None:
    submission = bench.file()
    bench.emulator.fault("GET /analyses/*", status=429, code="QuotaExceededError")
    bench.seconds = 2
    report = bench.run(submission)
    assert report.outcome.status is Status.PENDING
    assert report.outcome.detail.startswith("Submitted to VirusTotal at")
    assert "quota" in report.outcome.detail
    assert bench.receipts.get(submission.key) is not None
    bench.emulator.faults.clear()
    assert bench.run(submission).outcome.found
    assert bench.emulator.uploads == {submission.ref.id: 1}


def test_a_fresh_receipt_of_another_task_that_broke_off_is_not_followed_by_an_upload(bench: Bench) -> None:
    submission = bench.file()
    bench.receipts.put(Receipt(submission.key, Progress.SENDING))
    bench.seconds = 0.2
    report = bench.run(submission)
    assert report.outcome.status is Status.PENDING
    assert bench.posts() == []


@pytest.mark.parametrize("lost", [False, True], ids=["answered", "answer lost"])
def test_a_receipt_outlives_a_long_queue(bench: Bench, lost: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the connection broke after the last byte, so that nobody knows the analysis."""
    submission = bench.file()
    bench.emulator.switches.analysis_end = "never"
    if lost:
        bench.emulator.fault("POST /files", "reset", stored=True)
    bench.seconds = 0.5
    bench.run(submission)
    began = time.time()
    for minutes in (16, 60, 23 * 60):
        monkeypatch.setattr(time, "time", lambda later=began + minutes * 60: later)
        assert bench.run(submission).outcome.status is Status.PENDING
    assert bench.emulator.uploads == {submission.ref.id: 1}


class Broken(StoredReceipts):
    """Fails once a submission is on its way, or from the beginning."""

    def __init__(self, at: str) -> None:
        super().__init__(MemoryKeyValues())
        self.at = at

    def claim(self, receipt: Receipt, now: float) -> bool:
        if self.at == "claim":
            raise StoreError("The store does not work.")
        return super().claim(receipt, now)

    def put(self, receipt: Receipt) -> None:
        if self.at == "before the last byte" or (self.at == "after the answer" and receipt.analysis):
            raise StoreError("The store does not work.")
        super().put(receipt)


@pytest.mark.parametrize("kind", ["file", "url"])
@pytest.mark.parametrize("at", ["claim", "before the last byte"])
def test_what_others_cannot_be_told_of_is_not_sent(bench: Bench, at: str, kind: str) -> None:
    submission = bench.file() if kind == "file" else bench.url("http://new.example.com/")
    bench.receipts = Broken(at)
    report = bench.run(submission)
    assert (report.outcome.status, report.outcome.detail) == (
        Status.FAILED,
        "It was not submitted. The store does not work.",
    )
    assert bench.emulator.uploads == {}
    assert bench.receipts.get(submission.key) is None
    bench.receipts = StoredReceipts(MemoryKeyValues())
    assert bench.run(submission).outcome.found


def test_a_store_that_breaks_once_it_is_sent_changes_nothing(bench: Bench) -> None:
    submission = bench.file()
    bench.receipts = Broken("after the answer")
    assert bench.run(submission).outcome.found
    receipt = bench.receipts.get(submission.key)
    assert receipt is not None
    assert (receipt.progress, receipt.analysis) == (Progress.SENT, "")


def test_a_receipt_that_is_out_of_date_does_not_count(bench: Bench) -> None:
    submission = bench.file()
    bench.receipts.put(Receipt(submission.key, Progress.SENT, "old==", time.time() - LIFETIME - 1))
    assert bench.run(submission).outcome.found
    assert bench.emulator.uploads == {submission.ref.id: 1}


def test_a_new_analysis_of_a_known_object_sends_no_content(bench: Bench) -> None:
    submission = bench.file()
    bench.run(submission)
    bench.emulator.requests.clear()
    report = bench.run(bench.again(submission.ref))
    assert report.outcome.found
    assert bench.posts() == [f"POST /files/{submission.ref.id}/analyse"]
    assert bench.lines[-1].startswith(f"reanalyse publicly file {submission.ref.id} ")


@pytest.mark.parametrize("spoil", ["vanished", "emptied"])
def test_a_file_that_is_gone_or_empty_is_not_sent(bench: Bench, spoil: str) -> None:
    submission = bench.file()
    assert submission.upload is not None
    if spoil == "vanished":
        submission.upload.path.unlink()
    else:
        submission.upload.path.write_bytes(b"")
    bench.seconds = 1
    report = bench.run(submission)
    assert report.outcome.status is not Status.FOUND
    assert "not submitted" in report.outcome.detail
    assert bench.emulator.uploads == {}
    assert bench.receipts.get(submission.key) is None


def test_names_of_any_kind_arrive_as_plain_ascii(bench: Bench) -> None:
    submission = bench.file(name="../../etc/pass\r\nwd\x00" + "ü" * 5000 + '"')
    assert bench.run(submission).outcome.found
    assert bench.emulator.uploads == {submission.ref.id: 1}


def test_no_clock_jump_ends_or_prolongs_the_wait(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.emulator.switches.analysis_end = "never"
    bench.seconds = 0.4
    jumped = SimpleNamespace(time=lambda: 10.0**10, monotonic=time.monotonic, sleep=time.sleep)
    monkeypatch.setattr(submit, "time", jumped)
    began = time.monotonic()
    assert bench.run(bench.file()).outcome.status is Status.PENDING
    assert time.monotonic() - began < 10
