"""Java: `jar_info`, `class_info`."""

import re

from virustotal.core import Analyzer, Settings, hookimpl
from virustotal.core.readers import as_text
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import FieldSpec, SectionSpec, analyzer, field_specs

_MAIN = re.compile(r"^Main-Class:[ \t]*([\w.$]+)", re.MULTILINE | re.ASCII)


def main_class(value: object) -> str:
    """Return the main class that a manifest names, or an empty text."""
    match = _MAIN.search(as_text(value, 20_000))
    return match.group(1) if match else ""


JAR = SectionSpec("jar_info", "Java archive (JAR)").include(
    FieldSpec("manifest", tag="file.jar.main_class", tagged=main_class),
    FieldSpec("total_files", "Files"),
    FieldSpec("total_dirs", "Folders"),
    FieldSpec("max_depth", "Depth"),
    FieldSpec("files_by_type", "Files by type", read.counts),
    FieldSpec("min_date", "Oldest"),
    FieldSpec("max_date", "Newest"),
    SectionSpec("packages", "Imported packages", tag="file.jar.imported_package"),
    SectionSpec("filenames", "File names"),
    SectionSpec("strings", "Strings"),
)
CLASS = SectionSpec("class_info", "Java class").include(
    *field_specs("name", "extends"),
    FieldSpec("implements", "Implements", read.names),
    FieldSpec("platform"),
    SectionSpec("methods", "Methods"),
    SectionSpec("provides", "Provides"),
    SectionSpec("requires", "Requires"),
    SectionSpec("constants", "Constants"),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of Java attributes."""
    return (analyzer("java", 409, "Java archives and classes.", JAR, CLASS),)
