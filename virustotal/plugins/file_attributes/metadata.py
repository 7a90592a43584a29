"""Metadata of images and other files: `exiftool`, `image_code_injections`, `main_icon`, `filecondis`, `asf_info`."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from virustotal.core import Analyzer, Family, Finding, Points, Settings, hookimpl
from virustotal.core.readers import as_mapping, as_text, moment
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import (
    FieldSpec,
    SectionSpec,
    analyzer,
    build_section,
    build_sections,
)

#: Code inside an image serves no purpose but to be run by something that takes it for a page.
CODE_IN_IMAGE = 100
_DATE = re.compile(r"(\d{4}):(\d{2}):(\d{2}) ", re.ASCII)


def exif_date(value: Any) -> str:
    """Return a moment to tag of ExifTool's `YYYY:MM:DD hh:mm:ss+00:00`, empty where it is not readable."""
    return moment(_DATE.sub(r"\1-\2-\3 ", as_text(value, 40), count=1))


EXIF = SectionSpec("exiftool", "Metadata (ExifTool)")
EXIF_OF_IMAGE = SectionSpec("exiftool", "Metadata of the image (ExifTool)").include(
    FieldSpec("CreatorTool", tag="file.img.exif_tool.creator_tool"),
    FieldSpec("XMPToolkit", tag="file.img.exif_tool.toolkit"),
    FieldSpec("DocumentID", tag="file.img.exif_tool.document_id"),
    FieldSpec("InstanceID", tag="file.img.exif_tool.instance_id"),
    FieldSpec("DerivedFromDocumentID", tag="file.img.exif_tool.derived_document_id"),
    FieldSpec("Megapixels", tag="file.img.mega_pixels"),
    FieldSpec("ImageSize", tag="file.img.size"),
    FieldSpec("CreateDate", tag="file.date.creation", tagged=exif_date),
    FieldSpec("ModifyDate", tag="file.date.last_modified", tagged=exif_date),
)
PICTURE = (
    FieldSpec("dhash", "Difference hash"),
    FieldSpec("raw_md5", "MD5", read.lower),
)
ICON = SectionSpec("main_icon", "Icon").include(*PICTURE)
FILECONDIS = SectionSpec("filecondis", "Visual fingerprint of the bytes").include(*PICTURE)
ASF = SectionSpec("asf_info", "Media container (ASF)")
INJECTIONS = SectionSpec("image_code_injections", "Code inside the image")


def analyze(attributes: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield the metadata; tags only for images, since the keys mean other things elsewhere."""
    image = as_text(as_mapping(attributes.get(EXIF.key)).get("MIMEType")).startswith("image/")
    yield from build_sections(attributes, EXIF_OF_IMAGE if image else EXIF, ASF, ICON, FILECONDIS)
    code = attributes.get(INJECTIONS.key)
    if code and (section := build_section(INJECTIONS, code)) is not None:
        yield section
        reason = "VirusTotal found code inside the image."
        yield Points(Family.STATIC, "code_in_image", CODE_IN_IMAGE, reason, section)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of metadata."""
    summary = "Metadata by ExifTool, icons, code inside images."
    return (analyzer("metadata", 420, summary, EXIF, INJECTIONS, ICON, FILECONDIS, ASF, analyze=analyze),)
