"""An alias of several indices: read whole, newest state first, while a rollover and the ageing change it."""

import hashlib
import json
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from tests.client.conftest import Server, answer
from tests.mirror.clusters import SHA, an_object, fill, opensearch
from virustotal.core.models import Ref
from virustotal.core.settings import Credentials, MirrorConfig
from virustotal.mirror.documents import INDEX
from virustotal.mirror.index_checks import index_problems
from virustotal.mirror.object_store import ObjectStore
from virustotal.mirror.search_client import MirrorError, SearchClient
from virustotal.storage.circuit_breaker import CircuitBreaker

NOW = int(time.time())
FILE, DOMAIN = Ref("file", SHA), Ref("domain", "example.com")


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
    """Begin a new write index behind an alias."""
    call(url, "PUT", f"/{alias}-{number:06d}", {**INDEX})
    old = {"add": {"index": f"{alias}-{number - 1:06d}", "alias": alias, "is_write_index": False}}
    new = {"add": {"index": f"{alias}-{number:06d}", "alias": alias, "is_write_index": True}}
    call(url, "POST", "/_aliases", {"actions": [old, new]})


def reputation(store: ObjectStore, ref: Ref) -> Any:
    return store.fetch((ref,), soon()).found[ref].object["attributes"].get("reputation")


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
    assert set(both.found) == {FILE, DOMAIN}
    assert not said
    assert index_problems(config, Credentials()) == ()


def test_an_alias_without_a_write_index_is_named(config: MirrorConfig, tmp_path: Path) -> None:
    url = config.hosts[0]
    fill(config, [an_object("file", SHA, NOW)], tmp_path)
    roll_over(url, "virustotal-files", 2)
    actions = [{"add": {"index": "virustotal-files-000002", "alias": "virustotal-files", "is_write_index": False}}]
    call(url, "POST", "/_aliases", {"actions": actions})
    (problem,) = index_problems(config, Credentials())
    assert "no write index" in problem


def test_a_closed_index_is_named_and_the_others_answer(
    config: MirrorConfig, store: ObjectStore, said: list[str], tmp_path: Path
) -> None:
    url, other = config.hosts[0], Ref("file", "e" * 64)
    fill(config, [an_object("file", SHA, NOW - 500)], tmp_path)
    roll_over(url, "virustotal-files", 2)
    fill(config, [an_object("file", other.id, NOW, attributes={"md5": "c" * 32})], tmp_path)
    call(url, "POST", "/virustotal-files-000001/_close")
    result = store.fetch((FILE, other), soon())
    assert set(result.found) == {other}
    assert "index_closed_exception" in result.failed[FILE]
    assert store.by_digest(Ref("file", "c" * 32), soon()) is not None
    assert any("index_closed_exception" in line for line in said)


@pytest.mark.parametrize(
    ("ref", "id"),
    [
        (FILE, SHA),
        (DOMAIN, hashlib.sha256(b"example.com").hexdigest()),
        (Ref("ip_address", "192.0.2.1"), hashlib.sha256(b"192.0.2.1").hexdigest()),
        (Ref("url", hashlib.sha256(b"http://example.com/").hexdigest()), None),
    ],
)
def test_documents_of_the_earlier_ingester_are_read(
    config: MirrorConfig, store: ObjectStore, ref: Ref, id: str | None
) -> None:
    url, index = config.hosts[0], {"file": "files", "domain": "domains", "ip_address": "ips", "url": "urls"}[ref.kind]
    line = an_object(
        ref.kind, ref.id, NOW, attributes={"md5": "c" * 32, "sha1": "d" * 40} if ref.kind == "file" else {}
    )
    call(url, "PUT", f"/virustotal-{index}/_doc/{id or ref.id}?refresh=true", line)
    assert set(store.fetch((ref,), soon()).found) == {ref}
    if ref.kind == "file":
        assert store.by_digest(Ref("file", "c" * 32), soon()) is not None
        assert store.by_digest(Ref("file", "d" * 40), soon()) is not None


def test_a_missing_shard_is_named(server: Server) -> None:
    server.say(answer(b'{"_shards": {"total": 2, "failed": 1}, "hits": {"hits": []}}'))
    config = evolve(MirrorConfig(), hosts=(server.url,))
    with pytest.raises(MirrorError, match="shard of the mirror's index virustotal-files is missing"):
        SearchClient(config, Credentials()).search("virustotal-files", {"md5": "c" * 32}, 5, soon())
