"""Intrusion detection rules on the traffic of a file: `crowdsourced_ids_results`, `crowdsourced_ids_stats`."""

from collections.abc import Iterator, Mapping
from typing import Any

from assemblyline_v4_service.common.result import ResultSection

from virustotal.core import Analyzer, Finding, Settings, hookimpl
from virustotal.core.assemblyline import indicator
from virustotal.core.readers import as_list, as_mappings, as_text
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import (
    MOST_TAGS,
    FieldSpec,
    SectionSpec,
    analyzer,
    build,
    build_sections,
)
from virustotal.plugins.file_attributes._severity import WORTH, rule_sections, severity


def ja3_hashes(value: Any) -> tuple[str, ...]:
    """Return the JA3 fingerprints among the values of a list."""
    return tuple(filter(None, map(read.md5, as_list(value))))


ALERTS = SectionSpec("crowdsourced_ids_results", "Alerts", skip=("alert_context",)).include(
    FieldSpec("alert_severity", "Severity", severity),
    FieldSpec("rule_msg", "Rule", tag="network.signature.message"),
    FieldSpec("rule_category", "Category"),
    FieldSpec("rule_id", tag="network.signature.signature_id", detail=True),
    FieldSpec("rule_source", "Source"),
    FieldSpec("rule_url", "Source URL", detail=True),
    FieldSpec("rule_references", "References", read.names, detail=True),
    FieldSpec("rule_raw", "Rule text", detail=True),
)
TRAFFIC = SectionSpec("alert_context", "Alert traffic").include(
    FieldSpec("rule"),
    FieldSpec("proto", "Protocol"),
    FieldSpec("src_ip", "Source", detail=True),
    FieldSpec("src_port", "Source port", detail=True),
    FieldSpec("dest_ip", "Destination"),
    FieldSpec("dest_port", "Destination port"),
    FieldSpec("hostname", "Host"),
    FieldSpec("url", "URL"),
    FieldSpec("ja3", "JA3", read.names, "network.tls.ja3_hash", ja3_hashes, detail=True),
    FieldSpec("ja3s", "JA3S", read.names, "network.tls.ja3s_hash", ja3_hashes, detail=True),
)
STATISTICS = SectionSpec("crowdsourced_ids_stats", "IDS rules: VirusTotal's statistics")
#: Where an alert names a peer. Traffic of an alert that scores nothing is shown and not tagged.
PEERS = ("src_ip", "dest_ip", "hostname", "url")


def title(row: Mapping[str, Any]) -> str:
    """Return what a rule is called."""
    return as_text(row.get("rule_msg")) or as_text(row.get("rule_id"))


def traffic(alerts: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return a row for each connection of each alert; `alert_context` is a list or one mapping."""
    return [
        {"rule": title(alert), **context, "proto": context.get("proto") or context.get("protocol"), "protocol": None}
        for alert in alerts
        for context in as_mappings(alert.get("alert_context"))
    ]


def analyze(attributes: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield the alerts, the worst first, their traffic, VirusTotal's statistics, and points of each severity."""
    for section, rows, points in rule_sections(ALERTS, attributes.get(ALERTS.key), "alert_severity", "IDS", title):
        alerts = list(as_mappings(rows))
        _tag_peers(section, alerts)
        if (below := build(TRAFFIC, traffic(alerts))) is not None:
            section.add_subsection(below)
        yield section
        yield from points
    yield from build_sections(attributes, STATISTICS)


def _tag_peers(section: ResultSection, alerts: list[Mapping[str, Any]]) -> None:
    scored = [alert for alert in alerts if WORTH.get(severity(alert.get("alert_severity")))]
    values = dict.fromkeys(as_text(row.get(peer)) for row in traffic(scored) for peer in PEERS)
    for peer in filter(None, map(indicator, list(values)[:MOST_TAGS])):
        section.add_tag(f"network.dynamic.{peer.kind}", peer.value)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of crowdsourced intrusion detection results."""
    summary = "Crowdsourced intrusion detection rules on the file's traffic."
    return (analyzer("ids", 62, summary, ALERTS, STATISTICS, analyze=analyze),)
