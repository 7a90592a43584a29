"""Firmware images: `rombios_info`."""

from virustotal.core import Analyzer, Settings, hookimpl
from virustotal.plugins.file_attributes._attribute_table import FieldSpec, SectionSpec, analyzer
from virustotal.plugins.file_attributes.signature import UNTAGGED

ROM = SectionSpec("rombios_info", "Firmware (BIOS or UEFI)").include(
    FieldSpec("apple_metadata", "Apple's metadata"),
    SectionSpec("bios_information", "BIOS"),
    SectionSpec("system_information", "System"),
    SectionSpec("smbios_data", "SMBIOS"),
    SectionSpec("manufacturer_strings", "Manufacturer strings"),
    SectionSpec("option_roms", "Option ROMs"),
    SectionSpec("acpi_tables", "ACPI tables"),
    SectionSpec("nvar_variable_names", "Variables"),
    SectionSpec("certs", "Certificates").include(*UNTAGGED),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of `rombios_info`."""
    return (analyzer("firmware", 416, "Firmware images: BIOS, option ROMs, tables.", ROM),)
