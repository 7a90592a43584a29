"""Loading packages: bad lines, batches, busy clusters, and checkpoints."""

import bz2
import gzip
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.client.conftest import Heard, Script, Server, answer
from tests.mirror.clusters import SHA, an_object, fill, opensearch
from tests.mirror.packages import Package, file_line, minute
from tests.mirror.packages import package as package
from virustotal.core.settings import Credentials, MirrorConfig
from virustotal.mirror import feed_loader
from virustotal.mirror.checkpoint import Checkpoint, Reached, checkpoint_of
from virustotal.mirror.feed_loader import Loader
from virustotal.mirror.feed_packages import PackageError
from virustotal.mirror.load_statistics import MOST_REASONS, OTHERS, LoadStatistics
from virustotal.mirror.search_answers import MirrorError
from virustotal.mirror.search_client import SearchClient

ITEM = '{"index": {"status": %d}}'


def test_what_is_too_deep_is_refused(package: Package) -> None:
    config = MirrorConfig(hosts=("http://mirror.example.com",))
    line = b'{"type": "file", "id": "%s", "attributes": {"a": %s1%s}}' % (SHA.encode(), b"[" * 5000, b"]" * 5000)
    loader = Loader(SearchClient(config, Credentials()), config)
    entry = loader._ready(line, "x:1")
    assert (entry, loader.statistics.refused) == (None, {"nested too deeply": 1})


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with opensearch() as url:
        yield url


@pytest.fixture
def config(address: str, request: pytest.FixtureRequest) -> MirrorConfig:
    """Indices of the test's own."""
    own = f"own-{abs(hash(request.node.name))}"
    return MirrorConfig((address,), f"{own}-f", f"{own}-u", f"{own}-d", f"{own}-i", f"{own}-b")


def versions(config: MirrorConfig, *numbers: int) -> list[Any]:
    documents = SearchClient(config, Credentials()).get(
        [(config.files, f"{number:064x}") for number in numbers], time.monotonic() + 5
    )
    return [document["modified"] if isinstance(document, Mapping) else document for document in documents]


def test_a_newer_state_is_never_replaced_by_an_older_one(config: MirrorConfig, tmp_path: Path) -> None:
    of = "{:064x}".format
    fill(config, [an_object("file", of(1), 50), an_object("file", of(2), 50)], tmp_path)
    statistics = fill(config, [an_object("file", of(1), 40), an_object("file", of(2), 60)], tmp_path).statistics
    assert (statistics.stored, statistics.older) == (1, 1)
    assert versions(config, 1, 2, 3) == [50, 60, None]


def test_bad_lines_cost_themselves(config: MirrorConfig, package: Package) -> None:
    thing = b'{"type": "thing", "id": "1", "attributes": {}}'
    content = [file_line(1), b"{broken", thing, file_line(2), b"\xff\xfe", b"7"]
    loader = Loader(SearchClient(config, Credentials()), config)
    loader.prepare()
    loader.load(package(b"\n".join(content)), Checkpoint(package(b"", "c")))
    assert loader.statistics.stored == 2
    assert loader.statistics.refused == {"broken JSON": 2, "unknown type thing": 1, "not an object": 1}
    assert loader.statistics.examples["unknown type thing"] == "package:3"


class Ended(BaseException):
    """The process is killed here."""


def test_a_load_goes_on_where_it_was(
    config: MirrorConfig, package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_loader, "MOST_LINES", 10)
    path = package(bz2.compress(minute(*range(95))))
    checkpoint = checkpoint_of(path, config, tmp_path / "state")
    loader = Loader(SearchClient(config, Credentials()), config)
    loader.prepare()
    calls = 0

    def tell(read: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise Ended

    with pytest.raises(Ended):
        loader.load(path, checkpoint, tell)
    assert checkpoint.read() == Reached(40)
    second = Loader(SearchClient(config, Credentials()), config)
    second.load(path, checkpoint)
    assert (second.statistics.again, second.statistics.stored) == (40, 55)
    assert checkpoint.read() == Reached(95, done=True)
    third = Loader(SearchClient(config, Credentials()), config)
    third.load(path, checkpoint)
    assert (third.statistics.again, third.statistics.stored) == (95, 0)
    assert versions(config, 0, 94) == [1_700_000_000] * 2


def test_what_an_earlier_load_refused_is_told_again(
    server: Server, package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_loader, "MOST_LINES", 3)
    content = b"{broken\n{broken\n%s\n%s\n[]\n%s\n{broken\n" % (file_line(1), file_line(2), file_line(3))
    path, checkpoint = package(bz2.compress(content) + b"BZh9"), Checkpoint(package(b"", "c"))
    first, _ = against(server, said(201), said(400, 201))
    first.statistics.refuse("broken JSON", "another:7")

    def killed(read: int) -> None:
        if checkpoint.read().lines == 6:
            raise Ended

    with pytest.raises(Ended):
        first.load(path, checkpoint, killed)
    for _ in range(2):  # that the package breaks off is found again each time, and not kept
        second, _ = against(server, said(201))
        with pytest.raises(PackageError, match="damaged"):
            second.load(path, checkpoint)
        assert second.statistics.refused == {
            "broken JSON": 3,
            "the mirror refuses it (HTTP 400)": 1,
            "not an object": 1,
        }
        assert second.statistics.examples["broken JSON"] == "package:1"
        assert second.statistics.examples["the mirror refuses it (HTTP 400)"] == "package:4"
    assert (second.statistics.again, second.statistics.read) == (2, 0)


def test_reasons_are_bounded() -> None:
    statistics = LoadStatistics()
    for number in range(1000):
        statistics.refuse(f"unknown type {number}", f"x:{number}")
    assert len(statistics.refused) == len(statistics.package) == MOST_REASONS + 1
    assert (statistics.refused.total(), statistics.examples[OTHERS]) == (1000, f"x:{MOST_REASONS}")


def test_lines_that_are_refused_or_known_move_progress_and_checkpoint(
    package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_loader, "MOST_LINES", 10)
    config = MirrorConfig(hosts=("http://mirror.example.com",))
    path, checkpoint = package(b"{broken\n" * 45), Checkpoint(package(b"", "c"))
    reached: list[int] = []
    Loader(SearchClient(config, Credentials()), config).load(
        path, checkpoint, lambda read: reached.append(checkpoint.read().lines)
    )
    assert reached == [10, 20, 30, 40, 45]
    checkpoint.write(Reached(35))
    reached.clear()
    Loader(SearchClient(config, Credentials()), config).load(
        path, checkpoint, lambda read: reached.append(checkpoint.read().lines)
    )
    assert reached == [35, 35, 35, 45]


def test_another_content_or_cluster_is_another_checkpoint(package: Package, tmp_path: Path) -> None:
    path = package(minute(1))
    first = checkpoint_of(path, MirrorConfig(("http://a.example",)), tmp_path)
    assert first == checkpoint_of(path, MirrorConfig(("http://a.example",)), tmp_path)
    assert first != checkpoint_of(path, MirrorConfig(("http://b.example",)), tmp_path)
    package(minute(1, 2))
    assert first != checkpoint_of(path, MirrorConfig(("http://a.example",)), tmp_path)


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{", '{"lines": -5}', '{"lines": "x", "done": 1}', '{"refused": {"a": 1, "b": {"lines": -1}}}'],
)
def test_a_broken_checkpoint_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "c.json").write_text(content)
    assert Checkpoint(tmp_path / "c.json").read() == Reached()


def said(*statuses: int) -> bytes:
    return answer(b'{"items": [%s]}' % b", ".join((ITEM % status).encode() for status in statuses))


def against(server: Server, *scripts: Script | bytes) -> tuple[Loader, list[float]]:
    server.say(*scripts)
    pauses: list[float] = []
    config = MirrorConfig(hosts=(server.url,))
    return Loader(SearchClient(config, Credentials()), config, sleep=pauses.append), pauses


def bodies(heard: list[Heard]) -> list[int]:
    """How many documents each request had."""
    return [gzip.decompress(request.body).count(b"\n") // 2 for request in heard]


def test_what_a_busy_mirror_leaves_is_sent_again(server: Server, package: Package) -> None:
    busy = answer(b"{}", "503 Busy")
    loader, pauses = against(server, busy, said(201, 429, 201), said(503), said(), said(201))
    loader.load(package(minute(1, 2, 3)), Checkpoint(package(b"", "c")))
    assert bodies(server.heard) == [3, 3, 1, 1, 1]
    assert (loader.statistics.stored, len(pauses)) == (3, 4)


def test_a_mirror_that_stays_busy_ends_the_load(server: Server, package: Package) -> None:
    loader, pauses = against(server, said(429))
    with pytest.raises(MirrorError, match="busy"):
        loader.load(package(minute(1)), Checkpoint(package(b"", "c")))
    assert sum(pauses) < 200
    assert Checkpoint(package(b"", "c")).read() == Reached()


def test_a_refusal_of_all_ends_the_load_at_once(server: Server, package: Package) -> None:
    loader, pauses = against(server, answer(b"{}", "403 Forbidden"))
    with pytest.raises(MirrorError, match="credentials"):
        loader.load(package(minute(1)), Checkpoint(package(b"", "c")))
    assert not pauses


def test_a_batch_that_is_too_large_is_halved(server: Server, package: Package) -> None:
    large = answer(b"{}", "413 Too Large")
    loader, _ = against(server, large, large, said(201, 400))
    loader.load(package(minute(1, 2, 3)), Checkpoint(package(b"", "c")))
    assert bodies(server.heard) == [3, 1, 2]
    assert loader.statistics.refused == {"larger than the mirror takes": 1, "the mirror refuses it (HTTP 400)": 1}


def test_a_batch_that_is_refused_as_a_whole_is_halved_down_to_the_bad_document(config: MirrorConfig) -> None:
    loader = Loader(SearchClient(config, Credentials()), config)
    loader.prepare()
    good = [loader._ready(file_line(number), f"x:{number}") for number in (1, 2, 4, 5)]
    batch = [entry for entry in good if entry is not None]
    batch.insert(2, evolve(batch[0], where="x:3", action=batch[0].action.replace(b"1700000000", b"-5")))
    loader._store(batch)
    assert loader.statistics.stored == 4
    reason = "the mirror refuses it (action_request_validation_exception)"
    assert (loader.statistics.refused, loader.statistics.examples) == ({reason: 1}, {reason: "x:3"})


def test_batches_are_bounded_in_bytes(server: Server, package: Package, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_loader, "MOST_BYTES", 10_000)
    loader, _ = against(server, said(201, 201), said(201), said(201), said(201))
    content = [file_line(1, 2000), file_line(2, 2000), file_line(3, 20_000), file_line(4, 9000), file_line(5, 10)]
    loader.load(package(b"\n".join(content)), Checkpoint(package(b"", "c")))
    assert bodies(server.heard)[:3] == [2, 1, 2]


def test_a_damaged_package_is_loaded_as_far_as_it_goes(config: MirrorConfig, package: Package) -> None:
    path = package(bz2.compress(minute(1, 2)) + bz2.compress(minute(3))[:-40])
    loader = Loader(SearchClient(config, Credentials()), config)
    loader.prepare()
    done = Checkpoint(package(b"", "c"))
    with pytest.raises(PackageError, match="damaged"):
        loader.load(path, done)
    assert loader.statistics.stored == 2
    assert done.read() == Reached(2)


def test_indices_are_made_once_and_one_that_is_there_is_kept(config: MirrorConfig, address: str) -> None:
    cluster = SearchClient(config, Credentials())
    for _ in range(2):
        Loader(cluster, config).prepare()
    status, mappings = cluster.send("GET", f"/{config.files}/_mapping", None, time.monotonic() + 5)
    assert status == 200
    assert list(mappings) == [f"{config.files}-000001"]


@settings(max_examples=200, deadline=None)
@given(line=st.binary(max_size=60) | st.text(max_size=40).map(str.encode))
def test_no_line_ends_a_load(line: bytes) -> None:
    config = MirrorConfig(hosts=("http://mirror.example.com",))
    loader = Loader(SearchClient(config, Credentials()), config)
    assert loader._ready(line, "x:1") is None
    assert sum(loader.statistics.refused.values()) == 1
