"""Android applications: `androguard`, and the tags of its certificate."""

from virustotal.core import Analyzer, Settings, hookimpl
from virustotal.core.readers import as_mapping, as_text, moment
from virustotal.core.tables import brief
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import FieldSpec, SectionSpec, analyzer


def distinguished_name(value: object) -> str:
    """Return a subject or issuer as one text."""
    fields = as_mapping(value)
    return as_text(fields.get("DN")) or as_text(fields.get("CN")) or str(brief(value))


CERTIFICATE = SectionSpec("certificate", "Certificate").include(
    FieldSpec("Subject", "Subject", distinguished_name, "cert.subject", distinguished_name),
    FieldSpec("Issuer", "Issuer", distinguished_name, "cert.issuer", distinguished_name),
    FieldSpec("serialnumber", "Serial number", read.lower, "cert.serial_no", read.any_hex),
    FieldSpec("thumbprint", "Thumbprint", read.lower, "cert.thumbprint", read.sha1),
    FieldSpec("validfrom", "Valid from", read.date_or_text, "cert.valid.start", moment),
    FieldSpec("validto", "Valid to", read.date_or_text, "cert.valid.end", moment),
)
PERMISSIONS = SectionSpec("permission_details", "Permissions", name="Permission", tag="file.apk.permission").include(
    FieldSpec("permission_type", "Type"),
    FieldSpec("short_description", "Description"),
    FieldSpec("full_description", "In full"),
)
FILTERS = SectionSpec("intent_filters", "Intent filters").include(
    *(
        SectionSpec(key, f"Intent filters: {key.lower()}", name="Component").include(
            FieldSpec("action", "Actions", read.names), FieldSpec("category", "Categories", read.names)
        )
        for key in ("Activities", "Services", "Receivers")
    )
)
ANDROID = SectionSpec("androguard", "Android application").include(
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
    SectionSpec("Permissions", "Permissions", name="Permission", tag="file.apk.permission"),
    SectionSpec("Activities", "Activities", tag="file.apk.activity"),
    SectionSpec("Services", "Services", tag="file.apk.provides_component"),
    SectionSpec("Receivers", "Receivers", tag="file.apk.provides_component"),
    SectionSpec("Providers", "Providers", tag="file.apk.provides_component"),
    SectionSpec("Libraries", "Libraries", tag="file.apk.used_library"),
    FILTERS,
    SectionSpec("StringsInformation", "Strings"),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of `androguard`."""
    return (analyzer("android", 408, "Android applications: components, permissions, certificate.", ANDROID),)
