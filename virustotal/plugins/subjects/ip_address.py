"""An IP address: network, country, context, certificate, WHOIS."""

from typing import Any

from virustotal.core import Analyzer, Settings, hookimpl
from virustotal.core.readers import as_text
from virustotal.plugins.subjects import parts


def autonomous_system(value: Any) -> str:
    """Return the number of an autonomous system as it is written: `AS64496`."""
    number = as_text(value)
    return f"AS{number}" if number else ""


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analysers of an IP address's own attributes."""
    return parts.analyzers(
        "ip_address",
        {
            "network": parts.facts(
                "Network",
                "Network, owner, country and JARM",
                country=("Country", as_text),
                continent=("Continent", as_text),
                network=("Network", as_text),
                asn=("Autonomous system", autonomous_system),
                as_owner=("Owner", as_text),
                regional_internet_registry=("Regional registry", as_text),
                jarm=("JARM", as_text),
            ),
            "context": parts.CONTEXT,
            "certificate": parts.CERTIFICATE,
            "whois": parts.WHOIS,
        },
    )
