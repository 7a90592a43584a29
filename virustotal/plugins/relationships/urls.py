"""URLs around a file, a URL, a domain or an IP address, and the host of a URL."""

from virustotal.core import Analyzer, Settings, hookimpl
from virustotal.plugins.relationships.related_object import related_object
from virustotal.plugins.relationships.related_table import related_table

_ANALYZERS: tuple[Analyzer, ...] = (
    # Where a URL leads is part of what it does, and was not seen in a sandbox.
    related_table("url", "redirects_to", 205, "network.static.uri"),
    related_object("url", "network_location", 300),
    related_object("url", "last_serving_ip_address", 301),
    *(related_table("url", name, 320) for name in ("parent_resource_urls", "redirecting_urls", "referrer_urls")),
    related_table("url", "urls_related_by_tracker_id", 325),
    *(related_table("file", name, 345) for name in ("parent_resource_urls", "urls_for_embedded_js")),
    *(related_table(kind, "urls", 310) for kind in ("domain", "ip_address")),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analysers of relationships that lead to URLs, and to a URL's host."""
    return _ANALYZERS
