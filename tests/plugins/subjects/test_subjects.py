import json
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given as given_strategy
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.conftest import load, report_files
from tests.plugins.relationships.kit import rows, sections, tags, titled
from tests.plugins.relationships.test_all import HOSTILE, JSON, check
from tests.plugins.relationships.test_needs import Watched
from virustotal.core import Analyzer, Report
from virustotal.core.findings import Finding
from virustotal.core.settings import Settings
from virustotal.plugins.subjects import domain, ip_address, url
from virustotal.testing import evidence, run

ANALYZERS = {
    "url": url.virustotal_analyzers(Settings()),
    "domain": domain.virustotal_analyzers(Settings()),
    "ip_address": ip_address.virustotal_analyzers(Settings()),
}
CERTIFICATE = {
    "subject": {"CN": "www.example.com", "O": "Example"},
    "issuer": {"C": "CA", "CN": "Example CA", "O": ["One", "Two"]},
    "serial_number": "0A1B",
    "thumbprint": "ab" * 20,
    "thumbprint_sha256": "cd" * 32,
    "validity": {"not_before": "2024-01-02 03:04:05", "not_after": "2025-01-02 03:04:05"},
    "public_key": {"algorithm": "RSA", "rsa": {"key_size": 2048}},
    "cert_signature": {"signature_algorithm": "sha256RSA"},
    "extensions": {"CA": False, "subject_alternative_name": ["www.example.com", "\xc0\x00\x02\x01", "\xc63d\x07"]},
}
SAMPLES: dict[str, dict[str, Any]] = {
    "url": {
        "url": "http://example.com/start",
        "last_final_url": "https://example.net/end",
        "title": "Sign in",
        "last_http_response_code": 200,
        "last_http_response_content_length": 12,
        "last_http_response_content_sha256": "ab" * 32,
        "targeted_brand": {"Vendor": "Example Bank"},
        "html_meta": {"robots": ["noindex"]},
        "redirection_chain": ["http://example.com/start", "https://example.org/hop"],
        "last_http_response_headers": {"Server": "nginx"},
        "last_http_response_cookies": {"sid": "s3cret"},
        "trackers": {"Example Analytics": [{"id": "UA-1", "timestamp": 1_700_000_000, "url": "http://example.org/t"}]},
        "outgoing_links": ["http://example.org/out"],
        "categories": {"Vendor": "phishing"},
        "favicon": {"dhash": "06c1", "raw_md5": "ab" * 16},
    },
    "domain": {
        "registrar": "Example Registrar",
        "creation_date": 1_700_000_000,
        "jarm": "2ad2" * 15,
        "popularity_ranks": {"B": {"rank": 9, "timestamp": 1_700_000_000}, "A": {"rank": 700, "timestamp": 1}},
        "last_dns_records": [
            {"type": "MX", "value": "mx.example.com", "ttl": 900, "priority": 30},
            {"type": "A", "value": "198.51.100.7", "ttl": 60},
        ],
        "last_https_certificate": CERTIFICATE,
        "last_https_certificate_date": 1_700_000_000,
        "whois": "Domain Name: EXAMPLE.COM\nName Server: a.example.com\nName Server: b.example.com\n% a: b\nnothing",
        "rdap": {
            "ldh_name": "example.com",
            "handle": "",
            "events": [{"event_action": "expiration", "event_date": "x"}],
        },
        "crowdsourced_context": [{"title": "Seen in spam", "severity": "low", "source": "Someone", "details": "d"}],
    },
    "ip_address": {
        "asn": 64496,
        "as_owner": "Example Net",
        "country": "CA",
        "network": "198.51.100.0/24",
        "last_https_certificate": CERTIFICATE,
        "whois": "Connection refused",
        "rdap": {
            "entities": [{"roles": ["registrant"], "vcard_array": [{"name": "fn", "values": ["Example Inc."]}]}],
            "start_address": "198.51.100.0",
        },
    },
}


def found(kind: str, *, contract: bool = True, **attributes: Any) -> list[Finding]:
    """Return what the analysers of a subject yield; the contract is checked by calling each again."""
    subject = evidence(kind, **attributes)
    return [finding for analyzer in ANALYZERS[kind] for finding in run(analyzer, subject, check=contract)]


def facts(result: list[Finding], title: str) -> dict[str, Any]:
    return dict(titled(result, title).section_body._data)


def test_url() -> None:
    result = found("url", **SAMPLES["url"])
    shown = facts(result, "Page")
    assert shown["Title"] == "Sign in"
    assert shown["HTTP status"] == 200
    assert shown["Targeted brands"] == "Example Bank (Vendor)"
    chain = titled(result, "Redirections (2)")
    assert chain.body == "https://example.org/hop\nhttps://example.net/end"
    assert chain.tags == {"network.static.uri": ["https://example.org/hop", "https://example.net/end"]}
    assert rows(titled(result, "Trackers"))[0]["Id"] == "UA-1"
    assert titled(result, "Outgoing links (1)").tags == {}
    check(result)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Set-Cookie", "sid=s3cret; path=/"),
        ("set-cookie2", "s3cret"),
        ("Authorization", "Basic s3cret"),
        ("Proxy-Authorization", "s3cret"),
        ("X-CSRF-Token", "s3cret"),
        ("x-api-key", "s3cret"),
        ("X-Session-Id", "s3cret"),
        ("Location", "https://user:s3cret@example.com/next"),
        ("Location", "https://user:p@s3cret@example.com/next"),
        ("Location", "/next?a=b&access_token=s3cret"),
        ("Refresh", "0; url=/next?sid=s3cret"),
        ("Link", ["<https://u:s3cret@example.com>"]),
    ],
)
def test_no_cookie_and_no_credential_is_shown(name: str, value: Any) -> None:
    result = found(
        "url",
        last_http_response_headers={"Server": "nginx", name: value},
        last_http_response_cookies={"sid": "s3cret"},
        last_final_url="https://user:s3cret@example.com/end",
        redirection_chain=["https://user:s3cret@example.com/hop"],
        outgoing_links=["https://user:s3cret@example.com/out"],
        url="https://user:s3cret@example.com/start",
    )
    everything = json.dumps([(section.title_text, section.body, section.tags) for section in sections(result)])
    assert "s3cret" not in everything
    answer = {row["Header"]: row["Value"] for row in rows(titled(result, "HTTP response"))}
    assert answer["Server"] == "nginx"
    assert name in answer
    assert answer["Cookies (names only)"] == "sid"


@pytest.mark.parametrize("name", ["Content-Type", "ETag", "X-Powered-By", "Cache-Control", "design"])
def test_harmless_headers_are_shown(name: str) -> None:
    result = found("url", last_http_response_headers={name: "value?design=1"})
    assert rows(titled(result, "HTTP response")) == [{"Header": name, "Value": "value?design=1"}]


def test_domain() -> None:
    result = found("domain", **SAMPLES["domain"])
    assert facts(result, "Registration")["Registrar"] == "Example Registrar"
    assert [row["Rank"] for row in rows(titled(result, "Popularity"))] == [9, 700]
    assert [(row["Type"], row["More"]) for row in rows(titled(result, "DNS records"))] == [
        ("A", ""),
        ("MX", "priority 30"),
    ]
    whois = facts(result, "WHOIS")
    assert whois == {"Domain Name": "EXAMPLE.COM", "Name Server": "a.example.com, b.example.com"}
    assert rows(titled(result, "Crowdsourced context"))[0]["Title"] == "Seen in spam"
    check(result)


def test_certificate_of_both_kinds_of_host() -> None:
    for kind in ("domain", "ip_address"):
        result = found(kind, **SAMPLES[kind])
        shown = facts(result, "Certificate")
        assert shown["Subject"] == "CN=www.example.com, O=Example"
        assert shown["Issuer"] == "CN=Example CA, O=One, Two, C=CA"
        assert shown["Alternative names"] == "www.example.com, 192.0.2.1, 198.51.100.7"
        assert shown["Public key"] == "RSA 2048"
        assert tags(result)["cert.thumbprint"] == {"ab" * 20, "cd" * 32}
        assert tags(result)["cert.serial_no"] == {"0a1b"}


def test_ip_address() -> None:
    result = found("ip_address", **SAMPLES["ip_address"])
    assert facts(result, "Network")["Autonomous system"] == "AS64496"
    assert facts(result, "WHOIS") == {"Text": "Connection refused"}
    assert facts(result, "RDAP") == {"First address": "198.51.100.0", "Registrant": "Example Inc."}


@pytest.mark.parametrize("kind", SAMPLES)
def test_nothing_known_says_nothing(kind: str) -> None:
    assert found(kind) == []


@pytest.mark.parametrize("kind", SAMPLES)
@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: repr(value)[:20])
def test_any_attribute_may_be_of_any_type(kind: str, value: Any) -> None:
    check(found(kind, **dict.fromkeys(SAMPLES[kind], value)))
    for key in SAMPLES[kind]:
        check(found(kind, contract=False, **{**SAMPLES[kind], key: value}))
        check(found(kind, contract=False, **{key: [value]}))
        check(found(kind, contract=False, **{key: {"a": value, "b": [value]}}))


def test_a_whois_of_megabytes_is_bounded() -> None:
    result = found("domain", whois="\n".join(f"Key{place}: value" for place in range(200_000)))
    shown = facts(result, "WHOIS")
    assert len(shown) == 61
    assert shown["Left out"] == "1940 more keys"


@pytest.mark.parametrize("kind", SAMPLES)
@hypothesis_settings(max_examples=20, deadline=None)
@given_strategy(data=st.data())
def test_no_mutated_subject_ends_an_analysis(kind: str, data: st.DataObject) -> None:
    mutated = data.draw(st.dictionaries(st.sampled_from(sorted(SAMPLES[kind])), JSON, max_size=4))
    check(found(kind, **{**SAMPLES[kind], **mutated}))


@pytest.mark.parametrize("path", report_files("url", "domain", "ip_address"), ids=lambda path: path.stem)
def test_recorded_subjects(path: Path) -> None:
    data = load(path)["data"]
    result = found(data["type"], **data["attributes"])
    assert result
    check(result)


@pytest.mark.parametrize(
    "analyzer",
    [each for analyzer in ANALYZERS.values() for each in analyzer if each.needs.attributes],
    ids=lambda each: each.name,
)
def test_each_names_what_it_shows_so_that_the_rest_is_listed(analyzer: Analyzer) -> None:
    read: set[str] = set()
    given = evidence(analyzer.kind)
    subject = evolve(given.report.subject, attributes=Watched(SAMPLES[analyzer.kind], read))

    run(analyzer, evolve(given, report=Report(subject)), check=False)

    assert read == set(analyzer.needs.attributes)
