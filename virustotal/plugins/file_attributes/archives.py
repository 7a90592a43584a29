"""Archives and packages: `bundle_info`, `deb_info`, `isoimage_info`, `password_info`, `crx_info`, `appx_info`."""

from virustotal.core import Analyzer, hookimpl
from virustotal.core.settings import Settings
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import Field, Part, analyzer

BUNDLE = Part(
    "bundle_info",
    "Files inside",
    (
        Field("type", "Type"),
        Field("num_children", "Files"),
        Field("uncompressed_size", "Size uncompressed"),
        Field("file_types", "Types", read.counts),
        Field("extensions", "Extensions", read.counts),
        Field("lowest_datetime", "Oldest"),
        Field("highest_datetime", "Newest"),
        Field("password", "Password", tag="info.password"),
        Field("error", "Error"),
        Field("beginning", "Beginning"),
    ),
)
DEB = Part(
    "deb_info",
    "Debian package",
    parts=(
        Part(
            "control_metadata",
            "Control",
            (
                Field("Package", "Package"),
                Field("Version", "Version"),
                Field("Architecture", "Architecture"),
                Field("Maintainer", "Maintainer"),
                Field("Description", "Description"),
            ),
        ),
        Part("control_scripts", "Scripts"),
        Part("changelog", "Latest change", collapse=True),
        Part("structural_metadata", "Contents", collapse=True),
    ),
)
ISO = Part(
    "isoimage_info",
    "ISO image",
    (
        Field("volume_id", "Volume"),
        Field("system_id", "System"),
        Field("application_id", "Application"),
        Field("publisher_id", "Publisher"),
        Field("type_code", "Type"),
        Field("num_files", "Files"),
        Field("total_size", "Size of files"),
        Field("created", "Created"),
        Field("modified", "Modified"),
        Field("effective", "Effective"),
        Field("expires", "Expires"),
        Field("min_date", "Oldest"),
        Field("max_date", "Newest"),
    ),
)
PASSWORD = Part("password_info", "Protected by a password", (Field("type", "Kind"), Field("value", "Hash to crack")))
CRX = Part("crx_info", "Browser extension (CRX)")
APPX = Part("appx_info", "Windows application package (APPX)")


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of archives and packages."""
    return (
        analyzer(
            "archives",
            410,
            "Archives, packages and disk images: what is inside.",
            BUNDLE,
            DEB,
            ISO,
            PASSWORD,
            CRX,
            APPX,
        ),
    )
