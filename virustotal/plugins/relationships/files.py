"""Files that a file drops, holds or resembles, and files around URLs, domains and IP addresses."""

from virustotal.core import Analyzer, hookimpl
from virustotal.core.settings import Settings
from virustotal.plugins.relationships.related_table import listing

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
    listing("file", "dropped_files", 210),
    listing("file", "carbonblack_children", 211),
    *(listing("file", name, 320) for name in _CONTAINED),
    *(listing("file", name, 330) for name in _PARENTS),
    *(listing("file", name, 340) for name in ("similar_files", "hash_collisions")),
    *(listing(kind, name, 300) for kind in ("url", "domain", "ip_address") for name in _HOSTS),
    *(listing("url", name, 305) for name in ("embedded_js_files", "http_response_contents")),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analysers of relationships that lead to files."""
    return _ANALYZERS
