"""Rich text: `rtf_info`."""

from virustotal.core import Analyzer, Settings, hookimpl
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import FieldSpec, SectionSpec, analyzer, field_specs
from virustotal.plugins.file_attributes.office import SUMMARY

PROPERTIES = SectionSpec("document_properties", "Properties").include(
    FieldSpec("rtf_header", "Header"),
    *field_specs("longest_hex_string", "embedded_drawings", "embedded_pictures"),
    FieldSpec("dos_stubs", "DOS stubs"),
    FieldSpec("non_ascii_characters", "Non-ASCII characters"),
    FieldSpec("custom_xml_data_properties", "Custom XML properties"),
    FieldSpec("read_only_protection", "Read only"),
    FieldSpec("user_protection"),
    FieldSpec("default_character_set", "Character set"),
    FieldSpec("default_ansi_codepage", "Code page"),
    FieldSpec("default_languages", "Languages", read.names),
    SectionSpec("objects", "Embedded objects").include(*field_specs("class", "type")),
)
RTF = SectionSpec("rtf_info", "Rich text (RTF)").include(PROPERTIES, SUMMARY)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of `rtf_info`."""
    return (analyzer("rtf", 405, "Rich text: embedded objects and properties.", RTF),)
