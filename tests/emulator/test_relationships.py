"""Relationships in all forms: whole, descriptors, inline; access; pages and cursors; what is a switch."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.conftest import of_each
from tests.emulator.conftest import FILE, Api
from virustotal.emulator.facts import PATHS, RELATIONSHIPS
from virustotal.emulator.world.behaviours import SCREENSHOTS
from virustotal.emulator.world.files import UNSEEN
from virustotal.emulator.world.hosts import BAD_URL, GOOD_URL, LOGIN_URL
from virustotal.emulator.world.shared import EICAR_SHA256, digest, url_id

SUBDOMAINS = "/domains/example.com/subdomains"
SUBJECTS = {
    "file": EICAR_SHA256,
    "url": url_id(GOOD_URL),
    "domain": "example.com",
    "ip_address": "192.0.2.10",
    "file_behaviour": quote(f"{EICAR_SHA256}_Zenbox"),
}
EVERY = [(kind, name) for kind in SUBJECTS for name in RELATIONSHIPS[kind]]


def test_every_relationship_answers_in_every_form(api: Api) -> None:
    @of_each(EVERY)
    def check(kind: str, name: str) -> None:
        answers_in_every_form(api, kind, name)

    check()


def answers_in_every_form(api: Api, kind: str, name: str) -> None:
    base, many = f"/{PATHS[kind]}/{SUBJECTS[kind]}", RELATIONSHIPS[kind][name].many
    full = api.json(f"{base}/{name}", "gti")["data"]
    bare = api.json(f"{base}/relationships/{name}", "gti")["data"]
    inline = api.json(f"{base}?relationships={name}", "gti")["data"]["relationships"][name]["data"]
    assert isinstance(full, list) is many
    assert bare == inline or (many and bare == inline[:10])
    items: list[Any] = full if many else [full] if full else []
    for item, descriptor in zip(items, bare if many else [bare], strict=False):
        assert (item["type"], item["id"]) == (descriptor["type"], descriptor["id"])
        assert ("attributes" in item) is not ("error" in item)
        assert not {"attributes", "error"} & descriptor.keys()
        assert item.get("context_attributes") == descriptor.get("context_attributes")


def test_access_by_tier(api: Api) -> None:
    @of_each(EVERY)
    def check(kind: str, name: str) -> None:
        is_open_by_tier(api, kind, name)

    check()


def is_open_by_tier(api: Api, kind: str, name: str) -> None:
    path = f"/{PATHS[kind]}/{SUBJECTS[kind]}/{name}"
    access = RELATIONSHIPS[kind][name].access
    expected = {"public": access in "EU", "premium": access != "T", "gti": True}
    for key, allowed in expected.items():
        answer = api.get(path, key)
        assert answer.status_code == (200 if allowed else 403)
        assert allowed or answer.json()["error"]["code"] == "ForbiddenError"


def test_one_that_was_never_seen(api: Api) -> None:
    items = {item["id"]: item for item in api.json(f"{FILE}/dropped_files")["data"]}
    assert items[UNSEEN]["error"] == {"code": "NotFoundError", "message": f'File "{UNSEEN}" not found'}
    assert {item["id"] for item in api.json(f"{FILE}/relationships/dropped_files")["data"]} == items.keys()


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        (f"{FILE}/contacted_urls", {"url"}),
        (f"{FILE}/relationships/contacted_urls", {"url"}),
        (SUBDOMAINS, {"timestamp"}),
        ("/domains/example.com/mx_records", {"timestamp", "priority", "ttl"}),
        ("/domains/example.com/historical_ssl_certificates", {"first_seen_date", "port"}),
        (f"{FILE}/related_references", {"related_from"}),
        (f"/file_behaviours/{EICAR_SHA256}_Zenbox/attack_techniques", {"signatures"}),
    ],
)
def test_context(api: Api, path: str, keys: set[str]) -> None:
    assert all(item["context_attributes"].keys() == keys for item in api.json(path, "gti")["data"])


@pytest.mark.parametrize(
    ("path", "target"),
    [
        (f"/urls/{url_id(BAD_URL)}/last_serving_ip_address", ("ip_address", "192.0.2.10")),
        (f"/urls/{url_id(BAD_URL)}/network_location", ("domain", "c2.example.net")),
        ("/domains/c2.example.net/parent", ("domain", "example.net")),
        ("/domains/host01.example.com/immediate_parent", ("domain", "example.com")),
        (f"/comments/f-{EICAR_SHA256}-00000001/item", ("file", EICAR_SHA256)),
        (f"/screenshots/{quote(SCREENSHOTS[0])}/analysed_file_sha256", ("file", EICAR_SHA256)),
        (f"/file_behaviours/{EICAR_SHA256}_Zenbox/file", ("file", EICAR_SHA256)),
    ],
)
def test_one_to_one(api: Api, path: str, target: tuple[str, str]) -> None:
    data = api.json(path)["data"]
    assert (data["type"], data["id"]) == target
    assert "attributes" in data


def test_one_to_one_inline(api: Api) -> None:
    block = api.json(f"/urls/{url_id(BAD_URL)}?relationships=network_location")["data"]["relationships"]
    base = f"{api.emulator.url}/api/v3/urls/{url_id(BAD_URL)}"
    assert block["network_location"] == {
        "data": {"type": "domain", "id": "c2.example.net"},
        "meta": {"count": 1},
        "links": {"self": f"{base}/relationships/network_location", "related": f"{base}/network_location"},
    }


@pytest.mark.parametrize(
    ("switch", "inline", "status"), [("null", True, 200), ("missing", False, 200), ("404", True, 404)]
)
def test_an_absent_one_to_one_is_a_switch(api: Api, switch: str, inline: bool, status: int) -> None:
    api.emulator.switches.absent_one = switch
    blocks = api.json("/domains/example.com?relationships=parent")["data"]["relationships"]
    assert (blocks.get("parent", {"data": 0})["data"] is None) is inline
    answer = api.get("/domains/example.com/parent")
    assert answer.status_code == status
    assert status == 404 or answer.json()["data"] is None


def test_an_empty_list_is_an_answer(api: Api) -> None:
    assert api.json(f"{FILE}/bundled_files")["data"] == []
    assert api.json(f"{FILE}?relationships=bundled_files")["data"]["relationships"]["bundled_files"].keys() == {
        "data",
        "links",
    }


def test_inline_pages_of_twenty(api: Api) -> None:
    block = api.json("/domains/example.com?relationships=subdomains&limit=5")["data"]["relationships"]["subdomains"]
    assert len(block["data"]) == 20
    assert block["links"]["self"].endswith("/relationships/subdomains?limit=20")
    following = api.json(block["links"]["next"])
    assert following["data"][0]["id"] == "host20.example.com"
    cursor = quote(block["meta"]["cursor"])
    assert api.json(f"{SUBDOMAINS}?limit=40&cursor={cursor}")["data"][0]["id"] == "host20.example.com"


@pytest.mark.parametrize(
    ("name", "switch", "status"),
    [("no_such_name", "404", 404), ("no_such_name", "400", 400), ("dropped_file", "404", 404)],
)
def test_an_unknown_name(api: Api, name: str, switch: str, status: int) -> None:
    api.emulator.switches.unknown_relationship = switch
    assert api.get(f"{FILE}/{name}").status_code == status
    assert api.get(f"{FILE}/relationships/{name}").status_code == status


def test_withdrawn_names_are_a_switch(api: Api) -> None:
    assert api.json(f"{FILE}/hash_collisions")["data"] == []
    api.emulator.switches.withdrawn = "unknown"
    assert api.error(f"{FILE}/hash_collisions") == (404, "NotFoundError")


@pytest.mark.parametrize(
    ("names", "key", "switches", "answer"),
    [
        ("votes,no_such_name", "gti", {"inline_bad_name": "400"}, 400),
        ("votes,no_such_name", "gti", {"inline_bad_name": "left-out"}, {"votes"}),
        ("votes,itw_urls", "public", {"inline_forbidden": "403"}, 403),
        ("votes,itw_urls", "public", {"inline_forbidden": "400"}, 400),
        ("votes,itw_urls", "public", {"inline_forbidden": "left-out"}, {"votes"}),
        ("votes,itw_urls", "premium", {}, {"votes", "itw_urls"}),
        ("", "premium", {}, None),
    ],
)
def test_names_inside_an_object(api: Api, names: str, key: str, switches: dict[str, str], answer: Any) -> None:
    api.emulator.switches.set(**switches)
    response = api.get(f"{FILE}?relationships={names}", key)
    if isinstance(answer, int):
        assert response.status_code == answer
    else:
        blocks = response.json()["data"].get("relationships")
        assert blocks is answer is None or blocks.keys() == answer


@pytest.mark.parametrize(("switch", "detailed"), [("ignored", 0), ("honoured", 20), ("half", 10), ("400", None)])
def test_attributes_of_inline_items(api: Api, switch: str, detailed: int | None) -> None:
    api.emulator.switches.relationship_attributes = switch
    path = "/domains/example.com?relationships=subdomains&relationship_attributes%5Bsubdomains%5D=tags,reputation"
    answer = api.get(path)
    if detailed is None:
        assert answer.status_code == 400
        return
    items = answer.json()["data"]["relationships"]["subdomains"]["data"]
    attributes = [item["attributes"].keys() for item in items if "attributes" in item]
    assert attributes == [{"tags", "reputation"}] * detailed


def test_counters(api: Api) -> None:
    path = "/domains/example.com?relationship_counters=true"
    assert "relationships" not in api.json(path)["data"]
    api.emulator.switches.relationship_counters = "honoured"
    blocks = api.json(path)["data"]["relationships"]
    assert blocks["subdomains"] == {"meta": {"count": 95}}
    assert blocks["caa_records"] == {"meta": {"count": 1}}
    api.emulator.switches.relationship_counters = "400"
    assert api.get(path).status_code == 400


@pytest.mark.parametrize(
    ("limit", "status"),
    [("1", 200), ("40", 200), ("41", 400), ("0", 400), ("-1", 400), ("ten", 400), ("", 400), ("٣", 400)],
)
def test_limits(api: Api, limit: str, status: int) -> None:
    answer = api.get(SUBDOMAINS, params={"limit": limit})
    assert answer.status_code == status
    if limit == "41":
        assert answer.json()["error"] == {"code": "BadRequestError", "message": "Limit can't be larger than 40"}


def test_a_bad_limit_is_a_switch(api: Api) -> None:
    api.emulator.switches.bad_limit = "default"
    assert len(api.json(f"{SUBDOMAINS}?limit=0")["data"]) == 10
    assert api.get(f"{SUBDOMAINS}?limit=41").status_code == 400


def pages(api: Api, path: str, limit: int) -> list[dict[str, Any]]:
    """Return every page of a list, by ``links.next``."""
    found = [api.json(f"{path}?limit={limit}")]
    while "next" in found[-1].get("links", {}) and len(found) < 12:
        found.append(api.json(found[-1]["links"]["next"]))
    return found


@pytest.mark.parametrize(
    ("path", "limit", "sizes"),
    [
        (SUBDOMAINS, 40, [40, 40, 15]),
        (SUBDOMAINS, 10, [10] * 9 + [5]),
        (f"{FILE}/comments", 10, [10, 10, 3]),
        (f"{FILE}/screenshots", 1, [1, 1]),
        (f"{FILE}/associations", 3, [3, 3, 2]),
        (f"{FILE}/relationships/votes", 6, [6, 6]),
    ],
)
def test_pages(api: Api, path: str, limit: int, sizes: list[int]) -> None:
    found = pages(api, path, limit)
    assert [len(one["data"]) for one in found] == sizes
    identities = [item["id"] for one in found for item in one["data"]]
    assert len(set(identities)) == len(identities) == found[0]["meta"]["count"]
    assert "cursor" not in found[-1]["meta"]
    assert "next" not in found[-1]["links"]


def test_cursors_have_several_shapes(api: Api) -> None:
    first = {
        name: api.json(f"{FILE}/{name}?limit=1")["meta"]["cursor"]
        for name in ("contacted_domains", "comments", "associations", "screenshots")
    }
    assert first["contacted_domains"].startswith("eyJ")
    assert "~" in first["comments"]
    assert first["associations"] == "1"
    assert first["screenshots"] == SCREENSHOTS[1]


def test_a_cursor_is_bound(api: Api) -> None:
    cursor = quote(api.json(f"{SUBDOMAINS}?limit=10")["meta"]["cursor"])
    wrong = [
        f"{SUBDOMAINS}?limit=10&cursor=nothing",
        f"{SUBDOMAINS}?limit=20&cursor={cursor}",
        f"/domains/example.com/relationships/subdomains?limit=10&cursor={cursor}",
        f"/domains/example.com/siblings?limit=10&cursor={cursor}",
    ]
    assert [api.error(path) for path in wrong] == [(400, "BadRequestError")] * 4
    api.emulator.switches.cursor_limit = "free"
    assert [api.get(path).status_code for path in wrong] == [400, 200, 200, 400]


@pytest.mark.parametrize(("switch", "count"), [("present", 95), ("absent", None), ("wrong", 102)])
def test_the_count_is_a_switch(api: Api, switch: str, count: int | None) -> None:
    api.emulator.switches.count = switch
    assert api.json(SUBDOMAINS)["meta"].get("count") == count


def test_short_pages_and_repeated_cursors(api: Api) -> None:
    api.emulator.switches.short_pages = True
    assert [len(one["data"]) for one in pages(api, f"{FILE}/comments", 20)] == [10, 10, 3]
    api.emulator.switches.set(short_pages=False, cursor_repeats=True)
    assert len(pages(api, f"{FILE}/comments", 10)) == 12


def test_a_url_chain(api: Api) -> None:
    data = api.json(f"/urls/{url_id(LOGIN_URL)}/redirects_to")["data"]
    assert [item["attributes"]["url"] for item in data] == [GOOD_URL]


@pytest.mark.parametrize("odd", [None, 5, "text", [], {}, {"type": "domain"}, {"type": 1, "id": 2}, {"id": "x"}])
def test_items_that_are_none_are_served_as_they_are(api: Api, odd: Any) -> None:
    sha256 = digest("odd")
    plain = {"type": "domain", "id": "example.com"}
    api.emulator.store.put({"type": "file", "id": sha256, "attributes": {}}, {"contacted_domains": [odd, plain]})
    assert api.json(f"/files/{sha256}/contacted_domains")["data"][0] == odd
    assert api.json(f"/files/{sha256}/relationships/contacted_domains")["data"] == [odd, plain]
    inline = api.json(f"/files/{sha256}?relationships=contacted_domains")["data"]["relationships"]
    assert inline["contacted_domains"]["data"] == [odd, plain]


@pytest.mark.parametrize("odd", [None, 5, "text", [], {"url": 7, "md5": None}])
@pytest.mark.parametrize("kind", ["file", "url"])
def test_attributes_that_are_none_are_served_as_they_are(api: Api, kind: str, odd: Any) -> None:
    identifier = digest("odd")
    api.emulator.store.put({"type": kind, "id": identifier, "attributes": odd})
    api.emulator.store.put({"type": "domain", "id": "odd.example"}, {"urls": [{"type": kind, "id": identifier}]})
    assert api.json(f"/{PATHS[kind]}/{identifier}")["data"]["attributes"] == odd
    assert api.json("/domains/odd.example/urls")["data"][0]["attributes"] == odd


def test_what_tests_add(api: Api) -> None:
    sha256 = digest("added")
    api.emulator.store.put(
        {"type": "file", "id": sha256, "attributes": {"size": 1}},
        {"contacted_domains": [{"type": "domain", "id": f"h{index}.example"} for index in range(50)]},
    )
    assert len(api.json(f"/files/{sha256}/contacted_domains?limit=40")["data"]) == 40
    api.emulator.clear()
    assert api.error(f"/files/{sha256}") == (404, "NotFoundError")
