"""Android applications: `androguard`, and the tags of its certificate."""

from virustotal.core import Analyzer, hookimpl
from virustotal.core.settings import Settings
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import Field, Part, analyzer
from virustotal.util.readers import mapping, text


def distinguished_name(value: object) -> str:
    """Return a subject or issuer as one text."""
    found = mapping(value)
    return text(found.get("DN")) or text(found.get("CN")) or str(read.shown(value))


CERTIFICATE = Part(
    "certificate",
    "Certificate",
    (
        Field("Subject", "Subject", distinguished_name, "cert.subject", distinguished_name),
        Field("Issuer", "Issuer", distinguished_name, "cert.issuer", distinguished_name),
        Field("serialnumber", "Serial number", read.lower, "cert.serial_no", read.any_hex),
        Field("thumbprint", "Thumbprint", read.lower, "cert.thumbprint", read.sha1),
        Field("validfrom", "Valid from", read.when, "cert.valid.start", read.moment),
        Field("validto", "Valid to", read.when, "cert.valid.end", read.moment),
    ),
)
PERMISSIONS = Part(
    "permission_details",
    "Permissions",
    (
        Field("permission_type", "Type"),
        Field("short_description", "Description"),
        Field("full_description", "In full"),
    ),
    "Permission",
    tag="file.apk.permission",
)
FILTERS = Part(
    "intent_filters",
    "Intent filters",
    parts=tuple(
        Part(
            key,
            f"Intent filters: {key.lower()}",
            (Field("action", "Actions", read.names), Field("category", "Categories", read.names)),
            "Component",
            collapse=True,
        )
        for key in ("Activities", "Services", "Receivers")
    ),
)
ANDROID = Part(
    "androguard",
    "Android application",
    (
        Field("Package", "Package", tag="file.apk.pkg_name"),
        Field("main_activity", "Main activity", tag="file.apk.activity"),
        Field("AndroidVersionName", "Version", tag="file.apk.app.version"),
        Field("AndroidVersionCode", "Version code"),
        Field("MinSdkVersion", "Minimum SDK", tag="file.apk.sdk.min"),
        Field("TargetSdkVersion", "Target SDK", tag="file.apk.sdk.target"),
        Field("AndroidApplicationInfo", "Kind"),
        Field("AndroidApplication", "Kind as number"),
        Field("AndroidApplicationError", "Error"),
        Field("RiskIndicator", "Risk indicators"),
        Field("AndroguardVersion", "Androguard"),
        Field("VTAndroidInfo", "VirusTotal's reader"),
    ),
    parts=(
        CERTIFICATE,
        PERMISSIONS,
        Part("Permissions", "Permissions", name="Permission", tag="file.apk.permission"),
        Part("Activities", "Activities", tag="file.apk.activity", collapse=True),
        Part("Services", "Services", tag="file.apk.provides_component", collapse=True),
        Part("Receivers", "Receivers", tag="file.apk.provides_component", collapse=True),
        Part("Providers", "Providers", tag="file.apk.provides_component", collapse=True),
        Part("Libraries", "Libraries", tag="file.apk.used_library", collapse=True),
        FILTERS,
        Part("StringsInformation", "Strings", collapse=True),
    ),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of `androguard`."""
    return (analyzer("android", 408, "Android applications: components, permissions, certificate.", ANDROID),)
