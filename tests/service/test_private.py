"""Private scanning through the service: what leaves and to whom, and what comes back."""

import hashlib
import io
import json
import math
import os
import random
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from click.testing import CliRunner
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.conftest import requests_of
from tests.service.conftest import EICAR, KEY, Scan, shown, titles
from tests.service.test_submission import protected
from virustotal.api.source import Answer, Request, Save, Source
from virustotal.cli.app import app
from virustotal.client.private_archive import fetch_private_file
from virustotal.core.errors import ArtefactError
from virustotal.core.lookup.subjects import Facts
from virustotal.core.models import Ref
from virustotal.core.settings import Settings
from virustotal.core.submission.receipts import LIFETIME, SENDING, Progress, Receipt, key_of
from virustotal.core.submission.submit import Content, SubmissionContext
from virustotal.emulator.private import DOM, PrivateScans
from virustotal.emulator.server import Emulator
from virustotal.local.run_task import TaskOutcome
from virustotal.local.targets import file_target
from virustotal.pipeline import private_scan
from virustotal.service import VirusTotal
from virustotal.storage import in_file
from virustotal.storage.key_values import MemoryKeyValues
from virustotal.storage.receipt_store import StoredReceipts

ALLOWED = {"submit_privately": "allowed"}
ASKED = {"private_submit": True}
URL = "https://portal.example.com/login?token=secret"
PUBLIC = ("POST /files", "POST /urls", "GET /files/upload_url")


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    path = tmp_path / "invoice.txt"
    path.write_text("invented content that nobody has seen, and nobody shall\n" * 20)
    return path


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def receipt_key(path: Path) -> str:
    return key_of("submit", Ref("file", sha256(path)), private=True)


def sent_publicly(emulator: Emulator) -> list[str]:
    """What was sent to be shared: content, URLs, and requests for new analyses."""
    lines = [line for line in requests_of(emulator) if line.startswith(PUBLIC)]
    return [*lines, *emulator.uploads]


def make_old(emulator: Emulator) -> None:
    attributes = {**emulator.store.attributes("file", EICAR), "last_analysis_date": 1_500_000_000}
    emulator.store.put({"type": "file", "id": EICAR, "attributes": attributes})


def test_an_unknown_file_is_scanned_privately(
    emulator: Emulator, scan: Scan, sample: Path, records: pytest.LogCaptureFixture
) -> None:
    config = {**ALLOWED, "private": {"storage_region": "EU", "retention_period_days": 2}}
    outcome = scan(file_target(sample), {**ASKED, "command_line": "/quiet"}, config=config)
    assert emulator.private_uploads == {sha256(sample): 1}
    assert sent_publicly(emulator) == []
    body = str(outcome.sections[0]["body"])
    assert "Private scan: not shared by VirusTotal, kept until 20" in body
    assert " UTC, in region EU." in body
    assert "Zenbox" in shown(outcome)
    (audit,) = [record.getMessage() for record in records.records if "audit: " in record.getMessage()]
    assert f"submit privately file {sha256(sample)}" in audit
    (private,) = emulator.state.private.scans.values()
    assert private.options == {
        "retention_period_days": "2",
        "storage_region": "EU",
        "enable_internet": "false",
        "intercept_tls": "false",
        "disable_sandbox": "false",
        "command_line": "/quiet",
    }


def test_an_unknown_url_is_scanned_privately_and_neither_it_nor_its_host_looked_up(
    emulator: Emulator, scan: Scan
) -> None:
    outcome = scan(URL, {**ASKED, "exhaustive_search": True}, config=ALLOWED, tags=TAGS)
    assert all(" /private/" in line for line in requests_of(emulator))
    assert sum(emulator.private_uploads.values()) == 1
    assert "portal.example.com: Not looked up publicly" in shown(outcome)
    assert "exhaustive_search: Not looked up publicly" in shown(outcome)


#: What an earlier service tagged.
TAGS = [
    {"type": f"network.static.{kind}", "short_type": kind, "value": value, "score": 0}
    for kind, value in (
        ("domain", "tagged.example.com"),
        ("ip", "192.0.2.77"),
        ("uri", "https://tagged.example.com/a?token=b"),
    )
]


def test_a_file_of_more_than_32_mb_goes_to_a_private_upload_address(
    emulator: Emulator, scan: Scan, tmp_path: Path
) -> None:
    path = tmp_path / "large.bin"
    path.write_bytes(os.urandom(33 << 20))
    scan(file_target(path), ASKED, config=ALLOWED)
    assert "GET /private/files/upload_url" in requests_of(emulator)
    assert emulator.private_uploads == {sha256(path): 1}
    (private,) = emulator.state.private.scans.values()
    assert {"retention_period_days", "enable_internet", "intercept_tls", "disable_sandbox"} <= set(private.options)
    assert sent_publicly(emulator) == []


def first_line(outcome: TaskOutcome) -> str:
    """What stands first below the first title."""
    body = json.loads(outcome.sections[0]["body"])
    return str(body[0][1]).splitlines()[0]


def test_with_stages_of_12_minutes_the_first_task_is_partial_and_a_later_one_has_the_report(
    emulator: Emulator, scan: Scan, sample: Path, tmp_path: Path
) -> None:
    emulator.switches.private_seconds = 12 * 60
    config = {**ALLOWED, "private": {"wait": 0, "retention_period_days": 2, "storage_region": "EU"}}
    pending = scan(file_target(sample), ASKED, config=config)
    assert pending.partial
    assert "analysis pending" in titles(pending)[0]
    assert first_line(pending) == "Private scan: not shared by VirusTotal, kept for 2 days, in region EU."
    assert "Submitted privately to VirusTotal at" in shown(pending)
    receipt = in_file(tmp_path / "store.sqlite3", 1).receipts.get(receipt_key(sample))
    assert receipt is not None
    assert receipt.progress is Progress.SENT
    emulator.clock.advance(12 * 60 + 1)
    emulator.requests.clear()
    artefacts = ("evtx", "pcap", "memdump", "html_report")
    parameters = {**ASKED, "analyze_relationship": True, **{f"download_{name}": True for name in artefacts}}
    outcome = scan(file_target(sample), parameters, config=config)
    assert requests_of(emulator)[0] == f"GET /private/files/{sha256(sample)}"
    assert all(line.startswith("GET /private/") for line in requests_of(emulator))
    assert emulator.private_uploads == {sha256(sample): 1}
    names = [file["name"] for part in ("extracted", "supplementary") for file in outcome.handed["response"][part]]
    for sandbox in ("Zenbox", "CAPE_Sandbox"):
        assert sandbox.replace("_", " ") in shown(outcome)
        for extension in ("evtx", "pcap", "memdump", "html"):
            assert f"{sandbox}_{sha256(sample)[:8]}.{extension}" in names
    assert outcome.partial, "a stage of the analysis is still pending"
    emulator.clock.advance(3 * 60)
    assert not scan(file_target(sample), parameters, config=config).partial
    assert emulator.private_uploads == {sha256(sample): 1}


def test_all_artefacts_come_from_private_endpoints(
    emulator: Emulator, scan: Scan, sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("virustotal.client.private_archive.PAUSE", 0.01)
    artefacts = ("evtx", "pcap", "memdump", "html_report", "dropped_files")
    parameters = {**ASKED, "analyze_relationship": True, **{f"download_{name}": True for name in artefacts}}
    outcome = scan(file_target(sample), parameters, config={**ALLOWED, "private": {"look_up_files": False}})
    assert all(" /private/" in line for line in requests_of(emulator))
    extracted = {file["name"]: file["sha256"] for file in outcome.handed["response"]["extracted"]}
    dropped = hashlib.sha256(f"MZ dropped by {sha256(sample)}".encode()).hexdigest()
    assert extracted[f"payload.exe_{dropped[:8]}"] == dropped
    assert len(extracted) == 7
    for contacted in ("contacted.example.com", "192.0.2.10", "http://contacted.example.com/gate"):
        assert contacted in shown(outcome)
    assert not outcome.partial


@pytest.mark.parametrize(
    ("method", "path", "document"),
    [
        ("GET", "private/zip_files/*", {"data": {"attributes": {"status": "error-creating"}}}),
        ("GET", "private/zip_files/*", {"data": []}),
        ("POST", "private/zip_files", {"data": {"id": None}}),
        ("POST", "private/zip_files", []),
    ],
)
def test_a_dropped_file_that_cannot_be_had_costs_itself_alone(
    emulator: Emulator, scan: Scan, sample: Path, monkeypatch: pytest.MonkeyPatch, method: str, path: str, document: Any
) -> None:
    monkeypatch.setattr("virustotal.client.private_archive.PAUSE", 0.001)
    emulator.fault(f"{method} /{path}", "answer", document=document)
    parameters = {**ASKED, "analyze_relationship": True, "download_dropped_files": True, "download_evtx": True}
    outcome = scan(file_target(sample), parameters, config=ALLOWED)
    names = [file["name"] for file in outcome.handed["response"]["extracted"]]
    assert len(names) == 2
    assert all(name.endswith(".evtx") for name in names)


def test_a_damaged_archive_leaves_nothing_behind(tmp_path: Path) -> None:
    content, packed = bytes(range(256)) * 400, io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("a", content)
    damaged = packed.getvalue()[:40] + b"\xff" * 20 + packed.getvalue()[60:]

    class Archives(Source):
        def ask(self, request: Request, deadline: float) -> Answer:
            if request.save is None:
                return Answer({"data": {"id": "a", "attributes": {"status": "finished"}}})
            request.save.path.write_bytes(damaged)
            return Answer()

        def close(self) -> None: ...

    with pytest.raises(ArtefactError):
        fetch_private_file(hashlib.sha256(content).hexdigest(), Save(tmp_path / "a", 2**20), Archives(), math.inf)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("pictures", [True, False])
def test_visits_of_a_private_url_with_and_without_screenshots(emulator: Emulator, scan: Scan, pictures: bool) -> None:
    emulator.switches.private_screenshots = pictures
    parameters = {**ASKED, "analyze_relationship": True, "download_html_report": True}
    outcome = scan(URL, parameters, config=ALLOWED)
    assert "Visits to the URL (1)" in titles(outcome)
    assert "https://cdn.example.net/tracker.js" in shown(outcome)
    assert '"Cookies": "sid"' in shown(outcome)
    assert "secret-session" not in shown(outcome)
    assert "expiration" not in shown(outcome)
    dom = next(file for file in outcome.handed["response"]["supplementary"] if file["name"] == "visit_01.html")
    assert dom["sha256"] == hashlib.sha256(DOM).hexdigest()
    assert any(title.startswith("Screenshots") for title in titles(outcome)) == pictures
    assert not outcome.partial
    assert all(" /private/" in line for line in requests_of(emulator))


def test_odd_visits_are_survived(emulator: Emulator, scan: Scan) -> None:
    odd: list[Any] = [
        {"type": "private_url_behaviour", "id": "x-1", "attributes": None},
        {"type": "private_url_behaviour", "id": "x-2", "attributes": {"resources": [None, {"url": 7}], "dom_info": []}},
        {"type": "private_url_behaviour", "id": "x-3", "attributes": {"analysis_date": "soon", "resources": {}}},
    ]
    emulator.fault("GET /private/urls/*/behaviours", "answer", document={"data": odd})
    outcome = scan(URL, {**ASKED, "analyze_relationship": True, "download_html_report": True}, config=ALLOWED)
    assert "Visits to the URL (3)" in titles(outcome)


def test_a_private_quota_that_is_used_up_stops_private_scans_alone(
    emulator: Emulator, scan: Scan, sample: Path
) -> None:
    emulator.keys[KEY].scans = 0
    began = time.monotonic()
    outcome = scan(file_target(sample), ASKED, config=ALLOWED)
    assert "It was not submitted: " in shown(outcome)
    assert emulator.private_uploads == {}
    assert scan(EICAR, config=ALLOWED).score >= 500
    assert time.monotonic() - began < 30


def test_a_private_result_does_not_link_the_public_page(
    emulator: Emulator, scan: Scan, sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("virustotal.result.subject_header.page", lambda ref, settings: f"https://page/{ref.kind}")
    emulator.switches.analysis_end = "never"
    config = {**ALLOWED, "private": {"wait": 0}}
    assert "https://page/file" not in shown(scan(file_target(sample), ASKED, config=config)), "pending"
    assert "https://page/" not in shown(scan(URL, ASKED, config=config)), "a URL, pending, and its host"
    for fault in (403, 500):
        emulator.fault("* /private/*", status=fault)
        assert "https://page/" not in shown(scan(URL, ASKED, config={**config, "max_iocs": fault}))
    emulator.faults.clear()
    emulator.switches.analysis_end = "completed"
    assert "https://page/file" not in shown(scan(file_target(sample), ASKED, config=ALLOWED)), "finished"
    assert "https://page/file" in shown(scan(EICAR, ASKED, config=ALLOWED)), "known publicly"


def test_a_private_analysis_is_asked_for_every_30_seconds_at_most() -> None:
    source: Any = None
    asked = evolve(Settings(), submit_privately="allowed", private_submit=True)
    receipts, ends = StoredReceipts(MemoryKeyValues()), time.monotonic() + 300

    def never(classification: str, bound: str) -> bool:
        return False

    context = SubmissionContext(asked, Facts(""), never, Content(str), source, receipts, ends, print, print)
    scan = private_scan(context)
    assert scan is not None
    assert scan.context.intervals == (30.0,)
    assert scan.context.wait == 120


def test_an_analysis_that_never_ends_stays_pending(emulator: Emulator, scan: Scan, sample: Path) -> None:
    emulator.switches.analysis_end = "never"
    config = {**ALLOWED, "private": {"wait": 1}}
    for _ in range(2):
        outcome = scan(file_target(sample), ASKED, config=config)
        assert outcome.partial
        assert "analysis pending" in titles(outcome)[0]
    assert emulator.private_uploads == {sha256(sample): 1}
    assert requests_of(emulator).count(f"GET /files/{sha256(sample)}") == 1, "not asked for publicly a second time"


def test_what_was_deleted_meanwhile_is_submitted_again_by_a_later_task(
    emulator: Emulator, scan: Scan, sample: Path, tmp_path: Path
) -> None:
    config = {**ALLOWED, "private": {"wait": 5}}
    scan(file_target(sample), ASKED, config=config)
    emulator.state.private.delete(sha256(sample))
    receipts, key = in_file(tmp_path / "store.sqlite3", 1).receipts, receipt_key(sample)
    receipts.put(Receipt(key, Progress.SENT, "gone", time.time() - SENDING - 1))
    other = {**config, "max_iocs": 1}  # another process
    outcome = scan(file_target(sample), ASKED, config=other)
    assert "VirusTotal no longer knows its analysis; a later task submits it again." in shown(outcome)
    assert emulator.private_uploads == {sha256(sample): 1}
    assert "scanned privately" in titles(scan(file_target(sample), ASKED, config=other))[0]
    assert emulator.private_uploads == {sha256(sample): 2}


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"data": []},
        {"data": {"type": "private_file", "id": 7}},
        {"data": {"type": "private_file", "id": "x", "attributes": [1]}},
        {"data": {"type": "private_file", "id": "x", "attributes": {"expiration": "soon", "names": 7, "size": []}}},
        {"data": {"type": "private_file", "id": "x", "attributes": {"expiration": 10**30, "gti_assessment": "bad"}}},
        {"data": {"type": ["private_file"], "id": "x"}},
    ],
)
def test_odd_answers_are_survived_and_lead_to_nothing_public(
    emulator: Emulator, scan: Scan, sample: Path, document: Any
) -> None:
    emulator.fault("GET /private/files/*", "answer", document=document)
    outcome = scan(file_target(sample), {**ASKED, "analyze_relationship": True}, config=ALLOWED)
    assert outcome.sections
    assert sent_publicly(emulator) == []


def test_no_engines_is_not_clean(emulator: Emulator, scan: Scan, sample: Path) -> None:
    outcome = scan(file_target(sample), ASKED, config=ALLOWED)
    assert titles(outcome)[0] == "VirusTotal: scanned privately, no engines"
    assert "clean" not in titles(outcome)[0]
    url = scan(URL, ASKED, config=ALLOWED)
    assert [title for title in titles(url) if title.startswith("URL ")] == [f"URL {URL}: scanned privately, no engines"]


def test_what_is_found_privately_counts(emulator: Emulator, scan: Scan, sample: Path) -> None:
    scan(file_target(sample), ASKED, config=ALLOWED)
    (private,) = emulator.state.private.scans.values()
    private.attributes["gti_assessment"] = {"verdict": {"value": "VERDICT_MALICIOUS"}, "threat_score": {"value": 90}}
    outcome = scan(file_target(sample), ASKED, config=ALLOWED)
    assert outcome.score >= 300
    assert "Google Threat Intelligence: malicious" in titles(outcome)[0]


def test_an_expired_report_is_scanned_again(emulator: Emulator, scan: Scan, sample: Path, tmp_path: Path) -> None:
    scan(file_target(sample), ASKED, config=ALLOWED)
    emulator.clock.advance(24 * 3600 + 1)
    receipts = in_file(tmp_path / "store.sqlite3", 1).receipts
    receipts.put(Receipt(receipt_key(sample), Progress.SENT, "old", time.time() - LIFETIME - 1))
    emulator.requests.clear()
    outcome = scan(file_target(sample), ASKED, config={**ALLOWED, "max_iocs": 1})  # another process
    assert requests_of(emulator)[0] == f"GET /private/files/{sha256(sample)}"
    assert emulator.private_uploads == {sha256(sample): 2}
    assert first_line(outcome).startswith("Private scan: not shared by VirusTotal, kept until 20")


def test_the_password_of_an_archive_is_sent(emulator: Emulator, scan: Scan, tmp_path: Path) -> None:
    temporary = [{"name": "passwords", "value": ["other", "infected"]}]
    scan(protected(tmp_path), {**ASKED, "submit_password": True}, config=ALLOWED, temporary_submission_data=temporary)
    (private,) = emulator.state.private.scans.values()
    assert private.options["password"] == "infected"
    assert sent_publicly(emulator) == []


def test_a_pending_scan_is_deleted_once_its_report_is_complete(emulator: Emulator, scan: Scan, sample: Path) -> None:
    emulator.switches.private_seconds = 12 * 60
    config = {**ALLOWED, "private": {"wait": 0, "delete_after_report": True}}
    assert "deleted" not in shown(scan(file_target(sample), ASKED, config=config))
    emulator.clock.advance(12 * 60 + 1)
    outcome = scan(file_target(sample), ASKED, config=config)
    assert "The private scan at VirusTotal: not deleted yet." in shown(outcome)
    assert emulator.state.private.scans
    emulator.clock.advance(3 * 60)
    outcome = scan(file_target(sample), ASKED, config=config)
    assert "The private scan at VirusTotal: deleted." in shown(outcome)
    assert emulator.state.private.scans == {}
    assert emulator.private_uploads == {sha256(sample): 1}


def test_a_report_whose_artefacts_failed_is_not_deleted(emulator: Emulator, scan: Scan, sample: Path) -> None:
    emulator.fault("GET /private/file_behaviours/*", status=400)
    config = {**ALLOWED, "private": {"delete_after_report": True}}
    emulator.fault("GET /private/files/*/behaviours", status=503)
    outcome = scan(file_target(sample), ASKED, config=config)
    assert "The private scan at VirusTotal: not deleted yet." in shown(outcome)
    assert emulator.state.private.scans


def test_a_report_that_was_deleted_or_is_expired_is_scanned_again(emulator: Emulator, scan: Scan, sample: Path) -> None:
    config = {**ALLOWED, "private": {"delete_after_report": True}}
    outcome = scan(file_target(sample), ASKED, config=config)
    assert "The private scan at VirusTotal: deleted." in shown(outcome)
    assert emulator.state.private.scans == {}
    scan(file_target(sample), ASKED, config=config)
    assert emulator.private_uploads == {sha256(sample): 2}


def test_a_hash_that_is_known_publicly_is_not_scanned_unless_its_report_is_old(emulator: Emulator, scan: Scan) -> None:
    eicar = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
    assert hashlib.sha256(eicar).hexdigest() == EICAR
    path = Path(os.environ.get("TMPDIR", "/tmp")) / f"eicar-{os.getpid()}"
    path.write_bytes(eicar)
    try:
        outcome = scan(file_target(path), ASKED, config=ALLOWED)
        assert outcome.score >= 500
        assert "Not scanned privately: VirusTotal knows it publicly." in shown(outcome)
        assert emulator.private_uploads == {}
        make_old(emulator)
        scan(file_target(path), {**ASKED, "reanalyze_after_days": 30}, config={**ALLOWED, "cache": {"hours": 0}})
        assert emulator.private_uploads == {EICAR: 1}
        assert sent_publicly(emulator) == []
        private = scan(file_target(path), ASKED, config=ALLOWED)  # known publicly and privately: the private report
        assert first_line(private).startswith("Private scan: ")
    finally:
        path.unlink()


def test_a_key_without_the_licence_is_one_sentence_and_the_public_report_stays(emulator: Emulator, scan: Scan) -> None:
    outcome = scan(EICAR, ASKED, config={**ALLOWED, "api_key": "premium-key"})
    assert "It was not submitted privately. The API key has no licence for private scanning." in shown(outcome)
    assert outcome.score >= 500
    unknown = scan(URL, ASKED, config={**ALLOWED, "api_key": "premium-key"})
    assert "The API key has no licence for private scanning." in shown(unknown)
    assert not [line for line in requests_of(emulator) if line.startswith(("POST", "GET /urls"))]


@pytest.mark.parametrize(
    ("mode", "parameters", "public", "private"),
    [
        ("never", {"private_submit": True}, 0, 0),
        ("never", {"private_submit": True, "dynamic_submit": True}, 1, 0),
        ("never", {"dynamic_submit": True}, 1, 0),
        ("allowed", {"private_submit": True}, 0, 1),
        ("allowed", {"private_submit": True, "dynamic_submit": True}, 0, 1),
        ("allowed", {"dynamic_submit": True}, 1, 0),
        ("always", {"private_submit": True}, 0, 1),
        ("always", {"dynamic_submit": True}, 0, 1),
        ("always", {}, 0, 0),
    ],
)
def test_who_receives_an_unknown_file(
    emulator: Emulator, scan: Scan, sample: Path, mode: str, parameters: Any, public: int, private: int
) -> None:
    outcome = scan(file_target(sample), parameters, config={"submit_privately": mode, "allow_dynamic_submit": True})
    assert sum(emulator.uploads.values()) == public
    assert sum(emulator.private_uploads.values()) == private
    if not public and not private:
        assert "It was not submitted." in shown(outcome)


def test_policy_holds_for_private_submissions(emulator: Emulator, scan: Scan, sample: Path) -> None:
    outcome = scan(file_target(sample), ASKED, config=ALLOWED, depth=1)
    assert "submit_policy.max_depth" in shown(outcome)
    assert emulator.private_uploads == {}


def test_classification_bounds_hold_for_private_scans(
    emulator: Emulator, scan: Scan, sample: Path, enforced: None
) -> None:
    bounds = {**ALLOWED, "submit_policy": {"max_classification": "TLP:W"}}
    assert "above submit_policy.max_classification TLP:W" in shown(scan(file_target(sample), ASKED, config=bounds))
    assert emulator.private_uploads == {}
    emulator.requests.clear()
    outcome = scan(file_target(sample), ASKED, config={**ALLOWED, "max_classification": "TLP:W"})
    assert "above max_classification TLP:W" in shown(outcome)
    assert requests_of(emulator) == []
    scan(file_target(sample), ASKED, config={**ALLOWED, "submit_policy": {"max_classification": "TLP:C"}})
    assert emulator.private_uploads == {sha256(sample): 1}


def test_each_audit_line_says_private_or_public(
    emulator: Emulator, scan: Scan, sample: Path, records: pytest.LogCaptureFixture
) -> None:
    def audited() -> str:
        (line,) = [record.getMessage() for record in records.records if "audit: " in record.getMessage()]
        records.clear()
        return line

    scan(file_target(sample), ASKED, config={**ALLOWED, "submit_policy": {"max_size_mb": 0}})
    assert "submit privately file" in audited()
    scan(file_target(sample), {"dynamic_submit": True}, config={"allow_dynamic_submit": True})
    assert "submit publicly file" in audited()
    make_old(emulator)
    scan(EICAR, {"reanalyze_after_days": 30}, config={"allow_dynamic_submit": True, "cache": {"hours": 0}})
    assert "reanalyse publicly file" in audited()


def test_always_is_said_at_start(scan: Scan, records: pytest.LogCaptureFixture) -> None:
    scan(EICAR, config={"submit_privately": "always"})
    assert "submit_privately: always. Nothing is submitted or analysed anew publicly." in records.text


def test_with_always_a_new_analysis_of_an_old_report_is_refused(emulator: Emulator, scan: Scan) -> None:
    make_old(emulator)
    config = {"submit_privately": "always", "allow_dynamic_submit": True}
    outcome = scan(EICAR, {"reanalyze_after_days": 30}, config=config)
    assert "No new analysis was asked for." in shown(outcome)
    assert sent_publicly(emulator) == []


@pytest.mark.parametrize(
    "config", [{"retention_period_days": 29}, {"retention_period_days": 0}, {"storage_region": "MARS"}]
)
def test_a_wrong_retention_or_region_stops_the_start(scan: Scan, config: Any) -> None:
    with pytest.raises(Exception, match=r"private\."):
        scan(EICAR, config={"private": config})


FAULTS = st.sampled_from(
    [
        (),
        *(("* /private/*", "status", {"status": status}) for status in (400, 403, 404, 409, 429, 500)),
        ("POST /private/*", "status", {"status": 400}),
        ("POST /private/*", "status", {"status": 503}),
        ("POST /private/*", "reset", {"size": 100}),
        ("POST /private/*", "answer", {"document": {"data": {"type": "analysis"}}}),
        ("GET /private/analyses/*", "status", {"status": 404}),
        ("GET /private/analyses/*", "garbage", {}),
        ("GET /private/files/*", "status", {"status": 503}),
        ("GET /private/files/*", "answer", {"document": {"data": {"type": "file", "id": "x"}}}),
        ("GET /private/urls/*", "truncate", {"size": 20}),
        ("GET /files/*", "status", {"status": 503}),
        ("GET /files/*", "status", {"status": 404}),
    ]
)
CONFIGS = st.fixed_dictionaries(
    {
        "submit_privately": st.sampled_from(["never", "allowed", "always"]),
        "allow_dynamic_submit": st.booleans(),
        "private": st.fixed_dictionaries(
            {
                "look_up_files": st.booleans(),
                "look_up_urls": st.booleans(),
                "wait": st.sampled_from([0, 1]),
                "delete_after_report": st.booleans(),
            }
        ),
        "submit_policy": st.sampled_from([{}, {"max_size_mb": 0}, {"file_types": ["document/*"]}, {"max_depth": 1}]),
    }
)
PARAMETERS = st.fixed_dictionaries(
    {
        "private_submit": st.booleans(),
        "dynamic_submit": st.booleans(),
        "reanalyze_after_days": st.sampled_from([0, 30]),
        "exhaustive_search": st.booleans(),
        "analyze_relationship": st.booleans(),
        "download_dropped_files": st.booleans(),
        "relationships": st.sampled_from(
            ["contacted_domains", "behaviours, itw_urls, dropped_files, network_location"]
        ),
    }
)


def old(mode: str, fault: Any = (), **parameters: bool) -> Any:
    """An example in which a new analysis of an old report would be requested, if anything allowed it."""
    return example(
        config={
            "submit_privately": mode,
            "allow_dynamic_submit": True,
            "private": {"look_up_files": True, "look_up_urls": False, "wait": 0},
        },
        parameters={"private_submit": False, "dynamic_submit": False, "reanalyze_after_days": 30, **parameters},
        fault=fault,
        target="old",
    )


def drawn(examples: int) -> Callable[[Any], Any]:
    """Call a test with so many sets of settings, parameters, policies and faults, for each kind of subject."""

    def decorate(test: Any) -> Any:
        targets = st.sampled_from(["file", "child", "old", "url", "known url", "host", "submitted"])
        test = given(config=CONFIGS, parameters=PARAMETERS, fault=FAULTS, target=targets)(test)
        return settings(
            max_examples=examples,
            deadline=None,
            derandomize=True,
            suppress_health_check=[HealthCheck.function_scoped_fixture],
        )(test)

    return decorate


@old("always")
@old("always", dynamic_submit=True)
@old("never", private_submit=True)
@old("allowed", ("* /private/*", "status", {"status": 403}), private_submit=True)
@drawn(20)
def test_nothing_is_shared_that_was_to_be_private(
    emulator: Emulator, scan: Scan, sample: Path, config: Any, parameters: Any, fault: Any, target: str
) -> None:
    shares_nothing(emulator, scan, sample, config, parameters, fault, target)


@pytest.mark.slow
@drawn(200)
def test_nothing_is_shared_in_many_more_tasks(
    emulator: Emulator, scan: Scan, sample: Path, config: Any, parameters: Any, fault: Any, target: str
) -> None:
    shares_nothing(emulator, scan, sample, config, parameters, fault, target)


def shares_nothing(
    emulator: Emulator, scan: Scan, sample: Path, config: Any, parameters: Any, fault: Any, target: str
) -> None:
    """Run one task on files, URLs, their hosts, old reports and tags, and look at what was sent."""
    emulator.clear()
    emulator.faults.clear()
    make_old(emulator)
    if fault:
        emulator.fault(fault[0], fault[1], **fault[2])
    mode, private, public = config["submit_privately"], parameters["private_submit"], parameters["dynamic_submit"]
    shared = mode != "always" and public and config["allow_dynamic_submit"] and not (mode == "allowed" and private)
    wanted = (private and not shared) or (mode == "always" and public)
    subject: Any = {
        "file": file_target(sample),
        "child": file_target(sample),
        "url": URL,
        "known url": "http://c2.example.net/gate.php",
        "host": "example.com",
    }.get(target, EICAR)
    message: dict[str, Any] = {"tags": TAGS, "depth": int(target == "child")}
    message |= {"metadata": {"submitted_url": URL}} if target == "submitted" else {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(VirusTotal, "_timeout", lambda self: 0.6)
        patch.setattr("virustotal.client.private_archive.PAUSE", 0.001)
        scan(subject, parameters, config={**config, "cache": {"hours": 0, "negative_minutes": 0}}, **message)
    lines = requests_of(emulator)
    if wanted or mode == "always":
        assert sent_publicly(emulator) == []
        assert not [
            line for line in lines if line.startswith("POST") and " /private/" not in line and "/_ah/" not in line
        ]
    if wanted and not config["private"]["look_up_urls"]:
        assert not [line for line in lines if line.startswith(("GET /urls", "GET /domains", "GET /ip_addresses"))]
    if wanted and not config["private"]["look_up_files"]:
        assert not [line for line in lines if line.startswith("GET /files")]
    if mode == "never" or not wanted:
        assert not [line for line in lines if " /private/" in line]
    assert sum(emulator.private_uploads.values()) <= 1


def command(emulator: Emulator, tmp_path: Path, *words: str) -> tuple[list[str], dict[str, str]]:
    config = tmp_path / "config.yml"
    store = tmp_path / "store.sqlite3"
    config.write_text(f"submit_privately: allowed\nstorage: {store}\nhost: {emulator.url}\nprivate: {{wait: 0}}\n")
    program = str(Path(sys.executable).with_name("virustotal-service"))
    return [program, *words, "--config", str(config)], {**os.environ, "VIRUSTOTAL_API_KEY": KEY}


def test_a_private_file_is_deleted_by_command(emulator: Emulator, scan: Scan, sample: Path, tmp_path: Path) -> None:
    scan(file_target(sample), ASKED, config={**ALLOWED, "storage": str(tmp_path / "store.sqlite3")})
    line, environment = command(emulator, tmp_path, "private", "delete", sha256(sample))
    done = subprocess.run(line, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "Deleted.\n"), done.stderr
    assert emulator.state.private.scans == {}
    assert in_file(tmp_path / "store.sqlite3", 1).receipts.get(receipt_key(sample)) is None
    again = CliRunner().invoke(app, line[1:], env=environment)
    assert (again.exit_code, again.stderr) == (1, "Error: There is no such private file.\n")
    path, asked = Path(line[-1]), requests_of(emulator)
    path.write_text(path.read_text() + "mirror: {hosts: ['http://127.0.0.1:9'], only: true}\n")
    only = CliRunner().invoke(app, line[1:], env=environment)
    assert (only.exit_code, requests_of(emulator)) == (3, asked), only.output


def dry_run(emulator: Emulator, tmp_path: Path, target: str, *parameters: str, config: str = "") -> str:
    line, environment = command(emulator, tmp_path, "scan", target, "--dry-run")
    path = Path(line[-1])
    path.write_text(path.read_text() + config)
    words = [word for parameter in parameters for word in ("-p", parameter)]
    done = CliRunner().invoke(app, [*line[1:], *words], env=environment)
    assert done.exit_code == 0, done.output
    assert requests_of(emulator) == []
    return " ".join(done.output.split())


def test_the_dry_run_says_what_is_sent_where(emulator: Emulator, sample: Path, tmp_path: Path) -> None:
    asked = ("private_submit=true", "command_line=/quiet")
    plan = dry_run(emulator, tmp_path, str(sample), *asked)
    digest, size = sha256(sample), sample.stat().st_size
    for part in (
        f"1 request: GET /private/files/{digest}, the report of an earlier scan",
        f"1 request, if there is none: GET /files/{digest}, which tells VirusTotal its hash",
        f"1 request, if it is unknown: POST /private/files, the content, {size} bytes",
        "with retention_period_days=1, enable_internet=false, intercept_tls=false, disable_sandbox=false,",
        "command_line=/quiet",
        "not shared, kept for 1 day in the region of the key's group",
        "private behaviours",
    ):
        assert part in plan
    assert "if it is unknown, or more than 9 days old: POST" in dry_run(
        emulator, tmp_path, str(sample), *asked, "reanalyze_after_days=9"
    )
    plan = dry_run(emulator, tmp_path, URL, *asked)
    assert "no request: Not looked up publicly" in plan
    assert f"POST /private/urls, the URL {URL}" in plan
    assert "portal.example.com: Not looked up publicly" in plan
    assert " GET /urls" not in plan
    assert " GET /domains" not in plan
    plan = dry_run(emulator, tmp_path, str(sample), *asked, config="submit_policy: {max_size_mb: 0}\n")
    assert "not submitted: It has 1120 bytes" in plan
    plan = dry_run(emulator, tmp_path, EICAR, *asked)
    assert "not submitted: Only its hash is known here" in plan


def test_the_dry_run_of_a_refused_private_scan_asks_nothing_of_a_url(emulator: Emulator, tmp_path: Path) -> None:
    line, environment = command(emulator, tmp_path, "scan", URL, "--dry-run", "-p", "private_submit=true")
    Path(line[-1]).write_text("submit_privately: never\n")
    plan = CliRunner().invoke(app, line[1:], env=environment).output
    assert "no request. Not looked up publicly" in plan
    assert "not submitted: Private scanning is not enabled" in plan


@pytest.mark.slow
def test_a_task_killed_at_any_moment_leads_to_no_second_private_upload(
    emulator: Emulator, tmp_path: Path, sample: Path
) -> None:
    """30 rounds: a task is killed at a random moment, and another one runs to its end."""
    emulator.switches.set(analysis_end="never", latency=0.15)
    chance, rounds, began, sent_first = random.Random(26), 30, time.monotonic(), 0
    line, environment = command(emulator, tmp_path, "scan", str(sample), "-p", "private_submit=true")

    def start() -> "subprocess.Popen[bytes]":
        return subprocess.Popen(line, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    with start() as whole:
        whole.wait(timeout=60)
    seconds = time.monotonic() - began
    for _ in range(rounds):
        for path in tmp_path.glob("store.sqlite3*"):
            path.unlink()
        emulator.state.private = PrivateScans()
        with start() as first:
            time.sleep(chance.uniform(0.3, 1.0) * seconds)
            first.send_signal(signal.SIGKILL)
        sent_first += emulator.private_uploads.get(sha256(sample), 0)
        with start() as second:
            second.wait(timeout=60)
        assert emulator.private_uploads.get(sha256(sample), 0) <= 1
        receipt = in_file(tmp_path / "store.sqlite3", 1).receipts.get(receipt_key(sample))
        assert receipt is not None
        if receipt.analysis:
            assert emulator.private_uploads == {sha256(sample): 1}
    assert 0 < sent_first < rounds, "the moments were before and after the upload"
