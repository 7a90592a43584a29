"""Signatures and certificates: `signature_info`. Its presence does not mean that the file is signed."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from virustotal.core import Analyzer, Evidence, Points, hookimpl
from virustotal.core.findings import Family, Finding
from virustotal.core.settings import Settings
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import Field, Part, attributes, present, renamed
from virustotal.util.readers import items, mapping, text

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
        found = datetime.strptime(text(value, 40), _US_DATE).replace(tzinfo=UTC)
    except ValueError:
        return read.moment(value) or str(read.shown(value))
    return found.strftime("%Y-%m-%d %H:%M:%S")


def tagged_day(value: Any) -> str:
    """Return a moment to tag, empty where it is not readable."""
    return read.moment(day(value))


def common_name(value: Any) -> str:
    """Return the name of a distinguished name given as a mapping or a text."""
    found = mapping(value)
    return text(found.get("CN")) or text(found.get("DN")) or str(read.shown(value))


CERTIFICATES = Part(
    "x509",
    "Certificates",
    (
        Field("name", "Name", tag="cert.subject"),
        Field("cert issuer", "Issuer", common_name, "cert.issuer", common_name),
        Field("status", "Status"),
        Field("valid from", "Valid from", day, "cert.valid.start", tagged_day),
        Field("valid to", "Valid to", day, "cert.valid.end", tagged_day),
        Field("valid usage", "Usage"),
        Field("valid_usage", "Usage (2)"),
        Field("algorithm", "Algorithm", tag="cert.signature_algo"),
        Field("serial number", "Serial number", tag="cert.serial_no", tagged=read.any_hex),
        Field("thumbprint", "Thumbprint", read.lower, "cert.thumbprint", read.sha1),
        Field("thumbprint_sha256", "SHA-256 thumbprint", read.lower),
        Field("thumbprint_md5", "MD5 thumbprint", read.lower),
    ),
)
_UNTAGGED = tuple(Field(each.key, each.label, each.read) for each in CERTIFICATES.fields)

PROGRAM = Part(
    "opusinfo",
    "Program named in the signature",
    (
        Field("programName", "Program", tag="file.pe.authenticode.spc_sp_opus_info.program_name"),
        Field("moreInfo", "More information"),
    ),
)

SIGNATURE = Part(
    "signature_info",
    "Signature and version information",
    (
        Field("verified", "VirusTotal says"),
        Field("signing date", "Signing date", day),
        Field("signers", "Signers"),
        Field("counter signers", "Counter signers"),
        Field("product", "Product"),
        Field("description", "Description", tag="file.pe.versions.description"),
        Field("original name", "Original name", tag="file.pe.versions.filename"),
        Field("internal name", "Internal name"),
        Field("file version", "File version"),
        Field("copyright", "Copyright"),
        Field("comments", "Comments"),
    ),
    parts=(
        renamed(CERTIFICATES, "signers details", "Certificates of the signers"),
        CERTIFICATES,
        # Who stamped the time says nothing of who made the file: shown, not tagged.
        Part("counter signers details", "Certificates of the counter signers", _UNTAGGED, collapse=True),
        Part("pkcs7", "Signature data (PKCS #7)", parts=(PROGRAM,)),
        renamed(PROGRAM, "pkcs7.opusinfo", PROGRAM.title),
    ),
)


def state(info: Mapping[str, Any]) -> str:
    """Return in a few words whether the file is signed: only a verified signature counts."""
    verified = text(info.get("verified"))
    if verified.lower() in HOLDS:
        return "signed, and the signature is verified"
    if verified:
        return "the signature is not verified"
    if any(items(info.get(key)) for key in OF_SIGNATURE):
        return "certificates, without a word on whether the signature is verified"
    return "no signature, version information only"


def analyze(evidence: Evidence) -> Iterator[Finding]:
    """Yield the signature with its state in the title, and points for a certificate that was revoked."""
    info = attributes(evidence).get("signature_info")
    section = present(SIGNATURE, info)
    if section is None:
        return
    found = mapping(info)
    if found:
        section.title_text = f"Signature: {state(found)}"
    yield section
    if text(found.get("verified")).lower() == REVOKED:
        reason = "VirusTotal says that a certificate of the signature was revoked by its issuer."
        yield Points(Family.STATIC, "certificate_revoked", REVOKED_POINTS, reason, section)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of `signature_info`."""
    summary = "Signature, its certificates and version information; signed only where it is verified."
    return (Analyzer("signature", "file", analyze=analyze, order=401, summary=summary),)
