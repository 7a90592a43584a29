"""ELF executables: `elf_info`."""

from attrs import evolve

from virustotal.core import Analyzer, Settings, hookimpl
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import FieldSpec, analyzer, field_specs, section_spec

HEADER = section_spec(
    "header",
    "Header",
    *field_specs("class", "type", "machine", "data"),
    FieldSpec("os_abi", "ABI"),
    FieldSpec("abi_version", "ABI version"),
    FieldSpec("entrypoint", "Entry point", read.address),
    FieldSpec("num_section_headers", "Section headers"),
    FieldSpec("num_prog_headers", "Program headers"),
    FieldSpec("hdr_version", "Header version"),
    FieldSpec("obj_version", "Object version"),
)
SECTIONS = section_spec(
    "section_list",
    "Sections",
    FieldSpec("name", tag="file.elf.sections.name"),
    FieldSpec("section_type", "Type"),
    FieldSpec("virtual_address", "Virtual address", read.address),
    FieldSpec("physical_offset", "Offset", read.address),
    *field_specs("size", "flags"),
)
SEGMENTS = section_spec(
    "segment_list",
    "Segments",
    FieldSpec("segment_type", "Type", tag="file.elf.segments.type"),
    FieldSpec("resources", "Sections", read.names),
)
SYMBOLS = field_specs("name", "type")
IMPORTS = section_spec("import_list", "Imports", *SYMBOLS)
EXPORTS = section_spec("export_list", "Exports", *SYMBOLS)

ELF = section_spec(
    "elf_info",
    "ELF executable",
    FieldSpec("packers", "Packers", read.names, "technique.packer"),
    HEADER,
    SECTIONS,
    SEGMENTS,
    section_spec("shared_libraries", "Shared libraries", tag="file.elf.libraries"),
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
