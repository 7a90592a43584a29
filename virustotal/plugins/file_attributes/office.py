"""Office documents: `office_info` (OLE), `openxml_info`, `vba_info`."""

from attrs import evolve

from virustotal.core import Analyzer, Settings, hookimpl
from virustotal.core.readers import moment
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import FieldSpec, SectionSpec, analyzer

MACROS = SectionSpec("macros", "Macros").include(
    FieldSpec("vba_filename", "Name"),
    FieldSpec("stream_path", "Stream"),
    FieldSpec("subfilename", "File"),
    FieldSpec("length"),
    FieldSpec("patterns", "Patterns", read.names, "file.ole.macro.suspicious_string"),
    FieldSpec("properties", "Properties", read.names),
    FieldSpec("vba_code", "Code"),
)
OLE = SectionSpec("ole", "OLE").include(FieldSpec("num_macros", "Macros"), MACROS)
SUMMARY = SectionSpec("summary_info", "Summary information").include(
    FieldSpec("title", tag="file.ole.summary.title"),
    FieldSpec("subject", tag="file.ole.summary.subject"),
    FieldSpec("author", tag="file.ole.summary.author"),
    FieldSpec("last_author", tag="file.ole.summary.last_saved_by"),
    FieldSpec("comments", tag="file.ole.summary.comment"),
    FieldSpec("creation_datetime", "Created", tag="file.ole.summary.create_time", tagged=moment),
    FieldSpec("last_saved", tag="file.ole.summary.last_saved_time", tagged=moment),
    FieldSpec("last_printed", tag="file.ole.summary.last_printed", tagged=moment),
    FieldSpec("code_page", tag="file.ole.summary.codepage"),
    FieldSpec("application_name", "Application"),
    FieldSpec("template"),
    FieldSpec("revision_number", "Revision"),
    FieldSpec("page_count", "Pages"),
    FieldSpec("word_count", "Words"),
    FieldSpec("character_count", "Characters"),
    FieldSpec("edit_time", "Editing time (seconds)"),
    FieldSpec("security"),
)
DOCUMENT_SUMMARY = SectionSpec("document_summary_info", "Document summary information").include(
    FieldSpec("company", tag="file.ole.summary.company"), FieldSpec("manager", tag="file.ole.summary.manager")
)
ENTRIES = SectionSpec("entries", "Streams and storages").include(
    FieldSpec("name"),
    FieldSpec("type_literal", "Type"),
    FieldSpec("size"),
    FieldSpec("sid", "Number"),
    FieldSpec("clsid", "Class id", read.lower, "file.ole.clsid", read.lower),
    FieldSpec("clsid_literal", "Class"),
)
OFFICE = SectionSpec("office_info", "Office document (OLE)").include(
    FieldSpec("tags", "Marks", read.names),
    OLE,
    evolve(MACROS, key="macros"),
    SUMMARY,
    DOCUMENT_SUMMARY,
    evolve(DOCUMENT_SUMMARY, key="documment_summary_info"),
    ENTRIES,
)
CORE = SectionSpec("docprops_core", "Core properties").include(
    FieldSpec("dc:title", "Title", tag="file.ole.summary.title"),
    FieldSpec("dc:subject", "Subject", tag="file.ole.summary.subject"),
    FieldSpec("dc:creator", "Author", tag="file.ole.summary.author"),
    FieldSpec("cp:lastModifiedBy", "Last author", tag="file.ole.summary.last_saved_by"),
    FieldSpec("dc:description", "Comments", tag="file.ole.summary.comment"),
    FieldSpec("dcterms:created", "Created", tag="file.ole.summary.create_time", tagged=moment),
    FieldSpec("dcterms:modified", "Last saved", tag="file.ole.summary.last_saved_time", tagged=moment),
    FieldSpec("cp:revision", "Revision"),
)
APP = SectionSpec("docprops_app", "Application properties").include(
    FieldSpec("Application"),
    FieldSpec("Company", tag="file.ole.summary.company"),
    FieldSpec("Manager", tag="file.ole.summary.manager"),
    FieldSpec("Template"),
)
OPENXML = SectionSpec("openxml_info", "Office document (OpenXML)").include(
    FieldSpec("file_type", "Type"),
    FieldSpec("tags", "Marks", read.names),
    FieldSpec("language_guess", "Languages", read.names),
    FieldSpec("codifications", "Encodings", read.names),
    FieldSpec("printers", "Printers", read.names),
    OLE,
    CORE,
    APP,
    SectionSpec("rels", "Relationships"),
    SectionSpec("content_types", "Content types"),
    SectionSpec("type_content", "Content"),
)
VBA = SectionSpec("vba_info", "Visual Basic for Applications").include(
    SectionSpec("deobfuscated_strings", "Deobfuscated strings", tag="file.string.decoded"),
    SectionSpec("strings", "Strings"),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of Office attributes."""
    return (analyzer("office", 404, "Office documents: properties, streams, macros.", OFFICE, OPENXML, VBA),)
