""".NET assemblies: `dot_net_assembly`, `dot_net_guids`."""

from virustotal.core import Analyzer, hookimpl
from virustotal.core.settings import Settings
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import Field, Part, analyzer

METHODS = (Field("name", "Library"), Field("methods", "Methods", read.names))

ASSEMBLY = Part(
    "dot_net_assembly",
    ".NET assembly",
    (
        Field("assembly_name", "Name"),
        Field("clr_version", "Runtime version"),
        Field("clr_meta_version", "Metadata version"),
        Field("assembly_flags_txt", "Flags"),
        Field("assembly_flags", "Flags as number", read.address),
        Field("entry_point_token", "Entry point token", read.address),
        Field("entry_point_rva", "Entry point address", read.address),
        Field("metadata_header_rva", "Metadata address", read.address),
        Field("resources_va", "Resources address", read.address),
        Field("strongname_va", "Strong name address", read.address),
        Field("assembly_data", "Assembly data"),
        Field("tables_present", "Tables"),
    ),
    parts=(
        Part(
            "streams",
            "Streams",
            (
                Field("size", "Size"),
                Field("entropy", "Entropy"),
                Field("chi2", "Chi-square"),
                Field("md5", "MD5", read.lower),
            ),
            "Name",
        ),
        Part("external_assemblies", "External assemblies", (Field("version", "Version"),), "Name", collapse=True),
        Part("external_modules", "External modules", collapse=True),
        Part("manifest_resource", "Manifest resources", collapse=True),
        Part("exported_types", "Exported types", collapse=True),
        Part(
            "type_definition_list",
            "Type definitions",
            (Field("namespace", "Namespace"), Field("type_definitions", "Types", read.names)),
            collapse=True,
        ),
        Part("unmanaged_method_list", "Unmanaged methods", METHODS, collapse=True),
        Part("unmanaged_methods", "Unmanaged methods by library", (METHODS[1],), "Library", collapse=True),
    ),
)
GUIDS = Part(
    "dot_net_guids",
    ".NET identifiers",
    (Field("mvid", "Module version id", read.lower), Field("typelib_id", "Type library id", read.lower)),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of .NET attributes."""
    return (analyzer("dotnet", 402, ".NET assemblies: streams, references, types, identifiers.", ASSEMBLY, GUIDS),)
