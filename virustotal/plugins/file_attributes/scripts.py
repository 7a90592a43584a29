"""Scripts and pages: `javascript_info`, `powershell_info`, `html_info`."""

from virustotal.core import Analyzer, hookimpl
from virustotal.core.settings import Settings
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import Field, Part, analyzer

JAVASCRIPT = Part("javascript_info", "JavaScript", (Field("tags", "Marks", read.names),))
POWERSHELL = Part(
    "powershell_info",
    "PowerShell",
    parts=(
        Part("cmdlets", "Cmdlets", tag="file.powershell.cmdlet"),
        Part("cmdlets_alias", "Aliases of cmdlets", tag="file.powershell.cmdlet"),
        Part("functions", "Functions"),
        Part("dotnet_calls", "Calls of .NET"),
        Part("ps_variables", "Variables", collapse=True),
    ),
)
SCRIPT = (Field("attributes", "Attributes"), Field("sha256", "SHA-256", read.lower))
# Links of a page are no evidence of what it does: shown, not tagged.
HTML = Part(
    "html_info",
    "HTML",
    (Field("title", "Title"),),
    parts=(
        Part("iframes", "Frames", SCRIPT),
        Part("scripts", "Scripts", SCRIPT, collapse=True),
        Part("hrefs", "Links", collapse=True),
        Part("trackers", "Trackers", (Field("entries", "Entries"),), "Tracker", collapse=True),
        Part("html_meta", "Metadata", (Field("entries", "Values"),), "Name", collapse=True),
        Part("meta", "Metadata", (Field("entries", "Values"),), "Name", collapse=True),
    ),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of scripts and pages."""
    return (
        analyzer("scripts", 414, "Scripts and pages: what they call, load and link to.", JAVASCRIPT, POWERSHELL, HTML),
    )
