"""The worked examples of the documentation are executed, and its tables agree with the code."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT
from virustotal.cli.reports.quota import Quotas, Window, as_json
from virustotal.client.hourly_counts import CACHE_COUNTERS, KEY_COUNTERS, Hour
from virustotal.core.findings import Family, Points
from virustotal.core.models import Detection, Object, Ref, Verdict
from virustotal.core.scoring.heuristics import CAPS, HEURISTICS, ReportedPoints, apply_caps
from virustotal.core.scoring.safelist import read_safelist
from virustotal.core.scoring.unwanted import UNWANTED_WORDS
from virustotal.core.scoring.verdicts import (
    FULL_RATIO,
    MALICIOUS_POINTS,
    MOST_ENGINE_POINTS,
    MOST_SUSPICIOUS_POINTS,
    POPULAR_RANK,
    SUSPICIOUS_POINTS,
    judge,
)
from virustotal.core.scoring.words import verdict_word
from virustotal.core.settings.service_config import service_settings
from virustotal.platform.temporary_data import KEY, LONGEST, temporary_data
from virustotal.plugins import assessment
from virustotal.plugins.av_remap import virustotal_remap
from virustotal.plugins.file_attributes import _severity, malware_config, metadata, signature, yara
from virustotal.plugins.sandbox import sandbox_verdicts, severity
from virustotal.testing import obj

SCORING = (ROOT / "docs" / "scoring.md").read_text(encoding="utf-8")
TEMPORARY = (ROOT / "docs" / "temporary.md").read_text(encoding="utf-8")


MINOR = f"; of those below high {severity.MOST_MINOR} at most"


def examples() -> list[dict[str, Any]]:
    return [each for block in re.findall(r"```yaml\n(.*?)```", SCORING, re.DOTALL) for each in yaml.safe_load(block)]


def named(key: str) -> list[Any]:
    return [pytest.param(example, id=example["it"]) for example in examples() if key in example]


def described(given: dict[str, Any]) -> Object:
    results = {
        f"{category}{number}": {"category": category, "result": given.get("name")}
        for category in ("malicious", "suspicious", "undetected", "harmless", "timeout")
        for number in range(given.get(category, 0))
    }
    for engine, result in given.get("engines", {}).items():
        results[engine] = {"category": "malicious", "result": result}
    ranks = {"List": {"rank": given["rank"]}} if "rank" in given else {}
    known = {
        "gti_assessment": {"contributing_factors": {f"mandiant_analyst_{given.get('analyst')}": True}},
        "trusted_verdict": {"verdict": "goodware", "organization": given["goodware"]} if "goodware" in given else None,
        "popular_threat_classification": {"popular_threat_category": [[given.get("category", ""), 9]]},
    }
    return obj(given["kind"], given.get("id", ""), last_analysis_results=results, popularity_ranks=ranks, **known)


@pytest.mark.parametrize("example", named("verdict"))
def test_verdicts(example: dict[str, Any]) -> None:
    settings = service_settings({"av_config": example.get("av_config", {})})
    verdict = judge(
        described(example["object"]),
        settings,
        remap=lambda each, _: virustotal_remap(each, settings),
        safelist=read_safelist(example.get("safelist")),
    )
    assert {"level": verdict.level.value, "score": verdict.score} == example["verdict"]


@pytest.mark.parametrize("example", named("points"))
def test_scores(example: dict[str, Any]) -> None:
    given = [(family, amount) for family, amounts in example["points"].items() for amount in amounts]
    scores = apply_caps(ReportedPoints(Points(family, "x", amount, "Because.")) for family, amount in given)
    counted: dict[str, list[int]] = {}
    for (family, _), score in zip(given, scores, strict=True):
        counted.setdefault(family, []).append(score.counted)
    assert counted == example["counted"]
    assert sum(score.counted for score in scores) == example["score"]


def test_there_are_examples_of_both() -> None:
    assert len(named("verdict")) + len(named("points")) == len(examples())
    assert named("points")
    assert named("verdict")


def test_the_table_of_families() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| ([\d, ]+) \|", SCORING, re.MULTILINE)
    assert {name: int(cap) for name, cap, _ in rows} == {family.value: cap for family, cap in CAPS.items()}
    numbers = {name: ids.partition(",")[0] for name, _, ids in rows}
    assert {family.value: str(number) for family, number in HEURISTICS.items()} == numbers
    assert [name for name, _, ids in rows if "," in ids] == [Family.PLUGIN.value]


def worth(finding: str, family: str, *amounts: int) -> str:
    return f"| {finding} | `{family}` | {', '.join(map(str, amounts))} |"


def points(given: Mapping[str, int], *levels: str) -> tuple[int, ...]:
    """The points of the levels, which must be all that score."""
    assert {level for level, amount in given.items() if amount} == set(levels)
    return tuple(given[level] for level in levels)


@pytest.mark.parametrize(
    "row",
    [
        worth(
            "Google Threat Intelligence, malicious: severity high, medium, low or unknown",
            "assessment",
            *points(assessment.MALICIOUS_POINTS, "high", "medium", "low"),
        ),
        worth("Mandiant analyst, malicious", "analyst", assessment.ANALYST_POINTS),
        worth("Google Threat Intelligence, suspicious", "assessment", assessment.SUSPICIOUS_POINTS),
        worth(
            "Sigma or IDS rule in the file's report: critical, high, medium; of medium ones "
            f"{_severity.MOST_MINOR} at most",
            "crowdsourced",
            *points(_severity.WORTH, "critical", "high", "medium"),
        ),
        worth(f"YARA rule, of {yara.MOST_SCORED} at most", "crowdsourced", yara.WORTH),
        worth(
            "malware configuration: with, without the name of a family",
            "configuration",
            malware_config.WORTH_NAMED,
            malware_config.WORTH_UNNAMED,
        ),
        worth("revoked certificate", "static", signature.REVOKED_POINTS),
        worth("code in an image", "static", metadata.CODE_IN_IMAGE),
        worth(
            "verdict of a sandbox in the file's report, by confidence: malicious, suspicious",
            "behaviour",
            *points(sandbox_verdicts._CATEGORIES, "malicious", "suspicious"),
        ),
        worth(
            "verdict of a sandbox in its own report, by confidence: malware, adware or greyware",
            "behaviour",
            severity.VERDICTS["MALWARE"],
            severity.VERDICTS["ADWARE"],
        ),
        *(
            worth(f"{finding}: {', '.join(levels)}{limit}", "behaviour", *points(given, *levels))
            for finding, given, levels, limit in (
                ("signature of a sandbox", severity.SIGNATURE, ("critical", "high", "medium", "low"), MINOR),
                ("ATT&CK technique without a signature", severity.TECHNIQUE, ("critical", "high", "medium"), ""),
                ("Sigma rule of a sandbox", severity.SIGMA, ("critical", "high", "medium", "low"), MINOR),
                ("IDS rule of a sandbox", severity.IDS, ("critical", "high", "medium", "low"), MINOR),
            )
        ),
    ],
)
def test_what_a_finding_is_worth(row: str) -> None:
    assert row in SCORING.splitlines()


def test_the_numbers_in_the_text() -> None:
    assert f"worth {MALICIOUS_POINTS} points, a suspicious one {SUSPICIOUS_POINTS}" in SCORING
    assert f"reach {MOST_SUSPICIOUS_POINTS} points, all engines together {MOST_ENGINE_POINTS:,}" in SCORING
    assert f"fewer than {FULL_RATIO * 100:.0f} %" in SCORING
    assert f"among the {POPULAR_RANK:,} most popular" in SCORING


def test_the_words_of_unwanted_software() -> None:
    block = SCORING.split("### Unwanted software", 1)[1].split("```", 1)[0]
    quoted = " ".join(line[2:] for line in block.splitlines() if line.startswith("> "))
    assert tuple(re.findall(r"`([^`]+)`", quoted)) == UNWANTED_WORDS


#: What stands in the table of cases for those who change over, as examples are written.
CASES_HERE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("1 of 70 engines", {"kind": "file", "malicious": 1, "undetected": 69}),
    ("2 of 70 engines", {"kind": "file", "malicious": 2, "undetected": 68}),
    ("5 of 70 engines", {"kind": "file", "malicious": 5, "undetected": 65}),
    ("10 of 70 engines", {"kind": "file", "malicious": 10, "undetected": 60}),
    ("4 suspicious engines of 70", {"kind": "file", "suspicious": 4, "undetected": 66}),
    (
        "10 of 70 engines, all names of unwanted software",
        {"kind": "file", "malicious": 10, "undetected": 60, "name": "PUA.X"},
    ),
    (
        "goodware of Microsoft, 5 of 70 engines",
        {"kind": "file", "malicious": 5, "undetected": 65, "goodware": "Microsoft"},
    ),
    ("a Mandiant analyst says malicious, no engine", {"kind": "file", "undetected": 70, "analyst": "malicious"}),
    ("a URL with 2 of 90 engines", {"kind": "url", "malicious": 2, "harmless": 88}),
    ("a popular domain with 9 of 90 engines", {"kind": "domain", "malicious": 9, "harmless": 81, "rank": 9}),
)


def test_the_table_for_those_who_change_over() -> None:
    settings = service_settings({})
    rows = dict(re.findall(r"^\| ([^|`]+) \| \d[^|]* \| (\d[^|]*) \|$", SCORING, re.MULTILINE))
    shown = {}
    for case, example in CASES_HERE:
        verdict = judge(
            described(example), settings, remap=lambda detections, _: virustotal_remap(detections, settings)
        )
        word = verdict_word(verdict)
        shown[case] = f"{verdict.score}, {word}" if word else str(verdict.score)
    assert rows == shown


def test_the_shape_of_temporary_data() -> None:
    (block,) = re.findall(r"```json\n(.*?)```", TEMPORARY, re.DOTALL)
    (shown,) = json.loads(block)
    found = (Detection("Acme", "malicious", "EICAR-Test-File"), Detection("Bolt", "undetected"))
    (made,) = json.loads(temporary_data(Object(Ref("file", shown["id"])), Verdict(detections=found)))
    assert shown["attributes"].pop("left_out") == 12
    assert made == shown
    assert f"`{KEY}`" in TEMPORARY
    assert f"{LONGEST:,}" in TEMPORARY


def test_the_architecture_page_names_rooms_that_exist() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    files = re.findall(r"`([a-z_/]+(?:\.py|/))`", page.split("## One-minute test")[1])
    assert files
    assert not [name for name in files if not (ROOT / "virustotal" / name).exists()]
    rooms = re.findall(r"`virustotal\.([a-z_.]+)`", page)
    assert not [room for room in rooms if not list((ROOT / "virustotal").glob(f"{room.replace('.', '/')}*"))]
    packages = {path.parent.name for path in (ROOT / "virustotal").glob("*/__init__.py")}
    assert packages <= {room.partition(".")[0] for room in rooms}, "a package is missing in the table"


@pytest.mark.parametrize("name", ["quota", "cache"])
def test_the_fields_for_monitoring_are_documented(name: str) -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    fields = re.findall(r"^\| `([^`]+)` \|", page.split(f"<!-- fields: {name} -->\n")[1].split("\n\n")[0], re.MULTILINE)
    if name == "quota":
        report = as_json(Quotas("place", (Window("minute"),), hours=(Hour(0.0, dict.fromkeys(KEY_COUNTERS, 0)),)))
        lists = [f"{name}[].{field}" for name in ("windows", "hours") for field in report[name][0]]
        expected = [*lists, *(report.keys() - {"windows", "hours"})]
        assert sorted(fields[1:]) == sorted(expected)
    else:
        hours = ["hours[].hour", *(f"hours[].{name}" for name in CACHE_COUNTERS)]
        assert fields[1:] == ["store", "objects", "bytes", "most_bytes", "days", "asked", "answered", *hours]
