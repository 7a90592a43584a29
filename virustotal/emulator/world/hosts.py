"""Hosts of the world: domains, addresses and URLs, of reserved names and documentation networks only."""

from collections.abc import Iterator
from typing import Any

from virustotal.emulator.engines import engine_results, engine_stats
from virustotal.emulator.world.shared import (
    DAY,
    EICAR_SHA256,
    EPOCH,
    Json,
    document,
    obj,
    ref,
    refs,
    relationship,
    url_id,
    url_ref,
)


def host(kind: str, identifier: str, label: str | None = None, only: tuple[str, ...] = (), **attributes: Any) -> Json:
    """Return a domain, address or URL with engine results; with a label, ``only`` these engines detect it."""
    results = engine_results(label, network=True, only=only)
    common = {
        "last_analysis_results": results,
        "last_analysis_stats": engine_stats(results, network=True),
        "last_analysis_date": EPOCH,
        "last_modification_date": EPOCH + 3600,
        "reputation": 0,
        "total_votes": {"harmless": 0, "malicious": 0},
        "tags": [],
    }
    return obj(kind, identifier, {**common, **attributes})


_BAD = ("Fortinet", "Sophos", "Kaspersky", "BitDefender", "G-Data", "CRDF")


def _domains() -> Iterator[Json]:
    yield host("domain", "example.com", tld="com", categories={"Sophos": "information technology"})
    yield host("domain", "c2.example.net", "malware", _BAD, tld="net", creation_date=EPOCH - 20 * DAY)
    yield host("domain", "update.example.org", tld="org")


def _addresses() -> Iterator[Json]:
    network: Json = {"network": "192.0.2.0/24", "as_owner": "Example Hosting", "asn": 64500, "country": "CA"}
    yield host("ip_address", "192.0.2.10", "malicious", _BAD[:3], **network)
    yield host("ip_address", "198.51.100.7", network="198.51.100.0/24", country="US")


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


BAD_URL = "http://c2.example.net/gate.php"
GOOD_URL = "https://example.com/"


def _urls() -> Iterator[Json]:
    yield url_object(BAD_URL, "malware", _BAD, tld="net", last_http_response_code=200)
    yield url_object(GOOD_URL, tld="com", title="Example Domain", last_http_response_code=200)


def documents() -> Iterator[tuple[str, Json]]:
    """Yield (path, document) of the hosts and of EICAR's links to them."""
    for value in (*_domains(), *_addresses(), *_urls()):
        yield document(value)
    contacted = refs("domain", ("c2.example.net", "example.com", "update.example.org", "unseen.example"))
    yield relationship("file", EICAR_SHA256, "contacted_domains", contacted)
    yield relationship("file", EICAR_SHA256, "contacted_ips", refs("ip_address", ("192.0.2.10", "198.51.100.7")))
    yield relationship("file", EICAR_SHA256, "contacted_urls", [url_ref(BAD_URL), url_ref(GOOD_URL)])
    subdomains = [ref("domain", f"host{index:02}.example.com", timestamp=EPOCH - index * 60) for index in range(95)]
    yield relationship("domain", "example.com", "subdomains", subdomains)
