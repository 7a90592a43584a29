"""Windows executables: `pe_info`."""

from collections.abc import Callable
from typing import Any

from virustotal.core import Analyzer, Settings, hookimpl
from virustotal.core.readers import as_mapping, as_text, moment
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import FieldSpec, SectionSpec, analyzer, field_specs

#: IMAGE_FILE_HEADER.Machine (PE format, "Machine Types").
MACHINES = {
    0x14C: "x86",
    0x166: "MIPS R4000",
    0x1C0: "ARM",
    0x1C4: "ARM Thumb-2",
    0x200: "Itanium",
    0x5064: "RISC-V 64",
    0x6264: "LoongArch 64",
    0x8664: "x64",
    0xAA64: "ARM64",
    0xEBC: "EFI byte code",
}


def codeview(key: str) -> Callable[[Any], str]:
    """Return a reader of one value of a debug entry's CodeView data."""

    def value(entry: Any) -> str:
        return as_text(as_mapping(entry).get(key))

    return value


SECTIONS = SectionSpec("sections", "Sections").include(
    FieldSpec("name", tag="file.pe.sections.name"),
    FieldSpec("virtual_address", "Virtual address", read.address),
    *field_specs("virtual_size", "raw_size", "flags", "entropy"),
    FieldSpec("chi2", "Chi-square"),
    FieldSpec("md5", "MD5", read.lower, "file.pe.sections.hash", read.md5),
)
IMPORTS = SectionSpec("import_list", "Imports").include(
    FieldSpec("library_name", "Library", tag="file.lib"), FieldSpec("imported_functions", "Functions", read.names)
)
EXPORTS = SectionSpec("exports", "Exports", tag="file.pe.exports.function_name")


def language(value: Any) -> str:
    """Return the language of a resource; empty where it has none, as in most files."""
    return "" if value == "NEUTRAL" else as_text(value)


RESOURCES = SectionSpec("resource_details", "Resources").include(
    FieldSpec("type"),
    FieldSpec("lang", "Language", tag="file.pe.resources.language", tagged=language),
    FieldSpec("filetype", "File type"),
    FieldSpec("sha256", "SHA-256", read.lower),
    FieldSpec("entropy"),
    FieldSpec("chi2", "Chi-square"),
)
DEBUG = SectionSpec("debug", "Debug directory").include(
    FieldSpec("type_str", "Type"),
    FieldSpec("type", "Type (numeric)"),
    FieldSpec("timestamp", "Timestamp", read.day),
    FieldSpec("offset", "Offset", read.address),
    FieldSpec("size"),
    FieldSpec("codeview", "CodeView", tag="file.pe.pdb_filename", tagged=codeview("name")),
    FieldSpec("codeview", "CodeView", tag="file.pe.debug.guid", tagged=codeview("guid")),
)
OVERLAY = SectionSpec("overlay", "Overlay").include(
    FieldSpec("offset", "Offset", read.address),
    FieldSpec("size"),
    FieldSpec("filetype", "File type"),
    FieldSpec("entropy"),
    FieldSpec("chi2", "Chi-square"),
    FieldSpec("md5", "MD5", read.lower),
)
PE = SectionSpec("pe_info", "Windows executable (PE)").include(
    FieldSpec("machine_type", "Machine", read.literal(MACHINES)),
    FieldSpec("timestamp", "Linker timestamp", read.date_or_text, "file.pe.linker.timestamp", moment),
    FieldSpec("entry_point", "Entry point", read.address),
    FieldSpec("imphash", "Import hash", read.lower, "file.pe.imports.imphash", read.md5),
    FieldSpec("rich_pe_header_hash", "Rich header hash", read.lower, "file.pe.rich_header.hash", read.md5),
    FieldSpec("resource_types", "Resource types", read.counts),
    FieldSpec("resource_langs", "Resource languages", read.counts),
    SECTIONS,
    OVERLAY,
    IMPORTS,
    # Older answers: library name to functions.
    SectionSpec("imports", "Imports", name="Library", tag="file.lib").include(
        FieldSpec("functions", "Functions", read.names)
    ),
    EXPORTS,
    RESOURCES,
    DEBUG,
    SectionSpec("compiler_product_versions", "Rich header: build tools"),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of `pe_info`."""
    return (analyzer("pe", 400, "Windows executables: headers, sections, imports, exports, resources.", PE),)
