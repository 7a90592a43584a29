"""A result on one screen: what it says, and that it fits."""

import io
import json
from typing import Any

from rich.console import Console

from tests.cli.test_show import result, section
from virustotal.cli.summary import MOST_ROWS, summary
from virustotal.local.run_task import TaskOutcome


def shown(outcome: TaskOutcome, width: int = 100, color_system: Any = None) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=color_system, force_terminal=bool(color_system))
    console.print(summary("eicar.com", outcome))
    return console.file.getvalue()  # type: ignore[attr-defined]


def table(title: str, *rows: dict[str, Any], **given: Any) -> dict[str, Any]:
    return section(title, body_format="TABLE", body=json.dumps(rows), **given)


HEAD = section(
    "VirusTotal: malicious, 46 of 52 engines",
    body_format="MULTI",
    body=json.dumps([["ORDERED_KEY_VALUE", [["Type", "Powershell"]], {}], ["TEXT", "A note.", {}]]),
)
ENGINES = table(
    "All engines (3)",
    {"engine": "A", "category": "malicious", "result": "EICAR"},
    {"engine": "B", "category": "malicious", "result": ""},
    {"engine": "C", "category": "undetected", "result": ""},
    depth=1,
)
FLAGGED = {"Level": "malicious", "Relationship": "Dropped files", "Kind": "File", "Object": "evil", "Detections": "9/9"}
C2 = section(
    "Malware configuration: x",
    heuristic={"heur_id": "1002", "name": "Malware configuration", "score": 500},
    tags={"network": {"static": {"domain": ["c2.example.net"]}}},
)
SCORE = table(
    "How this score came about: 1000 points",
    {"family": "Engines", "reason": "46 of 52 engines.", "counted": 1000},
    {"family": "Not counted", "reason": "Nothing.", "counted": 0},
)
COVERAGE = table(
    "Coverage: what was asked for (4)",
    {"relationship": "behaviours", "result": "shown 5 of 5"},
    {"relationship": "contacted_urls", "result": "none"},
    {"relationship": "dropped_files", "result": "shown 3 of 40"},
    {"relationship": "embedded_ips", "result": "needs a premium licence", "detail": "Not covered."},
)


def test_all_that_matters_stands_in_it() -> None:
    flagged = table("Related objects flagged by engines (1)", FLAGGED)
    output = shown(result(HEAD, ENGINES, flagged, C2, SCORE, COVERAGE, score=1000))
    lines = [line.rstrip() for line in output.splitlines()]
    assert lines[0] == "eicar.com  score 1000 (malicious)"
    assert lines[1] == "VirusTotal: malicious, 46 of 52 engines"
    assert "Detected by A (EICAR), B" in lines
    assert "Malware configuration: x: c2.example.net" in lines
    assert "  +1000  Engines: 46 of 52 engines." in lines
    assert "  dropped_files: shown 3 of 40" in lines
    assert "  embedded_ips: needs a premium licence: Not covered." in lines
    assert "Nothing." not in output
    assert "behaviours" not in output
    assert any("evil" in line and "Dropped files" in line for line in lines)


def test_points_of_several_subjects_name_them() -> None:
    rows = [
        {"family": "Engines", "reason": "6 of 30 engines.", "counted": 600, "subject": "URL http://c2.example.net/"},
        {"family": "Engines", "reason": "6 of 30 engines.", "counted": 400, "subject": "Domain c2.example.net"},
    ]
    lines = shown(result(HEAD, table("How this score came about: 1000 points", *rows))).splitlines()
    assert "  +600  URL http://c2.example.net/: Engines: 6 of 30 engines." in map(str.rstrip, lines)
    assert "  +400  Domain c2.example.net: Engines: 6 of 30 engines." in map(str.rstrip, lines)


def test_it_fits_on_a_screen_whatever_is_found() -> None:
    flagged = table("Related objects flagged by engines (200)", *[FLAGGED] * 200)
    rows = ({"engine": f"E{number}", "category": "malicious", "result": "x" * 40} for number in range(90))
    engines = table("All engines (90)", *rows)
    rows = ({"family": "Rules", "reason": "x" * 500, "counted": 1} for _ in range(50))
    missing = ({"relationship": f"r{number}", "result": "failed", "detail": "word " * 100} for number in range(50))
    score, coverage = table("How this score came about: 50", *rows), table("Coverage: what was asked for", *missing)
    lines = shown(result(HEAD, engines, flagged, score, coverage)).splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 100
    assert f"  … and {200 - MOST_ROWS} more" in lines


def test_malicious_rows_are_coloured() -> None:
    flagged = table("Related objects flagged by engines (1)", FLAGGED, {**FLAGGED, "Level": ""})
    rows = [line for line in shown(result(flagged), color_system="standard").splitlines() if "evil" in line]
    assert "\x1b[31m" in rows[0]
    assert "\x1b[31m" not in rows[1]
