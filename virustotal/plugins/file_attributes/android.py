"""Android applications: `androguard`, and the tags of its certificate."""

from virustotal.core import Analyzer, Settings, hookimpl
from virustotal.core.readers import as_mapping, as_text, moment
from virustotal.core.tables import brief
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import FieldSpec, analyzer, section_spec


def distinguished_name(value: object) -> str:
    """Return a subject or issuer as one text."""
    fields = as_mapping(value)
    return as_text(fields.get("DN")) or as_text(fields.get("CN")) or str(brief(value))


CERTIFICATE = section_spec(
    "certificate",
    "Certificate",
    FieldSpec("Subject", "Subject", distinguished_name, "cert.subject", distinguished_name),
    FieldSpec("Issuer", "Issuer", distinguished_name, "cert.issuer", distinguished_name),
    FieldSpec("serialnumber", "Serial number", read.lower, "cert.serial_no", read.any_hex),
    FieldSpec("thumbprint", "Thumbprint", read.lower, "cert.thumbprint", read.sha1),
    FieldSpec("validfrom", "Valid from", read.date_or_text, "cert.valid.start", moment),
    FieldSpec("validto", "Valid to", read.date_or_text, "cert.valid.end", moment),
)
PERMISSIONS = section_spec(
    "permission_details",
    "Permissions",
    FieldSpec("permission_type", "Type"),
    FieldSpec("short_description", "Description"),
    FieldSpec("full_description", "In full"),
    name="Permission",
    tag="file.apk.permission",
)
FILTERS = section_spec(
    "intent_filters",
    "Intent filters",
    *(
        section_spec(
            key,
            f"Intent filters: {key.lower()}",
            FieldSpec("action", "Actions", read.names),
            FieldSpec("category", "Categories", read.names),
            name="Component",
        )
        for key in ("Activities", "Services", "Receivers")
    ),
)
ANDROID = section_spec(
    "androguard",
    "Android application",
    FieldSpec("Package", tag="file.apk.pkg_name"),
    FieldSpec("main_activity", tag="file.apk.activity"),
    FieldSpec("AndroidVersionName", "Version", tag="file.apk.app.version"),
    FieldSpec("AndroidVersionCode", "Version code"),
    FieldSpec("MinSdkVersion", "Minimum SDK", tag="file.apk.sdk.min"),
    FieldSpec("TargetSdkVersion", "Target SDK", tag="file.apk.sdk.target"),
    FieldSpec("AndroidApplicationInfo", "Kind"),
    FieldSpec("AndroidApplication", "Kind (numeric)"),
    FieldSpec("AndroidApplicationError", "Error"),
    FieldSpec("RiskIndicator", "Risk indicators"),
    FieldSpec("AndroguardVersion", "Androguard"),
    FieldSpec("VTAndroidInfo", "VirusTotal's reader"),
    CERTIFICATE,
    PERMISSIONS,
    section_spec("Permissions", "Permissions", name="Permission", tag="file.apk.permission"),
    section_spec("Activities", "Activities", tag="file.apk.activity"),
    section_spec("Services", "Services", tag="file.apk.provides_component"),
    section_spec("Receivers", "Receivers", tag="file.apk.provides_component"),
    section_spec("Providers", "Providers", tag="file.apk.provides_component"),
    section_spec("Libraries", "Libraries", tag="file.apk.used_library"),
    FILTERS,
    section_spec("StringsInformation", "Strings"),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of `androguard`."""
    return (analyzer("android", 408, "Android applications: components, permissions, certificate.", ANDROID),)
