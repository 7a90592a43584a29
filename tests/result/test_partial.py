"""What may soon change is not kept by the platform."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import evolve

from virustotal.core.models import Detection, Object, Report
from virustotal.core.plugin_host.hooks import LoadedPlugins
from virustotal.core.scoring.judge import Judge
from virustotal.core.scoring.safelist import NO_SAFELIST
from virustotal.core.settings import Settings
from virustotal.pipeline import Analysis
from virustotal.platform.attachments import Attachments
from virustotal.platform.tool_version import with_time_slice
from virustotal.result.models import SubjectResult
from virustotal.result.partial import changing_soon
from virustotal.testing import obj

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ENGINES = {f"Engine {number}": {"category": "undetected"} for number in range(10)}
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
        ("file", {"last_analysis_results": ENGINES}, ""),
        ("file", {"last_analysis_results": {**ENGINES, "Engine 0": {"category": "timeout"}}}, "Fewer than 10 engines"),
        ("file", {**ANALYSED, "last_modification_date": before(hours=23)}, "changed its report 23 hours ago"),
        ("file", {**ANALYSED, "last_modification_date": before(hours=24)}, ""),
        ("file", {**ANALYSED, "last_modification_date": before(hours=-1)}, ""),
        ("url", {**ANALYSED, "status": "queued"}, "still analysing"),
        ("file", {**ANALYSED, "first_submission_date": "x", "last_modification_date": []}, ""),
    ],
)
def test_changing_soon(kind: str, attributes: dict[str, Any], says: str) -> None:
    reason = changing_soon(obj(kind, **attributes), NOW)
    assert says in reason
    assert bool(reason) is bool(says)


@pytest.mark.parametrize(("category", "remapped"), [("undetected", "timeout"), ("timeout", "undetected")])
def test_a_plugin_does_not_decide_whether_virustotal_still_analyses(
    category: str, remapped: str, tmp_path: Path
) -> None:
    """A remap changes categories in the verdict, not how many engines have answered."""

    def remap(detections: tuple[Detection, ...], _: Object) -> tuple[Detection, ...]:
        return tuple(evolve(detection, category=remapped) for detection in detections)

    task: Any = SimpleNamespace(settings=Settings(), deadline=time.monotonic() + 10)
    unused: Any = None
    judge = Judge(Settings(), remap, lambda *_: None, NO_SAFELIST)
    analysis = Analysis(task, unused, LoadedPlugins(), judge, Attachments(unused), tmp_path)
    subject = obj("file", last_analysis_results={name: {"category": category} for name in ENGINES})
    (result,) = analysis.run([SubjectResult(Report(subject))])
    assert result.verdict.counts.engines == (10 if remapped == "undetected" else 0)
    assert bool(result.changing) is (category == "timeout")


def test_a_slice_of_time_in_the_tool_version() -> None:
    day = 86_400.0
    assert with_time_slice("1-a", 7, 6.9 * day) == "1-a-0"
    assert with_time_slice("1-a", 7, 7 * day) == "1-a-1"
