"""Archives and packages: `bundle_info`, `deb_info`, `isoimage_info`, `password_info`, `crx_info`, `appx_info`."""

from virustotal.core import Analyzer, Settings, hookimpl
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import FieldSpec, SectionSpec, analyzer, field_specs

BUNDLE = SectionSpec("bundle_info", "Files inside").include(
    FieldSpec("type"),
    FieldSpec("num_children", "Files"),
    FieldSpec("uncompressed_size", "Size uncompressed"),
    FieldSpec("file_types", "Types", read.counts),
    FieldSpec("extensions", "Extensions", read.counts),
    FieldSpec("lowest_datetime", "Oldest"),
    FieldSpec("highest_datetime", "Newest"),
    FieldSpec("password", tag="info.password"),
    *field_specs("error", "beginning"),
)
DEB = SectionSpec("deb_info", "Debian package").include(
    SectionSpec("control_metadata", "Control").include(
        *field_specs("Package", "Version", "Architecture", "Maintainer", "Description")
    ),
    SectionSpec("control_scripts", "Scripts"),
    SectionSpec("changelog", "Latest change"),
    SectionSpec("structural_metadata", "Contents"),
)
ISO = SectionSpec("isoimage_info", "ISO image").include(
    FieldSpec("volume_id", "Volume"),
    FieldSpec("system_id", "System"),
    FieldSpec("application_id", "Application"),
    FieldSpec("publisher_id", "Publisher"),
    FieldSpec("type_code", "Type"),
    FieldSpec("num_files", "Files"),
    FieldSpec("total_size", "Size of files"),
    *field_specs("created", "modified", "effective", "expires"),
    FieldSpec("min_date", "Oldest"),
    FieldSpec("max_date", "Newest"),
)
PASSWORD = SectionSpec("password_info", "Password protection").include(
    FieldSpec("type", "Kind"), FieldSpec("value", "Hash to crack")
)
CRX = SectionSpec("crx_info", "Browser extension (CRX)")
APPX = SectionSpec("appx_info", "Windows application package (APPX)")


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of archives and packages."""
    summary = "Archives, packages and disk images: what is inside."
    return (analyzer("archives", 410, summary, BUNDLE, DEB, ISO, PASSWORD, CRX, APPX),)
