"""Readers of the traffic in a report: ports, protocols, look-ups, mail, as Assemblyline's ontology has them."""

from collections.abc import Iterator, Mapping
from typing import Any

from virustotal.core.readers import as_mappings, as_text, as_texts, integer, pairs
from virustotal.plugins.sandbox.cell_text import describe
from virustotal.plugins.sandbox.sandboxes import Sandbox
from virustotal.plugins.sandbox.things import address


def port(value: Any) -> int | None:
    """Return a port, or None."""
    number = integer(value)
    return number if number is not None and 0 < number < 65_536 else None


def transport(traffic: Mapping[str, Any]) -> str | None:
    """Return `tcp` or `udp`, or None: Assemblyline has no other."""
    protocol = as_text(traffic.get("transport_layer_protocol"), 20).lower()
    return protocol if protocol in {"tcp", "udp"} else None


def headers(value: Any) -> dict[str, str]:
    """Return HTTP headers as names and inert values, at most a hundred."""
    return {name: describe(entry, 500) for name, entry in list(pairs(value))[:100]}


def dns(sandbox: Sandbox) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield host, type and answers of each look-up, by the family of its answers; without answers nothing."""
    for lookup in as_mappings(sandbox.entries("dns_lookups")):
        host = as_text(lookup.get("hostname"), 255)
        addresses = [*filter(None, map(address, as_texts(lookup.get("resolved_ips"), 64)))]
        for type in ("A", "AAAA"):
            answers = tuple(answer for answer in addresses if (":" in answer) is (type == "AAAA"))
            if host and answers:
                yield host, type, answers


def mail(conversation: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Return the sender and the recipients of an SMTP conversation, its envelope before its message."""
    sender = as_text(conversation.get("smtp_from"), 320) or as_text(conversation.get("message_from"), 320)
    return sender, as_texts(conversation.get("smtp_to"), 320) or as_texts(conversation.get("message_to"), 320)
