"""Windows executables: `pe_info`."""

from collections.abc import Callable
from typing import Any

from virustotal.core import Analyzer, hookimpl
from virustotal.core.settings import Settings
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import Field, Part, analyzer
from virustotal.util.readers import mapping, text

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
        return text(mapping(entry).get(key))

    return value


SECTIONS = Part(
    "sections",
    "Sections",
    (
        Field("name", "Name", tag="file.pe.sections.name"),
        Field("virtual_address", "Virtual address", read.address),
        Field("virtual_size", "Virtual size"),
        Field("raw_size", "Raw size"),
        Field("flags", "Flags"),
        Field("entropy", "Entropy"),
        Field("chi2", "Chi-square"),
        Field("md5", "MD5", read.lower, "file.pe.sections.hash", read.md5),
    ),
)
IMPORTS = Part(
    "import_list",
    "Imports",
    (Field("library_name", "Library", tag="file.lib"), Field("imported_functions", "Functions", read.names)),
    collapse=True,
)
EXPORTS = Part("exports", "Exports", tag="file.pe.exports.function_name", collapse=True)
RESOURCES = Part(
    "resource_details",
    "Resources",
    (
        Field("type", "Type"),
        Field("lang", "Language", tag="file.pe.resources.language"),
        Field("filetype", "File type"),
        Field("sha256", "SHA-256", read.lower),
        Field("entropy", "Entropy"),
        Field("chi2", "Chi-square"),
    ),
    collapse=True,
)
DEBUG = Part(
    "debug",
    "Debug directory",
    (
        Field("type_str", "Type"),
        Field("type", "Type number"),
        Field("timestamp", "Timestamp", read.when),
        Field("offset", "Offset", read.address),
        Field("size", "Size"),
        Field("codeview", "CodeView", tag="file.pe.pdb_filename", tagged=codeview("name")),
        Field("codeview", "CodeView", tag="file.pe.debug.guid", tagged=codeview("guid")),
    ),
    collapse=True,
)
OVERLAY = Part(
    "overlay",
    "Overlay",
    (
        Field("offset", "Offset", read.address),
        Field("size", "Size"),
        Field("filetype", "File type"),
        Field("entropy", "Entropy"),
        Field("chi2", "Chi-square"),
        Field("md5", "MD5", read.lower),
    ),
)
PE = Part(
    "pe_info",
    "Windows executable (PE)",
    (
        Field("machine_type", "Machine", read.literal(MACHINES)),
        Field("timestamp", "Linker timestamp", read.when, "file.pe.linker.timestamp", read.moment),
        Field("entry_point", "Entry point", read.address),
        Field("imphash", "Import hash", read.lower, "file.pe.imports.imphash", read.md5),
        Field("rich_pe_header_hash", "Rich header hash", read.lower, "file.pe.rich_header.hash", read.md5),
        Field("resource_types", "Resource types", read.counts),
        Field("resource_langs", "Resource languages", read.counts),
    ),
    parts=(
        SECTIONS,
        OVERLAY,
        IMPORTS,
        # Older answers: library name to functions.
        Part("imports", "Imports", (Field("functions", "Functions", read.names),), "Library", tag="file.lib"),
        EXPORTS,
        RESOURCES,
        DEBUG,
        Part("compiler_product_versions", "Rich header: tools that built it", collapse=True),
    ),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of `pe_info`."""
    return (analyzer("pe", 400, "Windows executables: headers, sections, imports, exports, resources.", PE),)
