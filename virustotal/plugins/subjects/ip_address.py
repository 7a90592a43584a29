"""An IP address: network, country, context, certificate, WHOIS."""

from collections.abc import Iterator, Mapping
from typing import Any

from assemblyline_v4_service.common.result import ResultSection

from virustotal.core import Analyzer, Settings, hookimpl, tables
from virustotal.core.readers import as_text
from virustotal.plugins.subjects import parts


def network(attributes: Mapping[str, Any]) -> Iterator[ResultSection | None]:
    """Yield the network that the address belongs to, and the fingerprint of its TLS server."""
    number = as_text(attributes.get("asn"))
    facts = (
        ("Country", as_text(attributes.get("country"))),
        ("Continent", as_text(attributes.get("continent"))),
        ("Network", as_text(attributes.get("network"))),
        ("Autonomous system", f"AS{number}" if number else ""),
        ("Owner", as_text(attributes.get("as_owner"))),
        ("Regional registry", as_text(attributes.get("regional_internet_registry"))),
        ("JARM", as_text(attributes.get("jarm"))),
    )
    yield tables.key_values("Network", facts)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analysers of an IP address's own attributes."""
    return parts.analyzers(
        "ip_address",
        400,
        {
            "network": (
                "Network, owner, country and JARM",
                network,
                ("country", "continent", "network", "asn", "as_owner", "regional_internet_registry", "jarm"),
            ),
            "context": parts.CONTEXT,
            "certificate": parts.CERTIFICATE,
            "whois": parts.WHOIS,
        },
    )
