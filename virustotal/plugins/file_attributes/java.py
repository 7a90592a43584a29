"""Java: `jar_info`, `class_info`."""

import re

from virustotal.core import Analyzer, hookimpl
from virustotal.core.settings import Settings
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import Field, Part, analyzer
from virustotal.util.readers import text

_MAIN = re.compile(r"^Main-Class:[ \t]*([\w.$]+)", re.MULTILINE | re.ASCII)


def main_class(value: object) -> str:
    """Return the main class that a manifest names, or an empty text."""
    found = _MAIN.search(text(value, 20_000))
    return found.group(1) if found else ""


JAR = Part(
    "jar_info",
    "Java archive (JAR)",
    (
        Field("manifest", "Manifest", tag="file.jar.main_class", tagged=main_class),
        Field("total_files", "Files"),
        Field("total_dirs", "Folders"),
        Field("max_depth", "Depth"),
        Field("files_by_type", "Files by type", read.counts),
        Field("min_date", "Oldest"),
        Field("max_date", "Newest"),
    ),
    parts=(
        Part("packages", "Imported packages", tag="file.jar.imported_package", collapse=True),
        Part("filenames", "Files in it", collapse=True),
        Part("strings", "Strings", collapse=True),
    ),
)
CLASS = Part(
    "class_info",
    "Java class",
    (
        Field("name", "Name"),
        Field("extends", "Extends"),
        Field("implements", "Implements", read.names),
        Field("platform", "Platform"),
    ),
    parts=(
        Part("methods", "Methods", collapse=True),
        Part("provides", "Provides", collapse=True),
        Part("requires", "Requires", collapse=True),
        Part("constants", "Constants", collapse=True),
    ),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of Java attributes."""
    return (analyzer("java", 409, "Java archives and classes.", JAR, CLASS),)
