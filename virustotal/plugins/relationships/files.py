"""Files that a file drops, holds or resembles, and files around URLs, domains and IP addresses."""

from virustotal.core import Analyzer, Settings, hookimpl
from virustotal.plugins.relationships.related_table import related_table

_CONTAINED = (
    "bundled_files",
    "ciphered_bundled_files",
    "email_attachments",
    "overlay_children",
    "pcap_children",
    "pe_resource_children",
)
_PARENTS = (
    "carbonblack_parents",
    "ciphered_parents",
    "compressed_parents",
    "email_parents",
    "execution_parents",
    "overlay_parents",
    "pcap_parents",
    "pe_resource_parents",
)
_HOSTS = ("communicating_files", "downloaded_files", "memory_pattern_parents", "referrer_files")

# No tag type of Assemblyline is for the hash of a dropped file: none is tagged.
_ANALYZERS: tuple[Analyzer, ...] = (
    related_table("file", "dropped_files", 210),
    related_table("file", "carbonblack_children", 211),
    *(related_table("file", name, 320) for name in _CONTAINED),
    *(related_table("file", name, 330) for name in _PARENTS),
    *(related_table("file", name, 340) for name in ("similar_files", "hash_collisions")),
    *(related_table(kind, name, 300) for kind in ("url", "domain", "ip_address") for name in _HOSTS),
    *(related_table("url", name, 305) for name in ("embedded_js_files", "http_response_contents")),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analysers of relationships that lead to files."""
    return _ANALYZERS
