"""What replicas share, through the real `handle_task`: one look-up for all, and nobody waits for a broken store."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import requests_of
from tests.service.conftest import EICAR, Scan, shown
from virustotal.emulator.server import Emulator

FILE = f"GET /files/{EICAR}"
UNKNOWN = "f" * 64
ALLOWED: dict[str, Any] = {"allow_dynamic_submit": True}


def answered_by(outcome: Any) -> dict[str, str]:
    """Relationship -> who answered, by the coverage."""
    coverage = next(section for section in outcome.sections if section["title_text"].startswith("Coverage"))
    return {row["relationship"]: row.get("answered by", "") for row in json.loads(coverage["body"])}


def test_the_same_task_again_makes_no_request_and_says_so(emulator: Emulator, scan: Scan) -> None:
    first = scan(EICAR, {"analyze_relationship": True})
    asked = len(emulator.requests)
    again = scan(EICAR, {"analyze_relationship": True})
    assert len(emulator.requests) == asked
    assert again.score == first.score
    assert "Answered by cache, less than a minute old." in shown(again)
    assert "cache" not in shown(first)
    who = answered_by(again)
    assert all(each.startswith("cache, ") for each in who.values()), who


def test_another_process_asks_nothing_either(emulator: Emulator, scan: Scan) -> None:
    scan()
    asked = len(emulator.requests)
    scan(config={"stale_after_days": 300})  # another service on the same store
    assert len(emulator.requests) == asked


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
    asked = len(emulator.requests)
    later = scan(str(sample), config=ALLOWED)
    assert len(emulator.requests) == asked
    assert "does not know" not in shown(later)


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
    said = [each for each in records.records if each.levelno >= logging.WARNING]
    assert len(said) == 1
    assert "broken.sqlite3 cannot be used" in said[0].getMessage()
