"""Flash: `swf_info`."""

from virustotal.core import Analyzer, hookimpl
from virustotal.core.settings import Settings
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import Field, Part, analyzer

SWF = Part(
    "swf_info",
    "Flash (SWF)",
    (
        Field("version", "Version", tag="file.swf.header.version"),
        Field("compression", "Compression"),
        Field("frame_count", "Frames", tag="file.swf.header.frame.count", tagged=read.whole),
        Field("frame_size", "Frame size", tag="file.swf.header.frame.size"),
        Field("duration", "Duration in seconds"),
        Field("num_swf_tags", "Tags"),
        Field("num_unrecognized_tags", "Tags not known"),
        Field("file_attributes", "Attributes", read.names),
        Field("metadata", "Metadata"),
    ),
    parts=(
        Part("suspicious_strings", "Suspicious strings", tag="file.string.blacklisted"),
        Part("suspicious_urls", "Suspicious URLs"),
        Part("flash_packages", "Packages", collapse=True),
    ),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of `swf_info`."""
    return (analyzer("flash", 413, "Flash: frames, tags, suspicious strings and URLs.", SWF),)
