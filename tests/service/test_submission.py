"""Submitting through the service: what leaves, how often, and what the analyst is told."""

import hashlib
import logging
import os
import signal
import struct
import subprocess
import sys
import time
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from click.testing import CliRunner

from tests.conftest import requests_of
from tests.service.conftest import EICAR, KEY, Scan, shown, titles
from virustotal.cli.app import app
from virustotal.core.models import Object, Ref, Report
from virustotal.core.submission.archive_password import password_of
from virustotal.core.submission.receipts import Receipts, key_of
from virustotal.core.submission.upload_request import analysis_date
from virustotal.emulator.server import Emulator
from virustotal.local.run_task import Target
from virustotal.local.targets import file_target
from virustotal.service import VirusTotal
from virustotal.storage import in_file

ALLOWED = {"allow_dynamic_submit": True}
ASKED = {"dynamic_submit": True}


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    path = tmp_path / "invoice of example.txt"
    path.write_text("invented content that nobody has seen before\n" * 20)
    return path


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def posts(emulator: Emulator) -> list[str]:
    return [path for path in requests_of(emulator) if path.startswith("POST")]


def test_an_unknown_file_is_submitted_and_shown_like_a_known_one(
    emulator: Emulator, scan: Scan, sample: Path, records: pytest.LogCaptureFixture
) -> None:
    outcome = scan(file_target(sample), ASKED, config=ALLOWED)
    assert emulator.uploads == {sha256(sample): 1}
    assert any(title.startswith("All engines (") for title in titles(outcome))
    assert outcome.partial, "sandboxes finish later, and the platform must not keep a result without them"
    assert "reports of sandboxes may come" in shown(outcome)
    (audit,) = [record.getMessage() for record in records.records if "audit: " in record.getMessage()]
    for part in (sha256(sample), f"size={sample.stat().st_size}", "rule=submit_policy", "analysis "):
        assert part in audit
    assert KEY not in records.text
    assert any(record.levelno == logging.INFO and "is completed" in record.getMessage() for record in records.records)


def test_the_stages_of_a_large_upload_are_said(scan: Scan, tmp_path: Path, records: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "large.bin"
    path.write_bytes(os.urandom(20 << 20))
    scan(file_target(path), ASKED, config=ALLOWED)
    said = [record.getMessage() for record in records.records if "sent " in record.getMessage()]
    assert said[0] == "submit: sent 2 of 20 MB"
    assert said[-1] == "submit: sent 20 of 20 MB"
    assert len(said) == 10


@pytest.mark.parametrize(
    ("parameters", "config", "message", "words"),
    [
        (ASKED, {}, {}, "allow_dynamic_submit"),
        ({}, ALLOWED, {}, "dynamic_submit"),
        (ASKED, ALLOWED, {"depth": 1}, "submit_policy.max_depth"),
        (ASKED, {**ALLOWED, "submit_policy": {"max_size_mb": 0}}, {}, "submit_policy.max_size_mb"),
        (ASKED, {**ALLOWED, "submit_policy": {"file_types": ["executable/*"]}}, {}, "submit_policy.file_types"),
    ],
)
def test_a_refusal_is_explained_and_makes_no_request_but_the_look_up(
    emulator: Emulator, scan: Scan, sample: Path, parameters: Any, config: Any, message: Any, words: str
) -> None:
    outcome = scan(file_target(sample), parameters, config=config, **message)
    assert requests_of(emulator) == [f"GET /files/{sha256(sample)}"]
    assert words in shown(outcome)
    assert "It was not submitted." in shown(outcome)
    assert outcome.partial


@pytest.mark.parametrize(("status", "body"), [(429, "json"), (403, "json"), (400, "json"), (413, "text")])
def test_what_virustotal_does_not_take_is_a_result_that_says_so(
    emulator: Emulator, scan: Scan, sample: Path, status: int, body: str
) -> None:
    emulator.fault("POST /files", status=status, body=body)
    outcome = scan(file_target(sample), ASKED, config=ALLOWED)
    assert posts(emulator) == ["POST /files"]
    assert "unknown to VirusTotal" in titles(outcome)[0]
    assert "It was not submitted:" in shown(outcome)
    assert outcome.partial


def test_a_known_file_is_never_submitted(emulator: Emulator, scan: Scan) -> None:
    scan(EICAR, ASKED, config=ALLOWED)
    assert posts(emulator) == []


def test_a_digest_alone_is_never_submitted(emulator: Emulator, scan: Scan) -> None:
    outcome = scan("ab" * 32, ASKED, config=ALLOWED)
    assert posts(emulator) == []
    assert "not its content" in shown(outcome)


@pytest.mark.parametrize(
    ("url", "submitted"),
    [
        ("https://never-seen.example.com/a?b=1#c", True),
        ("https://user:hunter2@never-seen.example.com/", True),
        ("http://10.1.2.3/", False),
    ],
)
def test_an_unknown_url(emulator: Emulator, scan: Scan, url: str, submitted: bool) -> None:
    outcome = scan(EICAR, ASKED, config=ALLOWED, metadata={"submitted_url": url})
    assert posts(emulator) == (["POST /urls"] if submitted else [])
    assert "hunter2" not in shown(outcome)


def test_of_a_uri_file_the_url_is_submitted_and_the_host_is_not(emulator: Emulator, scan: Scan) -> None:
    emulator.switches.unknown_host = "404"
    outcome = scan("https://never-seen.example.net/path", ASKED, config=ALLOWED)
    assert posts(emulator) == ["POST /urls"]
    assert any(title.startswith("Domain never-seen.example.net: unknown") for title in titles(outcome))


def test_still_queued_is_partial_and_says_so_and_the_next_task_polls(
    emulator: Emulator, scan: Scan, sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(VirusTotal, "_timeout", lambda self: 1.0)
    emulator.switches.analysis_end = "never"
    outcome = scan(file_target(sample), ASKED, config=ALLOWED)
    assert outcome.partial
    assert "analysis pending" in titles(outcome)[0]
    emulator.switches.analysis_end = "completed"
    monkeypatch.setattr(VirusTotal, "_timeout", lambda self: 20.0)
    again = scan(file_target(sample), ASKED, config={**ALLOWED, "max_related": 41})
    assert any(title.startswith("All engines (") for title in titles(again))
    assert emulator.uploads == {sha256(sample): 1}


def test_a_pending_result_links_to_virustotals_page(
    emulator: Emulator, scan: Scan, sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from virustotal.core import tables

    monkeypatch.setattr(tables, "DEFAULT_HOST", emulator.url)
    monkeypatch.setattr(VirusTotal, "_timeout", lambda self: 1.0)
    emulator.switches.analysis_end = "never"
    assert f"/gui/file/{sha256(sample)}" in shown(scan(file_target(sample), ASKED, config=ALLOWED))


@pytest.mark.parametrize(
    ("config", "name"),
    [({}, ""), ({"submit_file_name": "hash"}, ""), ({"submit_file_name": "name"}, "invoice_of_example.txt")],
)
def test_the_name_that_leaves(emulator: Emulator, scan: Scan, sample: Path, config: Any, name: str) -> None:
    scan(file_target(sample), ASKED, config={**ALLOWED, **config})
    assert set(emulator.requests.names.values()) == {name or sha256(sample)}


def test_an_old_report_is_analysed_anew(emulator: Emulator, scan: Scan) -> None:
    attributes = dict(emulator.store.attributes("file", EICAR))
    emulator.store.put({"type": "file", "id": EICAR, "attributes": {**attributes, "last_analysis_date": 1_500_000_000}})
    scan(EICAR, {"reanalyze_after_days": 30}, config=ALLOWED)
    assert posts(emulator) == [f"POST /files/{EICAR}/analyse"]
    emulator.requests.clear()
    scan(EICAR, {"reanalyze_after_days": 30}, config=ALLOWED)
    assert posts(emulator) == []


@pytest.mark.parametrize(("config", "asked"), [({}, 0), (ALLOWED, 1)])
def test_an_old_report_is_shown_where_the_new_one_does_not_come(
    emulator: Emulator, scan: Scan, monkeypatch: pytest.MonkeyPatch, config: Any, asked: int
) -> None:
    monkeypatch.setattr(VirusTotal, "_timeout", lambda self: 1.0)
    emulator.switches.analysis_end = "never"
    attributes = dict(emulator.store.attributes("file", EICAR))
    emulator.store.put({"type": "file", "id": EICAR, "attributes": {**attributes, "last_analysis_date": 1_500_000_000}})
    outcome = scan(EICAR, {"reanalyze_after_days": 30}, config=config)
    assert len(posts(emulator)) == asked
    assert outcome.score >= 1000
    assert outcome.partial is bool(asked)
    assert ("The report shown is the old one." if asked else "No new analysis was asked for.") in shown(outcome)


def test_a_protected_archive_goes_with_its_password_where_that_is_allowed(
    emulator: Emulator, scan: Scan, tmp_path: Path
) -> None:
    archive = protected(tmp_path)
    temporary = [{"name": "passwords", "value": ["wrong", "infected"]}]
    scan(archive, {**ASKED, "submit_password": True}, config=ALLOWED, temporary_submission_data=temporary)
    assert list(emulator.requests.passwords.values()) == ["infected"]


def test_a_password_never_leaves_unasked(emulator: Emulator, scan: Scan, tmp_path: Path) -> None:
    temporary = [{"name": "passwords", "value": ["infected"]}]
    scan(protected(tmp_path), ASKED, config=ALLOWED, temporary_submission_data=temporary)
    assert not any(emulator.requests.passwords.values())


#: A ZIP archive of one file "a.txt" with the text "hello", protected by the password "infected" (ZipCrypto).
def protected(folder: Path) -> Target:
    path = folder / "protected.zip"
    path.write_bytes(zip_crypto(b"hello", b"infected"))
    return file_target(path)


def zip_crypto(content: bytes, password: bytes) -> bytes:
    """Write what `zipfile` can read and not write: one stored entry with the traditional encryption."""
    import binascii
    import io
    import struct

    table = []
    for value in range(256):
        crc = value
        for _ in range(8):
            crc = (crc >> 1) ^ 0xEDB88320 if crc & 1 else crc >> 1
        table.append(crc)
    keys = [0x12345678, 0x23456789, 0x34567890]

    def update(byte: int) -> None:
        keys[0] = (keys[0] >> 8) ^ table[(keys[0] ^ byte) & 0xFF]
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = (keys[2] >> 8) ^ table[(keys[2] ^ (keys[1] >> 24)) & 0xFF]

    def encrypted(data: bytes) -> bytes:
        out = bytearray()
        for byte in data:
            mask = keys[2] | 2
            out.append(byte ^ (((mask * (mask ^ 1)) >> 8) & 0xFF))
            update(byte)
        return bytes(out)

    for byte in password:
        update(byte)
    crc = binascii.crc32(content)
    body = encrypted(bytes(11) + bytes([crc >> 24]) + content)
    plain = io.BytesIO()
    with zipfile.ZipFile(plain, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a.txt", (1980, 1, 1, 0, 0, 0)), content)
    data = plain.getvalue()
    start = data.index(b"PK\x01\x02")
    local = bytearray(data[: 30 + len("a.txt")])
    central = bytearray(data[start : data.index(b"PK\x05\x06")])
    local[6] |= 1
    central[8] |= 1
    struct.pack_into("<I", local, 18, len(body))
    struct.pack_into("<I", central, 20, len(body))
    end = bytearray(data[data.index(b"PK\x05\x06") :])
    struct.pack_into("<I", end, 16, len(local) + len(body))
    return bytes(local) + body + bytes(central) + bytes(end)


@pytest.mark.parametrize(
    ("passwords", "expected"),
    [(("infected",), "infected"), (("a", "infected", "b"), "infected"), (("a", "b"), ""), ((), "")],
)
def test_the_password_that_opens(tmp_path: Path, passwords: tuple[str, ...], expected: str) -> None:
    target = protected(tmp_path)
    assert target.path is not None
    assert password_of(target.path, passwords, time.monotonic() + 60) == expected
    assert password_of(target.path, passwords, time.monotonic() - 1) == ""


@pytest.mark.parametrize("zip64", [False, True])
def test_a_directory_of_600_000_entries_is_not_read(tmp_path: Path, zip64: bool) -> None:
    """`zipfile` holds some 600 MB of it, and takes seconds."""
    count, path = 600_000, tmp_path / "many.zip"
    entry = b"PK\x01\x02" + struct.pack("<4B4HL2L5H2L", 20, 0, 20, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, count * len(entry), 0, 0)
    if zip64:
        end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
        size = count * len(entry)
        record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, 0)
        end = record + struct.pack("<4sLQL", b"PK\x06\x07", 0, size, 1) + end
    path.write_bytes(entry * count + end)
    if not zip64:
        path.write_bytes(entry * 10 + end.replace(struct.pack("<L", count * len(entry)), struct.pack("<L", 470)))
        assert len(zipfile.ZipFile(path).infolist()) == 10  # the same, short: a directory that can be read
        path.write_bytes(entry * count + end)
    tracemalloc.start()
    began = time.process_time()
    assert password_of(path, ("infected",), time.monotonic() + 60) == ""
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert time.process_time() - began < 0.5
    assert peak < 2**20


@pytest.mark.parametrize("place", ["inside of the record", "before the longest comment"])
def test_a_long_directory_is_not_read_wherever_its_length_stands(tmp_path: Path, place: str) -> None:
    """`zipfile` finds a record with a signature inside of it, and the locator of ZIP64 before the longest comment."""
    count, path = 60_000, tmp_path / "many.zip"
    entry = b"PK\x01\x02" + struct.pack("<4B4HL2L5H2L", 20, 0, 20, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    size = count * len(entry)
    end = struct.pack("<4s4s2H2LH", b"PK\x05\x06", b"PK\x05\x06", count, count, size, 0, 0)
    if place == "before the longest comment":
        end = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, 0)
        end += struct.pack("<4sLQL", b"PK\x06\x07", 0, size, 1)
        end += struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0, 0, 10, 0, 0xFFFF) + b"x" * 0xFFFF
    path.write_bytes(entry * count + end)
    tracemalloc.start()
    assert password_of(path, ("infected",), time.monotonic() + 60) == ""
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not an archive"])
def test_what_is_no_archive_has_no_password(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other"
    path.write_bytes(content)
    assert password_of(path, ("infected",), time.monotonic() + 60) == ""
    assert password_of(tmp_path / "absent", ("infected",), time.monotonic() + 60) == ""


def test_a_task_that_is_killed_while_it_waits_is_followed_by_no_second_upload(
    emulator: Emulator, sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.switches.analysis_end = "never"
    config = tmp_path / "config.yml"
    config.write_text(f"allow_dynamic_submit: true\nstorage: {tmp_path / 'store.sqlite3'}\nhost: {emulator.url}\n")
    command = [
        str(Path(sys.executable).with_name("virustotal-service")),
        "scan",
        str(sample),
        "--config",
        str(config),
        "-p",
        "dynamic_submit=true",
    ]
    environment = {**os.environ, "VIRUSTOTAL_API_KEY": KEY}
    receipts = in_file(tmp_path / "store.sqlite3", 1).receipts
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as first:
        deadline = time.monotonic() + 30
        while not waiting(receipts, sha256(sample)) and time.monotonic() < deadline:
            assert first.poll() is None, first.stdout.read().decode() if first.stdout else ""
            time.sleep(0.05)
        first.send_signal(signal.SIGKILL)
        first.communicate()
    assert emulator.uploads == {sha256(sample): 1}
    emulator.switches.set(analysis_end="completed", analysis_polls=0)
    monkeypatch.setattr(VirusTotal, "intervals", (0.02,))
    second = CliRunner().invoke(app, command[1:], env=environment)
    assert " of 52 engines" in second.stdout, second.output
    assert emulator.uploads == {sha256(sample): 1}


def waiting(receipts: Receipts, digest: str) -> bool:
    """Whether another process has submitted the file, and waits for its analysis."""
    receipt = receipts.get(key_of("submit", Ref("file", digest)))
    return receipt is not None and bool(receipt.analysis)


def test_one_url_in_four_spellings_is_submitted_once(
    emulator: Emulator, scan: Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(VirusTotal, "_timeout", lambda self: 0.3)
    emulator.switches.analysis_end = "never"
    for url in (
        "http://new.example.org",
        "http://new.example.org/",
        "HTTP://New.Example.org:80/",
        "http://new.example.org/#a",
    ):
        scan(EICAR, ASKED, config=ALLOWED, metadata={"submitted_url": url})
    assert posts(emulator) == ["POST /urls"]


def test_one_old_report_asked_for_by_three_digests_is_analysed_anew_once(
    emulator: Emulator, scan: Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(VirusTotal, "_timeout", lambda self: 0.3)
    emulator.switches.analysis_end = "never"
    attributes = dict(emulator.store.attributes("file", EICAR))
    emulator.store.put({"type": "file", "id": EICAR, "attributes": {**attributes, "last_analysis_date": 1_500_000_000}})
    for digest in (EICAR, attributes["md5"], attributes["sha1"]):
        scan(digest, {"reanalyze_after_days": 30}, config=ALLOWED)
    assert len(posts(emulator)) == 1


def test_a_refusal_for_the_depth_is_not_kept_by_the_platform(emulator: Emulator, scan: Scan) -> None:
    attributes = dict(emulator.store.attributes("file", EICAR))
    emulator.store.put({"type": "file", "id": EICAR, "attributes": {**attributes, "last_analysis_date": 1_500_000_000}})
    assert scan(EICAR, {"reanalyze_after_days": 30}, config=ALLOWED, depth=1).partial


def test_a_refused_submission_is_one_audit_line_too(
    scan: Scan, sample: Path, records: pytest.LogCaptureFixture
) -> None:
    scan(file_target(sample), ASKED, config=ALLOWED, depth=1)
    (audit,) = [record.getMessage() for record in records.records if "audit: " in record.getMessage()]
    assert audit.endswith(f"size={sample.stat().st_size} refused by submit_policy.max_depth")


@pytest.mark.parametrize("name", ["C:\\dir\\x.exe", "/home/somebody/x.exe", "../x.exe"])
def test_no_path_leaves_with_the_name(emulator: Emulator, scan: Scan, sample: Path, name: str) -> None:
    scan(evolve(file_target(sample), name=name), ASKED, config={**ALLOWED, "submit_file_name": "name"})
    assert set(emulator.requests.names.values()) == {"x.exe"}


def test_a_report_nested_5000_deep_is_analysed_anew(emulator: Emulator, scan: Scan) -> None:
    attributes = dict(emulator.store.attributes("file", EICAR))
    emulator.store.put({"type": "file", "id": EICAR, "attributes": {**attributes, "last_analysis_date": 1_500_000_000}})
    emulator.fault("GET /files/*", "nested", size=5_000)
    outcome = scan(EICAR, {"reanalyze_after_days": 30}, config=ALLOWED)
    assert posts(emulator) == [f"POST /files/{EICAR}/analyse"]
    assert any(title.startswith("Detections: ") for title in titles(outcome))


def test_reports_nested_5000_deep_are_compared_by_the_date_of_their_analysis() -> None:
    def report(date: int) -> Report:
        nested: dict[str, Any] = {}
        for _ in range(5_000):
            nested = {"child": nested}
        return Report(Object(Ref("file", EICAR), {"last_analysis_date": date, "deep": nested}))

    assert analysis_date(report(1_700_000_000)) == analysis_date(report(1_700_000_000))
    assert analysis_date(report(1_700_000_000)) != analysis_date(report(1_700_000_001))
