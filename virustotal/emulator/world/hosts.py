"""Hosts of the world: domains, addresses and URLs, of reserved names and documentation networks only."""

from collections.abc import Iterator
from typing import Any

from virustotal.emulator.engines import analysed, engine_results
from virustotal.emulator.world.records import CERTIFICATE, DNS_RECORDS, RANKS, WHOIS, dns_record_lists, history
from virustotal.emulator.world.shared import (
    DAY,
    EICAR_SHA256,
    EPOCH,
    Json,
    digest,
    document,
    obj,
    ref,
    refs,
    relationship,
    url_id,
    url_ref,
)

_BAD = ("Fortinet", "Sophos", "Kaspersky", "BitDefender", "G-Data", "CRDF")
BAD_URL = "http://c2.example.net/gate.php"
GOOD_URL = "https://example.com/"
LOGIN_URL = "https://login.example.org/sign-in?next=%2F"
IP_URL = "http://192.0.2.10:8080/stage2.bin"
SUBDOMAINS = 95


def host(kind: str, identifier: str, label: str | None = None, only: tuple[str, ...] = (), **attributes: Any) -> Json:
    """Return a domain, address or URL with engine results; with a label, ``only`` these engines detect it."""
    results = engine_results(label, network=True, only=only)
    common = {**analysed(results, EPOCH, network=True), "last_modification_date": EPOCH + 3600}
    return obj(kind, identifier, {**common, **attributes})


def url_object(url: str, label: str | None = None, only: tuple[str, ...] = (), **attributes: Any) -> Json:
    """Return a URL object."""
    common = {
        "url": url,
        "last_final_url": url,
        "first_submission_date": EPOCH - 30 * DAY,
        "last_submission_date": EPOCH - DAY,
        "times_submitted": 3,
    }
    return host("url", url_id(url), label, only, **{**common, **attributes})


def _domains() -> Iterator[Json]:
    yield host(
        "domain",
        "example.com",
        tld="com",
        categories={"Sophos": "information technology", "BitDefender": "computersandsoftware"},
        registrar="Example Registrar, Inc.",
        creation_date=EPOCH - 9000 * DAY,
        expiration_date=EPOCH + 300 * DAY,
        last_update_date=EPOCH - 100 * DAY,
        whois=WHOIS,
        whois_date=EPOCH - 10 * DAY,
        jarm="29d29d00029d29d00041d41d00041d2aa5ce6a70de7ba95aef77a77b00a0af",
        last_dns_records=DNS_RECORDS,
        last_dns_records_date=EPOCH - DAY,
        last_https_certificate=CERTIFICATE,
        last_https_certificate_date=EPOCH - DAY,
        popularity_ranks=RANKS,
        favicon={"dhash": "0f0f0f0f0f0f0f0f", "raw_md5": "00112233445566778899aabbccddeeff"},
        total_votes={"harmless": 12, "malicious": 1},
    )
    yield host(
        "domain",
        "c2.example.net",
        "malware",
        _BAD,
        tld="net",
        creation_date=EPOCH - 20 * DAY,
        registrar="Example Registrar, Inc.",
        categories={"Sophos": "command and control", "Forcepoint ThreatSeeker": "newly registered websites"},
        reputation=-41,
        tags=["dga"],
    )
    yield host("domain", "update.example.org", tld="org")
    yield host("domain", "login.example.org", "phishing", _BAD[:2], tld="org")
    yield host("domain", "example.org", tld="org", popularity_ranks=RANKS)
    yield host("domain", "example.net", tld="net")
    for index in range(SUBDOMAINS):
        detected = index % 19 == 3
        yield host("domain", f"host{index:02}.example.com", "malware" if detected else None, _BAD[:2], tld="com")


def _addresses() -> Iterator[Json]:
    yield host(
        "ip_address",
        "192.0.2.10",
        "malicious",
        _BAD[:3],
        network="192.0.2.0/24",
        as_owner="Example Hosting",
        asn=64500,
        country="CA",
        continent="NA",
        regional_internet_registry="ARIN",
        whois=WHOIS,
        whois_date=EPOCH - 10 * DAY,
        last_https_certificate={**CERTIFICATE, "subject": {"CN": "invalid2.invalid"}},
        crowdsourced_context=[
            {
                "title": "Command and control",
                "details": "Seen in reports about the invented loader.",
                "severity": "high",
                "source": "Example CERT",
                "timestamp": EPOCH - DAY,
            }
        ],
    )
    yield host("ip_address", "198.51.100.7", network="198.51.100.0/24", country="US", asn=64501, as_owner="Example Net")
    yield host("ip_address", "203.0.113.5")
    yield host("ip_address", "2001:db8::10", network="2001:db8::/32", country="DE")


def _urls() -> Iterator[Json]:
    headers = {"Content-Type": "text/html; charset=utf-8", "server": "example", "Set-Cookie": "session=secret"}
    yield url_object(BAD_URL, "malware", _BAD, tld="net", last_http_response_code=200, threat_names=["Invented C2"])
    yield url_object(
        GOOD_URL,
        tld="com",
        title="Example Domain",
        has_content=True,
        categories={"Sophos": "information technology"},
        last_http_response_code=200,
        last_http_response_content_length=1256,
        last_http_response_content_sha256=digest("readme.txt"),
        last_http_response_headers=headers,
        last_http_response_cookies={"session": "secret"},
        html_meta={"viewport": ["width=device-width"], "description": ["An example"]},
        outgoing_links=["https://example.org/"],
        trackers={"Example Analytics": [{"id": "EX-1", "timestamp": EPOCH, "url": "https://example.net/t.js"}]},
    )
    yield url_object(
        LOGIN_URL,
        "phishing",
        _BAD[:4],
        tld="org",
        title="Sign in",
        redirection_chain=["http://login.example.org/"],
        targeted_brand={"Example Brand Watch": "Example Bank"},
        last_http_response_code=302,
    )
    yield url_object(IP_URL, "malware", _BAD[:1], last_http_response_code=404)


def _of_the_file() -> Iterator[tuple[str, Any]]:
    names = ("c2.example.net", "example.com", "update.example.org", "unseen.example")
    yield "contacted_domains", refs("domain", names)
    yield "contacted_ips", refs("ip_address", ("192.0.2.10", "198.51.100.7", "203.0.113.5", "2001:db8::10"))
    yield "contacted_urls", [url_ref(BAD_URL), url_ref(GOOD_URL), url_ref("http://unseen.example/never")]
    yield "embedded_domains", refs("domain", ("example.com",))
    yield "embedded_urls", [url_ref(LOGIN_URL)]
    yield "itw_urls", [url_ref(IP_URL), url_ref(LOGIN_URL)]
    yield "itw_domains", refs("domain", ("login.example.org",))
    yield "itw_ips", refs("ip_address", ("192.0.2.10",))
    yield "memory_pattern_urls", [url_ref(BAD_URL)]


def _of_the_domain() -> Iterator[tuple[str, Any]]:
    yield (
        "subdomains",
        [ref("domain", f"host{index:02}.example.com", timestamp=EPOCH - index * 60) for index in range(SUBDOMAINS)],
    )
    yield "siblings", refs("domain", ("example.net", "example.org"))
    yield "urls", [url_ref(GOOD_URL)]
    yield "communicating_files", refs("file", (EICAR_SHA256, digest("setup.exe")))
    yield "referrer_files", refs("file", (digest("letter.doc"),))
    yield "parent", None
    yield from dns_record_lists()


def documents() -> Iterator[tuple[str, Json]]:
    """Yield (path, document) of the hosts, and of the links from and to them."""
    for value in (*_domains(), *_addresses(), *_urls()):
        yield document(value)
    for name, items in _of_the_file():
        yield relationship("file", EICAR_SHA256, name, items)
    for name, items in _of_the_domain():
        yield relationship("domain", "example.com", name, items)
    yield relationship("domain", "c2.example.net", "parent", ref("domain", "example.net"))
    yield relationship("domain", "c2.example.net", "communicating_files", refs("file", (EICAR_SHA256,)))
    yield relationship("ip_address", "192.0.2.10", "communicating_files", refs("file", (EICAR_SHA256,)))
    yield relationship("ip_address", "192.0.2.10", "urls", [url_ref(IP_URL)])
    yield relationship("url", url_id(BAD_URL), "last_serving_ip_address", ref("ip_address", "192.0.2.10"))
    yield relationship("url", url_id(BAD_URL), "downloaded_files", refs("file", (digest("payload.dll"),)))
    yield relationship("url", url_id(LOGIN_URL), "redirects_to", [url_ref(GOOD_URL)])
    yield relationship("url", url_id(GOOD_URL), "last_serving_ip_address", ref("ip_address", "198.51.100.7"))
    yield from history()
