"""Electronic mail: the dictionary `email`, of which no page or sample tells the keys, so that it is shown as it is."""

from virustotal.core import Analyzer, Settings, hookimpl
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import FieldSpec, SectionSpec, analyzer, field_specs

MAIL = SectionSpec("email", "Electronic mail").include(
    FieldSpec("subject", tag="network.email.subject"),
    FieldSpec("date", "Date", read.date_or_text),
    *field_specs("message_id", "from", "to"),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of `email`."""
    return (analyzer("mail", 411, "Electronic mail.", MAIL),)
