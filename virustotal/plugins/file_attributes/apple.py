"""Apple's formats: `macho_info` (one entry an architecture), `ipa_info`, `dmg_info`."""

from attrs import evolve

from virustotal.core import Analyzer, Settings, hookimpl
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import FieldSpec, SectionSpec, analyzer, field_specs

PLIST = SectionSpec("plist", "Property list").include(
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
)
SEGMENTS = SectionSpec("segments", "Segments").include(
    FieldSpec("name"),
    FieldSpec("vmaddr", "Address", read.address),
    FieldSpec("vmsize", "Size in memory", read.address),
    FieldSpec("fileoff", "Offset", read.address),
    FieldSpec("filesize", "Size in the file", read.address),
    FieldSpec("sections"),
)
MACHO = SectionSpec("macho_info", "Mach-O executable").include(
    SectionSpec("headers", "Header").include(
        FieldSpec("cpu_type", "Processor"),
        FieldSpec("cpu_subtype", "Variant"),
        *field_specs("file_type", "magic"),
        FieldSpec("num_cmds", "Commands"),
        FieldSpec("size_cmds", "Size of commands"),
        FieldSpec("flags", "Flags", read.names),
    ),
    SEGMENTS,
    SectionSpec("libs", "Libraries", tag="file.lib"),
    SectionSpec("commands", "Load commands").include(FieldSpec("type")),
    SectionSpec("info", "File").include(FieldSpec("filename", "Name"), FieldSpec("sha256", "SHA-256", read.lower)),
)
EXECUTABLE = SectionSpec("main_executable", "Main executable").include(
    FieldSpec("path"), FieldSpec("sha256", "SHA-256", read.lower), FieldSpec("size")
)
VOLUME = SectionSpec("hfs", "HFS volume").include(
    FieldSpec("num_files", "Files"),
    FieldSpec("unreadable_files"),
    FieldSpec("timeout", "Timed out"),
    evolve(PLIST, key="info_plist"),
    EXECUTABLE,
)
IPA = SectionSpec("ipa_info", "iOS application (IPA)").include(
    PLIST,
    SectionSpec("itunes", "iTunes"),
    SectionSpec("provision", "Provisioning profile"),
    SectionSpec("apps", "Executables"),
)
DMG = SectionSpec("dmg_info", "Apple disk image (DMG)").include(
    FieldSpec("dmg_version", "Version"),
    VOLUME,
    evolve(VOLUME, key="iso", title="ISO volume"),
    SectionSpec("gpt", "Partitions"),
    SectionSpec("gtp", "Partitions"),
    SectionSpec("blkx", "Blocks").include(*field_specs("name", "attributes")),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of Apple's formats."""
    summary = "Mach-O executables, iOS applications, Apple disk images."
    return (analyzer("apple", 407, summary, MACHO, IPA, DMG),)
