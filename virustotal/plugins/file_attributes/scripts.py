"""Scripts and pages: `javascript_info`, `powershell_info`, `html_info`."""

from virustotal.core import Analyzer, Settings, hookimpl
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import FieldSpec, SectionSpec, analyzer

JAVASCRIPT = SectionSpec("javascript_info", "JavaScript").include(FieldSpec("tags", "Marks", read.names))
POWERSHELL = SectionSpec("powershell_info", "PowerShell").include(
    SectionSpec("cmdlets", "Cmdlets", tag="file.powershell.cmdlet"),
    SectionSpec("cmdlets_alias", "Cmdlet aliases", tag="file.powershell.cmdlet"),
    SectionSpec("functions", "Functions"),
    SectionSpec("dotnet_calls", ".NET calls"),
    SectionSpec("ps_variables", "Variables"),
)
SCRIPT = (
    FieldSpec("attributes"),
    FieldSpec("sha256", "SHA-256", read.lower),
)
# Links of a page are no evidence of what it does: shown, not tagged.
HTML = SectionSpec("html_info", "HTML").include(
    FieldSpec("title"),
    SectionSpec("iframes", "Frames").include(*SCRIPT),
    SectionSpec("scripts", "Scripts").include(*SCRIPT),
    SectionSpec("hrefs", "Links"),
    SectionSpec("trackers", "Trackers", name="Tracker").include(FieldSpec("entries")),
    SectionSpec("html_meta", "Metadata", name="Name").include(FieldSpec("entries", "Values")),
    SectionSpec("meta", "Metadata", name="Name").include(FieldSpec("entries", "Values")),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of scripts and pages."""
    return (
        analyzer("scripts", 414, "Scripts and pages: what they call, load and link to.", JAVASCRIPT, POWERSHELL, HTML),
    )
