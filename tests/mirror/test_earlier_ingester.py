"""Indices that the earlier service's ingester filled."""

import base64
import hashlib
from pathlib import Path
from typing import Any

import pytest

from tests.mirror.clusters import SHA, an_object, fill
from tests.mirror.test_several_indices import DOMAIN, FILE, NOW, REPORTS, call, roll_over, soon
from tests.mirror.test_several_indices import config as config
from tests.mirror.test_several_indices import said as said
from tests.mirror.test_several_indices import store as store
from virustotal.core.models import Ref
from virustotal.core.settings import Credentials, MirrorConfig
from virustotal.mirror.documents import INDEX, indices
from virustotal.mirror.index_checks import index_problems
from virustotal.mirror.object_store import ObjectStore

#: The fields of the earlier ingester's index templates that matter here.
EARLIER = {
    "mappings": {
        "dynamic": "false",
        "properties": {
            "id": {"type": "text"},
            "attributes": {"dynamic": "false", "properties": {name: {"type": "text"} for name in ("md5", "sha1")}},
        },
    }
}


def put_as_the_earlier_ingester_does(config: MirrorConfig, ref: Ref, *, alias: str = "", **attributes: Any) -> None:
    """Store a line of a feed under its identifier if that is a SHA-256, else under the identifier's SHA-256."""
    id = ref.id if len(ref.id) == 64 else hashlib.sha256(ref.id.encode()).hexdigest()
    index = alias or indices(config)[ref.kind]
    call(config.hosts[0], "PUT", f"/{index}/_doc/{id}?refresh=true", an_object(ref.kind, ref.id, NOW, **attributes))


@pytest.mark.parametrize(
    "ref",
    [FILE, DOMAIN, Ref("ip_address", "192.0.2.1"), Ref("url", hashlib.sha256(b"http://example.com/").hexdigest())],
)
def test_documents_of_the_earlier_ingester_are_read(config: MirrorConfig, store: ObjectStore, ref: Ref) -> None:
    call(config.hosts[0], "PUT", f"/{indices(config)[ref.kind]}", EARLIER)
    hashes = {"md5": "c" * 32, "sha1": "d" * 40} if ref.kind == "file" else {}
    put_as_the_earlier_ingester_does(config, ref, attributes=hashes)
    assert set(store.fetch((ref,), soon()).objects) == {ref}
    for digest in hashes.values():
        assert store.by_digest(Ref("file", digest), soon()) is not None
    if ref.kind == "url":
        text = Ref("url", base64.urlsafe_b64encode(b"http://EXAMPLE.com").decode().rstrip("="))
        assert set(store.fetch((text,), soon()).objects) == {text}


def test_behaviour_reports_of_the_earlier_ingester_are_read_beside_newer_ones(
    config: MirrorConfig, store: ObjectStore, said: list[str], tmp_path: Path
) -> None:
    url, alias = config.hosts[0], config.behaviours
    call(url, "PUT", "/earlier", EARLIER | {"aliases": {alias: {"is_write_index": False}}})
    for ref in REPORTS:
        put_as_the_earlier_ingester_does(config, ref, alias="earlier", attributes={"tags": ["earlier"]})
    put_as_the_earlier_ingester_does(config, Ref("file_behaviour", f"{'b' * 64}_Zenbox"), alias="earlier")
    assert [report.id for report in store.behaviours(SHA, soon())] == [ref.id for ref in REPORTS]
    assert set(store.fetch(REPORTS, soon()).objects) == set(REPORTS)
    call(url, "PUT", f"/{alias}-000001", {**INDEX, "aliases": {alias: {"is_write_index": True}}})
    fill(config, [an_object("file_behaviour", REPORTS[2].id, NOW + 50, attributes={"tags": ["new"]})], tmp_path)
    tags = [report.object["attributes"]["tags"][0] for report in store.behaviours(SHA, soon())]
    assert tags == ["earlier", "earlier", "new"]
    assert not said
    roll_over(url, alias, 2)
    assert index_problems(config, Credentials()) == ()
