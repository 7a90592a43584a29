"""The table of an exhaustive search: each with its own outcome, and nothing said of it that is not so."""

import json
import time
from collections.abc import Sequence
from typing import Any

import pytest

from virustotal.api.source import Answer, RemainingQuota, Request, Source
from virustotal.core.models import Ref, Verdict
from virustotal.core.plugin_host.output import Section
from virustotal.core.scoring.safelist import NO_SAFELIST
from virustotal.core.settings import MOST_IOCS
from virustotal.indicator_search.plan import plan_iocs
from virustotal.indicator_search.search import look_up
from virustotal.indicator_search.search_table import search_output

DOMAIN = "network.dynamic.domain"


class Nothing(Source):
    """A source that must not be asked."""

    def ask(self, request: Request, deadline: float) -> Answer:
        raise AssertionError(request)

    def close(self) -> None:
        pass


def table(tags: dict[str, Any], most: int, source: Any) -> Section:
    plan = plan_iocs(tags, {}, NO_SAFELIST, most)
    lookups = look_up(plan, source, time.monotonic() + 60)
    (section,) = search_output(plan, lookups, lambda obj: Verdict(), "VirusTotal").sections
    return section


class Mirror(Nothing):
    """A source that knows some at once, keeps others, and has a quota of so many requests for the rest."""

    def __init__(self, at_once: tuple[str, ...], kept: tuple[str, ...] = (), left: int = 0) -> None:
        self.at_once, self.kept, self.left = at_once, kept, left
        self.batches: list[int] = []
        self.asked: list[str] = []

    def ask(self, request: Request, deadline: float) -> Answer:
        self.asked.append(request.path.rpartition("/")[2])
        return answer(request)

    def ask_many(self, requests: Sequence[Request], deadline: float) -> tuple[Answer | None, ...]:
        self.batches.append(len(requests))
        return tuple(answer(request) if request.path.endswith(self.at_once) else None for request in requests)

    def remaining(self, deadline: float, *, for_subject: bool = False) -> RemainingQuota:
        return RemainingQuota(self.left, "The day is over.")

    def holds(self, request: Request) -> bool:
        return request.path.endswith(self.kept)

    def forget(self, ref: Ref) -> None:
        pass


def answer(request: Request) -> Answer:
    return Answer({"data": {"type": "domain", "id": request.path.rpartition("/")[2], "attributes": {"reputation": 0}}})


def results(section: Section) -> dict[str, str]:
    return {row["Value"]: row["Result"] for row in json.loads(section.body or "")}


@pytest.mark.parametrize(("left", "asked"), [(0, ["kept.example.com"]), (1, ["b.example.com", "kept.example.com"])])
def test_a_spent_quota_hides_nothing_that_is_known_without_it(left: int, asked: list[str]) -> None:
    tags = {DOMAIN: [f"{name}.example.com" for name in ("a", "b", "c", "kept")]}
    mirror = Mirror(("/a.example.com",), ("/kept.example.com",), left)

    found = results(table(tags, 50, mirror))

    assert sorted(mirror.asked) == asked
    assert mirror.batches == [4]
    assert found == {
        "a.example.com": "found",
        "kept.example.com": "found",
        "b.example.com": "found" if left else "skipped",
        "c.example.com": "skipped",
    }


def test_the_title_says_how_many_rows_there_are() -> None:
    tags = {DOMAIN: [f"d{place}.example.com" for place in range(MOST_IOCS + 1)]}

    section = table(tags, 0, Nothing())

    assert len(json.loads(section.body or "")) == MOST_IOCS
    assert section.title == f"Exhaustive search: {MOST_IOCS + 1} tagged ({MOST_IOCS} of them shown), 1001 skipped"


def test_where_nothing_may_be_looked_up_the_reasons_are_all_there_is() -> None:
    section = table({DOMAIN: ["localhost"]}, 10, Nothing())

    assert section.title == "Exhaustive search: 1 tagged, none of them to be looked up"
    assert results(section) == {"localhost": "skipped"}


def test_attributes_that_the_table_does_not_show_are_listed_below_it() -> None:
    section = table({DOMAIN: ["a.example.com"]}, 10, Mirror(("/a.example.com",)))

    assert [(subsection.title, subsection.body) for subsection in section.subsections] == [
        ("Further attributes", "reputation: 0")
    ]
