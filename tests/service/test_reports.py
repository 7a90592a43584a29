"""Every recorded answer goes through the service and becomes a valid Assemblyline result."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.cli.test_html import document
from tests.cli.test_summary import shown
from tests.conftest import REPORTS
from tests.service.conftest import EICAR, Scan, titles
from virustotal.emulator.server import Emulator
from virustotal.util.readers import as_mapping

KINDS = ("file", "url", "domain", "ip_address")
EVERYTHING = (
    "contacted_ips,contacted_domains,contacted_urls,dropped_files,behaviours,bundled_files,execution_parents,"
    "comments,votes,graphs,resolutions,subdomains,siblings,historical_whois,urls,referrer_files,communicating_files,"
    "downloaded_files,last_serving_ip_address,network_location,analyses,submissions,collections"
)
ANALYSED = {"analyze_relationship": True, "relationships": EVERYTHING}

pytestmark = pytest.mark.skipif(not REPORTS.is_dir(), reason="no recorded answers beside this checkout")


def recorded(emulator: Emulator) -> Iterator[tuple[str, str, Any]]:
    """Kind, what to look up, and attributes of every recorded object, those of relationships and feeds included."""
    for kind in KINDS:
        for identifier in emulator.store.identities(kind):
            attributes = emulator.store.attributes(kind, identifier)
            what = attributes.get("url") if kind == "url" else identifier
            if attributes and isinstance(what, str) and what:
                yield kind, what, attributes


@pytest.fixture(scope="module")
def server() -> Iterator[Emulator]:
    with Emulator(REPORTS) as emulator:
        yield emulator


def look_up(scan: Scan, kind: str, what: str, parameters: dict[str, Any]) -> Any:
    if kind == "url":
        return scan(EICAR, parameters, metadata={"submitted_url": what})
    return scan(what, parameters)


@pytest.mark.parametrize(
    ("parameters", "step"),
    [
        pytest.param({}, 1, marks=pytest.mark.slow, id="listed"),
        pytest.param(ANALYSED, 1, marks=pytest.mark.slow, id="analysed"),
        pytest.param(ANALYSED, 4, id="every fourth one analysed"),
    ],
)
def test_every_recorded_object(emulator: Emulator, scan: Scan, parameters: dict[str, Any], step: int) -> None:
    objects = list(recorded(emulator))
    assert len(objects) > 100
    for kind, what, attributes in objects[::step]:
        outcome = look_up(scan, kind, what, parameters)
        assert not outcome.error, (kind, what, outcome.message)
        assert "Analysers that failed" not in "".join(titles(outcome)), (kind, what)
        page, screen = document(outcome), shown(outcome).splitlines()
        assert all(title.split()[0] in page.text for title in titles(outcome)), (kind, what)
        assert len(screen) <= 45, (kind, what, screen)
        if kind == "file" and as_mapping(attributes.get("last_analysis_stats")).get("malicious", 0) >= 2:
            assert outcome.score > 0, (kind, what)
