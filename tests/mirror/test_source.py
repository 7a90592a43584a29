"""The mirror as a source: what it answers, what the next source answers, and what is missing without one."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.client.conftest import Server, answer
from tests.mirror.clusters import SHA
from tests.mirror.sources import DOCS, FILE, IPS, NOW, URL, Below, Make, ask, breaker, never, soon
from tests.mirror.sources import address as address
from tests.mirror.sources import config as config
from tests.mirror.sources import make as make
from virustotal.api import decoding, endpoints
from virustotal.api.identifiers import url_id
from virustotal.api.source import Request
from virustotal.core.errors import QuotaError, UnavailableError, VirusTotalError
from virustotal.core.models import Ref, Status
from virustotal.core.settings import Credentials, MirrorConfig, Settings
from virustotal.mirror import MirrorSource, NotMirroredError, SearchClient
from virustotal.mirror.object_store import ObjectStore
from virustotal.mirror.request_parser import identifiers, parse_request
from virustotal.mirror.search_answers import FetchedDocument
from virustotal.sources import build


@pytest.mark.parametrize("ref", [FILE, Ref("file", "c" * 32), Ref("file", "d" * 40), Ref("url", url_id(URL))])
def test_an_object_is_answered_with_origin_and_age(make: Make, ref: Ref) -> None:
    result = ask(make(never()), endpoints.object_request(ref))
    assert result.origin == "mirror"
    assert 50 < result.age < 3600
    report = decoding.decode_report(result.payload, ref)
    assert report.subject.ref.kind == ref.kind
    assert not report.subject.context
    if ref.kind == "file":
        assert report.subject.ref == FILE
        assert report.subject.attributes["a.b"] == {"": 1}


def test_relationships_that_are_held_come_with_the_object(make: Make) -> None:
    request = endpoints.object_request(FILE, ("contacted_ips", "behaviours"))
    report = decoding.decode_report(ask(make(never()), request).payload, FILE)
    assert [item.ref.id for item in report.related["contacted_ips"].items] == list(IPS)
    assert [item.ref.id[65:] for item in report.related["behaviours"].items] == ["Box Two", "Box.One"]
    assert report.related["behaviours"].total == 2


def test_what_is_not_held_goes_on_as_it_is(make: Make) -> None:
    theirs = {"data": {"type": "file", "id": SHA}}
    for names in (("execution_parents",), ("contacted_ips", "bundled_files"), ("contacted_urls",)):
        below = Below(theirs)
        request = endpoints.object_request(FILE, names)
        assert ask(make(below), request).payload == theirs
        assert below.asked == [request]


@pytest.mark.parametrize("failure", [QuotaError("used up"), UnavailableError("down")])
def test_where_the_next_link_cannot_answer_a_part_is_better_than_nothing(make: Make, failure: VirusTotalError) -> None:
    result = ask(make(Below(failure)), endpoints.object_request(FILE, ("contacted_ips", "bundled_files")))
    assert result.origin == "mirror"
    blocks = result.payload["data"]["relationships"]
    assert [name for name, block in blocks.items() if "data" in block] == ["contacted_ips"]
    with pytest.raises(type(failure)):
        ask(make(Below(failure)), endpoints.object_request(Ref("file", "0" * 64)))


def test_old_objects_are_asked_of_virustotal(make: Make) -> None:
    old = Ref("file", "e" * 64)
    below = Below({"data": {}})
    ask(make(below), endpoints.object_request(old))
    assert len(below.asked) == 1
    assert ask(make(never(), max_age_days=0), endpoints.object_request(old)).age > 39 * 86_400
    assert ask(make(), endpoints.object_request(old)).origin == "mirror"


def test_a_page_comes_in_one_multi_get_or_not_at_all(make: Make) -> None:
    page = decoding.decode_page(ask(make(never()), endpoints.relationship_page(FILE, "contacted_domains")).payload)
    assert [item.attributes["reputation"] for item in page.items] == [2]
    below = Below({"data": []})
    ask(make(below), endpoints.relationship_page(FILE, "contacted_ips"))  # the second address is not held
    ask(make(below), endpoints.relationship_page(FILE, "bundled_files"))
    assert len(below.asked) == 2
    behaviours = decoding.decode_page(ask(make(never()), endpoints.relationship_page(FILE, "behaviours")).payload)
    assert [item.whole for item in behaviours.items] == [True, True]


def test_attributes_come_in_line_and_are_those_asked_for(make: Make) -> None:
    query = (("relationship_attributes[contacted_ips]", "country"), ("relationship_attributes[contacted_domains]", "x"))
    request = endpoints.object_request(FILE, ("contacted_ips", "contacted_domains"), query)
    blocks = ask(make(never()), request).payload["data"]["relationships"]
    assert [entry.get("attributes") for entry in blocks["contacted_ips"]["data"]] == [{"country": "CH"}, None]
    assert [entry.get("attributes") for entry in blocks["contacted_domains"]["data"]] == [{}]


def test_air_gapped_pages_go_to_their_end(make: Make) -> None:
    alone = make()
    first = decoding.decode_page(ask(alone, endpoints.relationship_page(FILE, "dropped_files")).payload)
    second = decoding.decode_page(ask(alone, endpoints.relationship_page(FILE, "dropped_files", first.cursor)).payload)
    assert (len(first.items), len(second.items), second.cursor) == (40, 5, "")
    ips = decoding.decode_page(ask(alone, endpoints.relationship_page(FILE, "contacted_ips")).payload)
    assert [bool(item.attributes) for item in ips.items] == [True, False]
    urls = decoding.decode_page(ask(alone, endpoints.relationship_page(FILE, "contacted_urls")).payload)
    with pytest.raises(NotMirroredError):
        ask(alone, endpoints.relationship_page(FILE, "contacted_urls", urls.cursor))


@pytest.mark.parametrize(
    "request_",
    [
        endpoints.object_request(Ref("file", "0" * 64)),
        endpoints.object_request(Ref("file", "0" * 32)),
        endpoints.relationship_page(FILE, "execution_parents"),
        endpoints.object_request(Ref("comment", "f-1")),
        endpoints.upload_url(),
        endpoints.analyse(FILE),
        endpoints.submit_url("http://example.com/"),
    ],
    ids=str,
)
def test_air_gapped_nothing_leaves_and_what_is_missing_was_not_looked_up(make: Make, request_: Request) -> None:
    alone = make()
    with pytest.raises(NotMirroredError) as error:
        ask(alone, request_)
    assert error.value.outcome.status is Status.SKIPPED
    assert "mirror.only" in error.value.outcome.detail


def test_air_gapped_relationships_that_are_not_held_are_said(make: Make) -> None:
    result = ask(make(), endpoints.object_request(FILE, ("contacted_ips", "last_serving_ip_address")))
    related = decoding.decode_report(result.payload, FILE).related
    assert related["contacted_ips"].outcome.found
    assert related["last_serving_ip_address"].outcome.status is Status.SKIPPED
    assert "does not hold" in related["last_serving_ip_address"].outcome.detail
    assert not related["last_serving_ip_address"].complete


def test_many_objects_are_one_multi_get(server: Server, config: MirrorConfig, make: Make) -> None:
    requests = [endpoints.object_request(Ref("ip_address", f"192.0.2.{number}")) for number in range(1, 200)]
    answers = make(never()).ask_many([*requests, endpoints.object_request(FILE)], soon())
    assert [at for at, request in enumerate(answers) if request] == [0, 199]
    missing = b", ".join(b'{"_id": "192.0.2.%d", "found": false}' % number for number in range(1, 200))
    server.say(answer(DOCS % missing))
    below = Below({"data": {}})
    mirror = make(below, hosts=(server.url,))
    assert set(mirror.ask_many(requests, soon())) == {None}
    for request in requests[:5]:
        ask(mirror, request)  # what is known to be missing is not asked for again, one by one
    assert (len(server.heard), len(below.asked)) == (1, 5)


def test_what_was_analysed_anew_is_asked_of_virustotal(make: Make) -> None:
    below = Below({"data": {}})
    mirror = make(below)
    mirror.forget(FILE)
    ask(mirror, endpoints.object_request(FILE))
    assert len(below.asked) == 1
    assert mirror.bypass_cache() is below
    assert make().bypass_cache() is not below


def test_a_submission_passes(make: Make) -> None:
    below = Below({"data": {"type": "analysis", "id": "x"}})
    ask(make(below), endpoints.analyse(FILE))
    assert [request.method for request in below.asked] == ["POST"]


def test_another_loaders_documents_are_read(address: str, make: Make) -> None:
    cluster = SearchClient(MirrorConfig(hosts=(address,)), Credentials())
    plain = b'{"type": "file", "id": "%s", "attributes": {"last_analysis_date": %d}}' % (SHA.encode(), NOW)
    for at, source in enumerate((plain, b'{"data": %s}' % plain)):
        index = f"others-{at}"
        cluster.bulk([b'{"index": {"_index": "%s", "_id": "%s"}}' % (index.encode(), SHA.encode()), source], 5)
        assert ask(make(never(), files=index), endpoints.object_request(FILE)).age < 3600
    cluster.close()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**70) | st.text(max_size=8) | st.sampled_from([SHA, "file", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "id", "attributes", "relationships", "contacted_ips", "data", "meta", "cursor"])
            | st.sampled_from(["object", "loaded", "last_modification_date", "error", "links", "a"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)
REQUESTS = (
    endpoints.object_request(FILE, ("contacted_ips",), (("relationship_attributes[contacted_ips]", "a"),)),
    endpoints.relationship_page(FILE, "contacted_ips"),
)


@settings(max_examples=150, deadline=None)
@given(value=JSON, blocks=JSON, asked=st.sampled_from(REQUESTS))
def test_whatever_a_document_holds_it_is_an_answer_or_goes_on(value: Any, blocks: Any, asked: Request) -> None:
    mine = {"type": "file", "id": SHA, "attributes": {"a": value}, "relationships": {"contacted_ips": blocks}}
    for source in ({"object": value, "loaded": blocks}, value, {"object": json.dumps(mine), "loaded": value}, mine):
        below = Below({"data": {"type": "file", "id": SHA}})
        mirror = MirrorSource(
            below,
            ObjectStore(_Held(source), MirrorConfig(), breaker(lambda line: None)),
        )  # type: ignore[arg-type]
        result = ask(mirror, asked)
        assert (result.origin == "mirror") != bool(below.asked)
        decoded = decoding.decode_page(result.payload) if asked.path.count("/") > 2 else None
        assert decoded or decoding.decode_report(result.payload, FILE).subject.ref == FILE


class _Held:
    """A cluster that has one source under every identifier."""

    def __init__(self, source: Any) -> None:
        self.source = source

    def get(self, asked: list[tuple[str, str]], deadline: float) -> tuple[FetchedDocument, ...]:
        return tuple(self.source if isinstance(self.source, dict) else {} for _ in asked)


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("HTTP://Example.COM", "http://example.com/"),
        ("http://example.com:80/A?b#c", "http://example.com/A?b"),
        ("https://example.com:8443", "https://example.com:8443/"),
        ("http://[2001:DB8::1]/x", "http://[2001:db8::1]/x"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        ("no url", "no url"),
        ("http://example.com:x/", "http://example.com:x/"),
    ],
)
def test_urls_are_looked_up_as_virustotal_writes_them(url: str, written: str) -> None:
    assert identifiers(Ref("url", url_id(url)))[0] == sha256(written.encode()).hexdigest()


@pytest.mark.parametrize(
    "request_",
    [
        Request("POST", f"/files/{SHA}"),
        Request("GET", f"/files/{SHA}", (("unheard_of", "1"),)),
        Request("GET", f"/files/{SHA}/a/b/c"),
        Request("GET", "/files"),
        Request("GET", f"/analyses/{SHA}"),
        Request("GET", f"/files/{SHA}", address="http://example.com/"),
        Request("GET", f"/files/{SHA}/votes", (("filter", "x"),)),
    ],
)
def test_other_requests_are_not_understood(request_: Request) -> None:
    assert parse_request(request_) is None


def test_without_a_mirror_nothing_changes(tmp_path: Path) -> None:
    assert not isinstance(build(Settings(), Credentials("key")), MirrorSource)
