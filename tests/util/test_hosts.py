"""Which host a URL has, and which hosts are never named to VirusTotal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virustotal.util.hosts import ascii_name, canonical_host, host_of, is_public, reason_not_public

# 192.31.196.0/24 and 192.175.48.0/24 (AS112) are IANA's own, and globally reachable.
PUBLIC = "192.175.48.1"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://www.Example.COM/a?b#c", "www.example.com"),
        ("https://example.com:8443/", "example.com"),
        ("https://user:word@example.com/", "example.com"),
        ("https://example.com./", "example.com"),
        ("example.com", "example.com"),
        ("example.com:8080", "example.com"),
        ("http://192.0.2.1/", "192.0.2.1"),
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:80", "192.0.2.1"),
        ("http://[2001:DB8::1]:8080/x", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("http://[fe80::1%25eth0]/", "fe80::1"),
        ("http://0x7f.1/", "127.0.0.1"),
        ("http://0x7f.0x.1/", "127.0.0.1"),
        ("http://0X/", "0.0.0.0"),
        ("http://127.0.0.①/", "127.0.0.1"),
        ("http://²/", "0.0.0.2"),
        ("http://017700000001/", "127.0.0.1"),
        ("http://2130706433/", "127.0.0.1"),
        ("http://0300.0.2.1/", "192.0.2.1"),
        ("http://b\u00fccher.example.com/", "xn--bcher-kva.example.com"),
        ("http://fa\u00df.example.com/", "xn--fa-hia.example.com"),
        ("http://example\u3002com/", "example.com"),
        ("http://\uff45xample.com/", "example.com"),
        ("http://ex%61mple.com/", "example.com"),
        ("http://_dmarc.example.com/", "_dmarc.example.com"),
        ("http://example.com\\@example.org/", ""),
        ("http://1.2.3.256/", ""),
        ("http://1.2.3.4.5/", ""),
        ("http://1 2.3/", ""),
        ("http://4294967296/", ""),
        ("http://08.1/", ""),
        ("http://exa mple.com/", ""),
        ("http://a..example.com/", ""),
        ("http://[::1/", ""),
        ("http:///path", ""),
        ("http://" + "a" * 64 + ".example.com/", ""),
        ("http://\ud800.example.com/", ""),
        ("javascript:alert(1)", ""),
        ("", ""),
    ],
)
def test_host_of(url: str, host: str) -> None:
    assert host_of(url) == host


@pytest.mark.parametrize(
    "host",
    [
        "example.com",
        "example.org.",
        "EXAMPLE.net",
        "test.example.com",
        "localhost.example.com",
        "xn--bcher-kva.example.com",
        "in-addr.arpa",
        PUBLIC,
        f"::ffff:{PUBLIC}",
        "2620:4f:8000::1",
    ],
)
def test_public(host: str) -> None:
    assert is_public(host)


@pytest.mark.parametrize(
    ("host", "word"),
    [
        ("10.0.0.1", "private"),
        ("172.16.5.4", "private"),
        ("192.168.1.1", "private"),
        ("100.64.0.1", "private"),
        ("192.0.2.7", "reserved"),
        ("198.51.100.7", "reserved"),
        ("203.0.113.7", "reserved"),
        ("198.18.0.1", "reserved"),
        ("127.0.0.1", "loopback"),
        ("127.8.9.10", "loopback"),
        ("0x7f.1", "loopback"),
        ("0177.0.0.1", "loopback"),
        ("2130706433", "loopback"),
        ("0", "unspecified"),
        ("0.0.0.0", "unspecified"),
        ("169.254.169.254", "link-local"),
        ("224.0.0.251", "multicast"),
        ("240.0.0.1", "reserved"),
        ("255.255.255.255", "reserved"),
        ("::", "unspecified"),
        ("::1", "loopback"),
        ("[::1]", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("::ffff:10.0.0.1", "private"),
        ("2002:7f00:1::", "loopback"),
        ("64:ff9b::7f00:1", "loopback"),
        ("fe80::1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("fec0::1", "private"),
        ("fd00::1", "private"),
        ("ff02::1", "multicast"),
        ("2001:db8::1", "reserved"),
        ("intranet", "without a domain"),
        ("localhost", "without a domain"),
        ("localhost.", "without a domain"),
        ("www.localhost", ".localhost"),
        ("printer.local", ".local"),
        ("db.internal", ".internal"),
        ("www.Example", ".example"),
        ("www.test", ".test"),
        ("www.invalid", ".invalid"),
        ("abcdef.onion", ".onion"),
        ("router.home.arpa", ".home.arpa"),
        ("host.lan", ".lan"),
        ("host.corp", ".corp"),
        ("", "not a valid host"),
        ("a b.example.com", "not a valid host"),
        ("../x", "not a valid host"),
        ("1.2.3.256", "not a valid host"),
    ],
)
def test_not_public(host: str, word: str) -> None:
    assert word in reason_not_public(host)
    assert not is_public(host)


@pytest.mark.parametrize(
    "name", ["", ".", "a..b", "a/b.example.com", "a" * 64 + ".com", "a." * 127 + "com", "xn--\u0430"]
)
def test_no_name(name: str) -> None:
    with pytest.raises(ValueError, match="not a host name"):
        ascii_name(name)


@given(st.text(max_size=60))
def test_never_raises_and_is_stable(text: str) -> None:
    host = host_of(text)
    reason_not_public(text)
    assert not host or canonical_host(host) == host


@pytest.mark.parametrize(
    "spellings",
    [
        ("\u270c.example.com", "xn--7bi.example.com", "XN--7BI.example.com"),
        ("\u270c\ufe0f.example.com", "xn--7bi.example.com"),
        ("_dmarc.b\u00fccher.example.com", "_dmarc.xn--bcher-kva.example.com", "_DMARC.B\u00dcCHER.example.com"),
        ("\U0001f4a9.example.com", "xn--ls8h.example.com"),
        ("\u2603.example.com.", "xn--n3h.example.com"),
        ("2001:DB8:0:0:0:0:0:1", "2001:db8::1", "[2001:0db8::0001]"),
    ],
)
def test_all_spellings_of_a_host_are_one_host(spellings: tuple[str, ...]) -> None:
    assert len({canonical_host(spelling) for spelling in spellings}) == 1
    assert len({host_of(f"http://{spelling}/" if ":" not in spelling else spelling) for spelling in spellings}) == 1
