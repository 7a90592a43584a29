"""A whole task against a server that gives attributes in line shows what it shows against one that does not."""

import json

import pytest

from tests.service.conftest import EICAR, Scan, shown
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
    return len([each for each in emulator.requests if not each.path.startswith("/api/v3/users/")])


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
