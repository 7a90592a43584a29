"""PDF documents: `pdf_info`."""

from virustotal.core import Analyzer, Settings, hookimpl
from virustotal.plugins.file_attributes._attribute_table import FieldSpec, SectionSpec, analyzer

PDF = SectionSpec("pdf_info", "PDF document").include(
    FieldSpec("header"),
    FieldSpec("num_pages", "Pages"),
    FieldSpec("javascript", "/JavaScript"),
    FieldSpec("js", "/JS"),
    FieldSpec("autoaction", "/AA (additional actions)"),
    FieldSpec("openaction", "/OpenAction"),
    FieldSpec("num_launch_actions", "/Launch"),
    FieldSpec("embedded_file", "/EmbeddedFile"),
    FieldSpec("acroform", "/AcroForm"),
    FieldSpec("xfa", "/XFA"),
    FieldSpec("flash", "/RichMedia (Flash)"),
    FieldSpec("jbig2_compression", "/JBIG2Decode"),
    FieldSpec("encrypted", "/Encrypt"),
    FieldSpec("num_object_streams", "/ObjStm"),
    FieldSpec("suspicious_colors", "Colours beyond 24 bits"),
    FieldSpec("num_obj", "obj"),
    FieldSpec("num_endobj", "endobj"),
    FieldSpec("num_stream", "stream"),
    FieldSpec("num_endstream", "endstream"),
    FieldSpec("xref", "xref"),
    FieldSpec("trailer", "trailer"),
    FieldSpec("startxref", "startxref"),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of `pdf_info`."""
    return (analyzer("pdf", 403, "PDF documents: counts of what can act or hide.", PDF),)
