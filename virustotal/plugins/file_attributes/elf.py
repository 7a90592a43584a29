"""ELF executables: `elf_info`."""

from attrs import evolve

from virustotal.core import Analyzer, Settings, hookimpl
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import FieldSpec, SectionSpec, analyzer, field_specs

HEADER = SectionSpec("header", "Header").include(
    *field_specs("class", "type", "machine", "data"),
    FieldSpec("os_abi", "ABI"),
    FieldSpec("abi_version", "ABI version"),
    FieldSpec("entrypoint", "Entry point", read.address),
    FieldSpec("num_section_headers", "Section headers"),
    FieldSpec("num_prog_headers", "Program headers"),
    FieldSpec("hdr_version", "Header version"),
    FieldSpec("obj_version", "Object version"),
)
SECTIONS = SectionSpec("section_list", "Sections").include(
    FieldSpec("name", tag="file.elf.sections.name"),
    FieldSpec("section_type", "Type"),
    FieldSpec("virtual_address", "Virtual address", read.address),
    FieldSpec("physical_offset", "Offset", read.address),
    *field_specs("size", "flags"),
)
SEGMENTS = SectionSpec("segment_list", "Segments").include(
    FieldSpec("segment_type", "Type", tag="file.elf.segments.type"), FieldSpec("resources", "Sections", read.names)
)
SYMBOLS = field_specs("name", "type")
IMPORTS = SectionSpec("import_list", "Imports").include(*SYMBOLS)
EXPORTS = SectionSpec("export_list", "Exports").include(*SYMBOLS)

ELF = SectionSpec("elf_info", "ELF executable").include(
    FieldSpec("packers", "Packers", read.names, "technique.packer"),
    HEADER,
    SECTIONS,
    SEGMENTS,
    SectionSpec("shared_libraries", "Shared libraries", tag="file.elf.libraries"),
    IMPORTS,
    EXPORTS,
    # Older answers: lists of lists.
    evolve(SECTIONS, key="sections"),
    evolve(SEGMENTS, key="segments"),
    evolve(IMPORTS, key="imports"),
    evolve(EXPORTS, key="exports"),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of `elf_info`."""
    return (analyzer("elf", 406, "ELF executables: header, sections, segments, symbols.", ELF),)
