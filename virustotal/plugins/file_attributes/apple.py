"""Apple's formats: `macho_info` (one entry an architecture), `ipa_info`, `dmg_info`."""

from collections.abc import Iterator, Mapping
from typing import Any

from virustotal.core import Analyzer, Finding, Settings, hookimpl
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import (
    FieldSpec,
    SectionSpec,
    analyzer,
    build_section_for_each,
    build_sections,
    with_key,
)

PLIST = SectionSpec(
    "plist",
    "Property list",
    (
        FieldSpec("CFBundleIdentifier", "Identifier", tag="file.plist.cf_bundle.identifier"),
        FieldSpec("CFBundleName", "Name", tag="file.plist.cf_bundle.name"),
        FieldSpec("CFBundleDisplayName", "Display name", tag="file.plist.cf_bundle.display_name"),
        FieldSpec("CFBundleExecutable", "Executable", tag="file.plist.cf_bundle.executable"),
        FieldSpec("CFBundlePackageType", "Package type", tag="file.plist.cf_bundle.pkg_type"),
        FieldSpec("CFBundleSignature", "Signature", tag="file.plist.cf_bundle.signature"),
        FieldSpec("CFBundleVersion", "Version", tag="file.plist.cf_bundle.version.long"),
        FieldSpec("CFBundleShortVersionString", "Short version", tag="file.plist.cf_bundle.version.short"),
        FieldSpec("CFBundleDevelopmentRegion", "Region", tag="file.plist.cf_bundle.development_region"),
        FieldSpec("MinimumOSVersion", "Minimum system", tag="file.plist.min_os_version"),
        FieldSpec("LSMinimumSystemVersion", "Minimum macOS", tag="file.plist.ls.min_system_version"),
        FieldSpec("NSPrincipalClass", "Principal class", tag="file.plist.ns.principal_class"),
        FieldSpec("DTCompiler", "Compiler", tag="file.plist.dt.compiler"),
        FieldSpec("DTPlatformName", "Platform", tag="file.plist.dt.platform.name"),
        FieldSpec("DTPlatformVersion", "Platform version", tag="file.plist.dt.platform.version"),
        FieldSpec("DTPlatformBuild", "Platform build", tag="file.plist.dt.platform.build"),
        FieldSpec("BuildMachineOSBuild", "Build machine", tag="file.plist.build.machine_os"),
    ),
)
SEGMENTS = SectionSpec(
    "segments",
    "Segments",
    (
        FieldSpec("name", "Name"),
        FieldSpec("vmaddr", "Address", read.address),
        FieldSpec("vmsize", "Size in memory", read.address),
        FieldSpec("fileoff", "Offset", read.address),
        FieldSpec("filesize", "Size in the file", read.address),
        FieldSpec("sections", "Sections"),
    ),
)
ARCHITECTURE = SectionSpec(
    "macho",
    "Architecture",
    parts=(
        SectionSpec(
            "headers",
            "Header",
            (
                FieldSpec("cpu_type", "Processor"),
                FieldSpec("cpu_subtype", "Variant"),
                FieldSpec("file_type", "File type"),
                FieldSpec("magic", "Magic"),
                FieldSpec("num_cmds", "Commands"),
                FieldSpec("size_cmds", "Size of commands"),
                FieldSpec("flags", "Flags", read.names),
            ),
        ),
        SEGMENTS,
        SectionSpec("libs", "Libraries", tag="file.lib"),
        SectionSpec("commands", "Load commands", (FieldSpec("type", "Type"),)),
        SectionSpec("info", "File", (FieldSpec("filename", "Name"), FieldSpec("sha256", "SHA-256", read.lower))),
    ),
)
EXECUTABLE = SectionSpec(
    "main_executable",
    "Main executable",
    (FieldSpec("path", "Path"), FieldSpec("sha256", "SHA-256", read.lower), FieldSpec("size", "Size")),
)
VOLUME = SectionSpec(
    "hfs",
    "HFS volume",
    (
        FieldSpec("num_files", "Files"),
        FieldSpec("unreadable_files", "Unreadable files"),
        FieldSpec("timeout", "Timed out"),
    ),
    parts=(with_key(PLIST, "info_plist", "Property list"), EXECUTABLE),
)
IPA = SectionSpec(
    "ipa_info",
    "iOS application (IPA)",
    parts=(
        PLIST,
        SectionSpec("itunes", "iTunes"),
        SectionSpec("provision", "Provisioning profile"),
        SectionSpec("apps", "Executables"),
    ),
)
DMG = SectionSpec(
    "dmg_info",
    "Apple disk image (DMG)",
    (FieldSpec("dmg_version", "Version"),),
    parts=(
        VOLUME,
        with_key(VOLUME, "iso", "ISO volume"),
        SectionSpec("gpt", "Partitions"),
        SectionSpec("gtp", "Partitions"),
        SectionSpec(
            "blkx", "Blocks", (FieldSpec("name", "Name"), FieldSpec("attributes", "Attributes")), collapse=True
        ),
    ),
)


MACHO = with_key(ARCHITECTURE, "macho_info", "Mach-O executable")


def analyze(attributes: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield a section for each architecture of `macho_info`, which is a list, and for the containers."""
    yield from build_section_for_each(MACHO, attributes.get(MACHO.key))
    yield from build_sections(attributes, IPA, DMG)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of Apple's formats."""
    summary = "Mach-O executables, iOS applications, Apple disk images."
    return (analyzer("apple", 407, summary, MACHO, IPA, DMG, analyze=analyze),)
