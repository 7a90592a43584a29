"""Configurations and parameters of the earlier VirusTotal service: the service starts with them and gives a result."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.core.test_migration import MANIFESTS
from tests.service.conftest import KEY, Scan
from virustotal.emulator.server import Emulator

CHANGED = {"cache": {"cache_only": True, "cache_interval": 1, "backends": [{"url": "https://cache.example"}]}}


@pytest.mark.parametrize("changes", [{}, CHANGED], ids=["defaults", "cache changed"])
@pytest.mark.parametrize("manifest", MANIFESTS.values(), ids=MANIFESTS)
def test_a_configuration_of_the_earlier_service_gives_a_result(
    manifest: Mapping[str, Any], changes: Mapping[str, Any], scan: Scan, emulator: Emulator
) -> None:
    own = {"host": emulator.url, "api_key": KEY}
    outcome = scan(parameters=manifest["parameters"], config={**manifest["config"], **changes, **own})
    assert (outcome.message, outcome.partial, outcome.score >= 1000) == ("", False, True)
