"""Electronic mail: the dictionary `email`, of which no page or sample tells the keys, so that it is shown as it is."""

from virustotal.core import Analyzer, Settings, hookimpl
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import FieldSpec, analyzer, field_specs, section_spec

MAIL = section_spec(
    "email",
    "Electronic mail",
    FieldSpec("subject", tag="network.email.subject"),
    FieldSpec("date", "Date", read.date_or_text),
    *field_specs("message_id", "from", "to"),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of `email`."""
    return (analyzer("mail", 411, "Electronic mail.", MAIL),)
