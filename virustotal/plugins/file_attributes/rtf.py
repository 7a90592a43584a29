"""Rich text: `rtf_info`."""

from virustotal.core import Analyzer, hookimpl
from virustotal.core.settings import Settings
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import Field, Part, analyzer
from virustotal.plugins.file_attributes.office import SUMMARY

PROPERTIES = Part(
    "document_properties",
    "Properties",
    (
        Field("rtf_header", "Header"),
        Field("longest_hex_string", "Longest hexadecimal text"),
        Field("embedded_drawings", "Embedded drawings"),
        Field("embedded_pictures", "Embedded pictures"),
        Field("dos_stubs", "DOS stubs"),
        Field("non_ascii_characters", "Characters beyond ASCII"),
        Field("custom_xml_data_properties", "Custom XML properties"),
        Field("read_only_protection", "Read only"),
        Field("user_protection", "Protected by the user"),
        Field("default_character_set", "Character set"),
        Field("default_ansi_codepage", "Code page"),
        Field("default_languages", "Languages", read.names),
    ),
    parts=(Part("objects", "Embedded objects", (Field("class", "Class"), Field("type", "Type"))),),
)
RTF = Part("rtf_info", "Rich text (RTF)", parts=(PROPERTIES, SUMMARY))


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of `rtf_info`."""
    return (analyzer("rtf", 405, "Rich text: embedded objects and properties.", RTF),)
