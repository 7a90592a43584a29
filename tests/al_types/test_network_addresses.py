from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from virustotal.al_types.network_addresses import indicator


@pytest.mark.parametrize(
    ("value", "kind", "normal", "host", "port"),
    [
        ("example.com", "domain", "example.com", None, None),
        (" Example.COM ", "domain", "example.com", None, None),
        ("example.com:8080", "domain", "example.com", None, 8080),
        ("192.0.2.1", "ip", "192.0.2.1", None, None),
        ("192.0.2.1:443", "ip", "192.0.2.1", None, 443),
        ("2001:db8::1", "ip", "2001:db8::1", None, None),
        ("[2001:db8::1]:80", "ip", "2001:db8::1", None, 80),
        ("http://example.com/a", "uri", "http://example.com/a", "example.com", None),
        ("HTTP://a.example.org:8080/x:y", "uri", "HTTP://a.example.org:8080/x:y", "a.example.org", 8080),
        ("tcp://192.0.2.1:443", "uri", "tcp://192.0.2.1:443", "192.0.2.1", 443),
        ("ftp://user:pass@example.net:21/", "uri", "ftp://user:pass@example.net:21/", "example.net", 21),
    ],
)
def test_addresses(value: str, kind: str, normal: str, host: str | None, port: int | None) -> None:
    found = indicator(value)
    assert found is not None
    assert (found.kind, found.value, found.host and found.host.value, found.port) == (kind, normal, host, port)


@pytest.mark.parametrize(
    "value",
    [
        *("setup.exe", "aga.exe", "kernel32.dll", "localhost", "", " ", "a b.example.com", "1", "0x7f.1", "1.2.3.256"),
        *("192.0.2.1:99999", "192.0.2.1:0", "http://setup.exe/", "http://", "://", "http://[1", "example.com:port"),
        *("\u03f2\x00172.94.9\x00006.90", "tcp://\u03f2\x00192.0.2.1:80", "exam\ufffdple.com", "c:\\a.com", "a@b"),
        *(None, 7, 1.5, [], {}, ["example.com"], "a." * 2_000 + "com", "%appdata%\\x.com"),
    ],
)
def test_what_is_no_address(value: Any) -> None:
    assert indicator(value) is None


@settings(deadline=None)
@given(st.text(max_size=60) | st.from_regex(r"[a-z]{1,6}://\S{0,20}", fullmatch=True))
def test_no_text_raises(value: str) -> None:
    indicator(value)
