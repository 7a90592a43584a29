"""The table of an exhaustive search: each with its own outcome, and nothing said of it that is not so."""

import json
from typing import Any

from virustotal.core.exhaustive import contribution, search
from virustotal.core.iocs import plan_iocs
from virustotal.core.models import Verdict
from virustotal.core.safelist import NO_SAFELIST
from virustotal.core.sections import Section
from virustotal.core.settings import MOST_IOCS
from virustotal.core.source import Answer, Request

DOMAIN = "network.dynamic.domain"


class Nothing:
    """A source that must not be asked."""

    requests_made = 0

    def ask(self, request: Request, deadline: float) -> Answer:
        raise AssertionError(request)

    def close(self) -> None:
        pass


def table(tags: dict[str, Any], most: int, source: Any) -> Section:
    plan = plan_iocs(tags, (), NO_SAFELIST, most)
    answered = search(plan, source, 0.0)
    (section,) = contribution(plan, answered, lambda obj: Verdict(), "VirusTotal").sections
    return section


def test_the_title_says_how_many_rows_there_are() -> None:
    tags = {DOMAIN: [f"d{place}.example.com" for place in range(MOST_IOCS + 1)]}

    section = table(tags, 0, Nothing())

    assert len(json.loads(section.body or "")) == MOST_IOCS
    assert section.title == f"Exhaustive search: {MOST_IOCS + 1} tagged ({MOST_IOCS} of them shown), 1001 skipped"
