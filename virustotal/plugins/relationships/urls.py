"""URLs around a file, a URL, a domain or an IP address, and the host of a URL."""

from virustotal.core import Analyzer, hookimpl
from virustotal.core.settings import Settings
from virustotal.plugins.relationships.related_object import single
from virustotal.plugins.relationships.related_table import listing

_ANALYZERS: tuple[Analyzer, ...] = (
    # Where a URL leads is part of what it does, and was not seen in a sandbox.
    listing("url", "redirects_to", 205, "network.static.uri"),
    single("url", "network_location", 300),
    single("url", "last_serving_ip_address", 301),
    *(listing("url", name, 320) for name in ("parent_resource_urls", "redirecting_urls", "referrer_urls")),
    listing("url", "urls_related_by_tracker_id", 325),
    *(listing("file", name, 345) for name in ("parent_resource_urls", "urls_for_embedded_js")),
    *(listing(kind, "urls", 310) for kind in ("domain", "ip_address")),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analysers of relationships that lead to URLs, and to a URL's host."""
    return _ANALYZERS
