"""Tags of one section on their way to Assemblyline's."""

import pytest

from virustotal.core.plugin_host.output import Section
from virustotal.core.scoring.safelist import read_safelist
from virustotal.core.settings import Settings
from virustotal.result.section_builder import Builder

LISTED = read_safelist({"match": {"network.static.domain": ["example.com"], "network.dynamic.ip": ["8.8.4.4"]}})


@pytest.mark.parametrize(
    ("name", "kept", "unfiltered"),
    [
        ("c2.example.org", True, True),
        ("8.8.8.8", True, True),
        ("localhost", False, False),
        ("10.0.0.1", False, False),
        ("fileserver.corp.local", False, False),
        ("no host at all", False, False),
        ("example.com", False, True),
        ("cdn.example.com", False, True),
        ("CDN.Example.com.", False, True),
        ("8.8.4.4", False, True),
    ],
)
def test_server_names_are_filtered_like_hosts(name: str, kept: bool, unfiltered: bool) -> None:
    for settings, expected in ((Settings(), kept), (Settings(ignore_filtering=True), unfiltered)):
        builder = Builder({}, settings, LISTED)
        shown = builder.build(Section("TLS", tags={"network.tls.sni": (name,)}))
        assert shown.tags == ({"network.tls.sni": [name]} if expected else {})
        assert builder.dropped == (0 if expected else 1)
