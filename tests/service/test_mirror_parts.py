"""A mirror that holds a part, through the service: the same verdict as without it, and nothing silently missing."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import requests_of
from tests.mirror.clusters import an_object, descriptors, fill, opensearch
from tests.service.conftest import Scan, shown
from tests.service.test_exhaustive import engines, tag
from tests.service.test_mirror import air_gapped
from virustotal.core.settings import MirrorConfig
from virustotal.emulator.keys import Key
from virustotal.emulator.server import Emulator
from virustotal.local.run_task import TaskOutcome

NOW = int(time.time())
FILE, OLD = "f1" * 32, "f2" * 32
IPS = ("8.8.8.1", "8.8.8.2", "8.8.8.3")
FILES = tuple(f"{number + 7_000_000:064x}" for number in range(45))


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A mirror with two files, all addresses that they contacted but one, and 40 of the 45 files that one drops."""
    blocks = {"contacted_ips": descriptors("ip_address", *IPS[:2]), "dropped_files": descriptors("file", *FILES)}
    old = {"contacted_ips": descriptors("ip_address", *IPS)}
    objects = [
        an_object("file", FILE, NOW - 10, attributes=engines(1), relationships=blocks),
        an_object("file", OLD, NOW - 90 * 86_400, attributes=engines(1), relationships=old),
        *(an_object("ip_address", ip, NOW - 10, attributes=engines(0)) for ip in IPS[:2]),
        *(an_object("file", file, NOW - 10, attributes=engines(0)) for file in FILES[:40]),
    ]
    with opensearch() as url:
        assert not fill(MirrorConfig(hosts=(url,)), objects, tmp_path_factory.mktemp("m")).statistics.refused
        yield url


@pytest.fixture
def whole(emulator: Emulator) -> Emulator:
    """VirusTotal knows all of it: the five files that the mirror does not hold are malicious."""
    files = [{"type": "file", "id": id, "attributes": engines(5 if id in FILES[40:] else 0)} for id in FILES]
    hosts = [{"type": "ip_address", "id": id, "attributes": engines(0)} for id in IPS[:2]]
    emulator.store.put(
        {"type": "file", "id": FILE, "attributes": engines(1)}, {"contacted_ips": hosts, "dropped_files": files}
    )
    return emulator


def details(outcome: TaskOutcome) -> dict[str, tuple[str, str]]:
    section = next(each for each in outcome.sections if each["title_text"].startswith("Coverage"))
    return {row["relationship"]: (row["result"], row.get("detail", "")) for row in json.loads(section["body"])}


@pytest.mark.parametrize("attributes", ["honoured", "ignored", "400"])
@pytest.mark.parametrize("most", [5, 100])
def test_the_verdict_is_that_without_a_mirror(
    whole: Emulator, scan: Scan, mirror: str, tmp_path: Path, attributes: str, most: int
) -> None:
    whole.switches.set(relationship_attributes="ignored", attributes=attributes)
    given = {"relationships": "contacted_ips,dropped_files", "analyze_relationship": True, "max_related": most}
    scores, found = [], []
    for place, config in enumerate(({}, {"mirror": {"hosts": [mirror]}})):
        whole.requests.clear()
        outcome = scan(FILE, given, config={**config, "storage": str(tmp_path / f"{place}.sqlite3")})
        scores.append(outcome.score)
        found.append({name: each[0] for name, each in details(outcome).items()})
        assert not any("mirror-" in request.query for request in whole.requests)
    assert scores[0] == scores[1]
    assert found[0] == found[1]


@pytest.mark.parametrize("names", ["contacted_ips", "contacted_ips,dropped_files"])
def test_a_spent_quota_is_not_taken_for_an_answer(emulator: Emulator, scan: Scan, mirror: str, names: str) -> None:
    emulator.keys["none"] = Key.parse("none", "premium:day=1")
    config = {"api_key": "none", "mirror": {"hosts": [mirror]}, "cache": {"hours": 0}}
    scan("e" * 64, {"relationships": ""}, config=config)  # spends the day's only request
    outcome = scan(OLD, {"relationships": names}, config=config)
    assert outcome.partial
    assert "VirusTotal did not answer, so the mirror did, with what it holds." in shown(outcome)
    assert details(outcome)["contacted_ips"][0] == "shown 3 of 3"
    assert details(outcome).get("dropped_files", ("failed", ""))[0] == "failed"


def test_a_spent_quota_does_not_hide_what_the_mirror_holds(
    emulator: Emulator, scan: Scan, mirror: str, tmp_path: Path
) -> None:
    emulator.keys["few"] = Key.parse("few", "premium:day=1:minute=1000")
    config = {"api_key": "few", "mirror": {"hosts": [mirror]}, "inline": False}
    scan("e" * 64, {"relationships": ""}, config=config)  # spends the day's only request
    spent = requests_of(emulator)
    given = {"relationships": "contacted_ips,votes", "analyze_relationship": True}
    outcome = scan(FILE, given, config=config)
    assert details(outcome)["contacted_ips"][0] == "shown 2 of 2"
    assert details(outcome)["votes"][0] == "failed"
    assert outcome.partial
    assert requests_of(emulator) == spent


@pytest.mark.parametrize(
    ("more", "result", "detail"),
    [
        (
            {},
            "shown 3 of 3, in part: skipped",
            "Of 3 objects 1 came without a report: The mirror does not hold all",
        ),
        ({"ips": "no-such-index"}, "shown 3 of 3, names only: failed", "Of 3 objects 3 came without a report: "),
    ],
)
def test_air_gapped_what_is_missing_is_said_and_partial(
    emulator: Emulator, scan: Scan, mirror: str, more: dict[str, Any], result: str, detail: str
) -> None:
    given = {"relationships": "contacted_ips", "analyze_relationship": True}
    outcome = scan(OLD, given, config=air_gapped(mirror, **more))
    assert details(outcome)["contacted_ips"][0] == result
    shown_detail = details(outcome)["contacted_ips"][1].rstrip("…")
    assert shown_detail.startswith(detail) or detail.startswith(shown_detail)
    assert outcome.partial
    assert "known to VirusTotal by id only" not in shown(outcome)
    assert ("1 without a report." in shown(outcome)) is not more
    assert len(emulator.requests) == 0


@pytest.mark.parametrize("inline", [True, False])
def test_a_spent_quota_does_not_hide_what_the_mirror_holds_in_part_or_is_too_old(
    emulator: Emulator, scan: Scan, mirror: str, inline: bool
) -> None:
    emulator.keys["few"] = Key.parse("few", "premium:day=1")
    config = {"api_key": "few", "mirror": {"hosts": [mirror], "max_age_days": 1}, "inline": inline}
    scan("e" * 64, {"relationships": ""}, config=config)  # spends the day's only request
    given = {"relationships": "contacted_ips", "analyze_relationship": True, "exhaustive_search": True}
    tags = [
        {"type": "network.dynamic.ip", "value": each, "short_type": "ip", "score": 0} for each in (IPS[0], "8.8.4.4")
    ]
    outcome = scan(OLD, given, config=config, tags=tags)
    assert details(outcome)["contacted_ips"][0] == "shown 3 of 3, in part: failed"
    (table,) = [section for section in outcome.sections if section["title_text"].startswith("Exhaustive search")]
    assert {row["Value"]: row["Result"] for row in json.loads(table["body"])} == {IPS[0]: "found", "8.8.4.4": "skipped"}
    assert "requests a day" in shown(outcome) or "request a day" in shown(outcome)
    assert outcome.partial


def test_air_gapped_a_fresh_report_is_not_as_old_as_its_neighbours(
    emulator: Emulator, scan: Scan, tmp_path: Path, mirror: str
) -> None:
    objects = [
        an_object("file", "f4" * 32, NOW, relationships={"contacted_domains": descriptors("domain", "example.com")}),
        an_object("domain", "example.com", NOW - 4000 * 86_400, attributes=engines(0)),
    ]
    fill(MirrorConfig(hosts=(mirror,)), objects, tmp_path)
    given = {"relationships": "contacted_domains", "analyze_relationship": True, "exhaustive_search": True}
    outcome = scan("f4" * 32, given, config=air_gapped(mirror), tags=[tag("network.dynamic.ip", IPS[0])])
    assert "Answered by mirror, " in shown(outcome)
    section = next(each for each in outcome.sections if each["title_text"].startswith("Coverage"))
    assert {row["answered by"] for row in json.loads(section["body"])} == {"mirror, 4000 days old"}
    (table,) = [each for each in outcome.sections if each["title_text"].startswith("Exhaustive search")]
    (row,) = json.loads(table["body"])
    assert row["Answered by"].startswith("mirror, ")
    assert "days" not in row["Answered by"]
