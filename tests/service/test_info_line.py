"""One line a task tells an operator what it cost."""

import re
from functools import partial

import pytest

from tests.conftest import requests_of
from tests.service.conftest import Scan
from virustotal.client.retry import RetryPolicy
from virustotal.emulator.server import Emulator

LINE = re.compile(
    r"(\d+) subjects?, (\d+) requests?, (\d+) answers? from cache or mirror, "
    r"([\d.]+) of ([\d.]+) seconds waited for the quota"
)


def told(records: pytest.LogCaptureFixture) -> list[tuple[int, int, int]]:
    """Return subjects, requests and kept answers of each task's line."""
    found = [LINE.fullmatch(each.getMessage()) for each in records.records]
    return [(int(each[1]), int(each[2]), int(each[3])) for each in found if each]


def test_each_task_says_what_it_cost(emulator: Emulator, scan: Scan, records: pytest.LogCaptureFixture) -> None:
    scan()
    scan()
    (first, again) = told(records)
    assert first[0] == again[0] == 1
    assert first[1] == len(requests_of(emulator)) < len(emulator.requests)  # what is asked about the key is free
    assert again[1:] == (0, 1)
    assert first[2] == 0


def test_one_is_told_as_one(emulator: Emulator, scan: Scan, records: pytest.LogCaptureFixture) -> None:
    emulator.fault("GET /users/*", status=403)
    off = {"cache": {"hours": 0, "negative_minutes": 0}}
    scan()
    scan()
    scan(config=off)
    lines = [each.getMessage() for each in records.records if LINE.fullmatch(each.getMessage())]
    assert lines[1].startswith("1 subject, 0 requests, 1 answer from cache or mirror, 0.00 of ")
    assert lines[2].startswith("1 subject, 1 request, 0 answers from cache or mirror, 0.00 of ")


@pytest.mark.parametrize("status", [401, 503])
def test_a_task_that_ends_with_an_error_does_too(
    emulator: Emulator, scan: Scan, records: pytest.LogCaptureFixture, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("virustotal.client.http_client.RetryPolicy", partial(RetryPolicy, attempts=1))
    emulator.fault("GET *", status=status)
    assert scan().error
    assert [(subjects, kept) for subjects, _, kept in told(records)] == [(1, 0)]
    assert told(records)[0][1] == len(requests_of(emulator))
