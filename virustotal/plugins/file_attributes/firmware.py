"""Firmware images: `rombios_info`."""

from virustotal.core import Analyzer, Settings, hookimpl
from virustotal.plugins.file_attributes._attribute_table import FieldSpec, analyzer, section_spec
from virustotal.plugins.file_attributes.signature import UNTAGGED

ROM = section_spec(
    "rombios_info",
    "Firmware (BIOS or UEFI)",
    FieldSpec("apple_metadata", "Apple's metadata"),
    section_spec("bios_information", "BIOS"),
    section_spec("system_information", "System"),
    section_spec("smbios_data", "SMBIOS"),
    section_spec("manufacturer_strings", "Manufacturer strings"),
    section_spec("option_roms", "Option ROMs"),
    section_spec("acpi_tables", "ACPI tables"),
    section_spec("nvar_variable_names", "Variables"),
    section_spec("certs", "Certificates", *UNTAGGED),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of `rombios_info`."""
    return (analyzer("firmware", 416, "Firmware images: BIOS, option ROMs, tables.", ROM),)
