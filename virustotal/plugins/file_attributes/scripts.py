"""Scripts and pages: `javascript_info`, `powershell_info`, `html_info`."""

from virustotal.core import Analyzer, Settings, hookimpl
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import FieldSpec, SectionSpec, analyzer

JAVASCRIPT = SectionSpec("javascript_info", "JavaScript", (FieldSpec("tags", "Marks", read.names),))
POWERSHELL = SectionSpec(
    "powershell_info",
    "PowerShell",
    parts=(
        SectionSpec("cmdlets", "Cmdlets", tag="file.powershell.cmdlet"),
        SectionSpec("cmdlets_alias", "Cmdlet aliases", tag="file.powershell.cmdlet"),
        SectionSpec("functions", "Functions"),
        SectionSpec("dotnet_calls", ".NET calls"),
        SectionSpec("ps_variables", "Variables"),
    ),
)
SCRIPT = (FieldSpec("attributes", "Attributes"), FieldSpec("sha256", "SHA-256", read.lower))
# Links of a page are no evidence of what it does: shown, not tagged.
HTML = SectionSpec(
    "html_info",
    "HTML",
    (FieldSpec("title", "Title"),),
    parts=(
        SectionSpec("iframes", "Frames", SCRIPT),
        SectionSpec("scripts", "Scripts", SCRIPT),
        SectionSpec("hrefs", "Links"),
        SectionSpec("trackers", "Trackers", (FieldSpec("entries", "Entries"),), "Tracker"),
        SectionSpec("html_meta", "Metadata", (FieldSpec("entries", "Values"),), "Name"),
        SectionSpec("meta", "Metadata", (FieldSpec("entries", "Values"),), "Name"),
    ),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of scripts and pages."""
    return (
        analyzer("scripts", 414, "Scripts and pages: what they call, load and link to.", JAVASCRIPT, POWERSHELL, HTML),
    )
