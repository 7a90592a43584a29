"""What may soon change is not kept by the platform."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from virustotal.core.scoring.verdicts import judge
from virustotal.core.settings import Settings
from virustotal.platform.tool_version import with_time_slice
from virustotal.result.partial import changing_soon
from virustotal.testing import obj

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ANALYSED = {"last_analysis_stats": {"malicious": 0, "undetected": 60}}


def before(**age: float) -> int:
    return int((NOW - timedelta(**age)).timestamp())


@pytest.mark.parametrize(
    ("kind", "attributes", "says"),
    [
        ("file", {}, "without attributes"),
        ("file", {**ANALYSED, "first_submission_date": before(hours=1)}, "first seen 1 hours ago"),
        ("file", {**ANALYSED, "first_submission_date": before(days=7)}, ""),
        ("file", {**ANALYSED, "first_submission_date": before(days=7) + 1}, "first seen 6 days ago"),
        ("file", {**ANALYSED, "creation_date": before(hours=1)}, ""),
        ("domain", {**ANALYSED, "creation_date": before(days=3)}, "first seen 3 days ago"),
        ("file", {**ANALYSED, "first_submission_date": before(days=-3)}, ""),
        ("file", {"last_analysis_stats": {"undetected": 9}}, "Fewer than 10 engines"),
        ("file", {"last_analysis_stats": {"undetected": 10}}, ""),
        ("file", {**ANALYSED, "last_modification_date": before(hours=23)}, "changed its report 23 hours ago"),
        ("file", {**ANALYSED, "last_modification_date": before(hours=24)}, ""),
        ("file", {**ANALYSED, "last_modification_date": before(hours=-1)}, ""),
        ("url", {**ANALYSED, "status": "queued"}, "still analysing"),
        ("file", {**ANALYSED, "first_submission_date": "x", "last_modification_date": []}, ""),
    ],
)
def test_changing_soon(kind: str, attributes: dict[str, Any], says: str) -> None:
    subject = obj(kind, **attributes)
    reason = changing_soon(subject, judge(subject, Settings()).counts, NOW)
    assert says in reason
    assert bool(reason) is bool(says)


def test_a_slice_of_time_in_the_tool_version() -> None:
    day = 86_400.0
    assert with_time_slice("1-a", 7, 6.9 * day) == "1-a-0"
    assert with_time_slice("1-a", 7, 7 * day) == "1-a-1"
