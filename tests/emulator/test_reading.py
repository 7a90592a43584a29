"""How documents become a world: what is told twice, what has no address, and every recorded answer."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.conftest import load, report_files
from tests.emulator.conftest import KEYS, Api
from virustotal.emulator.facts import PATHS
from virustotal.emulator.server import Emulator, load_store
from virustotal.emulator.world.shared import digest

A, B, C = digest("a"), digest("b"), digest("c")
BASE = "https://www.virustotal.com/api/v3"


def thing(identifier: str, **attributes: Any) -> dict[str, Any]:
    return {"type": "file", "id": identifier, "attributes": attributes}


def test_an_object_of_its_own_beats_one_in_a_list() -> None:
    world = {"z/list.json": {"data": [thing(A, size=1)]}, "a/one.json": {"data": thing(A, size=2)}}
    response = load_store(world).get("file", A)
    assert response is not None
    assert response["attributes"] == {"size": 2}


def test_of_two_alike_the_later_wins() -> None:
    store = load_store({"file/1.json": {"data": thing(A, size=1)}, "file/2.json": {"data": thing(A, size=2)}})
    assert store.get("file", A) == thing(A, size=2)


@pytest.mark.parametrize(
    ("path", "document"),
    [
        (f"rel_file/dropped_files-{A}.json", {"data": [{"type": "file", "id": B}]}),
        (
            "x/y.json",
            {"data": [{"type": "file", "id": B}], "links": {"self": f"{BASE}/files/{A}/dropped_files?limit=9"}},
        ),
        (
            "x/y.json",
            {
                "data": [{"type": "file", "id": B}],
                "links": {"self": f"https://www.virustotal.com/ui/files/{A}/relationships/dropped_files"},
            },
        ),
        (
            "file/x.json",
            {"data": {**thing(A), "relationships": {"dropped_files": {"data": [{"type": "file", "id": B}]}}}},
        ),
    ],
)
def test_where_a_relationship_may_stand(path: str, document: Any) -> None:
    known, items = load_store({path: document}).related("file", A, "dropped_files")
    assert known
    assert [item["id"] for item in items] == [B]


def test_a_document_of_its_own_beats_the_block_in_an_object() -> None:
    block = {"relationships": {"dropped_files": {"data": [{"type": "file", "id": B}]}}}
    own = {"data": [{"type": "file", "id": C}]}
    store = load_store({f"rel_file/dropped_files-{A}.json": own, "z/object.json": {"data": {**thing(A), **block}}})
    assert store.related("file", A, "dropped_files")[1] == own["data"]


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "text",
        {},
        {"data": None},
        {"data": "text"},
        {"data": [None, 5, {"type": "file"}, {"type": 1, "id": 2}]},
        {"data": {"attributes": {}}},
        {"data": {**thing(A), "relationships": [], "links": {"self": None}}},
        {"data": {**thing(A), "relationships": {"votes": None}}, "links": 7},
        {"error": {"code": "NotFoundError", "message": "x"}},
    ],
)
def test_odd_documents_are_no_errors(document: Any) -> None:
    load_store({"odd/odd.json": document})


def test_behaviours_comments_and_votes_belong_by_their_ids() -> None:
    world = {
        "1.json": {"data": {"type": "file_behaviour", "id": f"{A}_Some Box", "attributes": {}}},
        "2.json": {"data": [{"type": "comment", "id": f"f-{A}-0a", "attributes": {"text": "x"}}]},
        "3.json": {"data": [{"type": "vote", "id": "d-some-name.example-0b", "attributes": {}}]},
    }
    store = load_store(world)
    assert store.names("file", A) == ["behaviours", "comments"]
    assert store.related("domain", "some-name.example", "votes")[0]


def test_a_summary_without_owner_gets_one() -> None:
    store = load_store({"behaviour_summary/some.json": {"data": {"tags": ["X"]}}})
    owner = hashlib.sha256(b"behaviour_summary/some.json").hexdigest()
    assert store.documents == {(owner, "behaviour_summary"): {"tags": ["X"]}}


def test_feeds_are_read_line_by_line(tmp_path: Path) -> None:
    (tmp_path / "feed.jsonl").write_text("".join(json.dumps(thing(name, size=7)) + "\n" for name in (A, B)))
    assert load_store(tmp_path).identities("file") == sorted((A, B))


def test_artefacts_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "artefacts").mkdir()
    report = {"data": {"type": "file_behaviour", "id": f"{A}_A/B Box", "attributes": {"has_pcap": True}}}
    (tmp_path / "report.json").write_text(json.dumps(report))
    (tmp_path / "artefacts" / f"{A}_A%2FB Box.pcap").write_bytes(b"own capture")
    with Emulator(tmp_path, keys=KEYS) as emulator:
        path = f"/file_behaviours/{quote(f'{A}_A/B Box', safe='')}/pcap"
        assert Api(emulator).get(path).content == b"own capture"


@pytest.fixture(scope="module")
def recorded(reports: Path) -> Iterator[Api]:
    with Emulator(reports, keys=KEYS) as emulator:
        api = Api(emulator)
        yield api
        api.session.close()


def _objects() -> list[Path]:
    kinds = ("file", "url", "domain", "ip_address", "feed_file")
    return [path for kind in kinds for path in report_files(kind)]


@pytest.mark.parametrize("path", _objects(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_recorded_object_is_served(recorded: Api, path: Path) -> None:
    data = load(path)["data"]
    link = (data.get("links") or {}).get("self", "")
    name = link.rpartition("/")[2] if "/urls/" in link else data["id"]
    shown = recorded.json(f"/{PATHS[data['type']]}/{name}", "gti", headers={"x-tool": "t"})["data"]
    assert (shown["type"], shown["id"], shown["attributes"]) == (data["type"], data["id"], data["attributes"])
    names = list(data.get("relationships", {}))
    if names:
        blocks = recorded.json(f"/files/{data['id']}?relationships={','.join(names)}")["data"]["relationships"]
        assert {name: len(block["data"]) for name, block in blocks.items()} == {
            name: len(block["data"]) for name, block in data["relationships"].items()
        }


@pytest.mark.parametrize("path", report_files("rel_file", "rel_domain", "rel_url"), ids=lambda path: path.stem)
def test_every_recorded_relationship_is_served(recorded: Api, path: Path) -> None:
    document = load(path)
    address = document["links"]["self"].partition("?")[0].rpartition("virustotal.com/")[2]
    below = "/" + address.removeprefix("api/v3/").removeprefix("ui/")
    full = recorded.json(f"{below}?limit=40")["data"]
    base, _, name = below.rpartition("/")
    bare = recorded.json(f"{base}/relationships/{name}?limit=40")["data"]
    items = full if isinstance(full, list) else [full]
    assert [item["id"] for item in items] == [item["id"] for item in (bare if isinstance(bare, list) else [bare])]
    given = document["data"] if isinstance(document["data"], list) else [document["data"]]
    whole = {item["id"]: "attributes" in item for item in given}
    assert [whole[item["id"]] for item in items if item["id"] in whole] == [
        "attributes" in item for item in items if item["id"] in whole
    ]


def test_recorded_behaviours(recorded: Api) -> None:
    found = [load(path)["data"] for path in report_files("behaviours")]
    reports = [report for data in found for report in (data if isinstance(data, list) else [data])]
    assert reports
    for report in reports:
        base = f"/file_behaviours/{quote(report['id'])}"
        assert recorded.json(base)["data"]["attributes"] == report["attributes"]
        assert recorded.json(f"{base}/file")["data"]["type"] == "file"
        assert recorded.get(f"{base}/pcap").status_code == (200 if report["attributes"].get("has_pcap") else 404)
        assert recorded.json(f"/files/{report['id'][:64]}/behaviour_summary")["data"]
        assert report["id"] in {item["id"] for item in recorded.json(f"/files/{report['id'][:64]}/behaviours")["data"]}
