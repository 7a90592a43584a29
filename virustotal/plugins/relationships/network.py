"""Hosts and URLs that a file contacts, holds in its bytes or in memory, or came from; what a URL's page loads."""

from virustotal.core import Analyzer, Settings, hookimpl
from virustotal.plugins.relationships.related_table import related_table

# What a sandbox or VirusTotal's own browser saw is tagged as dynamic; all else here is context and not tagged.
_ANALYZERS: tuple[Analyzer, ...] = (
    related_table("file", "contacted_domains", 200, "network.dynamic.domain"),
    related_table("file", "contacted_ips", 201, "network.dynamic.ip"),
    related_table("file", "contacted_urls", 202, "network.dynamic.uri"),
    related_table("url", "contacted_domains", 200, "network.dynamic.domain"),
    related_table("url", "contacted_ips", 201, "network.dynamic.ip"),
    *(
        related_table("file", f"{where}_{what}", 310)
        for where in ("embedded", "itw")
        for what in ("domains", "ips", "urls")
    ),
    *(related_table("file", f"memory_pattern_{what}", 312) for what in ("domains", "ips", "urls")),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analysers of network relationships."""
    return _ANALYZERS
