"""PDF documents: `pdf_info`."""

from virustotal.core import Analyzer, hookimpl
from virustotal.core.settings import Settings
from virustotal.plugins.file_attributes._attribute_table import Field, Part, analyzer

PDF = Part(
    "pdf_info",
    "PDF document",
    (
        Field("header", "Header"),
        Field("num_pages", "Pages"),
        Field("javascript", "/JavaScript"),
        Field("js", "/JS"),
        Field("autoaction", "/AA (additional actions)"),
        Field("openaction", "/OpenAction"),
        Field("num_launch_actions", "/Launch"),
        Field("embedded_file", "/EmbeddedFile"),
        Field("acroform", "/AcroForm"),
        Field("xfa", "/XFA"),
        Field("flash", "/RichMedia (Flash)"),
        Field("jbig2_compression", "/JBIG2Decode"),
        Field("encrypted", "/Encrypt"),
        Field("num_object_streams", "/ObjStm"),
        Field("suspicious_colors", "Colours beyond 24 bits"),
        Field("num_obj", "obj"),
        Field("num_endobj", "endobj"),
        Field("num_stream", "stream"),
        Field("num_endstream", "endstream"),
        Field("xref", "xref"),
        Field("trailer", "trailer"),
        Field("startxref", "startxref"),
    ),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of `pdf_info`."""
    return (analyzer("pdf", 403, "PDF documents: counts of what can act or hide.", PDF),)
