"""What the file is: types, TrID, Magika, Detect It Easy, packers, hashes of similarity."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from virustotal.core import Analyzer, Family, Finding, Points, Settings, hookimpl
from virustotal.core.readers import as_mapping, as_mappings, as_text, as_texts
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import (
    MOST_TAGS,
    FieldSpec,
    SectionSpec,
    analyzer,
    build,
    field_specs,
)

#: What Detect It Easy calls a tool, in lower case, to the tag type of its name.
TOOLS: Mapping[str, str] = {"packer": "technique.packer", "protector": "technique.packer", "compiler": "file.compiler"}
PACKING = "T1027.002"

_CVE = re.compile(r"CVE-\d{4}-\d{4,}", re.ASCII)


def cves(value: Any) -> tuple[str, ...]:
    """Return the CVE numbers among VirusTotal's tags; the tags themselves stand in the overview."""
    return tuple(tag.upper() for tag in as_texts(value) if _CVE.fullmatch(tag.upper()))


EASY = SectionSpec("detectiteasy", "Detect It Easy").include(
    FieldSpec("filetype", "File type"),
    SectionSpec("values", "Tools and compilers").include(
        *field_specs("type", "name", "version"), FieldSpec("info", "Details")
    ),
)
TRID = SectionSpec("trid", "TrID").include(
    FieldSpec("file_type"),
    FieldSpec("file_format_legacy", "File type (older name)"),
    FieldSpec("probability", "Probability (%)"),
)
#: Every attribute that is shown here.
IDENTITY = SectionSpec("", "File identification").include(
    FieldSpec("type_description", "Type"),
    FieldSpec("type_tag"),
    FieldSpec("type_tags", "Type tags", read.names),
    FieldSpec("type_extension", "Extension"),
    *field_specs("magic", "magika"),
    FieldSpec("creation_date", "Creation date (claimed by the file)", read.date_or_text),
    FieldSpec("vhash", "vhash"),
    FieldSpec("authentihash", "Authentihash", read.lower),
    FieldSpec("ssdeep", "ssdeep"),
    FieldSpec("tlsh", "TLSH"),
    FieldSpec("permhash", "permhash"),
    FieldSpec("symhash", "symhash"),
    FieldSpec("telfhash", "telfhash"),
    FieldSpec("bytehero_info", "ByteHero"),
    FieldSpec("tags", "Exploited vulnerabilities", cves, "attribution.exploit", cves),
    EASY,
    TRID,
    SectionSpec("packers", "Packers by tool"),
)
KEYS = (*(field.key for field in IDENTITY.fields), *(part.key for part in IDENTITY.parts))


def tools(value: Any) -> Iterator[tuple[str, str]]:
    """Yield tag type and name of each packer, protector and compiler that Detect It Easy names."""
    for row in as_mappings(as_mapping(value).get("values")):
        kind, name = TOOLS.get(as_text(row.get("type")).lower(), ""), as_text(row.get("name")).removeprefix("EP:")
        if kind and name:
            yield kind, name


def analyze(attributes: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield one section; a packer is a technique that many clean programs use too, so it scores nothing."""
    section = build(IDENTITY, {key: attributes[key] for key in KEYS if attributes.get(key) is not None})
    if section is None:
        return
    named = list(dict.fromkeys(tools(attributes.get(EASY.key))))[:MOST_TAGS]
    for kind, name in named:
        section.add_tag(kind, name)
    yield section
    packers = [name for kind, name in named if kind == "technique.packer"]
    if packers:
        reason = f"Detect It Easy found a packer: {', '.join(packers[:5])}."
        yield Points(Family.STATIC, "packed", 0, reason, section, (PACKING,))


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of types and tools."""
    summary = "File type, packers and compilers, similarity hashes."
    return (analyzer("identification", 499, summary, names=KEYS, analyze=analyze),)
