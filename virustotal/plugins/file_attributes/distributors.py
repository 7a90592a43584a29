"""Who is known to publish the file: `known_distributors`, `trusted_verdict`, `monitor_info`, `nsrl_info`."""

from virustotal.core import Analyzer, Settings, hookimpl
from virustotal.plugins.file_attributes._attribute_table import FieldSpec, SectionSpec, analyzer

KNOWN = SectionSpec(
    "known_distributors",
    "Known distributors",
    (FieldSpec("distributors", "Distributors"), FieldSpec("data_sources", "Data sources"), FieldSpec("links", "Links")),
    parts=(SectionSpec("products", "Products"), SectionSpec("filenames", "File names")),
)
TRUSTED = SectionSpec(
    "trusted_verdict",
    "Verdict of a trusted organisation",
    (
        FieldSpec("verdict", "Verdict"),
        FieldSpec("organization", "Organisation"),
        FieldSpec("filename", "File name"),
        FieldSpec("description", "Description"),
        FieldSpec("link", "Link"),
    ),
)
MONITOR = SectionSpec(
    "monitor_info",
    "VirusTotal Monitor: software monitored by its publisher",
    (FieldSpec("organizations", "Organisations"), FieldSpec("filenames", "File names")),
)
NSRL = SectionSpec(
    "nsrl_info",
    "National Software Reference Library",
    parts=(SectionSpec("products", "Products"), SectionSpec("filenames", "File names")),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of distributors."""
    return (analyzer("known_distributors", 64, "Known distributors of the file.", TRUSTED, KNOWN, MONITOR, NSRL),)
