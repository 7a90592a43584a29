"""What earlier services tagged, looked up: one request each, one table, no tags of it, and no more points than said."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.plugin_host.conftest import wheel
from tests.service.conftest import EICAR, Scan, shown, titles
from virustotal.api.identifiers import url_id
from virustotal.core.scoring.heuristics import CAPS
from virustotal.emulator.server import Emulator
from virustotal.indicator_search import plan
from virustotal.local.run_task import TaskOutcome

ON = {"exhaustive_search": "true", "relationships": ""}
DOMAIN, IP, URI = (f"network.dynamic.{kind}" for kind in ("domain", "ip", "uri"))


def engines(malicious: int) -> dict[str, Any]:
    results = {
        f"Engine{place}": {
            "category": "malicious" if place < malicious else "undetected",
            "engine_name": f"Engine{place}",
            "result": "Invented" if place < malicious else None,
        }
        for place in range(20)
    }
    return {
        "last_analysis_results": results,
        "last_analysis_stats": {"malicious": malicious, "undetected": 20 - malicious},
    }


def tag(tag_type: str, value: str, score: int = 0) -> dict[str, Any]:
    return {"type": tag_type, "value": value, "short_type": tag_type.rpartition(".")[2], "score": score}


def put(emulator: Emulator, kind: str, id: str, malicious: int = 0) -> None:
    emulator.store.put({"type": kind, "id": id, "attributes": engines(malicious)})


def section(outcome: TaskOutcome) -> Any:
    (found,) = [each for each in outcome.sections if str(each["title_text"]).startswith("Exhaustive search")]
    return found


def asked(emulator: Emulator, *kinds: str) -> list[str]:
    names = kinds or ("domains", "ip_addresses", "urls")
    return [request.path.rpartition("/")[2] for request in emulator.requests if request.path.split("/")[3] in names]


def test_each_has_its_own_outcome_in_one_table(emulator: Emulator, scan: Scan) -> None:
    url = "http://bad.example.com/a"
    emulator.switches.set(unknown_host="404")
    put(emulator, "domain", "bad.example.com", 9)
    put(emulator, "domain", "good.example.com")
    put(emulator, "ip_address", "8.8.8.8", 3)
    put(emulator, "url", sha256(url.encode()).hexdigest(), 2)
    emulator.fault("GET /domains/closed.example.com", status=403)
    tags = [
        *(tag(DOMAIN, f"{name}.example.com") for name in ("good", "bad", "never", "closed", "BAD")),
        *(tag(IP, each) for each in ("8.8.8.8", "10.0.0.1", "0x7f.1", "[::1]")),
        *(tag(URI, each) for each in (url, url + "#b")),
        tag("file.name.extracted", "other.example.com"),
    ]

    outcome = scan(EICAR, ON, tags=tags)

    found = section(outcome)
    rows = json.loads(found["body"])
    assert [(row.get("Level", ""), row["Value"], row["Result"]) for row in rows] == [
        ("highly suspicious", "bad.example.com", "found"),
        ("suspicious", "8.8.8.8", "found"),
        ("", url, "found"),
        ("", "good.example.com", "found"),
        ("", "never.example.com", "unknown"),
        ("", "closed.example.com", "forbidden"),
    ]
    assert sorted(asked(emulator)) == sorted(
        [*(row["Value"] for row in rows if "http" not in row["Value"]), url_id(url)]
    )
    assert "network" not in (found.get("tags") or {})
    assert outcome.partial
    assert "0x7f.1" in shown(outcome)
    assert "loopback" in shown(outcome)


def test_what_it_adds_is_capped_and_explained(emulator: Emulator, scan: Scan) -> None:
    for place in range(5):
        put(emulator, "domain", f"d{place}.example.com", 9)
    before = scan(EICAR, {"relationships": ""}).score

    outcome = scan(EICAR, ON, tags=[tag(DOMAIN, f"d{place}.example.com") for place in range(5)])

    assert outcome.score == before + CAPS["tagged"]  # type: ignore[index]  # a name of the family
    assert "Capped: " in shown(outcome)
    assert section(outcome)["heuristic"]["heur_id"].endswith("2007")


@pytest.mark.parametrize("parameters", [{}, {"exhaustive_search": "false"}])
def test_it_is_off_by_default(emulator: Emulator, scan: Scan, parameters: dict[str, str]) -> None:
    outcome = scan(EICAR, {**parameters, "relationships": ""}, tags=[tag(DOMAIN, "a.example.com")])

    assert asked(emulator) == []
    assert not outcome.partial


def test_without_tags_it_says_so(emulator: Emulator, scan: Scan) -> None:
    outcome = scan(EICAR, ON)

    assert "tagged no domain" in shown(outcome)
    assert outcome.partial


def test_max_iocs_and_scores_decide(emulator: Emulator, scan: Scan) -> None:
    tags = [tag(DOMAIN, f"d{place}.example.com", place) for place in range(9)]

    outcome = scan(EICAR, ON, tags=tags, config={"max_iocs": 2})

    assert sorted(asked(emulator)) == ["d7.example.com", "d8.example.com"]
    assert [row["Result"] for row in json.loads(section(outcome)["body"])].count("skipped") == 7


def test_what_was_not_even_read_is_said(scan: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "MOST_READ", 3)

    outcome = scan(EICAR, ON, tags=[tag(DOMAIN, f"d{place}.example.com", place) for place in range(5)])

    assert len(json.loads(section(outcome)["body"])) == 3
    assert "2 tagged values were not read" in shown(outcome)


def test_the_subject_is_not_asked_twice(emulator: Emulator, scan: Scan) -> None:
    tags = [tag(URI, "http://EXAMPLE.com"), tag(DOMAIN, "example.com"), tag(DOMAIN, "example.org")]

    scan("http://example.com/", {**ON, "ignore_submitted_url": "false"}, tags=tags)

    found = asked(emulator)
    assert sorted(found) == sorted(set(found))
    assert "example.org" in found


FILE = "fd" * 32


def file_with(emulator: Emulator, relationship: str, name: str) -> None:
    """A clean file that is related to a malicious domain, which is asked for page by page or in line."""
    domain = {"type": "domain", "id": name, "attributes": engines(9)}
    emulator.store.put(domain)
    emulator.store.put({"type": "file", "id": FILE, "attributes": engines(0)}, {relationship: [domain]})


@pytest.mark.parametrize("inline", ["honoured", "ignored"])
@pytest.mark.parametrize(
    ("relationship", "analyse", "asked_for", "score", "said"),
    [
        ("contacted_domains", "true", 0, CAPS["related"], "it counts as a related object already (contacted_domains)"),  # type: ignore[index]
        ("embedded_domains", "true", 0, CAPS["tagged"], "Known from this task's reports: embedded_domains."),  # type: ignore[index]
        ("contacted_domains", "false", 1, CAPS["tagged"], "tagged as network.dynamic.domain: 9/20"),  # type: ignore[index]
    ],
)
def test_a_related_host_is_neither_asked_for_nor_counted_again(
    emulator: Emulator,
    scan: Scan,
    inline: str,
    relationship: str,
    analyse: str,
    asked_for: int,
    score: int,
    said: str,
) -> None:
    emulator.switches.set(relationship_attributes=inline, attributes=inline)
    file_with(emulator, relationship, "bad.example.com")
    parameters = {**ON, "relationships": relationship, "analyze_relationship": analyse}

    outcome = scan(FILE, parameters, tags=[tag(DOMAIN, "bad.example.com")])

    assert len(asked(emulator, "domains")) == asked_for
    assert outcome.score == score
    assert "1 tagged, 1 highly suspicious, 1 found" in section(outcome)["title_text"]
    assert said in shown(outcome)


def test_a_subject_counts_once(emulator: Emulator, scan: Scan) -> None:
    put(emulator, "domain", "bad.example.com", 3)
    put(emulator, "url", sha256(b"http://bad.example.com/").hexdigest(), 3)
    plain = scan("http://bad.example.com/", {"relationships": ""})

    outcome = scan("http://bad.example.com/", ON, tags=[tag(DOMAIN, "bad.example.com")])

    assert outcome.score == plain.score > 0
    assert "It is a subject of this task itself." in shown(outcome)
    assert "Not counted: it counts as a subject of this task." in shown(outcome)


def test_what_the_quota_does_not_leave_is_not_asked_for_and_said(scan: Scan) -> None:
    tags = [tag(DOMAIN, f"d{place}.example.com") for place in range(40)]

    with Emulator(keys={"few": "premium:day=15:minute=1000"}) as few:
        outcome = scan(EICAR, ON, tags=tags, config={"host": few.url, "api_key": "few", "quota": {"reserve": 0}})

        results = [row["Result"] for row in json.loads(section(outcome)["body"])]
        assert len(asked(few)) == 14
        assert (results.count("found"), results.count("skipped")) == (14, 26)
        assert not [request for request in few.requests if request.status == 429]


PCAP = b"\xd4\xc3\xb2\xa1\x02\x00\x04\x00" + b"\0" * 12 + b"\x01\0\0\0"


@pytest.fixture
def capture(tmp_path: Path) -> str:
    """A capture, which is no subject once it comes as a child."""
    path = tmp_path / "capture.pcap"
    path.write_bytes(PCAP)
    return str(path)


def test_a_task_without_a_subject_is_searched_all_the_same(emulator: Emulator, scan: Scan, capture: str) -> None:
    put(emulator, "domain", "bad.example.com", 9)
    tags = [tag(DOMAIN, "bad.example.com", 1000)]

    for target, more in ((capture, {"depth": 1}), ("http://10.0.0.1/", {})):
        emulator.requests.clear()
        outcome = scan(target, ON, tags=tags, config={"cache": {"hours": 0}}, **more)

        assert asked(emulator) == ["bad.example.com"]
        assert "1 highly suspicious" in section(outcome)["title_text"]
        assert section(outcome)["heuristic"]["heur_id"].endswith("2007")
        assert (outcome.score, outcome.partial) == (CAPS["tagged"], True)  # type: ignore[index]
        assert "How this score came about: 300 points" in titles(outcome)


def test_a_task_without_a_subject_and_without_tags_says_so(emulator: Emulator, scan: Scan, capture: str) -> None:
    assert "tagged no domain" in shown(scan(capture, ON, depth=1))
    assert asked(emulator, "files", "domains") == []


@pytest.mark.parametrize(("bound", "allowed"), [("TLP:C", True), ("TLP:W", False)])
@pytest.mark.parametrize("subject", [True, False])
def test_nothing_is_asked_above_max_classification(
    emulator: Emulator, scan: Scan, capture: str, enforced: None, subject: bool, bound: str, allowed: bool
) -> None:
    tags = [tag(DOMAIN, "a.example.com")]
    target, depth = (EICAR, 0) if subject else (capture, 1)

    outcome = scan(target, ON, tags=tags, config={"max_classification": bound}, depth=depth)

    assert asked(emulator) == (["a.example.com"] if allowed else [])
    assert ("exhaustive_search: It was not looked up." in shown(outcome)) is not allowed


def test_a_hook_that_fails_on_what_was_tagged_alone_is_named(
    emulator: Emulator, scan: Scan, capture: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(wheel(tmp_path, "odd", "1.2", ODD, "odd = virustotal_odd")))
    put(emulator, "domain", "bad.example.com", 9)

    for target, depth in ((EICAR, 0), (capture, 1)):
        outcome = scan(target, ON, tags=[tag(DOMAIN, "bad.example.com")], depth=depth, config={"max_iocs": 49})

        assert "odd plugin failed" in shown(outcome)
        assert section(outcome)["heuristic"]["heur_id"].endswith("2007")


ODD = """
from virustotal.core import hookimpl

@hookimpl
def virustotal_verdict(obj, detections, settings):
    if obj.ref.kind == "domain":
        raise RuntimeError("odd plugin failed")
"""
