"""Scripts and pages: `javascript_info`, `powershell_info`, `html_info`."""

from virustotal.core import Analyzer, Settings, hookimpl
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import FieldSpec, analyzer, section_spec

JAVASCRIPT = section_spec("javascript_info", "JavaScript", FieldSpec("tags", "Marks", read.names))
POWERSHELL = section_spec(
    "powershell_info",
    "PowerShell",
    section_spec("cmdlets", "Cmdlets", tag="file.powershell.cmdlet"),
    section_spec("cmdlets_alias", "Cmdlet aliases", tag="file.powershell.cmdlet"),
    section_spec("functions", "Functions"),
    section_spec("dotnet_calls", ".NET calls"),
    section_spec("ps_variables", "Variables"),
)
SCRIPT = (
    FieldSpec("attributes"),
    FieldSpec("sha256", "SHA-256", read.lower),
)
# Links of a page are no evidence of what it does: shown, not tagged.
HTML = section_spec(
    "html_info",
    "HTML",
    FieldSpec("title"),
    section_spec("iframes", "Frames", *SCRIPT),
    section_spec("scripts", "Scripts", *SCRIPT),
    section_spec("hrefs", "Links"),
    section_spec("trackers", "Trackers", FieldSpec("entries"), name="Tracker"),
    section_spec("html_meta", "Metadata", FieldSpec("entries", "Values"), name="Name"),
    section_spec("meta", "Metadata", FieldSpec("entries", "Values"), name="Name"),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of scripts and pages."""
    return (
        analyzer("scripts", 414, "Scripts and pages: what they call, load and link to.", JAVASCRIPT, POWERSHELL, HTML),
    )
