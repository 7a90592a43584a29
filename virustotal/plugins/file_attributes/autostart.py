"""Where the file was seen to be started automatically, on machines that reported it: `autostart_locations`.

Shown and not tagged: the same entry is reported for thousands of files that share nothing but a name.
"""

from virustotal.core import Analyzer, Settings, hookimpl
from virustotal.plugins.file_attributes._attribute_table import SectionSpec, analyzer, field_specs

AUTOSTART = SectionSpec("autostart_locations", "Autostart locations, as seen on other machines").include(
    *field_specs("location", "entry")
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of `autostart_locations`."""
    return (analyzer("autostart", 66, "Autostart locations reported for the file.", AUTOSTART),)
