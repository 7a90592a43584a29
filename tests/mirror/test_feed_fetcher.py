"""Feeds of the emulator into a real server: broken connections, damaged and missing packages, a full disk."""

import bz2
import errno
import json
import resource
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from attrs import evolve

from tests.mirror.clusters import an_object, opensearch
from virustotal.core.errors import ArtefactError, ForbiddenError, VirusTotalError
from virustotal.core.settings import Credentials, MirrorConfig, Settings
from virustotal.emulator.server import Emulator
from virustotal.emulator.store import Store
from virustotal.mirror import feed_fetcher, feed_loader
from virustotal.mirror.checkpoint import Checkpoint, Reached
from virustotal.mirror.feed_fetcher import HOUR, MINUTE, FeedFetcher, FeedPackage, FetchError
from virustotal.mirror.feed_loader import Loader
from virustotal.mirror.search_answers import MirrorError
from virustotal.mirror.search_client import SearchClient
from virustotal.sources import build

NOW = datetime(2026, 1, 1, 12, 30, 20, tzinfo=UTC)
NEWEST = datetime(2026, 1, 1, 11, 31, tzinfo=UTC)
DOMAINS = 200


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with opensearch() as url:
        yield url


@pytest.fixture(scope="module")
def world() -> Iterator[Emulator]:
    store = Store()
    for number in range(DOMAINS):
        store.put(an_object("domain", f"host-{number}.example"))
    with Emulator(store, keys={"premium": "premium", "public": "public"}) as emulator:
        yield emulator


@pytest.fixture
def emulator(world: Emulator) -> Emulator:
    world.clear()
    world.clock.set(NOW.timestamp())
    return world


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def fetcher(emulator: Emulator, address: str, tmp_path: Path, waits: list[float]) -> Iterator[FeedFetcher]:
    config = MirrorConfig((address,), domains=f"domains-{tmp_path.name}".lower())
    loader = Loader(SearchClient(config, Credentials()), config)
    loader.prepare()

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        emulator.clock.advance(seconds)

    source = build(Settings(host=emulator.url), Credentials("premium"))
    yield FeedFetcher(source, loader, tmp_path / "packages", emulator.clock.now, sleep)
    source.close()
    loader.cluster.close()
    assert not emulator.leaks


@pytest.fixture
def checkpoint(tmp_path: Path) -> Checkpoint:
    return Checkpoint(tmp_path / "domains.json")


def run(fetcher: FeedFetcher, checkpoint: Checkpoint, since: datetime | None, until: datetime = NEWEST) -> list[str]:
    return [package.name for package in fetcher.fetch({"domains": checkpoint}, since, until)]


def again(fetcher: FeedFetcher) -> FeedFetcher:
    """Return what a new process has."""
    return evolve(fetcher, loader=Loader(fetcher.loader.cluster, fetcher.loader.config))


def test_sixty_packages_over_a_connection_that_breaks_twice(
    fetcher: FeedFetcher, emulator: Emulator, checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: Counter[str] = Counter()
    store = Loader._store

    def count(loader: Loader, batch: list[feed_loader.BulkEntry]) -> None:
        loaded.update(json.loads(ready.body)["id"] for ready in batch)
        store(loader, batch)

    monkeypatch.setattr(Loader, "_store", count)
    emulator.fault("GET /other/feeds/*", "truncate", size=30, skip=10, times=1)
    emulator.fault("GET /other/feeds/*", "reset", skip=39, times=1)
    since = NEWEST - HOUR
    assert run(fetcher, checkpoint, since) == [(since + MINUTE * number).strftime("%Y%m%d%H%M") for number in range(60)]
    assert loaded == {f"host-{number}.example": 1 for number in range(DOMAINS)}
    assert (fetcher.loader.statistics.read, fetcher.loader.statistics.stored) == (DOMAINS, DOMAINS)
    assert [path.name for path in fetcher.folder.iterdir()] == ["lock"]
    assert run(again(fetcher), checkpoint, since) == []
    resumed = [entry.headers["range"] for entry in emulator.requests.elsewhere if "range" in entry.headers]
    assert resumed == ["bytes=30-"]  # the other one broke before its first byte


@pytest.mark.parametrize("status", [416, 206])
def test_a_download_that_cannot_be_continued_begins_again(
    fetcher: FeedFetcher, emulator: Emulator, checkpoint: Checkpoint, status: int
) -> None:
    since = datetime(2026, 1, 1, 9, tzinfo=UTC)
    emulator.fault("GET /other/feeds/*", "truncate", size=100, times=1)
    other = emulator.fault("GET /other/feeds/*", "answer", status=status, document="without Content-Range", times=1)
    run(fetcher, checkpoint, since, since + HOUR)
    assert (fetcher.loader.statistics.read, fetcher.loader.statistics.refused) == (DOMAINS, {})
    assert other.seen == 2
    ranges = [entry.headers.get("range") for entry in emulator.requests.elsewhere]
    assert ranges == [None, "bytes=100-", None]


def test_a_run_goes_on_where_the_last_one_ended(fetcher: FeedFetcher, checkpoint: Checkpoint) -> None:
    names = fetcher.fetch({"domains": checkpoint}, NEWEST - HOUR, NEWEST)
    for _ in range(21):
        next(names)
    names.close()  # before the 21st is downloaded
    read = fetcher.loader.statistics.read
    second = again(fetcher)
    assert len(run(second, checkpoint, None)) == 40
    assert read + second.loader.statistics.read == DOMAINS
    assert run(second, checkpoint, NEWEST - 3 * MINUTE) == []


def test_whole_hours_come_in_one_package(fetcher: FeedFetcher, checkpoint: Checkpoint) -> None:
    since = datetime(2026, 1, 1, 8, 58, tzinfo=UTC)
    names = run(fetcher, checkpoint, since, datetime(2026, 1, 1, 11, 2, tzinfo=UTC))
    assert names == ["202601010858", "202601010859", "2026010109", "2026010110", "202601011100", "202601011101"]
    assert fetcher.loader.statistics.read > 2 * DOMAINS


def test_an_hour_that_is_missing_comes_by_the_minute(
    fetcher: FeedFetcher, emulator: Emulator, checkpoint: Checkpoint
) -> None:
    emulator.fault("GET /feeds/domains/hourly/*", status=404, code="NotFoundError")
    emulator.fault("GET /feeds/domains/202601010907", status=404, code="NotFoundError")
    since = datetime(2026, 1, 1, 9, tzinfo=UTC)
    names = run(fetcher, checkpoint, since, since + HOUR)
    assert names[:2] == ["2026010109", "202601010900"]
    assert len(names) == 61
    assert fetcher.missing == ["domains: 202601010907"]


def test_many_missing_packages_end_a_run_which_asks_for_them_again(
    fetcher: FeedFetcher, emulator: Emulator, checkpoint: Checkpoint
) -> None:
    run(fetcher, checkpoint, NEWEST - 20 * MINUTE, NEWEST - 15 * MINUTE)
    emulator.fault("GET /feeds/domains/*", status=404, code="NotFoundError")
    with pytest.raises(FetchError, match="lacks 11 packages of domains"):
        run(fetcher, checkpoint, None)
    emulator.faults.clear()
    assert len(run(again(fetcher), checkpoint, None)) == 15


def test_what_is_not_there_yet_is_waited_for(
    fetcher: FeedFetcher, emulator: Emulator, checkpoint: Checkpoint, waits: list[float]
) -> None:
    emulator.fault("GET /feeds/domains/*", status=400, code="NotAvailableYet", times=1)
    assert len(run(fetcher, checkpoint, NEWEST, NEWEST + 2 * MINUTE)) == 2
    assert waits == [40.0, 60.0]  # to the minute, and as it was late; the next one is there by then
    emulator.fault("GET /feeds/domains/*", status=400, code="NotAvailableYet")
    with pytest.raises(FetchError, match="yet"):
        run(again(fetcher), checkpoint, None, NEWEST + 3 * MINUTE)


@pytest.mark.parametrize("times", [1, None])
def test_half_a_package_is_downloaded_again(
    fetcher: FeedFetcher, emulator: Emulator, checkpoint: Checkpoint, times: int | None
) -> None:
    fault = emulator.fault("GET /other/feeds/domains/2026010109", "partial", size=600, times=times)
    since = datetime(2026, 1, 1, 9, tzinfo=UTC)
    run(fetcher, checkpoint, since, since + 2 * HOUR)
    statistics = fetcher.loader.statistics
    assert checkpoint.last() == ("2026010110", Reached(DOMAINS, done=True))
    assert fault.seen == (2 if times else 3)
    if times:
        assert (statistics.read, statistics.refused) == (2 * DOMAINS, {})
    else:
        ((reason, count),) = statistics.refused.items()
        assert count == 1
        assert "damaged" in reason
        assert statistics.examples[reason].startswith("domains-2026010109, after line")


def test_damage_in_the_middle_of_a_package_loads_no_line_twice(
    fetcher: FeedFetcher, checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_loader, "MOST_LINES", 10)
    lines = [json.dumps(an_object("domain", f"host-{number}.example")).encode() + b"\n" for number in range(40)]
    lines[3] = b"{broken\n"
    whole = [bz2.compress(b"".join(lines[:25])) + bz2.compress(b"".join(lines[25:]))]
    answers = [whole[0][:-40], whole[0]]

    class Packages:
        def ask(self, request: feed_fetcher.Request, deadline: float) -> None:
            assert request.save
            request.save.path.write_bytes(answers.pop(0))

        def close(self) -> None: ...

    fetcher = evolve(fetcher, source=Packages())
    run(fetcher, checkpoint, NEWEST - MINUTE)
    statistics = fetcher.loader.statistics
    assert (statistics.read, statistics.again, statistics.refused) == (40, 0, {"broken JSON": 1})


def test_a_full_disk_ends_a_run_and_leaves_nothing(
    fetcher: FeedFetcher, checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    since = datetime(2026, 1, 1, 9, tzinfo=UTC)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(ArtefactError, match="cannot be written"):
            run(fetcher, checkpoint, since, since + HOUR)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [path.name for path in fetcher.folder.iterdir()] == ["lock"]
    run(fetcher, checkpoint, since, since + HOUR)
    assert fetcher.loader.statistics.read == DOMAINS


def test_a_feed_that_the_licence_does_not_cover_ends_a_run(
    fetcher: FeedFetcher, emulator: Emulator, checkpoint: Checkpoint
) -> None:
    with pytest.raises(ForbiddenError):
        run(evolve(fetcher, source=build(Settings(host=emulator.url), Credentials("public"))), checkpoint, None)


def test_two_runs_do_not_share_a_folder(fetcher: FeedFetcher, checkpoint: Checkpoint) -> None:
    (fetcher.folder).mkdir()
    (fetcher.folder / ".part-domains-202512251232").touch()  # of a run that was killed
    (fetcher.folder / "of-somebody-else").touch()
    first = fetcher.fetch({"domains": checkpoint}, None, NEWEST)
    next(first)
    assert sorted(path.name for path in fetcher.folder.iterdir()) == ["lock", "of-somebody-else"]
    with pytest.raises(FetchError, match="Another run"):
        run(fetcher, checkpoint, None)
    first.close()


def test_the_first_run_begins_with_the_oldest_package_and_a_gap_is_named(
    fetcher: FeedFetcher, checkpoint: Checkpoint
) -> None:
    oldest = datetime(2025, 12, 25, 12, 32, tzinfo=UTC)
    assert fetcher.start("domains", checkpoint, None) == oldest
    assert not fetcher.missing
    assert fetcher.start("domains", checkpoint, oldest - HOUR) == oldest
    assert fetcher.missing.pop() == "domains: 202512251132 to 202512251232"
    assert next(fetcher.fetch({"domains": checkpoint}, None, NEWEST)).start == oldest
    evolve(checkpoint, package="202512240000").write(Reached(5, done=True))
    assert fetcher.start("domains", checkpoint, None) == oldest
    assert fetcher.missing.pop() == "domains: 202512240001 to 202512251232"
    assert fetcher.start("domains", checkpoint, oldest + HOUR) == oldest + HOUR
    assert not fetcher.missing


@pytest.mark.parametrize(
    ("name", "length"), [("202601010000", MINUTE), ("2026010100", HOUR), ("", None), ("soon", None), ("2026" * 3, None)]
)
def test_names_of_packages(name: str, length: timedelta | None) -> None:
    package = FeedPackage.named("files", name)
    assert (package and package.length) == length
    assert package is None or package.name == name


def test_feeds_advance_together(fetcher: FeedFetcher, tmp_path: Path) -> None:
    checkpoints = {feed: Checkpoint(tmp_path / feed) for feed in ("files", "domains")}
    names = [(package.feed, package.start) for package in fetcher.fetch(checkpoints, NEWEST - 3 * MINUTE, NEWEST)]
    assert [start for _, start in names] == sorted(start for _, start in names)
    assert len(names) == 6


def test_a_mirror_that_is_down_ends_a_run_and_leaves_nothing(fetcher: FeedFetcher, checkpoint: Checkpoint) -> None:
    config = MirrorConfig(("http://127.0.0.1:9",))
    loader = Loader(SearchClient(config, Credentials()), config, sleep=lambda seconds: None)
    with pytest.raises(MirrorError, match="reached"):
        run(evolve(fetcher, loader=loader), checkpoint, NEWEST - HOUR)
    assert [path.name for path in fetcher.folder.iterdir()] == ["lock"]


@pytest.mark.parametrize("kind", ["garbage", "error200"])
def test_what_is_no_package_ends_a_run_and_the_next_one_continues(
    fetcher: FeedFetcher, emulator: Emulator, checkpoint: Checkpoint, kind: str
) -> None:
    emulator.fault("GET /other/feeds/*", kind, skip=2)
    with pytest.raises((VirusTotalError, FetchError)):  # the error with status 200 says that it will exist later
        run(fetcher, checkpoint, NEWEST - 5 * MINUTE)
    assert checkpoint.last()[1].done
    emulator.faults.clear()
    assert len(run(again(fetcher), checkpoint, None)) == 3


def test_a_disk_that_is_too_full_for_a_checkpoint(
    fetcher: FeedFetcher, emulator: Emulator, checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(fetcher, checkpoint, NEWEST - 2 * MINUTE, NEWEST - MINUTE)
    before = checkpoint.path.read_text()

    def full(path: Path, text: str, encoding: str) -> None:
        path.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        with pytest.raises(OSError, match="No space"):
            run(again(fetcher), checkpoint, None)
    assert checkpoint.path.read_text() == before
    assert [path.name for path in checkpoint.path.parent.glob("*.new")] == []
    assert len(run(again(fetcher), checkpoint, None)) == 1


def test_nothing_but_packages_of_an_earlier_run_is_deleted(tmp_path: Path) -> None:
    own = ("domains-202601011130", "file-behaviours-2026010111", ".part-urls-202601011130")
    others = ("202601011130", "domains.json", "domains-old", "notes-202601011130")
    for name in own + others:
        (tmp_path / name).touch()
    (tmp_path / "folder").mkdir()
    with feed_fetcher._locked(tmp_path):
        assert {path.name for path in tmp_path.iterdir()} == {*others, "folder", "lock"}
