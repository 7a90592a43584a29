"""Who is known to publish the file: `known_distributors`, `trusted_verdict`, `monitor_info`, `nsrl_info`."""

from virustotal.core import Analyzer, Settings, hookimpl
from virustotal.plugins.file_attributes._attribute_table import FieldSpec, SectionSpec, analyzer, field_specs

KNOWN = SectionSpec("known_distributors", "Known distributors").include(
    *field_specs("distributors", "data_sources", "links"),
    SectionSpec("products", "Products"),
    SectionSpec("filenames", "File names"),
)
TRUSTED = SectionSpec("trusted_verdict", "Verdict of a trusted organisation").include(
    FieldSpec("verdict"),
    FieldSpec("organization", "Organisation"),
    FieldSpec("filename", "File name"),
    *field_specs("description", "link"),
)
MONITOR = SectionSpec("monitor_info", "VirusTotal Monitor: software monitored by its publisher").include(
    FieldSpec("organizations", "Organisations"), FieldSpec("filenames", "File names")
)
NSRL = SectionSpec("nsrl_info", "National Software Reference Library").include(
    SectionSpec("products", "Products"), SectionSpec("filenames", "File names")
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of distributors."""
    return (analyzer("known_distributors", 64, "Known distributors of the file.", TRUSTED, KNOWN, MONITOR, NSRL),)
