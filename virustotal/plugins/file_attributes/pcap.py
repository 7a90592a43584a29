"""Captured traffic: `wireshark`, `traffic_inspection`, `snort`, `suricata`.

Hosts of a capture are what somebody's machine talked to, most of it harmless: they are shown and not tagged.
"""

from attrs import evolve

from virustotal.core import Analyzer, Settings, hookimpl
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import FieldSpec, SectionSpec, analyzer

RULES = SectionSpec(
    "snort", "Snort rules on the capture", name="Rule id", tag="network.signature.signature_id"
).include(
    FieldSpec("alert", tag="network.signature.message"),
    FieldSpec("classification"),
    FieldSpec("destinations", "Packets", read.names),
)
HTTP = SectionSpec("http", "HTTP requests").include(
    FieldSpec("datetime", "Time"),
    FieldSpec("method"),
    FieldSpec("url", "URL"),
    FieldSpec("remote_host", "Peer"),
    FieldSpec("response_code", "Status"),
    FieldSpec("response_size", "Size"),
    FieldSpec("user-agent", "User agent", tag="network.user_agent"),
    FieldSpec("referer", "Referrer"),
    FieldSpec("request_parameters", "Parameters"),
    FieldSpec("binary_hash", "Response SHA-256", read.lower),
    FieldSpec("binary_magic", "Response type"),
)
WIRESHARK = SectionSpec("wireshark", "Capture (Wireshark)").include(
    SectionSpec("pcap", "Properties"),
    SectionSpec("dns", "DNS look-ups").include(FieldSpec("name"), FieldSpec("addresses", "Addresses", read.names)),
)
TRAFFIC = SectionSpec("traffic_inspection", "Traffic").include(HTTP)
SURICATA = evolve(RULES, key="suricata", title="Suricata rules on the capture")


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of captures."""
    summary = "Captures: properties, look-ups, requests, rules that match."
    return (analyzer("captures", 415, summary, WIRESHARK, TRAFFIC, RULES, SURICATA),)
