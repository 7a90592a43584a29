"""Office documents: `office_info` (OLE), `openxml_info`, `vba_info`."""

from virustotal.core import Analyzer, hookimpl
from virustotal.core.settings import Settings
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import Field, Part, analyzer, renamed

MACROS = Part(
    "macros",
    "Macros",
    (
        Field("vba_filename", "Name"),
        Field("stream_path", "Stream"),
        Field("subfilename", "File"),
        Field("length", "Length"),
        Field("patterns", "Patterns", read.names, "file.ole.macro.suspicious_string"),
        Field("properties", "Properties", read.names),
        Field("vba_code", "Code"),
    ),
)
OLE = Part("ole", "OLE", (Field("num_macros", "Macros"),), parts=(MACROS,))
SUMMARY = Part(
    "summary_info",
    "Summary information",
    (
        Field("title", "Title", tag="file.ole.summary.title"),
        Field("subject", "Subject", tag="file.ole.summary.subject"),
        Field("author", "Author", tag="file.ole.summary.author"),
        Field("last_author", "Last author", tag="file.ole.summary.last_saved_by"),
        Field("comments", "Comments", tag="file.ole.summary.comment"),
        Field("creation_datetime", "Created", tag="file.ole.summary.create_time", tagged=read.moment),
        Field("last_saved", "Last saved", tag="file.ole.summary.last_saved_time", tagged=read.moment),
        Field("last_printed", "Last printed", tag="file.ole.summary.last_printed", tagged=read.moment),
        Field("code_page", "Code page", tag="file.ole.summary.codepage"),
        Field("application_name", "Application"),
        Field("template", "Template"),
        Field("revision_number", "Revision"),
        Field("page_count", "Pages"),
        Field("word_count", "Words"),
        Field("character_count", "Characters"),
        Field("edit_time", "Edited for (seconds)"),
        Field("security", "Security"),
    ),
)
DOCUMENT_SUMMARY = Part(
    "document_summary_info",
    "Document summary information",
    (
        Field("company", "Company", tag="file.ole.summary.company"),
        Field("manager", "Manager", tag="file.ole.summary.manager"),
    ),
)
ENTRIES = Part(
    "entries",
    "Streams and storages",
    (
        Field("name", "Name"),
        Field("type_literal", "Type"),
        Field("size", "Size"),
        Field("sid", "Number"),
        Field("clsid", "Class id", read.lower, "file.ole.clsid", read.lower),
        Field("clsid_literal", "Class"),
    ),
    collapse=True,
)
OFFICE = Part(
    "office_info",
    "Office document (OLE)",
    (Field("tags", "Marks", read.names),),
    parts=(
        OLE,
        renamed(MACROS, "macros", "Macros"),
        SUMMARY,
        DOCUMENT_SUMMARY,
        renamed(DOCUMENT_SUMMARY, "documment_summary_info", DOCUMENT_SUMMARY.title),
        ENTRIES,
    ),
)
CORE = Part(
    "docprops_core",
    "Core properties",
    (
        Field("dc:title", "Title", tag="file.ole.summary.title"),
        Field("dc:subject", "Subject", tag="file.ole.summary.subject"),
        Field("dc:creator", "Author", tag="file.ole.summary.author"),
        Field("cp:lastModifiedBy", "Last author", tag="file.ole.summary.last_saved_by"),
        Field("dc:description", "Comments", tag="file.ole.summary.comment"),
        Field("dcterms:created", "Created", tag="file.ole.summary.create_time", tagged=read.moment),
        Field("dcterms:modified", "Last saved", tag="file.ole.summary.last_saved_time", tagged=read.moment),
        Field("cp:revision", "Revision"),
    ),
)
APP = Part(
    "docprops_app",
    "Application properties",
    (
        Field("Application", "Application"),
        Field("Company", "Company", tag="file.ole.summary.company"),
        Field("Manager", "Manager", tag="file.ole.summary.manager"),
        Field("Template", "Template"),
    ),
)
OPENXML = Part(
    "openxml_info",
    "Office document (OpenXML)",
    (
        Field("file_type", "Type"),
        Field("tags", "Marks", read.names),
        Field("language_guess", "Languages", read.names),
        Field("codifications", "Encodings", read.names),
        Field("printers", "Printers", read.names),
    ),
    parts=(
        OLE,
        CORE,
        APP,
        Part("rels", "Relationships", collapse=True),
        Part("content_types", "Content types", collapse=True),
        Part("type_content", "Content", collapse=True),
    ),
)
VBA = Part(
    "vba_info",
    "Visual Basic for Applications",
    parts=(
        Part("deobfuscated_strings", "Strings after deobfuscation", tag="file.string.decoded"),
        Part("strings", "Strings", collapse=True),
    ),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of Office attributes."""
    return (analyzer("office", 404, "Office documents: properties, streams, macros.", OFFICE, OPENXML, VBA),)
