"""Answers of any size: bounded in time, and told where they are not read."""

import time

import pytest

from tests.service.conftest import EICAR, Scan, shown, titles
from virustotal.emulator.server import Emulator


@pytest.mark.parametrize(("count", "read"), [(300_000, True), (1_000_000, False)])
def test_a_list_of_a_million_descriptors(emulator: Emulator, scan: Scan, count: int, read: bool) -> None:
    page = {"data": [{"type": "ip_address", "id": "9.9.9.10"}] * count, "meta": {"count": count}}
    emulator.fault("GET /files/*/contacted_ips", "answer", document=page)
    scan(EICAR)  # imports, and the emulator's own work
    began = time.process_time()
    outcome = scan(EICAR, {"relationships": "contacted_ips", "analyze_relationship": "true"}, config={"inline": False})
    assert time.process_time() - began < 15
    assert any(title.startswith("Detections: ") for title in titles(outcome))
    assert ("9.9.9.10" in shown(outcome)) is read
    assert ("The answer is larger than" in shown(outcome)) is not read
