"""One line a task tells an operator what it cost."""

import re
from functools import partial

import pytest

from tests.conftest import requests_of
from tests.service.conftest import Scan
from virustotal.client.retry import RetryPolicy
from virustotal.emulator.server import Emulator
from virustotal.platform.log_line import key_values

LINE = re.compile(
    r"task sid=\S+ sha256=[0-9a-f]{64} kind=\S+ subjects=(\d+) requests=(\d+) kept=(\d+) waited=([\d.]+) used=([\d.]+) "
    r"outcome=(result score=\d+ partial=(true why=.+|false)|error)"
)


def told(records: pytest.LogCaptureFixture) -> list[tuple[int, int, int]]:
    """Return subjects, requests and kept answers of each task's line."""
    matches = [LINE.fullmatch(record.getMessage()) for record in records.records]
    return [(int(match[1]), int(match[2]), int(match[3])) for match in matches if match]


def test_each_task_says_what_it_cost(emulator: Emulator, scan: Scan, records: pytest.LogCaptureFixture) -> None:
    scan()
    scan()
    (first, again) = told(records)
    assert first[0] == again[0] == 1
    assert first[1] == len(requests_of(emulator)) < len(emulator.requests)  # what is asked about the key is free
    assert again[1:] == (0, 1)
    assert first[2] == 0


def test_the_line_is_one_line_for_programs(emulator: Emulator, scan: Scan, records: pytest.LogCaptureFixture) -> None:
    outcome = scan()
    (line,) = [record.getMessage() for record in records.records if LINE.fullmatch(record.getMessage())]
    assert f" score={outcome.score} " in line
    assert key_values({"a": "x\ny", "b": "", "c": None, "d": True, "e": 1.0, "f": 'say "no"'}) == (
        'a="x\\ny" b="" d=true e=1.00 f="say \\"no\\""'
    )


@pytest.mark.parametrize("status", [401, 503])
def test_a_task_that_ends_with_an_error_does_too(
    emulator: Emulator, scan: Scan, records: pytest.LogCaptureFixture, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("virustotal.client.http_client.RetryPolicy", partial(RetryPolicy, attempts=1))
    emulator.fault("GET *", status=status)
    assert scan().error
    assert [(subjects, kept) for subjects, _, kept in told(records)] == [(1, 0)]
    assert told(records)[0][1] == len(requests_of(emulator))
