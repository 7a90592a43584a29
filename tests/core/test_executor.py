"""After the quota is spent nothing is asked of VirusTotal, and what the source has all the same is still shown."""

import pytest
from attrs import define, field

from virustotal.api.source import Answer, Request, Source
from virustotal.core.errors import AuthenticationError, NotFoundError, QuotaError, VirusTotalError
from virustotal.core.lookup.executor import RequestExecutor

SOON = 1e9


@define(eq=False)
class Partly(Source):
    """A source that has some answers itself, and whose quota or key is refused for all others."""

    error: VirusTotalError
    held: frozenset[str] = frozenset()
    instead: frozenset[str] = frozenset()
    asked: list[str] = field(factory=list)

    def ask(self, request: Request, deadline: float) -> Answer:
        self.asked.append(request.path)
        if request.path in self.held | self.instead:
            return Answer(origin="cache")
        raise self.error

    def holds(self, request: Request) -> bool:
        return request.path in self.held

    def has_fallback(self, request: Request) -> bool:
        return request.path in self.instead


def get(path: str) -> Request:
    return Request("GET", path)


def test_what_is_held_is_given_after_the_quota_has_ended() -> None:
    source = Partly(QuotaError("used up"), frozenset({"/held"}), frozenset({"/instead"}))
    executor = RequestExecutor(source, SOON)
    for path in ("/a", "/b"):
        with pytest.raises(QuotaError):
            executor.ask(get(path))
    assert [executor.ask(get(path)).origin for path in ("/held", "/instead")] == ["cache", "cache"]
    assert source.asked == ["/a", "/held", "/instead"]


def test_with_a_wrong_key_nothing_is_given() -> None:
    source = Partly(AuthenticationError("wrong"), frozenset({"/held"}))
    executor = RequestExecutor(source, SOON)
    for path in ("/a", "/held"):
        with pytest.raises(AuthenticationError):
            executor.ask(get(path))
    assert source.asked == ["/a"]


def test_any_other_error_is_of_its_request_alone() -> None:
    executor = RequestExecutor(Partly(NotFoundError("unknown"), frozenset({"/held"})), SOON)
    with pytest.raises(NotFoundError):
        executor.ask(get("/a"))
    assert executor.ask(get("/held")).origin == "cache"
