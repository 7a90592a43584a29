"""Facts and tags of X.509 certificates in VirusTotal's form (`last_https_certificate`, `ssl_cert`)."""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any

from virustotal.util.readers import as_list, as_mapping, as_text, as_texts, date, integer, moment, pairs

__all__ = ["alternative_names", "distinguished", "facts", "public_key", "tags"]

_ORDER = ("CN", "OU", "O", "L", "ST", "C")
_HEX = re.compile(r"[0-9a-f]{1,128}", re.ASCII)


def distinguished(value: Any) -> str:
    """Return a distinguished name of a mapping such as `{"CN": …, "O": …}` as `CN=…, O=…`; a text as it is."""
    parts = dict(pairs(value))
    names = [name for name in _ORDER if name in parts] + sorted(name for name in parts if name not in _ORDER)
    written = [f"{name}={shown}" for name in names if (shown := ", ".join(as_texts(parts[name])))]
    return ", ".join(written) or as_text(value)


def alternative_names(certificate: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names that the certificate is for; addresses that VirusTotal sends as raw bytes become readable."""
    names = as_list(as_mapping(certificate.get("extensions")).get("subject_alternative_name"))
    return as_texts([_address(name) or name for name in names])


def _address(name: Any) -> str:
    if not isinstance(name, str) or len(name) not in (4, 16) or name.isprintable() or any(ord(c) > 255 for c in name):
        return ""
    return str(ipaddress.ip_address(name.encode("latin-1")))


def public_key(certificate: Mapping[str, Any]) -> str:
    """Return algorithm and size, such as `RSA 2048`."""
    key = as_mapping(certificate.get("public_key"))
    algorithm = as_text(key.get("algorithm"), 40)
    size = integer(as_mapping(key.get(algorithm.lower())).get("key_size"))
    return f"{algorithm} {size}" if size else algorithm


def _algorithm(certificate: Mapping[str, Any]) -> str:
    signature = as_mapping(certificate.get("cert_signature")).get("signature_algorithm")
    return as_text(signature) or as_text(certificate.get("signature_algorithm"))


def facts(certificate: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what a certificate says, as labels and values for ordered key-values."""
    validity, extensions = as_mapping(certificate.get("validity")), as_mapping(certificate.get("extensions"))
    yield "Subject", distinguished(certificate.get("subject"))
    yield "Issuer", distinguished(certificate.get("issuer"))
    yield "Valid from", date(validity.get("not_before"))
    yield "Valid to", date(validity.get("not_after"))
    yield "Alternative names", alternative_names(certificate)
    yield "Serial number", as_text(certificate.get("serial_number"))
    yield "Thumbprint", as_text(certificate.get("thumbprint"))
    yield "SHA-256 thumbprint", as_text(certificate.get("thumbprint_sha256"))
    yield "Public key", public_key(certificate)
    yield "Signature algorithm", _algorithm(certificate)
    yield "Version", as_text(certificate.get("version"))
    yield "Certificate authority", as_text(extensions.get("CA"))
    yield "Key usage", as_texts(extensions.get("key_usage"))
    yield "Extended key usage", as_texts(extensions.get("extended_key_usage"))
    yield "Tags", as_texts(certificate.get("tags"))


def tags(certificate: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the tags of Assemblyline's `cert` that the certificate has values for."""
    validity = as_mapping(certificate.get("validity"))
    values_by_type: dict[str, tuple[str, ...]] = {
        "cert.subject": as_texts(distinguished(certificate.get("subject"))),
        "cert.issuer": as_texts(distinguished(certificate.get("issuer"))),
        "cert.serial_no": _digits(certificate.get("serial_number")),
        "cert.thumbprint": _digits(certificate.get("thumbprint")) + _digits(certificate.get("thumbprint_sha256")),
        "cert.signature_algo": as_texts(_algorithm(certificate)),
        "cert.valid.start": as_texts(moment(validity.get("not_before"))),
        "cert.valid.end": as_texts(moment(validity.get("not_after"))),
    }
    return {kind: list(values) for kind, values in values_by_type.items() if values}


def _digits(value: Any) -> tuple[str, ...]:
    digits = as_text(value).lower()
    return (digits,) if _HEX.fullmatch(digits) else ()
