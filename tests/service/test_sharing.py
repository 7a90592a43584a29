"""What replicas share, through the real `handle_task`: one look-up for all, and nobody waits for a broken store."""

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import requests_of
from tests.service.conftest import EICAR, Scan, shown
from virustotal.api.source import Answer, Request, Source
from virustotal.client.provenance import ProvenanceSource
from virustotal.core.models import Ref
from virustotal.emulator.keys import Key
from virustotal.emulator.server import Emulator

FILE = f"GET /files/{EICAR}"
UNKNOWN = "f" * 64
ALLOWED: dict[str, Any] = {"allow_dynamic_submit": True}


def coverage(outcome: Any) -> list[dict[str, str]]:
    """The rows of the coverage."""
    section = next(each for each in outcome.sections if each["title_text"].startswith("Coverage"))
    return list(json.loads(section["body"]))


def answered_by(outcome: Any) -> dict[str, str]:
    """Relationship -> who answered, by the coverage."""
    return {row["relationship"]: row.get("answered by", "") for row in coverage(outcome)}


def test_the_same_task_again_makes_no_request_and_says_so(emulator: Emulator, scan: Scan) -> None:
    first = scan(EICAR, {"analyze_relationship": True})
    asked = requests_of(emulator)
    again = scan(EICAR, {"analyze_relationship": True})
    assert requests_of(emulator) == asked
    assert again.score == first.score
    assert "cache, less than a minute old" in shown(again)
    assert "cache" not in shown(first)
    who = answered_by(again)
    assert all(each.startswith("cache, ") for each in who.values()), who


def test_another_process_asks_nothing_either(emulator: Emulator, scan: Scan) -> None:
    scan()
    asked = requests_of(emulator)
    scan(config={"stale_after_days": 300})  # another service on the same store
    assert requests_of(emulator) == asked


def test_the_same_file_three_times_costs_one_request(emulator: Emulator, scan: Scan) -> None:
    for _ in range(3):
        assert scan().score
    assert requests_of(emulator) == [FILE]
    assert emulator.requests.charged == 1


def test_a_task_that_ignores_the_cache_is_answered_anew(emulator: Emulator, scan: Scan) -> None:
    scan()
    outcome = scan(ignore_cache=True)
    assert requests_of(emulator) == [FILE, FILE]
    assert "Answered by" not in shown(outcome)
    scan()
    assert requests_of(emulator) == [FILE, FILE]


def test_the_cache_can_be_off(emulator: Emulator, scan: Scan) -> None:
    off = {"cache": {"hours": 0, "negative_minutes": 0}}
    scan(config=off)
    scan(config=off)
    assert requests_of(emulator) == [FILE, FILE]


def test_an_unknown_file_is_asked_for_once_whatever_else_is_asked(emulator: Emulator, scan: Scan) -> None:
    scan(UNKNOWN)
    again = scan(UNKNOWN, {"relationships": "contacted_ips"})
    assert requests_of(emulator) == [f"GET /files/{UNKNOWN}"]
    assert again.partial
    assert "Answered by cache" in shown(again)


def test_what_is_submitted_is_not_answered_from_what_was_kept(emulator: Emulator, scan: Scan, tmp_path: Path) -> None:
    sample = tmp_path / "sample.txt"
    sample.write_bytes(b"nobody knows this\n" * 9)
    assert "does not know" in shown(scan(str(sample), config=ALLOWED))
    outcome = scan(str(sample), {"dynamic_submit": True}, config=ALLOWED)
    assert "does not know" not in shown(outcome)
    assert "Answered by" not in shown(outcome)
    asked = requests_of(emulator)
    later = scan(str(sample), config=ALLOWED)
    assert requests_of(emulator) == asked
    assert "does not know" not in shown(later)


def test_a_submission_drops_what_was_kept_by_other_digests(emulator: Emulator, scan: Scan, tmp_path: Path) -> None:
    sample = tmp_path / "sample.txt"
    sample.write_bytes(b"nobody knows this either\n" * 9)
    digests = [hashlib.new(name, sample.read_bytes()).hexdigest() for name in ("md5", "sha1")]
    for digest in digests:
        assert "does not know" in shown(scan(digest, config=ALLOWED))
    scan(str(sample), {"dynamic_submit": True}, config=ALLOWED)
    for digest in digests:
        assert "does not know" not in shown(scan(digest, config=ALLOWED))


def test_a_new_analysis_drops_what_was_kept_by_any_digest(emulator: Emulator, scan: Scan) -> None:
    attributes = dict(emulator.store.attributes("file", EICAR))
    emulator.store.put({"type": "file", "id": EICAR, "attributes": {**attributes, "last_analysis_date": 1_500_000_000}})
    digests = [EICAR, attributes["sha1"], attributes["md5"]]
    related = {"relationships": "contacted_ips"}
    for digest in digests:
        scan(digest, related, config=ALLOWED)
    scan(digests[-1], {"reanalyze_after_days": 30}, config=ALLOWED)
    emulator.requests.clear()
    for digest in digests:
        scan(digest, related, config=ALLOWED)
    assert requests_of(emulator) == [f"GET /files/{digest}" for digest in digests]


def test_two_keys_pay_for_themselves(emulator: Emulator, scan: Scan) -> None:
    scan()
    scan(EICAR, {"api_key": "premium-key"})
    assert requests_of(emulator) == [FILE, FILE]


def test_a_broken_store_costs_one_line(
    emulator: Emulator, scan: Scan, records: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    place = tmp_path / "broken.sqlite3"
    place.write_bytes(b"no database" * 1000)
    whole, outcome = scan(), scan(config={"storage": str(place)})
    assert outcome.score == whole.score
    assert outcome.partial == whole.partial
    said = [record for record in records.records if record.levelno >= logging.WARNING]
    assert len(said) == 1
    assert "broken.sqlite3 cannot be used" in said[0].getMessage()


@pytest.mark.parametrize("day", [1, 3])
def test_what_does_not_fit_the_quota_is_skipped_and_named(emulator: Emulator, scan: Scan, day: int) -> None:
    emulator.keys["small"] = Key.parse("small", f"gti:day={day}")
    outcome = scan(
        EICAR, {"api_key": "small", "analyze_relationship": True}, config={"inline": False, "quota": {"reserve": 0}}
    )
    assert emulator.requests.charged == day
    assert 429 not in [request.status for request in emulator.requests]
    assert outcome.partial
    rows = coverage(outcome)
    skipped = [row for row in rows if "skipped" in row["result"]]
    assert len(skipped) >= 5 - (day - 1)
    said = "API key's 1 request a day is used up" if day == 1 else "2 of 3 requests a day are left"
    assert all(said in row["detail"] for row in skipped)


@pytest.mark.parametrize("body", ["html", "json"])
def test_a_passing_fault_takes_no_relationship_away(emulator: Emulator, scan: Scan, body: str) -> None:
    """VirusTotal's refusal costs the task its relationships; a proxy's page is asked again at once."""
    off = {"cache": {"hours": 0, "negative_minutes": 0}}
    emulator.fault(FILE, status=400, times=1, **({"body": "html"} if body == "html" else {"code": "BadRequestError"}))
    first = scan(config=off)
    assert first.partial is (body == "json")
    assert {row["result"].partition(" ")[0] for row in coverage(first)} == {"failed" if first.partial else "shown"}
    assert all(row["result"].startswith("shown") for row in coverage(scan(config=off)))


def test_with_one_request_left_it_is_the_subjects(emulator: Emulator, scan: Scan) -> None:
    emulator.keys["small"] = Key.parse("small", "premium:day=1")
    given = {"api_key": "small", "relationships": ""}
    outcome = scan("https://malicious.example.com/", given, config={"quota": {"day": 1}})
    (asked,) = requests_of(emulator)
    assert asked.startswith("GET /urls/")
    assert outcome.partial


def test_an_analysis_anew_reaches_all_that_is_kept(emulator: Emulator, scan: Scan, tmp_path: Path) -> None:
    """Also from a task that is not answered from what is kept."""
    forgotten: list[Any] = []

    class Kept(Source):
        def ask(self, request: Request, deadline: float) -> Answer:
            raise AssertionError

        def bypass_cache(self) -> Source:
            return Kept()

        def forget(self, ref: Any) -> None:
            forgotten.append((self, ref))

    whole = Kept()
    ProvenanceSource(whole, ignore_cache=True).forget(Ref("file", EICAR))
    assert forgotten == [(whole, Ref("file", EICAR))]


def test_a_licence_that_is_missing_takes_no_other_with_it(emulator: Emulator, scan: Scan) -> None:
    given = {"api_key": "premium-key", "analyze_relationship": True}
    emulator.switches.set(inline_forbidden="403")
    for names in ("itw_urls,related_threat_actors", "itw_urls"):
        outcome = scan(EICAR, {**given, "relationships": names})
        found = {row["relationship"]: row["result"] for row in coverage(outcome)}
        assert found["itw_urls"] == "shown 2 of 2"
        assert found.get("related_threat_actors", "needs a premium licence") == "needs a premium licence"


def test_the_last_request_is_not_spent_on_what_may_be_refused(emulator: Emulator, scan: Scan) -> None:
    emulator.keys["small"] = Key.parse("small", "public:+artefacts:day=1")  # some privilege: nobody knows for what
    emulator.switches.set(inline_forbidden="403")
    outcome = scan(EICAR, {"api_key": "small", "relationships": "contacted_ips,embedded_domains"})
    assert outcome.score
    assert requests_of(emulator) == [FILE]
    detail = {row["relationship"]: row["detail"] for row in coverage(outcome)}
    assert detail["embedded_domains"].startswith("1 request left, used for more informative ones. 1 of 1 request ")


def test_what_is_kept_needs_no_quota(emulator: Emulator, scan: Scan) -> None:
    emulator.keys["small"] = Key.parse("small", "gti:day=20")
    given = {"api_key": "small", "analyze_relationship": True}
    first = scan(EICAR, given, config={"inline": False})
    emulator.keys["small"].day = emulator.requests.charged  # nothing is left
    scan(UNKNOWN, given, config={"inline": False, "stale_after_days": 300})
    again = scan(EICAR, given, config={"inline": False})
    # A process that meets a 429 asks what is left, although another one asked a moment ago; it does not wait and retry.
    assert [request.status for request in emulator.requests].count(429) == 1
    assert not [row for row in coverage(again) if "skipped" in row["result"]]
    assert again.score == first.score


@pytest.mark.parametrize(
    ("key", "told", "paid"),
    [
        ("public:minute=100:hour=6000:day=1000", True, 0),  # no privilege is granted, so nothing needs to be tried
        ("public:minute=100:hour=6000:day=1000", False, 1),
        ("public:+artefacts:minute=100:hour=6000:day=1000", True, 1),  # some privilege: what it opens, nobody says
    ],
)
def test_a_premium_relationship_is_paid_for_once_by_all_processes_at_most(
    emulator: Emulator, scan: Scan, key: str, told: bool, paid: int
) -> None:
    given = {"api_key": "public-key", "analyze_relationship": True, "relationships": "embedded_domains,contacted_ips"}
    emulator.keys["public-key"] = Key.parse("public-key", key)
    if not told:
        emulator.fault("GET /users/*", status=403)
    for place, target in enumerate((EICAR, EICAR, EICAR)):
        off = {"cache": {"hours": 0, "negative_minutes": 0}, "stale_after_days": 100 + place}  # three processes
        outcome = scan(target, given, config=off)
        row = next(row for row in coverage(outcome) if "embedded_domains" in row["relationship"])
        assert "premium" in row["result"]
    refused = [request for request in emulator.requests if request.status == 403 and "/users/" not in request.path]
    assert len(refused) == paid


@pytest.mark.parametrize(
    ("priority", "looked_up"), [(100, False), (499, False), (500, True), (1000, True), (None, True)]
)
def test_a_task_of_low_priority_stops_before_the_reserve(
    emulator: Emulator, scan: Scan, priority: int | None, looked_up: bool
) -> None:
    """A message without a priority is of nobody in particular, and not held back."""
    emulator.keys["half"] = Key.parse("half", "public:day=10")
    given, config = {"api_key": "half", "relationships": ""}, {"quota": {"day": 10, "reserve": 1}}
    outcome = scan(EICAR, given, config=config, **({"priority": priority} if priority else {}))
    assert bool(outcome.score) is looked_up
    assert outcome.partial is not looked_up
    assert not outcome.error


@pytest.mark.parametrize(("most", "pages"), [(1, 0), (2, 1), (3, 2), (0, 3)])
def test_a_task_costs_max_requests_at_most(emulator: Emulator, scan: Scan, most: int, pages: int) -> None:
    parameters = {
        "max_requests": most,
        "analyze_relationship": True,
        "relationships": "contacted_ips,contacted_domains,contacted_urls",
    }
    outcome = scan(EICAR, parameters, config={"inline": False})
    assert (outcome.score >= 1000, outcome.message) == (True, "")
    charged = requests_of(emulator)
    assert (len(charged), sum("contacted" in path for path in charged)) == (1 + pages, pages)
    said = [row["detail"] for row in coverage(outcome) if "max_requests" in row["detail"]]
    assert (len(said), outcome.partial) == (3 - pages if most else 0, bool(most) and pages < 3)


def test_max_requests_of_one_task_bounds_no_other(emulator: Emulator, scan: Scan) -> None:
    given = {"analyze_relationship": True, "relationships": "contacted_ips"}
    config = {"inline": False}
    first = scan(EICAR, {**given, "max_requests": 1}, config=config)
    second = scan(EICAR, {**given, "max_requests": 1}, config=config)  # what the cache holds costs nothing
    assert (first.partial, second.partial, len(requests_of(emulator))) == (True, False, 2)


def test_repeated_attempts_count_against_max_requests(emulator: Emulator, scan: Scan) -> None:
    emulator.fault(f"GET */files/{EICAR}", "status", status=503, times=9)
    outcome = scan(EICAR, {"max_requests": 2})
    assert len(requests_of(emulator)) == 2
    assert "max_requests" in shown(outcome) + outcome.message


@pytest.mark.parametrize("value", [-1, "many", 100_001, True])
def test_a_wrong_max_requests_is_noted_and_none(emulator: Emulator, scan: Scan, value: Any) -> None:
    outcome = scan(EICAR, {"max_requests": value})
    assert "The parameter max_requests was not understood; its default was used." in shown(outcome)
