"""One sandbox as Assemblyline's own sandbox body: analysis information, processes, connections, signatures."""

import ipaddress
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from assemblyline.odm.models.ontology.results.network import REQUEST_METHODS
from assemblyline_v4_service.common.result import (
    ResultSandboxSection,
    SandboxAnalysisMetadata,
    SandboxAttackItem,
    SandboxNetflowItem,
    SandboxNetworkDNS,
    SandboxNetworkHTTP,
    SandboxNetworkSMTP,
    SandboxProcessItem,
    SandboxSignatureItem,
)

from virustotal.core.assemblyline import attack_name, tactics
from virustotal.core.readers import as_mapping, as_mappings, as_text, as_texts, integer, pairs
from virustotal.plugins.sandbox.cell_text import described
from virustotal.plugins.sandbox.merged_view import address
from virustotal.plugins.sandbox.sandboxes import Sandbox
from virustotal.plugins.sandbox.severity import SIGNATURE, rank
from virustotal.plugins.sandbox.signatures import Match, signatures

#: What the body shows of each; all of it stands in the sections beside it, within their own bounds.
MOST_PROCESSES = 500
MOST_CONNECTIONS = 500
MOST_SIGNATURES = 200
#: Characters of a body; a larger one is made again with a share of the entries.
LONGEST_BODY = 500_000


def sandbox_section(sandbox: Sandbox) -> Any:
    """Return the section of one sandbox. What VirusTotal does not say stays empty."""
    section = _section(sandbox, 1)
    for share in (4, 16, 64):
        if len(section.body) <= LONGEST_BODY:
            break
        section = _section(sandbox, share)
    return section


def _section(sandbox: Sandbox, share: int) -> Any:
    section = ResultSandboxSection(f"Sandbox: {sandbox.name}", auto_collapse=True)
    moment = sandbox.analysed.isoformat() if sandbox.analysed else None
    section.set_analysis_information(sandbox.name, None, SandboxAnalysisMetadata(start_time=moment))
    section.add_processes(_first(_processes(sandbox), MOST_PROCESSES // share))
    section.add_network_connections(_first(_connections(sandbox), MOST_CONNECTIONS // share))
    found = sorted(signatures(sandbox), key=lambda match: rank(match.severity))[: MOST_SIGNATURES // share]
    section.add_signatures([_signature(match, section.classification) for match in found])
    return section


def _first(found: Iterator[Any], most: int) -> list[Any]:
    return list(islice(found, most))


def _processes(sandbox: Sandbox) -> Iterator[SandboxProcessItem]:
    # The user interface builds a tree of pids, and follows them for ever where they form a cycle: of each pid the first
    # process, whose parent's pid was there before it, so that there is none. All of them stand in the process tree.
    tree = sandbox.tree
    pids: set[int] = set()
    for process in tree:
        if process.pid is None or process.pid in pids or not process.drawn:
            continue
        pids.add(process.pid)
        parent = tree[process.parent].pid if process.parent is not None else None
        yield SandboxProcessItem(
            process.image,
            None,
            ppid=parent,
            pid=process.pid,
            command_line=process.command or None,
            file_count=process.files,
            registry_count=process.registry,
        )


def _connections(sandbox: Sandbox) -> Iterator[SandboxNetflowItem]:
    for known in as_mappings(sandbox.entries("ip_traffic")):
        yield SandboxNetflowItem(
            as_text(known.get("destination_ip"), 64) or None, port(known.get("destination_port")), transport(known)
        )
    for domain, type, answers in dns(sandbox):
        details = SandboxNetworkDNS(domain, type, list(answers))
        yield SandboxNetflowItem(dns_details=details, connection_type="dns")
    for known in as_mappings(sandbox.entries("http_conversations")):
        if url := as_text(known.get("url"), 2_000):
            yield SandboxNetflowItem(http_details=_http(url, known), connection_type="http")
    for known in as_mappings(sandbox.entries("smtp_conversations")):
        sender, recipients = mail(known)
        yield SandboxNetflowItem(
            address(known.get("destination_ip")) or None,
            port(known.get("destination_port")),
            smtp_details=SandboxNetworkSMTP(sender, list(recipients)),
            connection_type="smtp",
        )


def _http(url: str, known: Any) -> SandboxNetworkHTTP:
    return SandboxNetworkHTTP(
        url,
        headers(known.get("request_headers")),
        method(known) or None,
        headers(known.get("response_headers")),
        response_status_code=integer(known.get("response_status_code")),
        response_content_mimetype=as_text(known.get("response_body_filetype"), 100) or None,
    )


def _signature(match: Match, classification: str) -> SandboxSignatureItem:
    attacks = [SandboxAttackItem(id, attack_name(id), list(tactics(id))) for id in match.attack_ids]
    return SandboxSignatureItem(
        match.name,
        match.format or match.sandboxes[0],
        classification,
        attacks=attacks,
        description=match.description or None,
        score=SIGNATURE.get(match.severity, 0),
    )


# --- readers that the ontology shares --------------------------------------------------------------------------------


def port(value: Any) -> int | None:
    """Return a port, or None."""
    found = integer(value)
    return found if found is not None and 0 < found < 65_536 else None


def transport(known: Any) -> str | None:
    """Return `tcp` or `udp`, or None: Assemblyline has no other."""
    found = as_text(as_mapping(known).get("transport_layer_protocol"), 20).lower()
    return found if found in {"tcp", "udp"} else None


def method(known: Any) -> str:
    """Return the request method, where it is one that Assemblyline has."""
    found = as_text(as_mapping(known).get("request_method"), 20).upper()
    return found if found in REQUEST_METHODS else ""


def headers(value: Any) -> dict[str, str]:
    """Return HTTP headers as names and inert values, at most a hundred."""
    return {name: described(entry, 500) for name, entry in list(pairs(value))[:100]}


def dns(sandbox: Sandbox) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield host, type and answers of each look-up, by the family of its answers; without answers nothing."""
    for known in as_mappings(sandbox.entries("dns_lookups")):
        host = as_text(known.get("hostname"), 255)
        found = [
            ipaddress.ip_address(shown) for each in as_texts(known.get("resolved_ips"), 64) if (shown := address(each))
        ]
        for type, version in (("A", 4), ("AAAA", 6)):
            answers = tuple(str(each) for each in found if each.version == version)
            if host and answers:
                yield host, type, answers


def mail(known: Any) -> tuple[str, tuple[str, ...]]:
    """Return the sender and the recipients of an SMTP conversation, its envelope before its message."""
    fields = as_mapping(known)
    sender = as_text(fields.get("smtp_from"), 320) or as_text(fields.get("message_from"), 320)
    recipients: Sequence[str] = as_texts(fields.get("smtp_to"), 320) or as_texts(fields.get("message_to"), 320)
    return sender, tuple(recipients)
