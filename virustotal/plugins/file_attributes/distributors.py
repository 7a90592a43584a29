"""Who is known to publish the file: `known_distributors`, `trusted_verdict`, `monitor_info`, `nsrl_info`."""

from virustotal.core import Analyzer, hookimpl
from virustotal.core.settings import Settings
from virustotal.plugins.file_attributes._attribute_table import Field, Part, analyzer

KNOWN = Part(
    "known_distributors",
    "Known distributors",
    (Field("distributors", "Distributors"), Field("data_sources", "Data sources"), Field("links", "Links")),
    parts=(Part("products", "Products", collapse=True), Part("filenames", "File names", collapse=True)),
)
TRUSTED = Part(
    "trusted_verdict",
    "Verdict of a trusted organisation",
    (
        Field("verdict", "Verdict"),
        Field("organization", "Organisation"),
        Field("filename", "File name"),
        Field("description", "Description"),
        Field("link", "Link"),
    ),
)
MONITOR = Part(
    "monitor_info",
    "VirusTotal Monitor: software whose makers watch over it",
    (Field("organizations", "Organisations"), Field("filenames", "File names")),
)
NSRL = Part(
    "nsrl_info",
    "National Software Reference Library",
    parts=(Part("products", "Products", collapse=True), Part("filenames", "File names", collapse=True)),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of distributors."""
    return (analyzer("known_distributors", 64, "Who is known to publish the file.", TRUSTED, KNOWN, MONITOR, NSRL),)
