"""Fetching: once each, concurrently, in order, with an outcome for whatever goes wrong."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from virustotal.api.source import Answer, Request, Source
from virustotal.core.errors import (
    ArtefactError,
    AuthenticationError,
    DeadlineError,
    ForbiddenError,
    NotFoundError,
    QuotaError,
    UnavailableError,
)
from virustotal.core.findings import Download, Role
from virustotal.core.lookup.downloads import DownloadOutcome, fetch
from virustotal.core.lookup.executor import WORKERS
from virustotal.core.models import FOUND, Ref, Status
from virustotal.core.settings import Settings

SHA256 = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"


def download(name: str = "Zenbox", kind: str = "pcap", role: Role = Role.EXTRACTED, **values: str) -> Download:
    return Download(Ref("file_behaviour", f"{SHA256}_{name}"), kind, f"{name}.{kind}", "", role, **values)


def dropped(id: str, sha256: str = "") -> Download:
    return Download(Ref("file", id), "file", "dropped", "", sha256=sha256)


def picture(kind: str, link: str) -> Download:
    return Download(Ref(kind, "one"), "screenshot", "picture", "", Role.IMAGE, link=link)


def files(folder: Path) -> list[Path]:
    """Every file below a folder."""
    return [path for path in folder.rglob("*") if path.is_file()]


class Canned(Source):
    """A source that does what a function of the request says, and remembers what it was asked."""

    def __init__(self, does: Callable[[Request], bytes]) -> None:
        self.does = does
        self.asked: list[Request] = []
        self.now = self.peak = 0
        self.lock = threading.Lock()

    def ask(self, request: Request, deadline: float) -> Answer:
        with self.lock:
            self.asked.append(request)
            self.now += 1
            self.peak = max(self.peak, self.now)
        try:
            body = self.does(request)
            assert request.save is not None
            request.save.path.write_bytes(body)
            return Answer()
        finally:
            with self.lock:
                self.now -= 1

    def close(self) -> None:
        raise AssertionError("fetch closes nothing")


def fetched(folder: Path, source: Canned, *downloads: Download, limit: int = 100) -> tuple[DownloadOutcome, ...]:
    return fetch(downloads, source, folder, Settings(max_download_mb=3), time.monotonic() + 10, limit)


def test_a_download_is_asked_for_as_it_was_described(tmp_path: Path) -> None:
    source = Canned(lambda request: b"body")
    (artefact,) = fetched(tmp_path, source, download("VirusTotal Jujubox", magic=(b"bo",)))  # type: ignore[arg-type]
    (request,) = source.asked
    assert request.path == f"/file_behaviours/{SHA256}_VirusTotal%20Jujubox/pcap"
    assert request.save is not None
    assert (request.save.max_bytes, request.save.magic) == (3 * 2**20, (b"bo",))
    assert artefact.path is not None
    assert artefact.path.read_bytes() == b"body"
    assert artefact.outcome == FOUND


def test_pictures_are_asked_for_by_their_address(tmp_path: Path) -> None:
    source = Canned(lambda request: b"body")
    fetched(tmp_path, source, download(kind="screenshot", role=Role.IMAGE, link="https://pictures.example/1"))
    assert source.asked[0].address == "https://pictures.example/1"


def test_duplicates_are_fetched_once_and_order_is_kept(tmp_path: Path) -> None:
    def does(request: Request) -> bytes:
        time.sleep(0.02 if "_A/" in request.path else 0)
        return b"x"

    source = Canned(does)
    artefacts = fetched(tmp_path, source, download("A"), download("B"), download("A"), download("C"))
    assert [artefact.download.name for artefact in artefacts] == ["A.pcap", "B.pcap", "C.pcap"]
    assert len(source.asked) == 3


@pytest.mark.parametrize(
    ("pair", "count"),
    [
        ((download("Zenbox"), download("ZENBOX")), 1),
        ((download("Zenbox"), download("Zenbox", "evtx")), 2),
        ((dropped(SHA256), dropped(SHA256.upper())), 1),
        ((dropped("0" * 32, sha256=SHA256), dropped(SHA256)), 1),
        ((dropped(SHA256), dropped("1" * 64)), 2),
        ((picture("screenshot", "https://p.example/1"), picture("screenshot", "https://p.example/2")), 1),
        ((picture("file", "https://p.example/1"), picture("file", "https://p.example/2")), 2),
    ],
)
def test_an_artefact_is_fetched_once_however_it_is_named(
    tmp_path: Path, pair: tuple[Download, Download], count: int
) -> None:
    source = Canned(lambda request: b"x" * 200)
    assert (len(fetched(tmp_path, source, *pair)), len(source.asked)) == (count, count)


def test_downloads_run_side_by_side(tmp_path: Path) -> None:
    barrier = threading.Barrier(WORKERS, timeout=5)
    source = Canned(lambda request: str(barrier.wait()).encode())
    artefacts = fetched(tmp_path, source, *(download(f"Box {number}") for number in range(WORKERS)))
    assert all(artefact.outcome.found for artefact in artefacts)
    assert source.peak == WORKERS


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ForbiddenError("not covered"), Status.FORBIDDEN),
        (QuotaError("used up"), Status.QUOTA),
        (NotFoundError("none"), Status.UNKNOWN),
        (UnavailableError("broken"), Status.FAILED),
        (ArtefactError("not a capture"), Status.FAILED),
        (DeadlineError("too late"), Status.SKIPPED),
        (AuthenticationError("wrong key"), Status.FAILED),
        (OSError(28, "No space left on device"), Status.FAILED),
        (MemoryError(), Status.FAILED),
    ],
)
def test_what_fails_costs_itself_alone(tmp_path: Path, error: Exception, status: Status) -> None:
    asked = threading.Event()

    def does(request: Request) -> bytes:
        if "Bad" in request.path:
            assert asked.wait(5)  # a refused key or a spent quota ends what has not begun
            raise error
        asked.set()
        return b"x"

    good, bad = fetched(tmp_path, Canned(does), download("Good", "evtx"), download("Bad"))
    assert good.outcome == FOUND
    assert (bad.path, bad.outcome.status) == (None, status)
    assert bad.outcome.detail
    assert files(tmp_path) == [good.path]


def refuse(error: Exception) -> Callable[[Request], bytes]:
    def does(request: Request) -> bytes:
        time.sleep(0.01)
        raise error

    return does


def test_a_licence_that_does_not_cover_one_is_not_asked_for_the_others(tmp_path: Path) -> None:
    source = Canned(refuse(ForbiddenError("not covered")))
    artefacts = fetched(tmp_path, source, *(download(f"Box {number}") for number in range(50)))
    assert len(source.asked) <= WORKERS
    assert {artefact.outcome.status for artefact in artefacts} == {Status.FORBIDDEN}
    assert [artefact.outcome.detail for artefact in artefacts if artefact.outcome.detail] == ["not covered"]


def test_a_quota_that_is_used_up_ends_all_kinds(tmp_path: Path) -> None:
    source = Canned(refuse(QuotaError("used up")))
    artefacts = fetched(
        tmp_path, source, *(download(f"Box {number}", kind) for number in range(20) for kind in ("evtx", "pcap"))
    )
    assert len(source.asked) <= WORKERS
    assert {artefact.outcome.status for artefact in artefacts} == {Status.QUOTA}


@pytest.mark.parametrize(("limit", "count"), [(-1, 0), (0, 0), (2, 2), (9, 3)])
def test_the_limit_of_extracted_files_is_kept_and_said(tmp_path: Path, limit: int, count: int) -> None:
    source = Canned(lambda request: b"x")
    wanted = [download("A"), download("B"), download("page", "html", Role.SUPPLEMENTARY), download("C")]
    artefacts = fetched(tmp_path, source, *wanted, limit=limit)
    assert len(source.asked) == count + 1
    over = [artefact for artefact in artefacts if artefact.outcome.status is Status.SKIPPED]
    assert len(over) == 3 - count
    assert all("max_extracted" in each.outcome.detail for each in over)


@pytest.mark.parametrize("id", ["", "..", "a\nb", "x" * 10_000])
def test_an_id_that_cannot_be_one_is_never_sent(tmp_path: Path, id: str) -> None:
    source = Canned(lambda request: b"x")
    (artefact,) = fetched(tmp_path, source, Download(Ref("file_behaviour", id), "pcap", "x.pcap", ""))
    assert source.asked == []
    assert artefact.outcome.status is Status.INVALID


def test_an_id_that_climbs_stays_one_segment(tmp_path: Path) -> None:
    source = Canned(lambda request: b"x")
    (artefact,) = fetched(tmp_path, source, Download(Ref("file_behaviour", "../../users/x"), "pcap", "x.pcap", ""))
    assert source.asked[0].path == "/file_behaviours/..%2F..%2Fusers%2Fx/pcap"
    assert artefact.path is not None
    assert artefact.path.is_relative_to(tmp_path)
    assert ".." not in artefact.path.parts


def test_names_that_are_alike_are_numbered(tmp_path: Path) -> None:
    pair = (Download(Ref("file_behaviour", id), "pcap", "box.pcap", "") for id in ("1", "2"))
    artefacts = fetched(tmp_path, Canned(lambda request: b"x"), *pair)
    assert [artefact.download.name for artefact in artefacts] == ["box.pcap", "box_2.pcap"]
    bare = (Download(Ref("file", digit * 64), "file", "dropped", "") for digit in "ab")
    assert [each.download.name for each in fetched(tmp_path, Canned(lambda request: b"x"), *bare)] == [
        "dropped",
        "dropped_2",
    ]


def test_two_subjects_of_a_task_do_not_share_files(tmp_path: Path) -> None:
    (first,) = fetched(tmp_path, Canned(lambda request: b"one"), download("A"))
    (second,) = fetched(tmp_path, Canned(lambda request: b"two"), download("B"))
    assert first.path is not None
    assert second.path is not None
    assert (first.path.read_bytes(), second.path.read_bytes()) == (b"one", b"two")


def test_nothing_to_fetch_starts_no_thread(tmp_path: Path) -> None:
    before = threading.active_count()
    assert fetched(tmp_path, Canned(lambda request: b"x")) == ()
    assert threading.active_count() == before
