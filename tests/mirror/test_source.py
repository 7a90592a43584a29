"""The mirror as a link: what it answers, what goes on to the next link, and what is said where nothing else answers."""

import base64
import json
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.client.conftest import Server, answer
from tests.client.test_client import certificate, serve_tls
from tests.mirror.clusters import LINK, SHA, an_object, descriptors, fill, opensearch
from virustotal import api
from virustotal.api.source import Answer, Request, Source
from virustotal.client.body_reader import whole
from virustotal.core.errors import NotFoundError, QuotaError, UnavailableError, VirusTotalError
from virustotal.core.models import Ref, Status
from virustotal.core.settings import Credentials, MirrorConfig, Settings
from virustotal.mirror import MirrorError, MirrorSource, NotMirroredError, SearchClient
from virustotal.mirror.object_store import ObjectStore
from virustotal.mirror.request_parser import canonical, identifiers, parse_request
from virustotal.mirror.search_answers import FetchedDocument
from virustotal.sources import build
from virustotal.storage.circuit_breaker import CircuitBreaker

FILE = Ref("file", SHA)
NOW = int(time.time())
IPS = ("192.0.2.1", "192.0.2.2")
URL = "http://example.com/a?b=c"


class Below:
    """The next link: says what it is told to, and keeps what it was asked."""

    def __init__(self, *says: Mapping[str, Any] | VirusTotalError) -> None:
        self.says = list(says)
        self.asked: list[Request] = []
        self.requests_made = 0

    def ask(self, request: Request, deadline: float) -> Answer:
        self.asked.append(request)
        said = self.says.pop(0) if len(self.says) > 1 else self.says[0]
        if isinstance(said, VirusTotalError):
            raise said
        return Answer(said)

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with opensearch() as url:
        yield url


@pytest.fixture(scope="module")
def config(address: str, tmp_path_factory: pytest.TempPathFactory) -> MirrorConfig:
    """A mirror with a file, its behaviours, and one of its two hosts."""
    found = MirrorConfig(hosts=(address,))
    blocks = {
        "contacted_ips": descriptors("ip_address", *IPS),
        "contacted_domains": descriptors("domain", "example.com"),
        "dropped_files": descriptors("file", *(f"{number:064x}" for number in range(45))),
        "contacted_urls": descriptors("url", LINK, cursor="more"),
        "votes": {"data": None},
    }
    hashes = {"md5": "c" * 32, "sha1": "d" * 40, "last_analysis_stats": {"malicious": 3}, "a.b": {"": 1}}
    objects = [
        an_object("file", SHA, NOW - 100, attributes=hashes, relationships=blocks),
        an_object("file", "e" * 64, NOW - 40 * 86_400),
        an_object("ip_address", IPS[0], NOW - 5000, attributes={"country": "CH", "reputation": 1}),
        an_object("domain", "example.com", NOW - 50, attributes={"reputation": 2}),
        an_object("url", identifiers(Ref("url", api.url_id(URL)))[0], NOW - 60, attributes={"url": URL}),
        an_object("file_behaviour", f"{SHA}_Box Two", NOW - 70),
        an_object("file_behaviour", f"{SHA}_Box.One", NOW - 80, attributes={"verdicts": ["CLEAN"]}),
    ]
    loader = fill(found, objects, tmp_path_factory.mktemp("mirror"))
    assert (loader.statistics.stored, loader.statistics.refused) == (len(objects), {})
    return found


Make = Callable[..., MirrorSource]


@pytest.fixture
def make(config: MirrorConfig) -> Iterator[Make]:
    made: list[MirrorSource] = []

    def mirror(below: Source | None = None, said: list[str] | None = None, **changes: Any) -> MirrorSource:
        given = evolve(config, **changes)
        if below is None:
            found = build(Settings(mirror=evolve(given, only=True)), Credentials())
            assert isinstance(found, MirrorSource)
        else:
            say = (said if said is not None else []).append
            found = MirrorSource(
                below,
                ObjectStore(SearchClient(given, Credentials()), given, breaker(say, 0.05)),
            )
        made.append(found)
        return found

    yield mirror
    for each in made:
        each.close()


def breaker(say: Callable[[str], None], pause: float = 30.0) -> CircuitBreaker:
    return CircuitBreaker(say, say, "The mirror", "Until it works, look-ups go on without it.", pause=pause)


def soon(seconds: float = 10.0) -> float:
    return time.monotonic() + seconds


def ask(source: Source, request: Request) -> Answer:
    return source.ask(request, soon())


def never() -> Below:
    return Below(AssertionErrorOfSource())


class AssertionErrorOfSource(VirusTotalError):
    """MirrorQuery although nothing was to be asked."""

    def __init__(self) -> None:
        super().__init__("the next link was asked")


@pytest.mark.parametrize("ref", [FILE, Ref("file", "c" * 32), Ref("file", "d" * 40), Ref("url", api.url_id(URL))])
def test_an_object_is_answered_with_origin_and_age(make: Make, ref: Ref) -> None:
    found = ask(make(never()), api.object_request(ref))
    assert found.origin == "mirror"
    assert 50 < found.age < 3600
    report = api.decode_report(found.payload, ref)
    assert report.subject.ref.kind == ref.kind
    assert not report.subject.context
    if ref.kind == "file":
        assert report.subject.ref == FILE
        assert report.subject.attributes["a.b"] == {"": 1}


def test_relationships_that_are_held_come_with_the_object(make: Make) -> None:
    request = api.object_request(FILE, ("contacted_ips", "behaviours"))
    report = api.decode_report(ask(make(never()), request).payload, FILE)
    assert [item.ref.id for item in report.related["contacted_ips"].items] == list(IPS)
    assert [item.ref.id[65:] for item in report.related["behaviours"].items] == ["Box Two", "Box.One"]
    assert report.related["behaviours"].total == 2


def test_what_is_not_held_goes_on_as_it_is(make: Make) -> None:
    theirs = {"data": {"type": "file", "id": SHA}}
    for names in (("execution_parents",), ("contacted_ips", "bundled_files"), ("contacted_urls",)):
        below = Below(theirs)
        request = api.object_request(FILE, names)
        assert ask(make(below), request).payload == theirs
        assert below.asked == [request]


@pytest.mark.parametrize("failure", [QuotaError("used up"), UnavailableError("down")])
def test_where_the_next_link_cannot_answer_a_part_is_better_than_nothing(make: Make, failure: VirusTotalError) -> None:
    found = ask(make(Below(failure)), api.object_request(FILE, ("contacted_ips", "bundled_files")))
    assert found.origin == "mirror"
    blocks = found.payload["data"]["relationships"]
    assert [name for name, block in blocks.items() if "data" in block] == ["contacted_ips"]
    with pytest.raises(type(failure)):
        ask(make(Below(failure)), api.object_request(Ref("file", "0" * 64)))


def test_old_objects_are_asked_of_virustotal(make: Make) -> None:
    old = Ref("file", "e" * 64)
    below = Below({"data": {}})
    ask(make(below), api.object_request(old))
    assert len(below.asked) == 1
    assert ask(make(never(), max_age_days=0), api.object_request(old)).age > 39 * 86_400
    assert ask(make(), api.object_request(old)).origin == "mirror"


def test_a_page_comes_in_one_multi_get_or_not_at_all(make: Make) -> None:
    page = api.decode_page(ask(make(never()), api.relationship_page(FILE, "contacted_domains")).payload)
    assert [item.attributes["reputation"] for item in page.items] == [2]
    below = Below({"data": []})
    ask(make(below), api.relationship_page(FILE, "contacted_ips"))  # the second address is not held
    ask(make(below), api.relationship_page(FILE, "bundled_files"))
    assert len(below.asked) == 2
    behaviours = api.decode_page(ask(make(never()), api.relationship_page(FILE, "behaviours")).payload)
    assert [item.whole for item in behaviours.items] == [True, True]


def test_attributes_come_in_line_and_are_those_asked_for(make: Make) -> None:
    query = (("relationship_attributes[contacted_ips]", "country"), ("relationship_attributes[contacted_domains]", "x"))
    request = api.object_request(FILE, ("contacted_ips", "contacted_domains"), query)
    blocks = ask(make(never()), request).payload["data"]["relationships"]
    assert [entry.get("attributes") for entry in blocks["contacted_ips"]["data"]] == [{"country": "CH"}, None]
    assert [entry.get("attributes") for entry in blocks["contacted_domains"]["data"]] == [{}]


def test_air_gapped_pages_go_to_their_end(make: Make) -> None:
    alone = make()
    first = api.decode_page(ask(alone, api.relationship_page(FILE, "dropped_files")).payload)
    second = api.decode_page(ask(alone, api.relationship_page(FILE, "dropped_files", first.cursor)).payload)
    assert (len(first.items), len(second.items), second.cursor) == (40, 5, "")
    ips = api.decode_page(ask(alone, api.relationship_page(FILE, "contacted_ips")).payload)
    assert [bool(item.attributes) for item in ips.items] == [True, False]
    urls = api.decode_page(ask(alone, api.relationship_page(FILE, "contacted_urls")).payload)
    with pytest.raises(NotMirroredError):
        ask(alone, api.relationship_page(FILE, "contacted_urls", urls.cursor))


@pytest.mark.parametrize(
    "request_",
    [
        api.object_request(Ref("file", "0" * 64)),
        api.object_request(Ref("file", "0" * 32)),
        api.relationship_page(FILE, "execution_parents"),
        api.object_request(Ref("comment", "f-1")),
        api.upload_url(),
        api.analyse(FILE),
        api.submit_url("http://example.com/"),
    ],
    ids=str,
)
def test_air_gapped_nothing_leaves_and_what_is_missing_was_not_looked_up(make: Make, request_: Request) -> None:
    alone = make()
    with pytest.raises(NotMirroredError) as error:
        ask(alone, request_)
    assert error.value.outcome.status is Status.SKIPPED
    assert "mirror.only" in error.value.outcome.detail
    assert alone.requests_made == 0


def test_air_gapped_relationships_that_are_not_held_are_said(make: Make) -> None:
    found = ask(make(), api.object_request(FILE, ("contacted_ips", "last_serving_ip_address")))
    related = api.decode_report(found.payload, FILE).related
    assert related["contacted_ips"].outcome.found
    assert related["last_serving_ip_address"].outcome.status is Status.SKIPPED
    assert "does not hold" in related["last_serving_ip_address"].outcome.detail
    assert not related["last_serving_ip_address"].complete


DOCS = b'{"docs": [%s]}'


def test_many_objects_are_one_multi_get(server: Server, config: MirrorConfig, make: Make) -> None:
    requests = [api.object_request(Ref("ip_address", f"192.0.2.{number}")) for number in range(1, 200)]
    answers = make(never()).ask_many([*requests, api.object_request(FILE)], soon())
    assert [at for at, each in enumerate(answers) if each] == [0, 199]
    missing = b", ".join(b'{"_id": "192.0.2.%d", "found": false}' % number for number in range(1, 200))
    server.say(answer(DOCS % missing))
    below = Below({"data": {}})
    mirror = make(below, hosts=(server.url,))
    assert set(mirror.ask_many(requests, soon())) == {None}
    for each in requests[:5]:
        ask(mirror, each)  # what is known to be missing is not asked for again, one by one
    assert (len(server.heard), len(below.asked)) == (1, 5)


def test_what_was_analysed_anew_is_asked_of_virustotal(make: Make) -> None:
    below = Below({"data": {}})
    mirror = make(below)
    mirror.forget(FILE)
    ask(mirror, api.object_request(FILE))
    assert len(below.asked) == 1
    assert mirror.bypass_cache() is below
    assert make().bypass_cache() is not below


def test_a_submission_passes(make: Make) -> None:
    below = Below({"data": {"type": "analysis", "id": "x"}})
    ask(make(below), api.analyse(FILE))
    assert [each.method for each in below.asked] == ["POST"]


@pytest.mark.parametrize(
    "broken",
    [
        answer(b'{"error": {"type": "x"}, "status": 503}', "503 Service Unavailable"),
        answer(b"<html>proxy</html>", "502 Bad Gateway"),
        answer(b"<html>hello</html>"),
        answer(b"[]"),
        answer(b'{"error": {"type": "security_exception"}}', "401 Unauthorized"),
        answer(DOCS % b"", length=900),
        answer(DOCS % b""),
        answer(DOCS % b'{"_id": "other", "found": true, "_source": {}}'),
        answer(DOCS % (b'{"_id": "%s", "error": {"type": "index_not_found_exception"}}' % SHA.encode())),
        answer(DOCS % (b'{"_id": "%s", "found": true, "_source": {"a": 1}}' % SHA.encode())),
        answer(DOCS % (b'{"_id": "%s", "found": true, "_source": {"object": "{broken"}}' % SHA.encode())),
        answer(
            DOCS
            % (b'{"_id": "%s", "found": true, "_source": {"type": "file", "id": "f", "attributes": {}}}' % SHA.encode())
        ),
        lambda connection, heard: None,
    ],
)
def test_a_broken_mirror_is_skipped_and_said_once(server: Server, make: Make, broken: Any) -> None:
    server.say(broken)
    said: list[str] = []
    below = Below({"data": {}})
    mirror = make(below, said, hosts=(server.url,))
    for _ in range(3):
        ask(mirror, api.object_request(FILE))
    assert len(below.asked) == 3
    assert len(said) == 1
    server.say(answer(DOCS % (b'{"_id": "%s", "found": false}' % SHA.encode())))
    time.sleep(0.06)
    ask(mirror, api.object_request(FILE))
    assert len(said) == 2
    assert "works again" in said[1]
    server.say(broken)
    with pytest.raises(UnavailableError, match=r"mirror\.only") as error:
        ask(make(hosts=(server.url,)), api.object_request(FILE))
    assert error.value.outcome.status is Status.FAILED
    assert error.value.origin == "mirror"


def test_a_multi_get_that_is_half_is_said_once_for_its_index(server: Server, make: Make) -> None:
    refs = [Ref("ip_address", f"192.0.2.{number}") for number in range(1, 51)]
    requests = [api.object_request(ref) for ref in refs]
    ids = [id for ref in refs for id in identifiers(ref)]
    missing = [b'{"_id": "%s", "found": false}' % id.encode() for id in ids]
    broken = [b'{"_id": "%s", "error": {"type": "circuit_breaking_exception"}}' % id.encode() for id in ids]
    half = [pair[at % 2] for at, pair in enumerate(zip(missing, broken, strict=True))]
    said: list[str] = []
    mirror = make(Below({"data": {}}), said, hosts=(server.url,))
    server.say(answer(DOCS % b", ".join(half)), answer(DOCS % b", ".join(half)), answer(DOCS % b", ".join(missing)))
    for lines in (1, 1, 2):
        mirror.ask_many(requests, soon())
        assert len(said) == lines
    assert "circuit_breaking_exception (index virustotal-ips)" in said[0]
    assert "works again" in said[1]


def test_an_index_that_is_searched_is_said_to_break_and_to_work_each_time(config: MirrorConfig, make: Make) -> None:
    said: list[str] = []
    mirror = make(Below({"data": {}}), said, behaviours="later")
    cluster = SearchClient(config, Credentials())
    for change in (None, "PUT", "DELETE"):
        if change:
            assert cluster.send(change, "/later", None, soon())[0] == 200
        for _ in range(2):
            ask(mirror, api.object_request(FILE, ("behaviours",)))
    cluster.close()
    assert ["works again" in line for line in said] == [False, True, False]


def test_a_broken_mirror_is_left_alone_for_a_while(server: Server, make: Make) -> None:
    server.say(answer(b"", "503 Busy"))
    mirror = make(Below({"data": {}}), hosts=(server.url,))
    for _ in range(5):
        ask(mirror, api.object_request(FILE))
    assert len(server.heard) == 1


def test_a_mirror_that_hangs_costs_seconds_once(server: Server, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("virustotal.mirror.object_store.PATIENCE", 0.3)
    server.say(lambda connection, heard: time.sleep(3))
    below = Below({"data": {}})
    mirror = make(below, hosts=(server.url, server.url.replace("127.0.0.1", "localhost")))
    mirror._store.health.pause = 30.0
    began = time.monotonic()
    for _ in range(20):
        ask(mirror, api.object_request(FILE))
    assert time.monotonic() - began < 1.0
    assert len(below.asked) == 20


def test_certificates_are_verified(tmp_path: Path) -> None:
    authority = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve_tls, args=(listening, context), daemon=True).start()
        config = MirrorConfig(hosts=(f"https://127.0.0.1:{listening.getsockname()[1]}",), ca_bundle=str(authority))
        assert SearchClient(config, Credentials()).send("GET", "/", None, soon())[0] == 200
        with pytest.raises(MirrorError, match=r"mirror\.ca_bundle"):
            SearchClient(evolve(config, ca_bundle=""), Credentials()).send("GET", "/", None, soon())


def test_the_environment_takes_no_part(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login someone password word\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server.say(answer(b"{}"))
    SearchClient(MirrorConfig(hosts=(server.url,)), Credentials()).send("GET", "/", None, soon())
    assert server.heard[0].header("authorization") is None


def test_a_multi_get_that_is_too_large_is_halved(
    config: MirrorConfig, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("virustotal.mirror.search_client.whole", lambda response, until: whole(response, until, 1500))
    requests = [api.object_request(Ref("ip_address", f"192.0.2.{number}")) for number in range(1, 60)]
    answers = make(never()).ask_many(requests, soon())
    assert [at for at, each in enumerate(answers) if each] == [0]


def test_an_answer_that_is_too_large_is_no_mirror_that_is_down(
    config: MirrorConfig, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("virustotal.mirror.search_client.whole", lambda response, until: whole(response, until, 1500))
    said: list[str] = []
    mirror = make(Below(UnavailableError("down")), said, hosts=(*config.hosts, "http://127.0.0.1:9"))
    requests = [api.object_request(Ref("ip_address", f"192.0.2.{number}")) for number in range(1, 60)]
    answers = mirror.ask_many(requests, soon())
    assert ([at for at, each in enumerate(answers) if each], said) == ([0], [])
    with pytest.raises(UnavailableError):
        ask(mirror, api.object_request(Ref("file", "c" * 32)))
    assert ["32 MB (index virustotal-files)" in line for line in said] == [True]
    assert ask(mirror, requests[0]).origin == "mirror"


def test_the_next_address_is_asked_where_one_is_down(config: MirrorConfig, make: Make, server: Server) -> None:
    server.say(answer(b"", "503 Busy"))
    hosts = ("http://127.0.0.1:9", server.url, *config.hosts)
    mirror = make(never(), hosts=hosts)
    for _ in range(3):
        assert ask(mirror, api.object_request(FILE)).origin == "mirror"
    assert len(server.heard) == 1


def test_a_missing_index_costs_its_kind_alone(make: Make) -> None:
    said: list[str] = []
    below = Below(NotFoundError("not known"))
    mirror = make(below, said, domains="missing", behaviours="gone")
    for _ in range(2):
        with pytest.raises(NotFoundError):
            ask(mirror, api.object_request(Ref("domain", "example.com")))
        assert ask(mirror, api.object_request(FILE)).origin == "mirror"
    with pytest.raises(NotFoundError):
        ask(mirror, api.object_request(FILE, ("behaviours",)))
    assert len(said) == 2
    assert all("index_not_found" in line for line in said)


def test_a_kind_without_an_index_is_not_held_and_not_missed(make: Make) -> None:
    said: list[str] = []
    both = [api.object_request(ref) for ref in (FILE, Ref("domain", "example.com"))]
    found = make(never(), said, domains="").ask_many(both, soon())
    assert ([bool(each) for each in found], said) == ([True, False], [])


@pytest.mark.parametrize(
    ("request_", "missing"),
    [
        (api.object_request(FILE), "files"),
        (api.object_request(Ref("file", "c" * 32)), "files"),
        (api.object_request(FILE, ("behaviours",)), "behaviours"),
    ],
    ids=str,
)
def test_air_gapped_a_missing_index_is_a_failure(make: Make, request_: Request, missing: str) -> None:
    with pytest.raises(UnavailableError, match="index_not_found"):
        ask(make(**{missing: "gone"}), request_)


@pytest.mark.parametrize(
    ("secrets", "header"),
    [
        ({"mirror_api_key": "a2V5"}, "ApiKey a2V5"),
        ({"mirror_user": "me", "mirror_password": "wörd"}, f"Basic {base64.b64encode('me:wörd'.encode()).decode()}"),
        ({}, None),
    ],
)
def test_credentials_go_to_the_mirror_and_nowhere_else(
    server: Server, caplog: pytest.LogCaptureFixture, secrets: dict[str, str], header: str | None
) -> None:
    caplog.set_level(logging.DEBUG)
    cluster = SearchClient(MirrorConfig(hosts=(server.url,)), Credentials("vt-key", **secrets))
    server.say(answer(b"{}", "403 Forbidden"))
    with pytest.raises(MirrorError) as error:
        cluster.get([("files", SHA)], soon())
    assert server.heard[0].header("authorization") == header
    assert "vt-key" not in server.heard[0].head
    shown = f"{error.value!r} {cluster!r} {caplog.text} {Credentials('vt-key', **secrets)!r}"
    assert not [value for value in secrets.values() if value in shown and value != "me"]


@pytest.mark.parametrize(
    "secrets",
    [
        {"mirror_api_key": "a", "mirror_user": "b", "mirror_password": "c"},
        {"mirror_user": "b"},
        {"mirror_password": "c"},
        {"mirror_user": "a:b", "mirror_password": "c"},
        {"mirror_api_key": "a b"},
    ],
)
def test_credentials_that_cannot_work_stop_the_start(secrets: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="mirror_"):
        build(Settings(mirror=MirrorConfig(hosts=("http://mirror.example.com",))), Credentials("key", **secrets))


def test_a_missing_ca_bundle_stops_the_start() -> None:
    given = MirrorConfig(hosts=("https://mirror.example.com",), ca_bundle="/missing/ca.pem")
    with pytest.raises(ValueError, match=r"mirror\.ca_bundle"):
        build(Settings(mirror=given), Credentials("key"))


def test_another_loaders_documents_are_read(address: str, make: Make) -> None:
    cluster = SearchClient(MirrorConfig(hosts=(address,)), Credentials())
    plain = b'{"type": "file", "id": "%s", "attributes": {"last_analysis_date": %d}}' % (SHA.encode(), NOW)
    for at, source in enumerate((plain, b'{"data": %s}' % plain)):
        index = f"others-{at}"
        cluster.bulk([b'{"index": {"_index": "%s", "_id": "%s"}}' % (index.encode(), SHA.encode()), source], 5)
        assert ask(make(never(), files=index), api.object_request(FILE)).age < 3600
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
    api.object_request(FILE, ("contacted_ips",), (("relationship_attributes[contacted_ips]", "a"),)),
    api.relationship_page(FILE, "contacted_ips"),
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
        found = ask(mirror, asked)
        assert (found.origin == "mirror") != bool(below.asked)
        decoded = api.decode_page(found.payload) if asked.path.count("/") > 2 else None
        assert decoded or api.decode_report(found.payload, FILE).subject.ref == FILE


class _Held:
    """A cluster that has one source under every identifier."""

    def __init__(self, source: Any) -> None:
        self.source = source

    def get(self, asked: list[tuple[str, str]], deadline: float) -> tuple[FetchedDocument, ...]:
        return tuple(FetchedDocument(self.source if isinstance(self.source, dict) else {}) for _ in asked)


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
def test_urls_are_search_fields_as_virustotal_writes_them(url: str, written: str) -> None:
    assert canonical(url) == written


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
