"""Flash: `swf_info`."""

from virustotal.core import Analyzer, Settings, hookimpl
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import FieldSpec, SectionSpec, analyzer

SWF = SectionSpec("swf_info", "Flash (SWF)").include(
    FieldSpec("version", tag="file.swf.header.version"),
    FieldSpec("compression"),
    FieldSpec("frame_count", "Frames", tag="file.swf.header.frame.count", tagged=read.whole),
    FieldSpec("frame_size", tag="file.swf.header.frame.size"),
    FieldSpec("duration", "Duration in seconds"),
    FieldSpec("num_swf_tags", "Tags"),
    FieldSpec("num_unrecognized_tags", "Unrecognised tags"),
    FieldSpec("file_attributes", "Attributes", read.names),
    FieldSpec("metadata"),
    SectionSpec("suspicious_strings", "Suspicious strings", tag="file.string.blacklisted"),
    SectionSpec("suspicious_urls", "Suspicious URLs"),
    SectionSpec("flash_packages", "Packages"),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of `swf_info`."""
    return (analyzer("flash", 413, "Flash: frames, tags, suspicious strings and URLs.", SWF),)
