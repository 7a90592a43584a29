"""The cache link: what is kept, for whom, for how long; and one request for all who ask the same."""

import json
import threading
import time
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.client.links import Fake, soon, unknown
from virustotal.api import endpoints
from virustotal.api.source import Request, Save, Upload
from virustotal.client import leases
from virustotal.client.answer_budget import AnswerBudget
from virustotal.client.cache import Cache, packed, place_of, unpacked
from virustotal.core.errors import (
    DeadlineError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    QuotaError,
    UnavailableError,
    VirusTotalError,
)
from virustotal.core.models import Ref
from virustotal.storage import Stores, in_file
from virustotal.storage.fallback import with_fallback
from virustotal.storage.interfaces import LEASE, Entry, Size
from virustotal.storage.key_values import MemoryKeyValues

FILE = Ref("file", "a" * 64)
BARE = endpoints.object_request(FILE)
COMBINED = endpoints.object_request(FILE, ("contacted_ips",))
PAGE = endpoints.relationship_page(FILE, "contacted_ips")
NEXT = endpoints.relationship_page(FILE, "contacted_ips", "c2")


def found(request: Request) -> Mapping[str, Any]:
    """Answer with an analysed object, or a page."""
    if request.path.count("/") > 2:
        return {"data": [{"type": "ip_address", "id": "192.0.2.1"}], "meta": {"cursor": "c2"}}
    collection, _, id = request.path.strip("/").partition("/")
    kind = {"urls": "url", "domains": "domain"}.get(collection, "file")
    return {"data": {"type": kind, "id": id, "attributes": {"last_analysis_date": 1_735_689_600}}}


def compressed(value: object) -> bytes:
    return packed(json.dumps(value).encode())


def raising(error: VirusTotalError) -> Callable[[Request], Mapping[str, Any]]:
    def say(request: Request) -> Mapping[str, Any]:
        raise error

    return say


@pytest.fixture
def stores(tmp_path: Path) -> Stores:
    return in_file(tmp_path / "store.sqlite3", 2**20)


def link(source: Fake, stores: Stores, digest: str = "k", seconds: float = 100, negative: float = 50) -> Cache:
    return Cache(source, stores, digest, seconds=seconds, negative=negative)


def outcome(cache: Cache, request: Request) -> object:
    """What came: the payload, or the error's kind and words."""
    try:
        return cache.ask(request, soon()).payload
    except VirusTotalError as error:
        return type(error), str(error), error.code


KEPT: dict[str, tuple[Request, Callable[[Request], Mapping[str, Any]]]] = {
    "object": (BARE, found),
    "object with descriptors": (COMBINED, found),
    "url": (endpoints.object_request(Ref("url", "b" * 64)), found),
    "domain": (endpoints.object_request(Ref("domain", "example.com")), found),
    "page": (PAGE, found),
    "later page": (NEXT, found),
    "empty page": (PAGE, lambda request: {"data": []}),
    "none of a single one": (PAGE, lambda request: {"data": None}),
    "unknown object": (BARE, unknown),
    "unknown relationship": (PAGE, unknown),
    "forbidden relationship": (PAGE, raising(ForbiddenError("premium", code="ForbiddenError"))),
}


@pytest.mark.parametrize("name", KEPT)
def test_what_is_kept_is_asked_once(stores: Stores, name: str) -> None:
    request, say = KEPT[name]
    source = Fake(say)
    first = outcome(link(source, stores), request)
    assert outcome(link(source, stores), request) == first
    assert len(source.asked) == 1


@pytest.mark.parametrize("name", KEPT)
def test_two_keys_never_see_each_others_answers(stores: Stores, name: str) -> None:
    request, say = KEPT[name]
    source = Fake(say)
    for digest in ("one", "two"):
        outcome(link(source, stores, digest), request)
    assert len(source.asked) == 2


NEVER: dict[str, tuple[Request, Callable[[Request], Mapping[str, Any]]]] = {
    "upload": (endpoints.upload_file(Upload(Path("x"), "x")), found),
    "upload address": (endpoints.upload_url(), lambda request: {"data": "https://upload.example.com/"}),
    "url submission": (endpoints.submit_url("https://example.com/"), found),
    "new analysis": (endpoints.analyse(FILE), found),
    "analysis": (endpoints.analysis("x=="), found),
    "quotas": (endpoints.overall_quotas("someone"), found),
    "user": (endpoints.user("someone"), found),
    "artefact": (endpoints.artefact(FILE, "file", Save(Path("x"), 10)), found),
    "picture": (endpoints.linked("https://pictures.example.com/1", Save(Path("x"), 10)), found),
    "object that is still being analysed": (BARE, lambda r: {"data": {"type": "file", "id": "a", "attributes": {}}}),
    "answer without object": (BARE, lambda request: {"data": "text"}),
    "page without objects": (PAGE, lambda request: {"data": "text"}),
    "forbidden object": (BARE, raising(ForbiddenError("no"))),
    "refused": (BARE, raising(InvalidError("no"))),
    "quota": (BARE, raising(QuotaError("no"))),
    "outage": (BARE, raising(UnavailableError("no"))),
    "outage of a page": (PAGE, raising(UnavailableError("no"))),
    "deadline": (PAGE, raising(DeadlineError("no"))),
}


@pytest.mark.parametrize("name", NEVER)
def test_what_is_never_kept_is_asked_again(stores: Stores, name: str) -> None:
    request, say = NEVER[name]
    source = Fake(say)
    for _ in range(2):
        outcome(link(source, stores), request)
    assert len(source.asked) == 2
    assert stores.answers.size().objects == 0


def test_an_unknown_object_is_unknown_whatever_is_asked_with_it(stores: Stores) -> None:
    source = Fake(unknown)
    cache = link(source, stores)
    assert outcome(cache, COMBINED) == outcome(cache, BARE)
    assert len(source.asked) == 1
    outcome(cache, PAGE)  # a relationship says for itself
    assert len(source.asked) == 2


def test_requests_are_told_apart(stores: Stores) -> None:
    source = Fake(found)
    cache = link(source, stores)
    for request in (BARE, COMBINED, PAGE, NEXT, BARE, COMBINED, PAGE, NEXT):
        cache.ask(request, soon())
    assert len(source.asked) == 4


def test_answers_and_refusals_say_where_they_come_from_and_how_old_they_are(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = link(Fake(found), stores)
    assert cache.ask(BARE, soon()).origin == ""
    cached = link(Fake(unknown), stores, "other")
    with pytest.raises(NotFoundError) as caught:
        cached.ask(BARE, soon())
    assert caught.value.origin == ""
    now = stores.values.now()
    monkeypatch.setattr(stores.values, "now", lambda: now + 20)
    answer = cache.ask(BARE, soon())
    assert (answer.origin, round(answer.age)) == ("cache", 20)
    with pytest.raises(NotFoundError) as caught:
        cached.ask(BARE, soon())
    assert (caught.value.origin, round(caught.value.age), caught.value.code) == ("cache", 20, "NotFoundError")


@pytest.mark.parametrize(("say", "age"), [(found, 100), (unknown, 50)])
def test_each_has_an_age(
    stores: Stores, monkeypatch: pytest.MonkeyPatch, say: Callable[[Request], Mapping[str, Any]], age: float
) -> None:
    source = Fake(say)
    now = stores.values.now()
    for seconds, asked in ((0, 1), (age - 1, 1), (age + 1, 2)):
        monkeypatch.setattr(stores.values, "now", lambda seconds=seconds: now + seconds)
        outcome(link(source, stores), BARE)
        assert len(source.asked) == asked


@pytest.mark.parametrize(("seconds", "negative", "asked"), [(0, 50, (2, 1)), (100, 0, (1, 2))])
def test_either_can_be_off(stores: Stores, seconds: float, negative: float, asked: tuple[int, int]) -> None:
    for say, times in zip((found, unknown), asked, strict=True):
        source = Fake(say)
        for _ in range(2):
            outcome(link(source, stores, str(times), seconds, negative), BARE)
        assert len(source.asked) == times


@pytest.mark.parametrize(("say", "request_"), [(found, BARE), (found, PAGE), (unknown, BARE), (unknown, PAGE)])
@pytest.mark.parametrize("less", [0, 10])
def test_a_shorter_age_counts_for_what_is_kept_already(
    stores: Stores,
    monkeypatch: pytest.MonkeyPatch,
    say: Callable[[Request], Mapping[str, Any]],
    request_: Request,
    less: float,
) -> None:
    source = Fake(say)
    outcome(link(source, stores), request_)
    now = stores.values.now()
    monkeypatch.setattr(stores.values, "now", lambda: now + 11)
    positive = say is found
    other = link(source, stores, seconds=less if positive else 100, negative=50 if positive else less)
    assert not other.holds(request_)
    outcome(other, request_)
    assert len(source.asked) == 2


def test_what_has_become_unknown_is_asked_for_once(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome(link(Fake(found), stores), BARE)
    now = stores.values.now()
    monkeypatch.setattr(stores.values, "now", lambda: now + 11)
    source = Fake(unknown)
    for _ in range(2):
        outcome(link(source, stores, seconds=10), BARE)
    assert len(source.asked) == 1


def test_a_fresh_view_reads_nothing_and_keeps_what_it_finds(stores: Stores) -> None:
    source = Fake(unknown)
    cache = link(source, stores)
    outcome(cache, BARE)
    source.say = found
    fresh = cache.bypass_cache()
    assert outcome(fresh, COMBINED) == found(COMBINED)
    assert not fresh.holds(COMBINED)
    assert cache.holds(COMBINED)
    assert not cache.holds(BARE)  # that it was unknown is dropped
    assert outcome(cache, COMBINED) == found(COMBINED)
    assert len(source.asked) == 2


STRANGE: dict[str, Any] = {
    "another id": {"type": "file", "id": "b" * 64, "attributes": {"last_analysis_date": 1}},
    "another kind": {"type": "domain", "id": "a" * 64, "attributes": {"last_analysis_date": 1}},
    "no id": {"type": "file", "attributes": {"last_analysis_date": 1}},
    "a number": {"type": "file", "id": 7, "attributes": {"last_analysis_date": 1}},
    "no attributes": {"type": "file", "id": "a" * 64, "attributes": None},
}


@pytest.mark.parametrize("name", STRANGE)
def test_an_answer_of_something_else_is_never_kept(stores: Stores, name: str) -> None:
    source = Fake(lambda request: {"data": STRANGE[name]})
    cache = link(source, stores)
    cache.ask(BARE, soon())
    assert not cache.holds(BARE)
    source.say = found
    assert cache.ask(BARE, soon()).payload == found(BARE)


def _bomb() -> bytes:
    packer = zlib.compressobj(9)
    zeros = b" " * 2**20
    return (
        b"p" + packer.compress(b'{"payload": ') + b"".join(packer.compress(zeros) for _ in range(80)) + packer.flush()
    )


@pytest.mark.parametrize(
    "body",
    [
        *(compressed({"data": data}) for data in STRANGE.values()),
        b"",
        b"p",
        b"pnothing that inflates",
        compressed(found(BARE))[:-9],
        b"x" + compressed(found(BARE))[1:],
        _bomb,
    ],
)
def test_what_a_store_has_under_a_wrong_name_or_broken_is_asked_anew(
    stores: Stores, body: bytes | Callable[[], bytes]
) -> None:
    source = Fake(found)
    cache = link(source, stores)
    place = place_of(BARE)
    assert place is not None
    now, content = stores.values.now(), body() if callable(body) else body
    stores.answers.put("k", place.group, place.name, Entry(content, now, now + 100))
    assert cache.ask(BARE, soon()).payload == found(BARE)
    assert cache.ask(BARE, soon()).origin == "cache"
    assert len(source.asked) == 1


def test_what_changes_is_forgotten_with_all_that_was_asked_of_it(stores: Stores) -> None:
    source = Fake(found)
    cache = link(source, stores)
    another = endpoints.object_request(Ref("file", "b" * 64))
    for request in (BARE, COMBINED, PAGE, another):
        cache.ask(request, soon())
    cache.forget(FILE)
    cache.forget(Ref("nonsense", "x"))
    assert [cache.holds(request) for request in (BARE, COMBINED, PAGE, another)] == [False, False, False, True]


@pytest.mark.parametrize("say", [unknown, found])
def test_what_was_on_its_way_when_it_changed_is_not_kept(
    stores: Stores, say: Callable[[Request], Mapping[str, Any]]
) -> None:
    submitting = link(Fake(found), stores)  # another replica

    def meanwhile(request: Request) -> Mapping[str, Any]:
        submitting.forget(FILE)
        return say(request)

    cache = link(Fake(meanwhile), stores)
    for request in (BARE, PAGE):
        assert outcome(cache, request) == outcome(link(Fake(say), stores, "another key"), request)
        assert not submitting.holds(request)
    assert outcome(submitting, BARE) == found(BARE)
    assert submitting.holds(BARE)


def test_a_cursor_that_is_refused_costs_the_page_that_named_it(stores: Stores) -> None:
    source = Fake(found)
    cache = link(source, stores)
    cache.ask(PAGE, soon())
    source.say = raising(InvalidError("the cursor has expired"))
    outcome(cache, NEXT)
    assert not cache.holds(PAGE)


def test_of_many_threads_one_asks(stores: Stores) -> None:
    source = Fake(found, seconds=0.2)
    caches = [link(source, stores) for _ in range(8)]
    answers: list[object] = []
    threads = [threading.Thread(target=lambda each=each: answers.append(outcome(each, BARE))) for each in caches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [found(BARE)] * 8
    assert len(source.asked) == 1


def unfinished(request: Request) -> Mapping[str, Any]:
    """Answer with an object whose analysis is not finished."""
    return {"data": {"type": "file", "id": "a" * 64, "attributes": {}}}


@pytest.mark.parametrize(
    ("say", "seconds", "most"),
    [
        (raising(UnavailableError("down")), 100, 2**20),
        (unfinished, 100, 2**20),
        (found, 0, 2**20),
        (found, 100, 10),  # more than the store takes
    ],
)
def test_those_who_wait_do_not_ask_one_after_the_other_for_what_is_not_kept(
    tmp_path: Path, say: Callable[[Request], Mapping[str, Any]], seconds: float, most: int
) -> None:
    stores = in_file(tmp_path / "own.sqlite3", most)
    others = threading.Barrier(3)

    def meeting(request: Request) -> Mapping[str, Any]:
        if len(source.asked) > 1:
            others.wait(30)
        return say(request)

    source = Fake(meeting, seconds=0.3)
    threads = [threading.Thread(target=outcome, args=(link(source, stores, "k", seconds), BARE)) for _ in range(4)]
    threads[0].start()
    while not source.asked:
        time.sleep(0.01)
    for thread in threads[1:]:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(source.asked) == 4
    assert not others.broken


def test_a_broken_store_costs_no_answer(tmp_path: Path) -> None:
    place = tmp_path / "broken.sqlite3"
    place.write_bytes(b"no database" * 1000)
    cache = link(Fake(found, seconds=0.2), with_fallback(in_file(place, 2**20), lambda line: None))
    answers: list[object] = []
    threads = [threading.Thread(target=lambda: answers.append(outcome(cache, BARE))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [found(BARE)] * 3


def test_who_waits_has_a_deadline_and_takes_over_from_who_was_killed(stores: Stores) -> None:
    place = place_of(BARE)
    assert place is not None
    name, token = f"k:{place.group}:{place.name}", "of a process that was killed"
    stores.leases.put(LEASE, name, token, 30.0)
    cache = link(Fake(found), stores)
    with pytest.raises(DeadlineError):
        cache.ask(BARE, soon(0.1))
    stores.leases.put(LEASE, name, token, 0.05)
    assert cache.ask(BARE, soon()).origin == ""


def test_a_lease_is_extended_during_a_long_request(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "LEASE_SECONDS", 0.03)
    taken: list[str] = []
    extensions: list[str] = []
    extended, swap = threading.Event(), stores.leases.swap

    def noted_swap(key: str, name: str, before: str, after: str, seconds: float) -> bool:
        swapped = swap(key, name, before, after, seconds)
        if key == LEASE and before in {"", after}:
            (extensions if before else taken).append(f"{name} {after} {seconds}")
        if len(extensions) > 1:
            extended.set()
        return swapped

    monkeypatch.setattr(stores.leases, "swap", noted_swap)

    def answer_once_extended(request: Request) -> Mapping[str, Any]:
        assert extended.wait(30.0)
        return found(request)

    assert outcome(link(Fake(answer_once_extended), stores), BARE) == found(BARE)
    assert set(extensions) == set(taken)


@pytest.mark.parametrize("body", [b"", b"broken", compressed({"data": {}})[:-3], compressed({})])
def test_what_cannot_be_read_is_asked_again(stores: Stores, body: bytes) -> None:
    place = place_of(BARE)
    assert place is not None
    now = stores.values.now()
    stores.answers.put("k", place.group, place.name, Entry(body, now, now + 100))
    source = Fake(found)
    assert outcome(link(source, stores), BARE) == found(BARE)
    assert len(source.asked) == 1


def test_what_is_packed_comes_back() -> None:
    value = {"data": {"text": "é\ud800 \u0000", "none": None, "list": [1, 2.5, True]}}
    assert unpacked(compressed(value), AnswerBudget(), soon()) == value
    assert len(compressed({"payload": "a" * 100_000})) < 2000


def test_the_store_never_holds_what_was_looked_up_in_clear(stores: Stores, tmp_path: Path) -> None:
    link(Fake(lambda request: {"data": {"type": "domain", "id": "x"}}), stores).ask(
        endpoints.object_request(Ref("domain", "secret.example")), soon()
    )
    assert not any(b"secret" in path.read_bytes() for path in tmp_path.iterdir())


def test_what_a_submission_changes_is_not_counted_among_the_answers(stores: Stores) -> None:
    cache = link(Fake(), stores)
    for ref in (Ref("file", "a" * 64), Ref("file", "b" * 32), Ref("url", "c" * 64)):
        cache.forget(ref)
    assert stores.answers.size() == Size(0, 0)


def test_facts_of_this_process_do_not_pile_up() -> None:
    now = 0.0
    facts = MemoryKeyValues(lambda: now)
    for number in range(1000):
        now = float(number)
        facts.put("key", f"changed:{number}", "", 10.0)
    assert len(facts._values) == 10
    assert facts.get("key", "changed:999") == ""
    assert facts.get("key", "changed:900") is None
