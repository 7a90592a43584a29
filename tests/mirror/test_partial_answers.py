"""What the mirror holds in part, too old, or cannot read now: who answers then, and what is said of the rest."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from attrs import define, field

from tests.mirror.clusters import SHA, an_object, descriptors
from virustotal.api import decoding, endpoints
from virustotal.api.source import Answer, Request, Source
from virustotal.core.errors import NotFoundError, QuotaError, UnavailableError, VirusTotalError
from virustotal.core.models import Ref, Status
from virustotal.core.settings import MirrorConfig
from virustotal.mirror.object_store import ObjectStore
from virustotal.mirror.prefetch import SECONDS, PrefetchCache
from virustotal.mirror.response_builder import INSTEAD
from virustotal.mirror.search_answers import FetchedDocument, MirrorError
from virustotal.mirror.source import MirrorSource, NoSource
from virustotal.storage.circuit_breaker import CircuitBreaker

FILE = Ref("file", SHA)
NOW = int(time.time())
OLD = NOW - 90 * 86_400
LINED = (("relationship_attributes[contacted_ips]", "country"),)


@define(eq=False)
class Held:
    """A cluster of these objects; those that are named in broken cannot be read. asked: the size of each multi-get."""

    objects: Mapping[str, Mapping[str, Any]]
    broken: frozenset[str] = frozenset()
    down: bool = False
    asked: list[int] = field(factory=list)

    def get(self, wanted: Sequence[tuple[str, str]], deadline: float) -> tuple[FetchedDocument, ...]:
        self.asked.append(len(wanted))
        if self.down:
            raise MirrorError("The mirror is down.")
        return tuple(MirrorError("A shard failed.") if id in self.broken else self.objects.get(id) for _, id in wanted)

    def search(self, *_: Any) -> tuple[Mapping[str, Any], ...]:
        return ()

    def close(self) -> None:
        """Nothing is open."""


@define(eq=False)
class Below(Source):
    """The next link: one answer or error for all."""

    says: Mapping[str, Any] | VirusTotalError = field(factory=lambda: NotFoundError("not known"))
    asked: list[Request] = field(factory=list)

    def ask(self, request: Request, deadline: float) -> Answer:
        self.asked.append(request)
        if isinstance(self.says, VirusTotalError):
            raise self.says
        return Answer(self.says)

    def close(self) -> None:
        """Nothing is open."""


def mirror(held: Held, below: Below | None = None) -> MirrorSource:
    """A mirror before the next link; without one, air-gapped."""
    config = MirrorConfig(hosts=("http://mirror.example.com",), only=below is None)
    health = CircuitBreaker(lambda line: None, lambda line: None, "The mirror", "", pause=0.0)
    return MirrorSource(below or NoSource(), ObjectStore(held, config, health))  # type: ignore[arg-type]


def ips(count: int) -> tuple[str, ...]:
    return tuple(f"192.0.2.{number + 1}" for number in range(count))


def world(addresses: Sequence[str], held: Sequence[str], *, changed: int = NOW - 10, more: str = "") -> Held:
    """A file that contacted the named addresses, of which some are known."""
    blocks = {"contacted_ips": descriptors("ip_address", *addresses, cursor=more)}
    hosts = [an_object("ip_address", address, changed, attributes={"country": "CH"}) for address in held]
    objects = (an_object("file", SHA, NOW - 10, relationships=blocks), *hosts)
    return Held({address["id"]: address for address in objects})


def soon() -> float:
    return time.monotonic() + 5


def page(source: MirrorSource, cursor: str = "") -> decoding.Page:
    return decoding.decode_page(source.ask(endpoints.relationship_page(FILE, "contacted_ips", cursor), soon()).payload)


def test_a_list_that_is_not_held_to_its_end_is_asked_of_virustotal_from_its_start() -> None:
    below = Below({"data": []})
    page(mirror(world(ips(45), ips(44)), below))
    assert [request.query for request in below.asked] == [(("limit", "40"),)]
    first = page(mirror(world(ips(45), ips(45)), below))
    assert (len(first.items), first.cursor) == (40, "mirror-40")


@pytest.mark.parametrize("lost", ["broken", "gone", "down"])
def test_the_mirrors_own_cursor_never_leaves(lost: str) -> None:
    held, below = world(ips(45), ips(45)), Below({"data": []})
    source = mirror(held, below)
    first = page(source)
    if lost == "down":
        held.down = True
        with pytest.raises(UnavailableError, match="does not go on"):
            page(source, first.cursor)
    else:
        held.broken = frozenset(ips(45)[44:]) if lost == "broken" else frozenset()
        held.objects = {id: object for id, object in held.objects.items() if lost != "gone" or id != ips(45)[44]}
        second = page(source, first.cursor)
        assert [bool(item.attributes) for item in second.items] == [True] * 4 + [False]
        assert second.outcome.status is Status.FAILED
        assert second.outcome.detail.startswith("Of 5 objects 1 came without a report: ")
    assert below.asked == []


@pytest.mark.parametrize("failure", [QuotaError("used up"), UnavailableError("down")])
def test_what_stands_in_for_virustotal_says_so_and_what_is_missing_failed(failure: VirusTotalError) -> None:
    source = mirror(world(ips(2), ips(1)), Below(failure))
    answer = source.ask(endpoints.object_request(FILE, ("contacted_ips", "dropped_files", "parent")), soon())
    assert (answer.origin, answer.fallback_reason) == ("mirror", f"{INSTEAD} {failure}")
    related = decoding.decode_report(answer.payload, FILE).related
    assert len(related["contacted_ips"].items) == 2
    for name in ("dropped_files", "parent"):
        assert related[name].outcome.status is Status.FAILED
        assert "VirusTotal did not answer" in related[name].outcome.detail
    result = page(mirror(world(ips(2), ips(1)), Below(failure)))
    assert result.outcome.status is Status.FAILED
    assert result.outcome.detail == (
        "Of 2 objects 1 came without a report: The mirror does not hold all, and VirusTotal did not answer."
    )


def test_an_old_object_stands_in_too() -> None:
    held = Held({SHA: an_object("file", SHA, OLD)})
    answer = mirror(held, Below(UnavailableError("down"))).ask(endpoints.object_request(FILE), soon())
    assert answer.fallback_reason == f"{INSTEAD} down"
    assert answer.age > 80 * 86_400
    assert not mirror(held).ask(endpoints.object_request(FILE), soon()).fallback_reason


@pytest.mark.parametrize(
    ("broken", "status", "why"),
    [((), Status.SKIPPED, "The mirror does not hold all"), (ips(2)[1:], Status.FAILED, "A shard failed")],
)
@pytest.mark.parametrize("in_line", [True, False])
def test_air_gapped_objects_that_are_missing_are_said(
    broken: Sequence[str], status: Status, why: str, in_line: bool
) -> None:
    held = world(ips(2), ips(1))
    held.broken = frozenset(broken)
    if in_line:
        request = endpoints.object_request(FILE, ("contacted_ips",), LINED)
        related = decoding.decode_report(mirror(held).ask(request, soon()).payload, FILE).related["contacted_ips"]
        items, outcome = related.items, related.outcome
    else:
        one = page(mirror(held))
        items, outcome = one.items, one.outcome
    assert [bool(item.attributes) for item in items] == [True, False]
    assert outcome.status is status
    assert outcome.detail == (
        f"Of 2 objects 1 came without a report: {why}, and VirusTotal is not asked (mirror.only)."
    )


@pytest.mark.parametrize("in_line", [True, False])
def test_an_answer_is_as_old_as_its_oldest_part(in_line: bool) -> None:
    below = Below({"data": {"type": "file", "id": SHA}})
    asked = (
        endpoints.object_request(FILE, ("contacted_ips",), LINED)
        if in_line
        else endpoints.relationship_page(FILE, "contacted_ips")
    )
    assert mirror(world(ips(2), ips(2)), below).ask(asked, soon()).origin == "mirror"
    assert mirror(world(ips(2), ips(2), changed=OLD), below).ask(asked, soon()).origin == ""
    assert below.asked == [asked]


def test_in_line_each_part_has_its_own_age() -> None:
    asked = endpoints.object_request(FILE, ("contacted_ips",), LINED)
    answer = mirror(world(ips(2), ips(2), changed=OLD)).ask(asked, soon())
    assert answer.age < 3600
    assert answer.parts["contacted_ips"] > 80 * 86_400


def test_what_the_mirror_says_is_looked_at_once() -> None:
    held, below = world(ips(2), ips(2)), Below({"data": []})
    source = mirror(held, below)
    whole, partly = endpoints.relationship_page(FILE, "contacted_ips"), endpoints.object_request(FILE, ("votes",))
    assert source.holds(whole)
    assert source.holds(whole)
    assert not source.holds(partly)
    before = len(held.asked)
    assert source.ask(whole, soon()).origin == "mirror"
    source.ask(partly, soon())
    assert len(held.asked) == before
    assert below.asked == [partly]
    source.ask(whole, soon())  # who asks again wants to know anew
    assert len(held.asked) > before


@pytest.mark.parametrize("state", ["old", "broken", "missing", "down"])
def test_many_that_are_not_served_are_not_read_again_one_by_one(state: str) -> None:
    names = ips(50)
    changed = OLD if state == "old" else NOW - 10
    held = Held({address: an_object("ip_address", address, changed) for address in names if state != "missing"})
    held.broken, held.down = frozenset(names if state == "broken" else ()), state == "down"
    below = Below()
    source = mirror(held, below)
    requests = [endpoints.object_request(Ref("ip_address", address)) for address in names]
    assert set(source.ask_many(requests, soon())) == {None}
    for request in requests:
        assert not source.holds(request)
        with pytest.raises(NotFoundError):
            source.ask(request, soon())
    assert held.asked == [100]  # two identifiers each
    assert below.asked == requests


def test_air_gapped_what_cannot_be_read_failed_and_what_is_not_held_was_skipped() -> None:
    held = Held({}, broken=frozenset({"192.0.2.1"}))
    source = mirror(held)
    requests = [endpoints.object_request(Ref("ip_address", address)) for address in ("192.0.2.1", "192.0.2.2")]
    assert source.ask_many(requests, soon()) == (None, None)
    for request, status in zip(requests, (Status.FAILED, Status.SKIPPED), strict=True):
        with pytest.raises(VirusTotalError) as caught:
            source.ask(request, soon())
        assert caught.value.outcome.status is status
    assert held.asked == [4]  # two identifiers each


def test_what_was_looked_at_and_never_asked_for_does_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("virustotal.mirror.prefetch.time.monotonic", lambda: now)
    ready = PrefetchCache()
    for number in range(100):
        now += 1.0
        ready.keep({endpoints.object_request(Ref("domain", f"d{number}.example.com")): None})
    assert len(ready._kept) == SECONDS
    last = endpoints.object_request(Ref("domain", "d99.example.com"))
    assert ready.peek(last, lambda: MirrorError("read anew")) is None
    assert isinstance(ready.pop(endpoints.object_request(FILE), lambda: MirrorError("read anew")), MirrorError)
