"""A mirror of a real server, what stands behind it, and short ways to ask it."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from attrs import evolve

from tests.mirror.clusters import LINK, SHA, an_object, descriptors, fill, opensearch
from virustotal.api.identifiers import url_id
from virustotal.api.source import Answer, Request, Source
from virustotal.core.errors import VirusTotalError
from virustotal.core.models import Ref
from virustotal.core.settings import Credentials, MirrorConfig, Settings
from virustotal.mirror import MirrorSource, SearchClient
from virustotal.mirror.object_store import ObjectStore
from virustotal.mirror.request_parser import identifiers
from virustotal.sources import build
from virustotal.storage.circuit_breaker import CircuitBreaker

FILE = Ref("file", SHA)
NOW = int(time.time())
IPS = ("192.0.2.1", "192.0.2.2")
URL = "http://example.com/a?b=c"


class Below(Source):
    """The next link: says what it is told to, and keeps what it was asked."""

    def __init__(self, *says: Mapping[str, Any] | VirusTotalError) -> None:
        self.says = list(says)
        self.asked: list[Request] = []

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
    result = MirrorConfig(hosts=(address,))
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
        an_object("url", identifiers(Ref("url", url_id(URL)))[0], NOW - 60, attributes={"url": URL}),
        an_object("file_behaviour", f"{SHA}_Box Two", NOW - 70),
        an_object("file_behaviour", f"{SHA}_Box.One", NOW - 80, attributes={"verdicts": ["CLEAN"]}),
    ]
    loader = fill(result, objects, tmp_path_factory.mktemp("mirror"))
    assert (loader.statistics.stored, loader.statistics.refused) == (len(objects), {})
    return result


Make = Callable[..., MirrorSource]


@pytest.fixture
def make(config: MirrorConfig) -> Iterator[Make]:
    made: list[MirrorSource] = []

    def mirror(below: Source | None = None, said: list[str] | None = None, **changes: Any) -> MirrorSource:
        changed = evolve(config, **changes)
        if below is None:
            result = build(Settings(mirror=evolve(changed, only=True)), Credentials())
            assert isinstance(result, MirrorSource)
        else:
            say = (said if said is not None else []).append
            result = MirrorSource(
                below,
                ObjectStore(SearchClient(changed, Credentials()), changed, breaker(say, 0.05)),
            )
        made.append(result)
        return result

    yield mirror
    for source in made:
        source.close()


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


DOCS = b'{"docs": [%s]}'
