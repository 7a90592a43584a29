"""An alias of several indices: read whole, newest state first, while a rollover and the ageing change it."""

import json
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from tests.client.conftest import Server, answer
from tests.mirror.clusters import SHA, an_object, fill, opensearch
from virustotal.core.models import Ref
from virustotal.core.settings import Credentials, MirrorConfig
from virustotal.mirror import feed_loader, object_store
from virustotal.mirror.checkpoint import Checkpoint, Reached
from virustotal.mirror.documents import INDEX
from virustotal.mirror.feed_loader import Loader
from virustotal.mirror.index_checks import index_problems
from virustotal.mirror.object_store import ObjectStore
from virustotal.mirror.search_answers import MirrorError
from virustotal.mirror.search_client import SearchClient
from virustotal.storage.circuit_breaker import CircuitBreaker

NOW = int(time.time())
FILE, DOMAIN = Ref("file", SHA), Ref("domain", "example.com")
REPORTS = tuple(Ref("file_behaviour", f"{SHA}_{sandbox}") for sandbox in ("C2AE", "VirusTotal Jujubox", "Zenbox"))


def call(url: str, method: str, path: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request) as response:
        return json.loads(response.read())


def soon() -> float:
    return time.monotonic() + 10


@pytest.fixture
def config() -> Iterator[MirrorConfig]:
    with opensearch() as url:
        yield MirrorConfig(hosts=(url,))


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def store(config: MirrorConfig, said: list[str]) -> ObjectStore:
    return ObjectStore(
        SearchClient(config, Credentials()),
        config,
        CircuitBreaker(said.append, said.append, "The mirror", "Until then, look-ups go on without it."),
    )


def roll_over(url: str, alias: str, number: int) -> None:
    """Begin a new write index behind an alias, with the index template of `mirror init`."""
    template = {"index_patterns": [f"{alias}-*"], "template": {"mappings": INDEX["mappings"]}}
    call(url, "PUT", f"/_index_template/{alias}", template)
    call(url, "PUT", f"/{alias}-{number:06d}", {**INDEX})
    old = {"add": {"index": f"{alias}-{number - 1:06d}", "alias": alias, "is_write_index": False}}
    new = {"add": {"index": f"{alias}-{number:06d}", "alias": alias, "is_write_index": True}}
    call(url, "POST", "/_aliases", {"actions": [old, new]})


def reputation(store: ObjectStore, ref: Ref) -> Any:
    return store.fetch((ref,), soon()).objects[ref].object["attributes"].get("reputation")


def test_a_rollover_while_objects_are_looked_up(
    config: MirrorConfig, store: ObjectStore, said: list[str], tmp_path: Path
) -> None:
    url = config.hosts[0]
    fill(config, [an_object("file", SHA, NOW - 500, attributes={"reputation": 1, "md5": "c" * 32})], tmp_path)
    fill(config, [an_object("domain", "example.com", NOW - 500)], tmp_path)
    assert reputation(store, FILE) == 1
    roll_over(url, "virustotal-files", 2)
    assert reputation(store, FILE) == 1
    fill(config, [an_object("file", SHA, NOW - 100, attributes={"reputation": 2, "md5": "c" * 32})], tmp_path)
    assert reputation(store, FILE) == 2
    newest = store.by_digest(Ref("file", "c" * 32), soon())
    assert newest is not None
    assert newest.object["attributes"]["reputation"] == 2
    roll_over(url, "virustotal-files", 3)
    fill(config, [an_object("file", SHA, NOW - 900, attributes={"reputation": 0})], tmp_path)  # late, and older
    assert reputation(store, FILE) == 2
    call(url, "DELETE", "/virustotal-files-000001")
    both = store.fetch((FILE, DOMAIN), soon())
    assert set(both.objects) == {FILE, DOMAIN}
    assert not said
    assert index_problems(config, Credentials()) == ()


def test_the_newest_of_many_indices_is_found_by_digest_and_by_file(
    config: MirrorConfig, store: ObjectStore, tmp_path: Path
) -> None:
    """A site that keeps objects for 90 days and rolls over each week has thirteen indices of an alias."""
    url = config.hosts[0]
    for number in range(1, 14):
        attributes = {"reputation": number, "md5": "c" * 32}
        reports = (f"{SHA}_Sandbox {name}" for name in range(10))
        behaviours = [
            an_object("file_behaviour", id, attributes={"analysis_date": NOW - 50 + number}) for id in reports
        ]
        fill(config, [an_object("file", SHA, NOW - 50 + number, attributes=attributes), *behaviours], tmp_path)
        for alias in ("virustotal-files", "virustotal-behaviours"):
            roll_over(url, alias, number + 1)
    newest = store.by_digest(Ref("file", "c" * 32), soon())
    assert newest is not None
    assert newest.object["attributes"]["reputation"] == 13
    moments = [report.object["attributes"]["analysis_date"] for report in store.behaviours(SHA, soon())]
    assert moments == [NOW - 37] * 10


def test_after_a_rollover_without_template_behaviours_are_found_again(
    config: MirrorConfig, store: ObjectStore, said: list[str], tmp_path: Path
) -> None:
    url, alias = config.hosts[0], "virustotal-behaviours"
    fill(config, [an_object("file_behaviour", f"{SHA}_First", NOW - 50)], tmp_path)
    assert [report.id for report in store.behaviours(SHA, soon())] == [f"{SHA}_First"]
    call(url, "PUT", f"/{alias}-000002", {})
    old = {"add": {"index": f"{alias}-000001", "alias": alias, "is_write_index": False}}
    new = {"add": {"index": f"{alias}-000002", "alias": alias, "is_write_index": True}}
    call(url, "POST", "/_aliases", {"actions": [old, new]})
    fill(config, [an_object("file_behaviour", f"{SHA}_Second", NOW - 40)], tmp_path)
    store.behaviours(SHA, soon())
    assert [report.id for report in store.behaviours(SHA, soon())] == [f"{SHA}_First", f"{SHA}_Second"]


def package(path: Path, reputation: int, count: int) -> Path:
    """Write the same files with their state at a moment: the higher the reputation, the newer."""
    files = (
        an_object(
            "file",
            f"{number:064x}",
            NOW - 1000 + reputation,
            attributes={"reputation": reputation, "md5": f"{number:032x}"},
        )
        for number in range(count)
    )
    path.write_text("".join(json.dumps(file) + "\n" for file in files))
    return path


def test_rollovers_in_the_middle_of_loads_and_of_parallel_look_ups(
    config: MirrorConfig, store: ObjectStore, said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_loader, "MOST_LINES", 20)
    monkeypatch.setattr(object_store, "MEMBERS_SECONDS", 0.05)
    url, alias, count = config.hosts[0], config.files, 100
    fill(config, [an_object("domain", "example.com", NOW)], tmp_path)
    loader = Loader(SearchClient(config, Credentials()), config)
    loader.load(package(tmp_path / "0", 0, count), Checkpoint(tmp_path / "0.json"))
    number, stop = 1, threading.Event()

    def rolling(read: int) -> None:
        nonlocal number
        if read:
            number += 1
            roll_over(url, alias, number)
            if number > 6:  # the second load has stored newer states of what is only in this one
                call(url, "DELETE", f"/{alias}-{number - 6:06d}")

    def look_up(first: int) -> int:
        seen: dict[Ref, int] = {}
        while not stop.is_set():
            refs = [Ref("file", f"{at:064x}") for at in range(first, count, 4)]
            objects = store.fetch([*refs, DOMAIN], soon()).objects
            digest = store.by_digest(Ref("file", f"{first:032x}"), soon())
            assert set(objects) == {*refs, DOMAIN}
            assert digest is not None
            for ref in refs:
                state = objects[ref].object["attributes"]["reputation"]
                assert state >= seen.get(ref, 0)
                seen[ref] = state
        return len(seen)

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(look_up, first) for first in range(4)]
        for newer in (1, 2):
            loader.load(package(tmp_path / str(newer), newer, count), Checkpoint(tmp_path / f"{newer}.json"), rolling)
        time.sleep(0.1)
        stop.set()
        assert [reader.result() for reader in readers] == [25] * 4
    assert number == 11
    assert not said
    assert not loader.statistics.refused
    newest = store.fetch([Ref("file", f"{at:064x}") for at in range(count)], soon()).objects
    assert {file.object["attributes"]["reputation"] for file in newest.values()} == {2}


def test_a_new_index_is_seen_after_a_while(
    config: MirrorConfig, store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = config.hosts[0]
    fill(config, [an_object("file", SHA, NOW - 500, attributes={"reputation": 1})], tmp_path)
    roll_over(url, "virustotal-files", 2)
    assert reputation(store, FILE) == 1
    roll_over(url, "virustotal-files", 3)
    fill(config, [an_object("file", SHA, NOW, attributes={"reputation": 3})], tmp_path)
    clock = time.monotonic() + object_store.MEMBERS_SECONDS
    monkeypatch.setattr(object_store.time, "monotonic", lambda: clock)
    assert store.fetch((FILE,), clock + 10).objects[FILE].object["attributes"]["reputation"] == 3


def test_a_damaged_document_costs_itself_alone_and_is_named(
    config: MirrorConfig, store: ObjectStore, said: list[str], tmp_path: Path
) -> None:
    fill(config, [an_object("file_behaviour", REPORTS[0].id, NOW)], tmp_path)
    damaged = {"file": SHA, "id": REPORTS[1].id, "type": "file_behaviour", "object": "{broken"}
    call(config.hosts[0], "PUT", f"/{config.behaviours}/_doc/damaged?refresh=true", damaged)
    assert [report.id for report in store.behaviours(SHA, soon())] == [REPORTS[0].id]
    (line,) = said
    assert "holds a document that is no object of VirusTotal (index virustotal-behaviours)" in line


@pytest.mark.parametrize("rolled", [True, False])
def test_an_alias_without_a_write_index_is_named_and_loads_nothing(
    config: MirrorConfig, tmp_path: Path, rolled: bool
) -> None:
    url, last = config.hosts[0], 2 if rolled else 1
    fill(config, [an_object("file", SHA, NOW)], tmp_path)
    if rolled:
        roll_over(url, "virustotal-files", last)
    index = {"index": f"virustotal-files-{last:06d}", "alias": "virustotal-files", "is_write_index": False}
    call(url, "POST", "/_aliases", {"actions": [{"add": index}]})
    (problem,) = index_problems(config, Credentials())
    assert "no write index" in problem
    with pytest.raises(MirrorError, match="no write index"):
        fill(config, [], tmp_path)
    loader, checkpoint = Loader(SearchClient(config, Credentials()), config), Checkpoint(tmp_path / "c.json")
    with pytest.raises(MirrorError, match="no write index"):  # lost while a load runs
        loader.load(package(tmp_path / "p", 1, 5), checkpoint)
    assert checkpoint.read() == Reached()


def test_a_write_index_that_is_closed_ends_the_load(config: MirrorConfig, tmp_path: Path) -> None:
    fill(config, [an_object("file", SHA, NOW)], tmp_path)
    call(config.hosts[0], "POST", "/virustotal-files-000001/_close")
    with pytest.raises(MirrorError, match=r"virustotal-files cannot be written .*index_closed_exception"):
        fill(config, [an_object("file", SHA, NOW)], tmp_path)


def test_a_cluster_whose_disk_is_full_ends_the_load_and_is_named(
    config: MirrorConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(config, [an_object("file", SHA, NOW)], tmp_path)
    call(config.hosts[0], "PUT", "/virustotal-files-000001/_settings", {"index.blocks.read_only_allow_delete": True})
    pauses: list[float] = []
    loader = Loader(SearchClient(config, Credentials()), config, sleep=pauses.append)
    checkpoint = Checkpoint(tmp_path / "c.json")
    with pytest.raises(MirrorError, match=r"busy for minutes .cluster_block_exception"):
        loader.load(package(tmp_path / "p", 1, 5), checkpoint)
    assert len(pauses) == feed_loader.RETRIES.attempts - 1
    assert checkpoint.read() == Reached()


def test_two_indices_with_different_mappings(
    config: MirrorConfig, store: ObjectStore, said: list[str], tmp_path: Path
) -> None:
    url, alias = config.hosts[0], config.files
    strange = {"mappings": {"properties": {"md5": {"type": "long"}, "modified": {"type": "keyword"}}}}
    call(url, "PUT", "/strange", strange | {"aliases": {alias: {"is_write_index": False}}})
    call(url, "PUT", f"/{alias}-000001", {**INDEX, "aliases": {alias: {"is_write_index": True}}})
    fill(config, [an_object("file", SHA, NOW, attributes={"md5": "c" * 32})], tmp_path)
    assert set(store.fetch((FILE,), soon()).objects) == {FILE}
    assert index_problems(config, Credentials()) == (
        "The index strange has another mapping: neither md5 nor attributes.md5 can be searched.",
        "After its next rollover virustotal-files has another mapping: no index template matches; see `mirror init`.",
    )
    assert store.by_digest(Ref("file", "c" * 32), soon()) is None  # here the search fails as a whole, elsewhere in part
    assert any("search_phase_execution_exception) (index virustotal-files)" in line for line in said)
    assert set(store.fetch((FILE,), soon()).objects) == {FILE}


def test_a_closed_index_is_named_and_the_others_answer(
    config: MirrorConfig, store: ObjectStore, said: list[str], tmp_path: Path
) -> None:
    url, other = config.hosts[0], Ref("file", "e" * 64)
    fill(config, [an_object("file", SHA, NOW - 500)], tmp_path)
    roll_over(url, "virustotal-files", 2)
    fill(config, [an_object("file", other.id, NOW, attributes={"md5": "c" * 32})], tmp_path)
    call(url, "POST", "/virustotal-files-000001/_close")
    result = store.fetch((FILE, other), soon())
    assert set(result.objects) == {other}
    assert "index_closed_exception" in result.failed[FILE]
    assert store.by_digest(Ref("file", "c" * 32), soon()) is not None
    assert any("index_closed_exception" in line for line in said)


def test_a_shard_that_cannot_be_searched_is_named_and_the_others_answer(server: Server, said: list[str]) -> None:
    shard = {"index": "virustotal-files-000001", "reason": {"type": "query_shard_exception"}}
    shards = {"total": 2, "failed": 1, "failures": [shard]}
    config = evolve(MirrorConfig(), hosts=(server.url,))
    breaker = CircuitBreaker(said.append, said.append, "The mirror", "Until then, look-ups go on without it.")
    store = ObjectStore(SearchClient(config, Credentials()), config, breaker)

    def hits(*sources: dict[str, Any]) -> bytes:
        return answer(
            json.dumps({"_shards": shards, "hits": {"hits": [{"_source": source} for source in sources]}}).encode()
        )

    own = answer(b'{"x": {"mappings": {"properties": {"file": {"type": "keyword"}}}}}')
    file = an_object("file", SHA, NOW, attributes={"md5": "c" * 32})
    server.say(hits(file), hits(), own, hits(an_object("file_behaviour", f"{SHA}_Zenbox", NOW)))
    digest = Ref("file", "c" * 32)
    assert store.by_digest(digest, soon()) is not None
    assert store.by_digest(digest, soon()) is None
    assert store.behaviours(SHA, soon()) == ()  # a part of them would pass for all
    assert [line.split(" (")[0] for line in said] == [
        "The mirror cannot search a shard of virustotal-files-000001: query_shard_exception"
    ] * 2  # once for each alias


def test_an_alias_without_an_index_that_may_be_seen_is_not_asked(server: Server, said: list[str]) -> None:
    several = {"type": "illegal_argument_exception", "reason": "alias has more than one index associated with it"}
    doc = {"_index": "virustotal-files", "_id": SHA, "error": several}
    server.say(answer(json.dumps({"docs": [doc]}).encode()), answer(b"{}"))
    config = evolve(MirrorConfig(), hosts=(server.url,))
    store = ObjectStore(SearchClient(config, Credentials()), config, CircuitBreaker(said.append, said.append, "It", ""))
    result = store.fetch((FILE,), soon())
    assert (dict(result.objects), dict(result.failed), said) == ({}, {}, [])
    assert len(server.heard) == 2  # a multi-get of nothing is refused, as if the cluster failed


def test_what_elasticsearch_says_of_several_indices_and_of_a_shard_that_is_missing(
    server: Server, said: list[str]
) -> None:
    other = Ref("file", "b" * 64)
    several = {"type": "illegal_argument_exception", "reason": "alias has more than one index associated with it"}
    shard = {"type": "no_shard_available_action_exception", "reason": "No shard available for [get]"}
    source = an_object("file", SHA, NOW)

    def docs(*entries: dict[str, Any]) -> bytes:
        return answer(json.dumps({"docs": entries}).encode())

    server.say(
        docs(*({"_index": "virustotal-files", "_id": ref.id, "error": several} for ref in (FILE, other))),
        answer(b'{"virustotal-files-000002": {"mappings": {}}, "virustotal-files-000001": {"mappings": {}}}'),
        docs(
            {"_index": "virustotal-files-000002", "_id": SHA, "error": shard},
            {"_index": "virustotal-files-000001", "_id": SHA, "found": True, "_source": source},
            {"_index": "virustotal-files-000002", "_id": other.id, "error": shard},
            {"_index": "virustotal-files-000001", "_id": other.id, "found": False},
        ),
    )
    config = evolve(MirrorConfig(), hosts=(server.url,))
    breaker = CircuitBreaker(said.append, said.append, "The mirror", "Until then, look-ups go on without it.")
    result = ObjectStore(SearchClient(config, Credentials()), config, breaker).fetch((FILE, other), soon())
    assert set(result.objects) == {FILE}
    assert "no_shard_available_action_exception" in result.failed[other]
    (line,) = said
    assert "no_shard_available_action_exception (index virustotal-files)" in line
