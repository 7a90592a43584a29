"""Registries' records of the hosts: WHOIS, DNS, certificates, ranks, and their history."""

from collections.abc import Iterator
from typing import Any

from virustotal.emulator.world.shared import DAY, EPOCH, Json, digest, obj, ref, relationship

WHOIS = (
    "Domain Name: EXAMPLE.COM\nRegistrar: Example Registrar, Inc.\nCreation Date: 2000-05-10T04:00:00Z\n"
    "Name Server: A.EXAMPLE.NET\nName Server: B.EXAMPLE.NET\nRegistrant Country: CA\nRegistrant Email: hidden\n"
)
DNS_RECORDS: list[Json] = [
    {"type": "A", "value": "198.51.100.7", "ttl": 300},
    {"type": "AAAA", "value": "2001:db8::10", "ttl": 300},
    {"type": "MX", "value": "mail.example.com", "ttl": 3600, "priority": 10},
    {"type": "TXT", "value": "v=spf1 -all", "ttl": 3600},
    {"type": "CAA", "value": "ca.example.net", "ttl": 3600, "flag": 0, "tag": "issue"},
    {
        "type": "SOA",
        "value": "a.example.net",
        "ttl": 3600,
        "rname": "hostmaster.example.net",
        "serial": 2025010101,
        "refresh": 7200,
        "retry": 3600,
        "expire": 1209600,
        "minimum": 300,
    },
]
RANKS: Json = {
    "Cisco Umbrella": {"rank": 812, "timestamp": EPOCH - DAY},
    "Majestic": {"rank": 1533, "timestamp": EPOCH - DAY},
}
CERTIFICATE: Json = {
    "version": "V3",
    "serial_number": "0a1b2c3d4e5f",
    "size": 1890,
    "thumbprint": "00112233445566778899aabbccddeeff00112233",
    "thumbprint_sha256": digest("certificate"),
    "issuer": {"C": "CA", "O": "Example CA", "CN": "Example CA R1"},
    "subject": {"CN": "example.com", "O": "Example Ltd"},
    "validity": {"not_before": "2024-11-01 00:00:00", "not_after": "2025-11-01 23:59:59"},
    "public_key": {"algorithm": "EC", "ec": {"oid": "secp256r1", "pub": "04ab"}},
    "cert_signature": {"signature": "30450220", "signature_algorithm": "sha256ECDSA"},
    "extensions": {
        "CA": False,
        "key_usage": ["digitalSignature"],
        "extended_key_usage": ["serverAuth"],
        "subject_alternative_name": ["example.com", "*.example.com", "\u0001\u0001\u0001\u0001"],
    },
}


def dns_record_lists() -> Iterator[tuple[str, Any]]:
    """Yield (relationship, items) of the record relationships of example.com."""
    yield "mx_records", [ref("domain", "mail.example.com", timestamp=EPOCH, priority=10, ttl=3600)]
    yield "ns_records", [ref("domain", f"{name}.example.net", timestamp=EPOCH, ttl=3600) for name in "ab"]
    yield "caa_records", [ref("domain", "ca.example.net", timestamp=EPOCH, flag=0, tag="issue", ttl=3600)]
    soa = {"rname": "hostmaster.example.net", "retry": 3600, "refresh": 7200, "minimum": 300, "expire": 1209600}
    yield "soa_records", [ref("domain", "a.example.net", timestamp=EPOCH, ttl=3600, serial=2025010101, **soa)]


def _resolution(address: str, name: str, days: int) -> Json:
    stats = {"harmless": 20, "malicious": 0, "suspicious": 0, "undetected": 10, "timeout": 0}
    attributes = {
        "date": EPOCH - days * DAY,
        "host_name": name,
        "ip_address": address,
        "resolver": "VirusTotal",
        "host_name_last_analysis_stats": stats,
        "ip_address_last_analysis_stats": stats,
    }
    return obj("resolution", f"{address}{name}", attributes)


def _whois(days: int) -> Json:
    attributes = {
        "first_seen_date": EPOCH - days * DAY,
        "last_updated": EPOCH - days * DAY,
        "registrar_name": "Example Registrar, Inc.",
        "registrant_country": "CA",
        "whois_map": {"Domain Name": "EXAMPLE.COM", "Name Server": "A.EXAMPLE.NET | B.EXAMPLE.NET"},
    }
    return obj("whois", digest(f"whois {days}"), attributes)


def history() -> Iterator[tuple[str, Json]]:
    """Yield (path, document) of resolutions, WHOIS records and certificates."""
    pairs = [
        ("198.51.100.7", "example.com", 1),
        ("203.0.113.5", "example.com", 400),
        ("192.0.2.10", "c2.example.net", 2),
    ]
    resolutions = [_resolution(*pair) for pair in pairs]
    yield relationship("domain", "example.com", "resolutions", resolutions[:2])
    yield relationship("domain", "c2.example.net", "resolutions", resolutions[2:])
    yield relationship("ip_address", "192.0.2.10", "resolutions", resolutions[2:])
    yield relationship("ip_address", "198.51.100.7", "resolutions", resolutions[:1])
    yield relationship("domain", "example.com", "historical_whois", [_whois(10), _whois(375)])
    certificate = {
        **obj("ssl_cert", str(CERTIFICATE["thumbprint_sha256"]), CERTIFICATE),
        "context_attributes": {"first_seen_date": "2024-11-02", "port": "443"},
    }
    yield relationship("domain", "example.com", "historical_ssl_certificates", [certificate])
    yield relationship("ip_address", "192.0.2.10", "historical_ssl_certificates", [certificate])
