"""Hosts and URLs that a file contacts, holds in its bytes or in memory, or came from; what a URL's page loads."""

from virustotal.core import Analyzer, hookimpl
from virustotal.core.settings import Settings
from virustotal.plugins.relationships.related_table import listing

# What a sandbox or VirusTotal's own browser saw is tagged as dynamic; all else here is context and not tagged.
_ANALYZERS: tuple[Analyzer, ...] = (
    listing("file", "contacted_domains", 200, "network.dynamic.domain"),
    listing("file", "contacted_ips", 201, "network.dynamic.ip"),
    listing("file", "contacted_urls", 202, "network.dynamic.uri"),
    listing("url", "contacted_domains", 200, "network.dynamic.domain"),
    listing("url", "contacted_ips", 201, "network.dynamic.ip"),
    *(listing("file", f"{where}_{what}", 310) for where in ("embedded", "itw") for what in ("domains", "ips", "urls")),
    *(listing("file", f"memory_pattern_{what}", 312) for what in ("domains", "ips", "urls")),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analysers of network relationships."""
    return _ANALYZERS
