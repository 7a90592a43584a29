""".NET assemblies: `dot_net_assembly`, `dot_net_guids`."""

from virustotal.core import Analyzer, Settings, hookimpl
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import FieldSpec, analyzer, field_specs, section_spec

METHODS = (
    FieldSpec("name", "Library"),
    FieldSpec("methods", "Methods", read.names),
)

ASSEMBLY = section_spec(
    "dot_net_assembly",
    ".NET assembly",
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
    section_spec(
        "streams",
        "Streams",
        *field_specs("size", "entropy"),
        FieldSpec("chi2", "Chi-square"),
        FieldSpec("md5", "MD5", read.lower),
        name="Name",
    ),
    section_spec("external_assemblies", "External assemblies", FieldSpec("version"), name="Name"),
    section_spec("external_modules", "External modules"),
    section_spec("manifest_resource", "Manifest resources"),
    section_spec("exported_types", "Exported types"),
    section_spec(
        "type_definition_list",
        "Type definitions",
        FieldSpec("namespace"),
        FieldSpec("type_definitions", "Types", read.names),
    ),
    section_spec("unmanaged_method_list", "Unmanaged methods", *METHODS),
    section_spec("unmanaged_methods", "Unmanaged methods by library", METHODS[1], name="Library"),
)
GUIDS = section_spec(
    "dot_net_guids",
    ".NET identifiers",
    FieldSpec("mvid", "Module version id", read.lower),
    FieldSpec("typelib_id", "Type library id", read.lower),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of .NET attributes."""
    return (analyzer("dotnet", 402, ".NET assemblies: streams, references, types, identifiers.", ASSEMBLY, GUIDS),)
