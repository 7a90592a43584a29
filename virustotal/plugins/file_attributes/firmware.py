"""Firmware images: `rombios_info`."""

from virustotal.core import Analyzer, hookimpl
from virustotal.core.settings import Settings
from virustotal.plugins.file_attributes._attribute_table import Field, Part, analyzer
from virustotal.plugins.file_attributes.signature import CERTIFICATES

ROM = Part(
    "rombios_info",
    "Firmware (BIOS or UEFI)",
    (Field("apple_metadata", "Apple's metadata"),),
    parts=(
        Part("bios_information", "BIOS"),
        Part("system_information", "System"),
        Part("smbios_data", "SMBIOS", collapse=True),
        Part("manufacturer_strings", "Strings of the manufacturer", collapse=True),
        Part("option_roms", "Option ROMs", collapse=True),
        Part("acpi_tables", "ACPI tables", collapse=True),
        Part("nvar_variable_names", "Variables", collapse=True),
        Part("certs", "Certificates", tuple(Field(each.key, each.label, each.read) for each in CERTIFICATES.fields)),
    ),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of `rombios_info`."""
    return (analyzer("firmware", 416, "Firmware images: BIOS, option ROMs, tables.", ROM),)
