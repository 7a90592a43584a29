"""Rich text: `rtf_info`."""

from virustotal.core import Analyzer, Settings, hookimpl
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import FieldSpec, SectionSpec, analyzer
from virustotal.plugins.file_attributes.office import SUMMARY

PROPERTIES = SectionSpec(
    "document_properties",
    "Properties",
    (
        FieldSpec("rtf_header", "Header"),
        FieldSpec("longest_hex_string", "Longest hex string"),
        FieldSpec("embedded_drawings", "Embedded drawings"),
        FieldSpec("embedded_pictures", "Embedded pictures"),
        FieldSpec("dos_stubs", "DOS stubs"),
        FieldSpec("non_ascii_characters", "Non-ASCII characters"),
        FieldSpec("custom_xml_data_properties", "Custom XML properties"),
        FieldSpec("read_only_protection", "Read only"),
        FieldSpec("user_protection", "User protection"),
        FieldSpec("default_character_set", "Character set"),
        FieldSpec("default_ansi_codepage", "Code page"),
        FieldSpec("default_languages", "Languages", read.names),
    ),
    parts=(SectionSpec("objects", "Embedded objects", (FieldSpec("class", "Class"), FieldSpec("type", "Type"))),),
)
RTF = SectionSpec("rtf_info", "Rich text (RTF)", parts=(PROPERTIES, SUMMARY))


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of `rtf_info`."""
    return (analyzer("rtf", 405, "Rich text: embedded objects and properties.", RTF),)
