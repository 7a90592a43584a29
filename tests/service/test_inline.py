"""A whole task against a server that gives attributes in line shows what it shows against one that does not."""

import json

import pytest

from tests.service.conftest import EICAR, Scan, shown, titles
from virustotal.api.relationships import CATALOGUE
from virustotal.core.tables import FURTHER
from virustotal.emulator.server import Emulator
from virustotal.local.run_task import TaskOutcome

URL = "http://example.com/"
#: Some objects of the emulator's world have no verdicts, or are known by their identifier alone: these are fetched.
MOST_SAVED = {"file": 15, "domain": 6}


def parameters(kind: str) -> dict[str, str]:
    names = ",".join(name for of, name in CATALOGUE if of == kind)
    return {"relationships": names, "analyze_relationship": "true"}


def asked(emulator: Emulator) -> int:
    return len([request for request in emulator.requests if not request.path.startswith("/api/v3/users/")])


def said(outcome: TaskOutcome) -> str:
    """What is shown, but for the attributes that whole objects have beyond those that are asked for."""
    return shown(outcome, FURTHER).replace(json.dumps(None), "")


@pytest.mark.parametrize(("target", "kind"), [(EICAR, "file"), ("example.com", "domain")])
@pytest.mark.parametrize("pages", ["ignored", "honoured"])
def test_the_same_is_shown_for_fewer_requests(
    emulator: Emulator, scan: Scan, target: str, kind: str, pages: str
) -> None:
    emulator.switches.set(attributes=pages)
    fetched = scan(target, parameters(kind), config={"inline": False, "cache": {"hours": 0}})
    before = asked(emulator)
    emulator.requests.clear()
    emulator.switches.set(relationship_attributes="honoured")

    lined = scan(target, parameters(kind), config={"cache": {"hours": 0}})

    assert said(lined) == said(fetched)
    assert lined.score == fetched.score
    assert asked(emulator) <= before - MOST_SAVED[kind]


@pytest.mark.parametrize("only", [False, True])
def test_dropped_files_that_nobody_saw_cost_no_request_of_their_own(emulator: Emulator, scan: Scan, only: bool) -> None:
    unseen = [{"type": "file", "id": f"{place:064x}"} for place in (1, 2)]
    if only:
        emulator.store.put(emulator.store.get("file", EICAR) or {}, {"dropped_files": unseen})
    emulator.switches.set(relationship_attributes="honoured")
    names = "contacted_ips,contacted_domains,contacted_urls,dropped_files"

    outcome = scan(EICAR, {"relationships": names, "analyze_relationship": "true"}, config={"cache": {"hours": 0}})

    assert asked(emulator) == 1
    assert f"Known by hash only ({2 if only else 1})" in shown(outcome)


def test_threats_come_with_the_object_and_what_is_exploited_stands_in_the_title(emulator: Emulator, scan: Scan) -> None:
    emulator.switches.set(relationship_attributes="honoured")
    names = "vulnerabilities,related_threat_actors,malware_families,software_toolkits,campaigns,reports,collections"

    outcome = scan(EICAR, {"relationships": names, "analyze_relationship": "true"}, config={"cache": {"hours": 0}})

    assert asked(emulator) == 1
    assert titles(outcome)[0].endswith("exploited in the wild: CVE-2099-0001")
    assert "Vulnerability: CVE-2099-0001, exploited in the wild, CVSS 9.8, risk CRITICAL" in titles(outcome)
    assert {"0.93, percentile 0.997", "Code Execution", "Patch, Workaround"} <= values(outcome)


def values(outcome: TaskOutcome) -> set[str]:
    """The values of all key-values."""
    bodies = [
        json.loads(section["body"]) for section in outcome.sections if section["body_format"] == "ORDERED_KEY_VALUE"
    ]
    return {str(value) for body in bodies for _, value in body}
