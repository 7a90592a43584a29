"""Apple's formats: `macho_info` (one entry an architecture), `ipa_info`, `dmg_info`."""

from collections.abc import Iterator

from virustotal.core import Analyzer, Evidence, hookimpl
from virustotal.core.findings import Finding
from virustotal.core.settings import Settings
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import Field, Part, attributes, many, present, renamed

PLIST = Part(
    "plist",
    "Property list",
    (
        Field("CFBundleIdentifier", "Identifier", tag="file.plist.cf_bundle.identifier"),
        Field("CFBundleName", "Name", tag="file.plist.cf_bundle.name"),
        Field("CFBundleDisplayName", "Display name", tag="file.plist.cf_bundle.display_name"),
        Field("CFBundleExecutable", "Executable", tag="file.plist.cf_bundle.executable"),
        Field("CFBundlePackageType", "Package type", tag="file.plist.cf_bundle.pkg_type"),
        Field("CFBundleSignature", "Signature", tag="file.plist.cf_bundle.signature"),
        Field("CFBundleVersion", "Version", tag="file.plist.cf_bundle.version.long"),
        Field("CFBundleShortVersionString", "Short version", tag="file.plist.cf_bundle.version.short"),
        Field("CFBundleDevelopmentRegion", "Region", tag="file.plist.cf_bundle.development_region"),
        Field("MinimumOSVersion", "Minimum system", tag="file.plist.min_os_version"),
        Field("LSMinimumSystemVersion", "Minimum macOS", tag="file.plist.ls.min_system_version"),
        Field("NSPrincipalClass", "Principal class", tag="file.plist.ns.principal_class"),
        Field("DTCompiler", "Compiler", tag="file.plist.dt.compiler"),
        Field("DTPlatformName", "Platform", tag="file.plist.dt.platform.name"),
        Field("DTPlatformVersion", "Platform version", tag="file.plist.dt.platform.version"),
        Field("DTPlatformBuild", "Platform build", tag="file.plist.dt.platform.build"),
        Field("BuildMachineOSBuild", "Build machine", tag="file.plist.build.machine_os"),
    ),
)
SEGMENTS = Part(
    "segments",
    "Segments",
    (
        Field("name", "Name"),
        Field("vmaddr", "Address", read.address),
        Field("vmsize", "Size in memory", read.address),
        Field("fileoff", "Offset", read.address),
        Field("filesize", "Size in the file", read.address),
        Field("sections", "Sections"),
    ),
)
ARCHITECTURE = Part(
    "macho",
    "Architecture",
    parts=(
        Part(
            "headers",
            "Header",
            (
                Field("cpu_type", "Processor"),
                Field("cpu_subtype", "Variant"),
                Field("file_type", "File type"),
                Field("magic", "Magic"),
                Field("num_cmds", "Commands"),
                Field("size_cmds", "Size of commands"),
                Field("flags", "Flags", read.names),
            ),
        ),
        SEGMENTS,
        Part("libs", "Libraries", tag="file.lib"),
        Part("commands", "Load commands", (Field("type", "Type"),), collapse=True),
        Part("info", "File", (Field("filename", "Name"), Field("sha256", "SHA-256", read.lower))),
    ),
)
EXECUTABLE = Part(
    "main_executable",
    "Main executable",
    (Field("path", "Path"), Field("sha256", "SHA-256", read.lower), Field("size", "Size")),
)
VOLUME = Part(
    "hfs",
    "HFS volume",
    (Field("num_files", "Files"), Field("unreadable_files", "Unreadable files"), Field("timeout", "Timed out")),
    parts=(renamed(PLIST, "info_plist", "Property list"), EXECUTABLE),
)
IPA = Part(
    "ipa_info",
    "iOS application (IPA)",
    parts=(PLIST, Part("itunes", "iTunes"), Part("provision", "Provisioning profile"), Part("apps", "Executables")),
)
DMG = Part(
    "dmg_info",
    "Apple disk image (DMG)",
    (Field("dmg_version", "Version"),),
    parts=(
        VOLUME,
        renamed(VOLUME, "iso", "ISO volume"),
        Part("gpt", "Partitions"),
        Part("gtp", "Partitions"),
        Part("blkx", "Blocks", (Field("name", "Name"), Field("attributes", "Attributes")), collapse=True),
    ),
)


def analyze(evidence: Evidence) -> Iterator[Finding]:
    """Yield a section for each architecture of `macho_info`, which is a list, and for the containers."""
    found = attributes(evidence)
    yield from many(renamed(ARCHITECTURE, "macho_info", "Mach-O executable"), found.get("macho_info"))
    for part in (IPA, DMG):
        if (section := present(part, found.get(part.key))) is not None:
            yield section


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of Apple's formats."""
    summary = "Mach-O executables, iOS applications, Apple disk images."
    return (Analyzer("apple", "file", analyze=analyze, order=407, summary=summary),)
