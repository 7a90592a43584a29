"""Captured traffic: `wireshark`, `traffic_inspection`, `snort`, `suricata`.

Hosts of a capture are what somebody's machine talked to, most of it harmless: they are shown and not tagged.
"""

from virustotal.core import Analyzer, hookimpl
from virustotal.core.settings import Settings
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import Field, Part, analyzer, renamed

RULES = Part(
    "snort",
    "Snort rules on the capture",
    (
        Field("alert", "Alert", tag="network.signature.message"),
        Field("classification", "Classification"),
        Field("destinations", "Packets", read.names),
    ),
    "Rule id",
    tag="network.signature.signature_id",
)
HTTP = Part(
    "http",
    "HTTP requests",
    (
        Field("datetime", "Time"),
        Field("method", "Method"),
        Field("url", "URL"),
        Field("remote_host", "Peer"),
        Field("response_code", "Status"),
        Field("response_size", "Size"),
        Field("user-agent", "User agent", tag="network.user_agent"),
        Field("referer", "Referrer"),
        Field("request_parameters", "Parameters"),
        Field("binary_hash", "SHA-256 of the answer", read.lower),
        Field("binary_magic", "Type of the answer"),
    ),
)
WIRESHARK = Part(
    "wireshark",
    "Capture (Wireshark)",
    parts=(
        Part("pcap", "Properties"),
        Part("dns", "Names looked up", (Field("name", "Name"), Field("addresses", "Addresses", read.names))),
    ),
)
TRAFFIC = Part("traffic_inspection", "Traffic", parts=(HTTP,))
SURICATA = renamed(RULES, "suricata", "Suricata rules on the capture")


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of captures."""
    summary = "Captures: properties, look-ups, requests, rules that match."
    return (analyzer("captures", 415, summary, WIRESHARK, TRAFFIC, RULES, SURICATA),)
