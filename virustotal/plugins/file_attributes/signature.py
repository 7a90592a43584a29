"""Signatures and certificates: `signature_info`. Its presence does not mean that the file is signed."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from attrs import evolve

from virustotal.core import Analyzer, Family, Finding, Points, Settings, hookimpl
from virustotal.core.readers import as_list, as_mapping, as_text, moment
from virustotal.core.tables import brief
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import (
    FieldSpec,
    SectionSpec,
    analyzer,
    build_section,
    field_specs,
)

#: What `verified` says of a signature that holds, in lower case; every other sentence says why it does not.
HOLDS = frozenset({"signed", "signed file, verified signature", "signed file, valid signature", "valid", "true"})
#: What `verified` says when a certificate was revoked.
REVOKED = "a certificate was explicitly revoked by its issuer."
#: Keys that only a signature has; without one of them there is version information alone.
OF_SIGNATURE = ("verified", "signers", "signers details", "x509", "counter signers", "counter signers details", "pkcs7")
REVOKED_POINTS = 100
_US_DATE = "%I:%M %p %m/%d/%Y"


def day(value: Any) -> str:
    """Return a moment of a certificate as `YYYY-MM-DD hh:mm:ss`, also of `05:39 AM 04/17/2013`; else its text."""
    try:
        signed = datetime.strptime(as_text(value, 40), _US_DATE).replace(tzinfo=UTC)
    except ValueError:
        return moment(value) or str(brief(value))
    return signed.strftime("%Y-%m-%d %H:%M:%S")


def date_only(value: Any) -> str:
    """Return the day of a moment of a certificate, `YYYY-MM-DD`; else its text."""
    return day(value)[:10] if moment(day(value)) else day(value)


def tagged_day(value: Any) -> str:
    """Return a moment to tag, empty where it is not readable."""
    return moment(day(value))


def common_name(value: Any) -> str:
    """Return the name of a distinguished name given as a mapping or a text."""
    fields = as_mapping(value)
    return as_text(fields.get("CN")) or as_text(fields.get("DN")) or str(brief(value))


CERTIFICATES = SectionSpec("x509", "Certificates").include(
    FieldSpec("name", tag="cert.subject"),
    FieldSpec("cert issuer", "Issuer", common_name, "cert.issuer", common_name),
    FieldSpec("status"),
    FieldSpec("valid from", "Valid from", date_only, "cert.valid.start", tagged_day),
    FieldSpec("valid to", "Valid to", date_only, "cert.valid.end", tagged_day),
    FieldSpec("valid usage", "Usage"),
    FieldSpec("valid_usage", "Usage (2)"),
    FieldSpec("algorithm", tag="cert.signature_algo"),
    FieldSpec("serial number", tag="cert.serial_no", tagged=read.any_hex),
    FieldSpec("thumbprint", "Thumbprint", read.lower, "cert.thumbprint", read.sha1),
    FieldSpec("thumbprint_sha256", "SHA-256 thumbprint", read.lower),
    FieldSpec("thumbprint_md5", "MD5 thumbprint", read.lower),
)
#: The same without tags: who stamped the time, or firmware that holds it, says nothing of who made the file.
UNTAGGED = tuple(FieldSpec(field.key, field.label, field.read) for field in CERTIFICATES.fields)

PROGRAM = SectionSpec("opusinfo", "Program named in the signature").include(
    FieldSpec("programName", "Program", tag="file.pe.authenticode.spc_sp_opus_info.program_name"),
    FieldSpec("moreInfo", "More information"),
)

SIGNATURE = SectionSpec("signature_info", "Signature and version information").include(
    FieldSpec("verified", "VirusTotal says"),
    FieldSpec("signing date", "Signing date", day),
    *field_specs("signers", "counter signers", "product"),
    FieldSpec("description", tag="file.pe.versions.description"),
    FieldSpec("original name", tag="file.pe.versions.filename"),
    *field_specs("internal name", "file version", "copyright", "comments"),
    evolve(CERTIFICATES, key="signers details", title="Certificates of the signers"),
    CERTIFICATES,
    SectionSpec("counter signers details", "Certificates of the counter signers").include(*UNTAGGED),
    SectionSpec("pkcs7", "Signature data (PKCS #7)").include(PROGRAM),
    evolve(PROGRAM, key="pkcs7.opusinfo"),
)


def state(info: Mapping[str, Any]) -> str:
    """Return in a few words whether the file is signed: only a verified signature counts."""
    verified = as_text(info.get("verified"))
    if verified.lower() in HOLDS:
        return "signed (verified)"
    if verified:
        return "not verified"
    if any(as_list(info.get(key)) for key in OF_SIGNATURE):
        return "certificates (verification unknown)"
    return "none, version information only"


def analyze(attributes: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield the signature with its state in the title, and points for a certificate that was revoked."""
    info = attributes.get("signature_info")
    section = build_section(SIGNATURE, info)
    if section is None:
        return
    signature = as_mapping(info)
    if signature:
        section.title_text = f"Signature: {state(signature)}"
    yield section
    if as_text(signature.get("verified")).lower() == REVOKED:
        reason = "A certificate of the signature was revoked by its issuer."
        yield Points(Family.STATIC, "certificate_revoked", REVOKED_POINTS, reason, section)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of `signature_info`."""
    summary = "Signature, its certificates and version information; signed only where it is verified."
    return (analyzer("signature", 401, summary, SIGNATURE, analyze=analyze),)
