"""Whether a mirror can be asked, against a real server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from attrs import evolve

from tests.client.conftest import Server, answer
from tests.mirror.clusters import fill, opensearch
from virustotal.core.settings import Credentials, MirrorConfig
from virustotal.mirror.index_checks import index_problems


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MirrorConfig]:
    with opensearch() as url:
        made = MirrorConfig(hosts=(url,))
        fill(made, [], tmp_path_factory.mktemp("mirror"))
        yield made


def test_what_the_loader_makes_can_be_asked(config: MirrorConfig) -> None:
    assert index_problems(config, Credentials()) == ()


def test_an_index_that_is_not_wanted_is_not_missed(config: MirrorConfig) -> None:
    assert index_problems(evolve(config, urls="", files=""), Credentials()) == ()


def test_a_missing_index_is_named(config: MirrorConfig) -> None:
    problems = index_problems(evolve(config, urls="other", domains="none"), Credentials())
    assert problems == ("There is no index or alias other.", "There is no index or alias none.")


def test_behaviours_of_another_mapping_are_not_found(config: MirrorConfig) -> None:
    body = {"mappings": {"properties": {"file": {"type": "long"}}}}
    requests.put(f"{config.hosts[0]}/strange", json=body, timeout=5).raise_for_status()
    (problem,) = index_problems(evolve(config, behaviours="strange"), Credentials())
    assert "another mapping" in problem


def test_a_cluster_that_is_not_there_is_told_of_once(tmp_path: Path) -> None:
    (problem,) = index_problems(MirrorConfig(hosts=("http://127.0.0.1:9",)), Credentials())
    assert "cannot be asked" in problem


@pytest.mark.parametrize(
    ("explained", "said"),
    [
        ([b'{"indices": {"x-000001": {"managed": true, "step": "check-rollover-ready"}}}'], ()),
        (
            [
                b'{"indices": {"x-000001": {"step": "ERROR", "failed_step": "check-rollover-ready",'
                b' "step_info": {"type": "illegal_argument_exception"}}}}'
            ],
            ("The ageing of the index x-000001 has stopped (check-rollover-ready: illegal_argument_exception).",),
        ),
        (
            [
                b"",
                b'{"x-000001": {"action": {"name": "rollover", "failed": true}, "info": {"message": "No alias"}},'
                b' "total_managed_indices": 1}',
            ],
            ("The ageing of the index x-000001 has stopped (rollover: No alias).",),
        ),
    ],
)
def test_ageing_that_has_stopped_is_named(server: Server, explained: list[bytes], said: tuple[str, ...]) -> None:
    mapping = answer(b'{"x-000001": {"mappings": {"properties": {"md5": {"type": "keyword"}}}}}')
    alias = answer(b'{"x-000001": {"aliases": {"x": {"is_write_index": true}}}}')
    refusal = answer(b"{}", "400 Bad Request")
    answers = [answer(body) if body else refusal for body in explained]
    server.say(mapping, alias, *answers, refusal)
    config = MirrorConfig(hosts=(server.url,), files="x", urls="", domains="", ips="", behaviours="")
    assert index_problems(config, Credentials()) == said


@pytest.mark.parametrize(
    ("health", "bytes_stored", "problems"),
    [
        (b'{"number_of_shards": 2, "active_primary_shards": 2, "status": "yellow"}', 100 * 2**30, ()),
        (
            b'{"number_of_shards": 2, "active_primary_shards": 1, "status": "red"}',
            2**30,
            ("The index x-000001 lacks 1 of 2 primary shards.",),
        ),
        (
            b'{"number_of_shards": 1, "active_primary_shards": 1, "status": "green"}',
            100 * 2**30,
            ("The index x-000001 has 100 GB in each shard and does not roll over: see `mirror init`.",),
        ),
        (b'"unreadable"', 100 * 2**30, ()),
    ],
)
def test_missing_and_large_shards_are_named(
    server: Server, health: bytes, bytes_stored: int, problems: tuple[str, ...]
) -> None:
    mapping = answer(b'{"x-000001": {"mappings": {"properties": {"md5": {"type": "keyword"}}}}}')
    alias = answer(b'{"x-000001": {"aliases": {"x": {"is_write_index": true}}}}')
    refusal = answer(b"{}", "403 Forbidden")
    size = b'{"indices": {"x-000001": {"primaries": {"store": {"size_in_bytes": %d}}}}}' % bytes_stored
    server.say(mapping, alias, refusal, refusal, answer(b'{"indices": {"x-000001": %s}}' % health), answer(size))
    config = MirrorConfig(hosts=(server.url,), files="x", urls="", domains="", ips="", behaviours="")
    assert index_problems(config, Credentials()) == problems
