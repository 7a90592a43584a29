"""A domain: registrar and dates, popularity, DNS records, certificate, WHOIS."""

from collections.abc import Iterator, Mapping
from typing import Any

from assemblyline_v4_service.common.result import ResultSection

from virustotal.core import Analyzer, Settings, hookimpl, tables
from virustotal.core.readers import as_mapping, as_mappings, as_text, as_texts, date, integer, pairs
from virustotal.plugins.subjects import parts

_UNRANKED = 2**63


def popularity(attributes: Mapping[str, Any]) -> Iterator[ResultSection | None]:
    """Yield the place of the domain in lists of popular ones, the best first."""
    ranks = [(name, as_mapping(entry)) for name, entry in pairs(attributes.get("popularity_ranks"))]
    rows = [
        {"List": name, "Rank": integer(entry.get("rank")), "Date": date(entry.get("timestamp"))}
        for name, entry in sorted(ranks, key=lambda rank: (integer(rank[1].get("rank")) or _UNRANKED, rank[0]))
    ]
    yield tables.table("Popularity", rows, ("List", "Rank", "Date"))


_MORE = ("priority", "flag", "tag", "rname", "serial", "refresh", "retry", "expire", "minimum")


def records(attributes: Mapping[str, Any]) -> Iterator[ResultSection | None]:
    """Yield the DNS records that VirusTotal last saw."""
    rows = [
        {
            "Type": as_text(record.get("type")),
            "Value": record.get("value"),
            "TTL": integer(record.get("ttl")),
            "More": ", ".join(f"{key} {shown}" for key in _MORE if (shown := as_text(record.get(key)))),
        }
        for record in as_mappings(attributes.get("last_dns_records"))
    ]
    rows.sort(key=lambda row: (row["Type"], as_text(row["Value"])))
    seen = date(attributes.get("last_dns_records_date"))
    title = "DNS records" + (f" (seen {seen})" if seen else "")
    section = tables.table(title, rows, ("Type", "Value", "TTL", "More"))
    addresses = as_texts([row["Value"] for row in rows if row["Type"] in {"A", "AAAA"}])
    if section is not None and addresses:
        section.set_tags({"network.static.ip": list(addresses)})
    yield section


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analysers of a domain's own attributes."""
    return parts.analyzers(
        "domain",
        {
            "registration": parts.facts(
                "Registration",
                "Registrar, dates and JARM",
                registrar=("Registrar", as_text),
                creation_date=("Registered", date),
                last_update_date=("Registration updated", date),
                expiration_date=("Expires", date),
                tld=("Top-level domain", as_text),
                jarm=("JARM", as_text),
            ),
            "popularity": ("Ranks in popularity lists", popularity, ("popularity_ranks",)),
            "categories": parts.CATEGORIES,
            "context": parts.CONTEXT,
            "dns": ("DNS records last seen", records, ("last_dns_records", "last_dns_records_date")),
            "certificate": parts.CERTIFICATE,
            "favicon": parts.FAVICON,
            "whois": parts.WHOIS,
        },
    )
