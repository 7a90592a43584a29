"""ELF executables: `elf_info`."""

from virustotal.core import Analyzer, Settings, hookimpl
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import FieldSpec, SectionSpec, analyzer, with_key

HEADER = SectionSpec(
    "header",
    "Header",
    (
        FieldSpec("class", "Class"),
        FieldSpec("type", "Type"),
        FieldSpec("machine", "Machine"),
        FieldSpec("data", "Data"),
        FieldSpec("os_abi", "ABI"),
        FieldSpec("abi_version", "ABI version"),
        FieldSpec("entrypoint", "Entry point", read.address),
        FieldSpec("num_section_headers", "Section headers"),
        FieldSpec("num_prog_headers", "Program headers"),
        FieldSpec("hdr_version", "Header version"),
        FieldSpec("obj_version", "Object version"),
    ),
)
SECTIONS = SectionSpec(
    "section_list",
    "Sections",
    (
        FieldSpec("name", "Name", tag="file.elf.sections.name"),
        FieldSpec("section_type", "Type"),
        FieldSpec("virtual_address", "Virtual address", read.address),
        FieldSpec("physical_offset", "Offset", read.address),
        FieldSpec("size", "Size"),
        FieldSpec("flags", "Flags"),
    ),
)
SEGMENTS = SectionSpec(
    "segment_list",
    "Segments",
    (FieldSpec("segment_type", "Type", tag="file.elf.segments.type"), FieldSpec("resources", "Sections", read.names)),
)
SYMBOLS = (FieldSpec("name", "Name"), FieldSpec("type", "Type"))
IMPORTS = SectionSpec("import_list", "Imports", SYMBOLS)
EXPORTS = SectionSpec("export_list", "Exports", SYMBOLS)

ELF = SectionSpec(
    "elf_info",
    "ELF executable",
    (FieldSpec("packers", "Packers", read.names, "technique.packer"),),
    parts=(
        HEADER,
        SECTIONS,
        SEGMENTS,
        SectionSpec("shared_libraries", "Shared libraries", tag="file.elf.libraries"),
        IMPORTS,
        EXPORTS,
        # Older answers: lists of lists.
        with_key(SECTIONS, "sections", "Sections"),
        with_key(SEGMENTS, "segments", "Segments"),
        with_key(IMPORTS, "imports", "Imports"),
        with_key(EXPORTS, "exports", "Exports"),
    ),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of `elf_info`."""
    return (analyzer("elf", 406, "ELF executables: header, sections, segments, symbols.", ELF),)
