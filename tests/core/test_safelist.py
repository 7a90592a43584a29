"""The platform's safelist, and the thread that keeps it current."""

import logging
import threading
import time
from typing import Any

import pytest

from virustotal.core.scoring.safelist import NO_SAFELIST, TAG_TYPES, read_safelist
from virustotal.platform.safelist_refresh import SafelistRefresher

GIVEN = {
    "match": {
        "network.static.domain": ["Example.com", "localhost"],
        "network.dynamic.domain": ["example.net."],
        "network.dynamic.ip": ["198.51.100.7"],
        "network.static.uri": ["https://example.org/ok"],
        "av.virus_name": ["EICAR.Test"],
    },
    "regex": {
        "network.dynamic.domain": [r"(.*\.)?example\.org$"],
        "network.static.uri": [r"https?://cdn\.example\.org/"],
        "network.static.ip": [r"10\."],
    },
}
SAFELIST = read_safelist(GIVEN)


@pytest.mark.parametrize(
    ("tag_type", "value", "expected"),
    [
        ("network.static.domain", "example.com", True),
        ("network.static.domain", "EXAMPLE.COM.", True),
        ("network.static.domain", "a.b.example.com", True),
        ("network.static.domain", "notexample.com", False),
        ("network.static.domain", "example.com.evil.example", False),
        ("network.static.domain", "com", False),
        ("network.static.domain", "", False),
        ("network.static.domain", "example.net", False),  # listed as dynamic alone
        ("network.dynamic.domain", "example.net", True),
        ("network.dynamic.domain", "www.example.org", True),
        ("network.dynamic.domain", "www.example.org.evil.example", False),
        ("network.dynamic.ip", "198.51.100.7", True),
        ("network.dynamic.ip", "198.51.100.70", False),
        ("network.static.ip", "10.1.2.3", True),
        ("network.static.ip", "210.1.2.3", False),  # an expression matches from the beginning
        ("network.static.uri", "https://example.org/ok", True),
        ("network.static.uri", "https://example.org/ok/more", False),
        ("network.static.uri", "http://CDN.example.org/x", True),
        ("av.virus_name", "eicar.test", True),
        ("av.virus_name", "eicar.test.2", False),
        ("attribution.family", "eicar.test", False),
    ],
)
def test_matches(tag_type: str, value: str, expected: bool) -> None:
    assert SAFELIST.matches(tag_type, value) is expected


def test_hosts_urls_and_tags() -> None:
    assert SAFELIST.holds_host("www.example.com")
    assert SAFELIST.holds_host("198.51.100.7")
    assert not SAFELIST.holds_host("203.0.113.9")
    assert SAFELIST.holds_url("https://example.org/ok")
    assert not SAFELIST.holds_url("https://example.com/")  # its host is listed, the URL is not
    assert SAFELIST.holds_tag("network.dynamic.uri", "https://www.example.com/x")  # and for tags that is enough
    assert not SAFELIST.holds_tag("file.string.extracted", "https://www.example.com/x")


@pytest.mark.parametrize(
    "answer", [{}, None, [], "x", {"match": None}, {"match": {}, "regex": {}}, {"match": {"a": 5}}]
)
def test_an_empty_safelist_matches_nothing(answer: Any) -> None:
    safelist = read_safelist(answer)
    for tag_type in TAG_TYPES:
        assert not safelist.matches(tag_type, "example.com")
        assert not safelist.matches(tag_type, "")
    assert not safelist.holds_host("example.com")
    assert not NO_SAFELIST.holds_host("example.com")


def test_broken_entries_are_counted_and_match_nothing() -> None:
    safelist = read_safelist(
        {
            "match": {"network.static.domain": ["", None, " ", {"a": 1}]},
            "regex": {"network.static.domain": ["*.example.com", "", None, "(", r"ok\.example\.com"]},
        }
    )
    assert safelist.broken == 8
    assert safelist.matches("network.static.domain", "ok.example.com")
    assert not safelist.matches("network.static.domain", "x.example.com")


def keep(fetch: Any, **more: Any) -> SafelistRefresher:
    return SafelistRefresher(fetch, **more)


def test_the_first_task_waits_for_the_first_list() -> None:
    keeper = keep(lambda: time.sleep(0.05) or GIVEN)
    safelist, note = keeper.current(wait=5)
    keeper.stop()
    assert safelist.holds_host("example.com")
    assert note == ""


def test_a_call_that_never_returns_holds_up_one_task_and_shortly() -> None:
    never = threading.Event()
    keeper = keep(never.wait)
    started = time.monotonic()
    safelist, note = keeper.current(wait=0.1)
    again, _ = keeper.current(wait=60)
    assert time.monotonic() - started < 5
    never.set()
    keeper.stop()
    assert safelist is again is NO_SAFELIST
    assert "did not answer in time" in note


def test_a_late_list_serves_the_next_task() -> None:
    gate = threading.Event()
    keeper = keep(lambda: gate.wait(10) and GIVEN)
    assert keeper.current(wait=0)[0] is NO_SAFELIST
    gate.set()
    assert _until(lambda: keeper.current(wait=0)[0].holds_host("example.com"))
    keeper.stop()


def test_an_error_is_tolerated_logged_once_and_said(caplog: pytest.LogCaptureFixture) -> None:
    calls = []

    def fail() -> Any:
        calls.append(1)
        raise OSError("no route to the server")

    with caplog.at_level(logging.WARNING):
        keeper = keep(fail, refresh_after=0.01)
        _, note = keeper.current(wait=5)
        assert _until(lambda: len(calls) > 3)
        keeper.stop()
    assert "OSError" in note
    assert [record.message for record in caplog.records] == [
        "The platform's safelist could not be read: OSError: no route to the server"
    ]


def test_the_last_known_list_outlives_an_outage() -> None:
    answers = iter([GIVEN])
    seen = threading.Event()

    def fetch() -> Any:
        try:
            return next(answers)
        except StopIteration:
            seen.set()
            raise OSError from None

    keeper = keep(fetch, refresh_after=0.01)
    assert keeper.current(wait=5)[0].holds_host("example.com")
    assert seen.wait(5)
    assert _until(lambda: "could not be refreshed" in keeper.current()[1])
    assert keeper.current()[0].holds_host("example.com")
    keeper.stop()


def test_it_is_refreshed() -> None:
    answers = iter([{}, GIVEN])
    keeper = keep(lambda: next(answers, GIVEN), refresh_after=0.01)
    keeper.start()
    keeper.start()
    assert _until(lambda: keeper.current()[0].holds_host("example.com"))
    keeper.stop()


def _until(condition: Any) -> bool:
    end = time.monotonic() + 5
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.005)
    return False
