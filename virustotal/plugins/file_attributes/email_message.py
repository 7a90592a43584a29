"""Electronic mail: the dictionary `email`, of which no page or sample tells the keys, so that it is shown as it is."""

from virustotal.core import Analyzer, hookimpl
from virustotal.core.settings import Settings
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import Field, Part, analyzer

MAIL = Part(
    "email",
    "Electronic mail",
    (
        Field("subject", "Subject", tag="network.email.subject"),
        Field("date", "Date", read.when),
        Field("message_id", "Message id"),
        Field("from", "From"),
        Field("to", "To"),
    ),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of `email`."""
    return (analyzer("mail", 411, "Electronic mail.", MAIL),)
