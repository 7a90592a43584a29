"""Who is known to publish the file: `known_distributors`, `trusted_verdict`, `monitor_info`, `nsrl_info`."""

from virustotal.core import Analyzer, Settings, hookimpl
from virustotal.plugins.file_attributes._attribute_table import FieldSpec, analyzer, field_specs, section_spec

KNOWN = section_spec(
    "known_distributors",
    "Known distributors",
    *field_specs("distributors", "data_sources", "links"),
    section_spec("products", "Products"),
    section_spec("filenames", "File names"),
)
TRUSTED = section_spec(
    "trusted_verdict",
    "Verdict of a trusted organisation",
    FieldSpec("verdict"),
    FieldSpec("organization", "Organisation"),
    FieldSpec("filename", "File name"),
    *field_specs("description", "link"),
)
MONITOR = section_spec(
    "monitor_info",
    "VirusTotal Monitor: software monitored by its publisher",
    FieldSpec("organizations", "Organisations"),
    FieldSpec("filenames", "File names"),
)
NSRL = section_spec(
    "nsrl_info",
    "National Software Reference Library",
    section_spec("products", "Products"),
    section_spec("filenames", "File names"),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of distributors."""
    return (analyzer("known_distributors", 64, "Known distributors of the file.", TRUSTED, KNOWN, MONITOR, NSRL),)
