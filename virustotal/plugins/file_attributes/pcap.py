"""Captured traffic: `wireshark`, `traffic_inspection`, `snort`, `suricata`.

Hosts of a capture are what somebody's machine talked to, most of it harmless: they are shown and not tagged.
"""

from virustotal.core import Analyzer, Settings, hookimpl
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import FieldSpec, SectionSpec, analyzer, with_key

RULES = SectionSpec(
    "snort",
    "Snort rules on the capture",
    (
        FieldSpec("alert", "Alert", tag="network.signature.message"),
        FieldSpec("classification", "Classification"),
        FieldSpec("destinations", "Packets", read.names),
    ),
    "Rule id",
    tag="network.signature.signature_id",
)
HTTP = SectionSpec(
    "http",
    "HTTP requests",
    (
        FieldSpec("datetime", "Time"),
        FieldSpec("method", "Method"),
        FieldSpec("url", "URL"),
        FieldSpec("remote_host", "Peer"),
        FieldSpec("response_code", "Status"),
        FieldSpec("response_size", "Size"),
        FieldSpec("user-agent", "User agent", tag="network.user_agent"),
        FieldSpec("referer", "Referrer"),
        FieldSpec("request_parameters", "Parameters"),
        FieldSpec("binary_hash", "Response SHA-256", read.lower),
        FieldSpec("binary_magic", "Response type"),
    ),
)
WIRESHARK = SectionSpec(
    "wireshark",
    "Capture (Wireshark)",
    parts=(
        SectionSpec("pcap", "Properties"),
        SectionSpec(
            "dns", "DNS look-ups", (FieldSpec("name", "Name"), FieldSpec("addresses", "Addresses", read.names))
        ),
    ),
)
TRAFFIC = SectionSpec("traffic_inspection", "Traffic", parts=(HTTP,))
SURICATA = with_key(RULES, "suricata", "Suricata rules on the capture")


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of captures."""
    summary = "Captures: properties, look-ups, requests, rules that match."
    return (analyzer("captures", 415, summary, WIRESHARK, TRAFFIC, RULES, SURICATA),)
