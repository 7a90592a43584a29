"""ELF executables: `elf_info`."""

from virustotal.core import Analyzer, hookimpl
from virustotal.core.settings import Settings
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import Field, Part, analyzer, renamed

HEADER = Part(
    "header",
    "Header",
    (
        Field("class", "Class"),
        Field("type", "Type"),
        Field("machine", "Machine"),
        Field("data", "Data"),
        Field("os_abi", "ABI"),
        Field("abi_version", "ABI version"),
        Field("entrypoint", "Entry point", read.address),
        Field("num_section_headers", "Section headers"),
        Field("num_prog_headers", "Program headers"),
        Field("hdr_version", "Header version"),
        Field("obj_version", "Object version"),
    ),
)
SECTIONS = Part(
    "section_list",
    "Sections",
    (
        Field("name", "Name", tag="file.elf.sections.name"),
        Field("section_type", "Type"),
        Field("virtual_address", "Virtual address", read.address),
        Field("physical_offset", "Offset", read.address),
        Field("size", "Size"),
        Field("flags", "Flags"),
    ),
)
SEGMENTS = Part(
    "segment_list",
    "Segments",
    (Field("segment_type", "Type", tag="file.elf.segments.type"), Field("resources", "Sections", read.names)),
)
SYMBOLS = (Field("name", "Name"), Field("type", "Type"))
IMPORTS = Part("import_list", "Imports", SYMBOLS, collapse=True)
EXPORTS = Part("export_list", "Exports", SYMBOLS, collapse=True)

ELF = Part(
    "elf_info",
    "ELF executable",
    (Field("packers", "Packers", read.names, "technique.packer"),),
    parts=(
        HEADER,
        SECTIONS,
        SEGMENTS,
        Part("shared_libraries", "Shared libraries", tag="file.elf.libraries"),
        IMPORTS,
        EXPORTS,
        # Older answers: lists of lists.
        renamed(SECTIONS, "sections", "Sections"),
        renamed(SEGMENTS, "segments", "Segments"),
        renamed(IMPORTS, "imports", "Imports"),
        renamed(EXPORTS, "exports", "Exports"),
    ),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of `elf_info`."""
    return (analyzer("elf", 406, "ELF executables: header, sections, segments, symbols.", ELF),)
