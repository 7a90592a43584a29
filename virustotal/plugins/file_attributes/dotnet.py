""".NET assemblies: `dot_net_assembly`, `dot_net_guids`."""

from virustotal.core import Analyzer, Settings, hookimpl
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import FieldSpec, SectionSpec, analyzer, field_specs

METHODS = (
    FieldSpec("name", "Library"),
    FieldSpec("methods", "Methods", read.names),
)

ASSEMBLY = SectionSpec("dot_net_assembly", ".NET assembly").include(
    FieldSpec("assembly_name", "Name"),
    FieldSpec("clr_version", "Runtime version"),
    FieldSpec("clr_meta_version", "Metadata version"),
    FieldSpec("assembly_flags_txt", "Flags"),
    FieldSpec("assembly_flags", "Flags (numeric)", read.address),
    FieldSpec("entry_point_token", "Entry point token", read.address),
    FieldSpec("entry_point_rva", "Entry point address", read.address),
    FieldSpec("metadata_header_rva", "Metadata address", read.address),
    FieldSpec("resources_va", "Resources address", read.address),
    FieldSpec("strongname_va", "Strong name address", read.address),
    FieldSpec("assembly_data"),
    FieldSpec("tables_present", "Tables"),
    SectionSpec("streams", "Streams", name="Name").include(
        *field_specs("size", "entropy"), FieldSpec("chi2", "Chi-square"), FieldSpec("md5", "MD5", read.lower)
    ),
    SectionSpec("external_assemblies", "External assemblies", name="Name").include(FieldSpec("version")),
    SectionSpec("external_modules", "External modules"),
    SectionSpec("manifest_resource", "Manifest resources"),
    SectionSpec("exported_types", "Exported types"),
    SectionSpec("type_definition_list", "Type definitions").include(
        FieldSpec("namespace"), FieldSpec("type_definitions", "Types", read.names)
    ),
    SectionSpec("unmanaged_method_list", "Unmanaged methods").include(*METHODS),
    SectionSpec("unmanaged_methods", "Unmanaged methods by library", name="Library").include(METHODS[1]),
)
GUIDS = SectionSpec("dot_net_guids", ".NET identifiers").include(
    FieldSpec("mvid", "Module version id", read.lower), FieldSpec("typelib_id", "Type library id", read.lower)
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of .NET attributes."""
    return (analyzer("dotnet", 402, ".NET assemblies: streams, references, types, identifiers.", ASSEMBLY, GUIDS),)
