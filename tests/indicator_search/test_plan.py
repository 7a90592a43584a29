"""Which tagged hosts and URLs are looked up, in what order, and what is said of the others."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from unittest.mock import Mock

import pytest

from virustotal.api.endpoints import object_request
from virustotal.api.identifiers import url_id
from virustotal.api.source import RemainingQuota
from virustotal.core.lookup import quota_fit
from virustotal.core.lookup.subjects import Refusal, Subject, url_subject
from virustotal.core.models import Object, Outcome, Ref, Report, Status
from virustotal.core.scoring.safelist import Safelist, read_safelist
from virustotal.core.settings import MOST_IOCS
from virustotal.indicator_search.already_known import KnownIndicator
from virustotal.indicator_search.plan import MOST_READ, cut_off, plan_iocs
from virustotal.testing import obj
from virustotal.util.hosts import canonical_url

NO = Safelist()
DOMAIN, IP, URI = (f"network.dynamic.{kind}" for kind in ("domain", "ip", "uri"))
STATIC = {kind: f"network.static.{kind}" for kind in ("domain", "ip", "uri")}


def chosen(tags: dict[str, Any], most: int = 50, safelist: Safelist = NO, **more: Any) -> list[str]:
    return [each.label for each in plan_iocs(tags, {}, safelist, most, **more).wanted]


@pytest.mark.parametrize(
    ("tag_type", "value", "label"),
    [
        (DOMAIN, "Bad.Example.COM.", "bad.example.com"),
        (DOMAIN, "bücher.example.com", "xn--bcher-kva.example.com"),
        (IP, "8.8.8.8", "8.8.8.8"),
        (IP, "[2606:4700::1111]", "2606:4700::1111"),
        (URI, "HTTP://EXAMPLE.com:80#top", "http://example.com/"),
        (URI, "https://user:secret@example.com:8443/a?b=c#d", "https://example.com:8443/a?b=c"),
        (URI, "http://bücher.example.com/ä", "http://xn--bcher-kva.example.com/ä"),
        (URI, "http://[2606:4700::1111]/", "http://[2606:4700::1111]/"),
        (URI, "https://example.com/" + "a" * 1900, "https://example.com/" + "a" * 479 + "…"),
    ],
)
def test_what_is_asked_for(tag_type: str, value: str, label: str) -> None:
    assert chosen({tag_type: [value]}) == [label]
    assert chosen({tag_type: [(value, 100)]}) == [label]


@pytest.mark.parametrize(
    ("tag_type", "value", "status"),
    [
        (DOMAIN, "../users/me", Status.INVALID),
        (DOMAIN, "a/../../users/me", Status.INVALID),
        (DOMAIN, "example.com/../x", Status.INVALID),
        (DOMAIN, "setup.exe", Status.INVALID),
        (DOMAIN, "8.8.8.8", Status.INVALID),
        (DOMAIN, "a" * 5000, Status.INVALID),
        (DOMAIN, "a.\x00example.com", Status.INVALID),
        (DOMAIN, "", Status.INVALID),
        (DOMAIN, None, Status.INVALID),
        (DOMAIN, 7, Status.INVALID),
        (DOMAIN, {"a": 1}, Status.INVALID),
        (DOMAIN, "host.internal", Status.SKIPPED),
        (DOMAIN, "localhost", Status.SKIPPED),
        (IP, "0x7f.1", Status.INVALID),
        (IP, "0x08.8.8.8", Status.INVALID),
        (IP, "134744072", Status.INVALID),
        (IP, "../users/me", Status.INVALID),
        (IP, "example.com", Status.INVALID),
        (IP, "[::1]", Status.SKIPPED),
        (IP, "10.0.0.1", Status.SKIPPED),
        (IP, "192.0.2.1", Status.SKIPPED),
        (URI, "../users/me", Status.INVALID),
        (URI, "http://", Status.INVALID),
        (URI, "http://0x7f.1/", Status.SKIPPED),
        (URI, "http://[::1]/", Status.SKIPPED),
        (URI, "http://intranet.local/a", Status.SKIPPED),
        (URI, "http://example.com/" + "a" * 5000, Status.SKIPPED),
        (URI, "ldap://example.com/", Status.SKIPPED),
        (URI, "http://example.com\r\nX-Evil: 1", Status.INVALID),
    ],
)
def test_what_is_not_and_why(tag_type: str, value: Any, status: Status) -> None:
    plan = plan_iocs({tag_type: [value]}, {}, NO, 50)

    assert plan.wanted == ()
    ((refused, what, outcome),) = plan.refused
    assert (refused, outcome.status, len(what) <= 500, outcome.detail.endswith(".")) == (tag_type, status, True, True)
    assert "secret" not in what


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {"network": ["example.com"]},
        {"network.static": ["example.com"]},
        {"network.dynamic.domain.x": ["example.com"]},
        {"network.static.uri_path": ["/a"]},
        {"av.virus_name": ["example.com"]},
        {DOMAIN: None},
        {DOMAIN: "example.com"},
        {DOMAIN: []},
    ],
)
def test_only_these_types_exactly(tags: dict[str, Any]) -> None:
    plan = plan_iocs(tags, {}, NO, 50)
    assert (plan.wanted, plan.refused) == ((), ())


def test_each_once_under_all_its_types() -> None:
    tags = {
        STATIC["domain"]: ["example.com", "EXAMPLE.com.", "example.com"],
        DOMAIN: ["example.com"],
        URI: ["http://example.com", "http://EXAMPLE.com:80/", "http://example.com/#a"],
    }
    plan = plan_iocs(tags, {}, NO, 50)

    assert [(each.label, each.tags) for each in plan.wanted] == [
        ("http://example.com/", (URI,)),
        ("example.com", (DOMAIN, STATIC["domain"])),
    ]


def test_the_most_telling_first_and_the_rest_is_cut() -> None:
    tags = {
        STATIC["ip"]: [("8.8.4.4", 0)],
        STATIC["uri"]: [("http://a.example.com/", 0)],
        STATIC["domain"]: [("worst.example.com", 1000), ("b.example.com", 0)],
        IP: [("8.8.8.8", 0)],
        DOMAIN: [("c.example.com", 0), ("d.example.com", 10)],
        URI: [("http://e.example.com/", 0)],
    }
    everything = [
        "worst.example.com",
        "d.example.com",
        "http://e.example.com/",
        "c.example.com",
        "8.8.8.8",
        "http://a.example.com/",
        "b.example.com",
        "8.8.4.4",
    ]
    plan = plan_iocs(tags, {}, NO, 3)

    assert chosen(tags) == everything
    assert [each.label for each in plan.wanted] == everything[:3]
    assert [each.label for each, _ in plan.cut] == everything[3:]
    assert {outcome.status for _, outcome in plan.cut} == {Status.SKIPPED}
    assert chosen(tags, most=0) == []


def test_no_more_than_so_many_are_read_and_those_are_the_most_telling() -> None:
    tags = {
        URI: [f"http://h{place}.example.com/" for place in range(MOST_READ)],
        DOMAIN: [(f"d{place}.example.com", 1) for place in range(MOST_READ)],
        STATIC["ip"]: [("8.8.8.8", 2), ("10.0.0.1", 2)],
    }

    plan = plan_iocs(tags, {}, NO, 2)

    assert MOST_READ >= 2 * MOST_IOCS
    assert [each.label for each in plan.wanted] == ["8.8.8.8", "d0.example.com"]
    assert len(plan.wanted) + len(plan.cut) + len(plan.refused) == MOST_READ
    assert plan.unread == MOST_READ + 2
    assert plan_iocs({DOMAIN: ["example.com"]}, {}, NO, 2).unread == 0


def test_what_stands_in_the_reports_is_not_asked_for_and_takes_no_place() -> None:
    url = url_subject("http://EXAMPLE.com")
    assert isinstance(url, Subject)
    place, digest = (Ref("file", "a"), "contacted_urls"), sha256(b"http://example.net/").hexdigest()
    indicators = {
        url.ref: KnownIndicator(((url.ref, ""),), Report(Object(url.ref))),
        Ref("domain", "example.com"): KnownIndicator((place,), Report(obj("domain", "example.com"))),
        Ref("url", digest): KnownIndicator((place,), Report(obj("url", digest))),
        Ref("domain", "example.org"): KnownIndicator((place,)),
    }
    tags = {
        URI: [f"http://example.{end}/" for end in ("com", "org", "net")],
        DOMAIN: ["example.com", "example.org"],
    }

    plan = plan_iocs(tags, indicators, NO, 2)

    assert [each.label for each in plan.wanted] == ["http://example.org/", "example.org"]
    assert [each.label for each in plan.reported] == ["http://example.com/", "http://example.net/", "example.com"]
    assert plan.wanted[1].indicator == KnownIndicator((place,))


def test_safelisted_ones_are_left_out_unless_filtering_is_off() -> None:
    tags = {DOMAIN: ["www.example.com", "example.org"], URI: ["http://example.com/a"]}

    for tag_type in (DOMAIN, STATIC["domain"]):
        safelist = Safelist({tag_type: frozenset({"example.com"})})
        assert chosen(tags, safelist=safelist) == ["example.org"]
        assert len(chosen(tags, safelist=safelist, filtered=False)) == 3


LONG = "http://cdn.example.com/" + "a" * 600


@pytest.mark.parametrize(
    ("tag_type", "value", "listed"),
    [
        (URI, "http://fine.example.com", "http://fine.example.com"),
        (URI, "http://fine.example.com:80/x", "http://fine.example.com:80/x"),
        (URI, "http://fine.example.com:80/x", "http://fine.example.com/x"),
        (URI, "http://fine.example.com/#a", "http://fine.example.com/#a"),
        (URI, "http://me:secret@fine.example.com/", "http://me:secret@fine.example.com/"),
        (URI, "http://bücher.example.com/a", "http://bücher.example.com/a"),
        (URI, LONG, LONG),
        (URI, LONG, r"http://cdn\.example\.com/a+$"),
        (DOMAIN, "Bücher.example.com", "bücher.example.com"),
        (DOMAIN, "bücher.example.com", "xn--bcher-kva.example.com"),
        (IP, "[2606:4700:0::1111]", "2606:4700::1111"),
    ],
)
@pytest.mark.parametrize("under", ["static", "dynamic"])
def test_safelisted_as_tagged_or_as_asked_for_under_either_type(
    tag_type: str, value: str, listed: str, under: str
) -> None:
    how = "regex" if "\\" in listed else "match"
    static = tag_type.replace("dynamic", "static")
    safelist = read_safelist({how: {tag_type.replace("dynamic", under): [listed]}})

    assert chosen({tag_type: [value], static: [value]}, safelist=safelist) == []


def test_a_url_of_a_safelisted_host_that_is_written_in_unicode() -> None:
    safelist = read_safelist({"match": {STATIC["domain"]: ["bücher.example.com"]}})

    assert chosen({URI: ["http://www.bücher.example.com:8080/a"]}, safelist=safelist) == []


def beyond(costs: dict[Ref, int], quota: RemainingQuota) -> Mapping[Ref, Outcome]:
    """Return what a source with so many requests left is not asked for."""
    source = Mock(**{"holds.return_value": False, "has_fallback.return_value": False, "remaining.return_value": quota})
    return quota_fit.fit({ref: object_request(ref) for ref in costs}, costs, source, 0.0)


def test_what_the_quota_leaves() -> None:
    plan = plan_iocs({DOMAIN: [f"d{place}.example.com" for place in range(5)]}, {}, NO, 4)
    kept = plan.wanted[3].ref

    costs = {ioc.ref: int(ioc.ref != kept) for ioc in plan.wanted}
    cut = cut_off(plan, beyond(costs, RemainingQuota(2, "The day is over.")))
    assert [each.label for each in cut.wanted] == ["d0.example.com", "d1.example.com", "d3.example.com"]
    assert [(each.label, outcome.status) for each, outcome in cut.cut] == [
        ("d2.example.com", Status.SKIPPED),
        ("d4.example.com", Status.SKIPPED),
    ]
    assert cut.cut[0][1].detail == "2 requests left, used for more informative ones. The day is over."
    assert beyond(costs, RemainingQuota()) == {}
    assert set(costs) - set(beyond(costs, RemainingQuota(-3))) == {kept}


@pytest.mark.parametrize(
    ("value", "status"),
    [("no url", Status.INVALID), (None, Status.INVALID), ("http://localhost/", Status.SKIPPED)],
)
def test_a_refusal_says_how_it_ended(value: Any, status: Status) -> None:
    subject = url_subject(value)

    assert isinstance(subject, Refusal)
    assert subject.status is status


def test_one_spelling() -> None:
    assert canonical_url("FTP://Example.com:21") == "ftp://example.com/"
    assert url_id(canonical_url("https://example.com:443/a#b")) == url_id("https://example.com/a")
