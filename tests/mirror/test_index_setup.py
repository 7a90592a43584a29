"""`mirror init`: what is sent to Elasticsearch and OpenSearch."""

import json
from typing import Any

import pytest

from tests.client.conftest import Server, answer
from virustotal.core.settings import Credentials, MirrorConfig
from virustotal.mirror.index_setup import Growth, set_up
from virustotal.mirror.search_answers import MirrorError
from virustotal.mirror.search_client import SearchClient

ELASTIC = b'{"version": {"number": "9.0.0"}}'
OPENSEARCH = b'{"version": {"number": "3.0.0", "distribution": "opensearch"}}'
OK, MISSING = answer(b'{"acknowledged": true}'), answer(b"{}", "404 Not Found")


def requests(server: Server, root: bytes, growth: Growth, *answers: bytes) -> list[tuple[str, Any]]:
    server.say(answer(root), *answers)
    config = MirrorConfig(hosts=(server.url,), urls="", domains="", ips="", behaviours="")
    list(set_up(SearchClient(config, Credentials()), config, growth, 5.0))
    return [(heard.head.split(" HTTP")[0], json.loads(heard.body or b"null")) for heard in server.heard]


def test_elasticsearch_gets_a_lifecycle_policy(server: Server) -> None:
    sent = dict(requests(server, ELASTIC, Growth(2, 7, 90), OK, OK, MISSING, OK))
    phases = sent["PUT /_ilm/policy/virustotal-files-ageing"]["policy"]["phases"]
    assert phases["hot"]["actions"]["rollover"] == {"max_primary_shard_size": "50gb", "max_age": "7d"}
    assert phases["delete"]["min_age"] == "90d"
    template = sent["PUT /_index_template/virustotal-files"]
    assert template["index_patterns"] == ["virustotal-files-*"]
    settings = template["template"]["settings"]
    assert settings["index.number_of_shards"] == 2
    assert settings["index.lifecycle.rollover_alias"] == "virustotal-files"
    assert settings["index.codec"] == "best_compression"
    first = sent["PUT /virustotal-files-000001"]
    assert first == {"aliases": {"virustotal-files": {"is_write_index": True}}}


def test_opensearch_gets_a_state_policy_once(server: Server) -> None:
    conflict = answer(b'{"error": {"type": "version_conflict_engine_exception"}}', "409 Conflict")
    sent = dict(requests(server, OPENSEARCH, Growth(), conflict, OK, OK))
    policy = sent["PUT /_plugins/_ism/policies/virustotal-files-ageing"]["policy"]
    assert [state["name"] for state in policy["states"]] == ["hot"]
    settings = sent["PUT /_index_template/virustotal-files"]["template"]["settings"]
    assert settings["plugins.index_state_management.rollover_alias"] == "virustotal-files"


@pytest.mark.parametrize("root", [b"{}", b'{"version": {}}'])
def test_another_server_is_refused(server: Server, root: bytes) -> None:
    with pytest.raises(MirrorError, match="no Elasticsearch or OpenSearch"):
        requests(server, root, Growth())


def test_what_cannot_be_created_is_named(server: Server) -> None:
    refusal = answer(b'{"error": {"type": "security_exception"}}', "403 Forbidden")
    with pytest.raises(MirrorError, match=r"^The template virustotal-files cannot be created\. .*HTTP 403"):
        requests(server, ELASTIC, Growth(), OK, refusal)
