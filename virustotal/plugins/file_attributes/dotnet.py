""".NET assemblies: `dot_net_assembly`, `dot_net_guids`."""

from virustotal.core import Analyzer, Settings, hookimpl
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import FieldSpec, SectionSpec, analyzer

METHODS = (FieldSpec("name", "Library"), FieldSpec("methods", "Methods", read.names))

ASSEMBLY = SectionSpec(
    "dot_net_assembly",
    ".NET assembly",
    (
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
        FieldSpec("assembly_data", "Assembly data"),
        FieldSpec("tables_present", "Tables"),
    ),
    parts=(
        SectionSpec(
            "streams",
            "Streams",
            (
                FieldSpec("size", "Size"),
                FieldSpec("entropy", "Entropy"),
                FieldSpec("chi2", "Chi-square"),
                FieldSpec("md5", "MD5", read.lower),
            ),
            "Name",
        ),
        SectionSpec(
            "external_assemblies", "External assemblies", (FieldSpec("version", "Version"),), "Name", collapse=True
        ),
        SectionSpec("external_modules", "External modules"),
        SectionSpec("manifest_resource", "Manifest resources"),
        SectionSpec("exported_types", "Exported types"),
        SectionSpec(
            "type_definition_list",
            "Type definitions",
            (FieldSpec("namespace", "Namespace"), FieldSpec("type_definitions", "Types", read.names)),
        ),
        SectionSpec("unmanaged_method_list", "Unmanaged methods", METHODS),
        SectionSpec("unmanaged_methods", "Unmanaged methods by library", (METHODS[1],), "Library"),
    ),
)
GUIDS = SectionSpec(
    "dot_net_guids",
    ".NET identifiers",
    (FieldSpec("mvid", "Module version id", read.lower), FieldSpec("typelib_id", "Type library id", read.lower)),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of .NET attributes."""
    return (analyzer("dotnet", 402, ".NET assemblies: streams, references, types, identifiers.", ASSEMBLY, GUIDS),)
