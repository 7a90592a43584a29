"""The plugin alone: no server, no network."""

from pathlib import Path
from typing import Any

import pytest
import virustotal_blocklist

from virustotal.core import Verdict
from virustotal.testing import PluginError, hooks, obj, plugins

LIST = """
# hosts that we have seen in phishing
bad.example          # and all below it
0.0.0.0 sinkholed.example
192.0.2.7
198.51.100.0/24
2001:db8:bad::/48
"""


def config(path: Path | str, **more: Any) -> dict[str, Any]:
    return {"plugins": {"settings": {"blocklist": {"file": str(path), **more}}}}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "blocklist.txt"
    path.write_text(LIST, encoding="utf-8")
    return path


def decide(file: Path, kind: str, id: str, **attributes: Any) -> Verdict | None:
    found = hooks(virustotal_blocklist, config(file))
    verdict = found.decide(obj(kind, id, **attributes), ())
    assert not found.failed
    return verdict


@pytest.mark.parametrize(
    ("kind", "id", "attributes", "entry"),
    [
        ("domain", "bad.example", {}, "bad.example"),
        ("domain", "CDN.Bad.Example.", {}, "bad.example"),
        ("domain", "sinkholed.example", {}, "sinkholed.example"),
        ("ip_address", "192.0.2.7", {}, "192.0.2.7/32"),
        ("ip_address", "198.51.100.200", {}, "198.51.100.0/24"),
        ("ip_address", "2001:db8:bad::1", {}, "2001:db8:bad::/48"),
        ("url", "ab" * 32, {"url": "https://login.bad.example:8443/a?b"}, "bad.example"),
        ("url", "ab" * 32, {"url": "http://example.com/", "last_final_url": "http://192.0.2.7/"}, "192.0.2.7/32"),
        ("url", "ab" * 32, {"url": "http://[2001:db8:bad::2]/"}, "2001:db8:bad::/48"),
    ],
)
def test_a_listed_host_is_malicious(file: Path, kind: str, id: str, attributes: dict[str, Any], entry: str) -> None:
    found = decide(file, kind, id, **attributes)
    assert found is not None
    assert (found.level, found.score) == ("malicious", 500)
    assert f"internal blocklist blocklist.txt, as {entry}." in found.reasons[1]


@pytest.mark.parametrize(
    ("kind", "id", "attributes"),
    [
        ("domain", "notbad.example", {}),
        ("domain", "example", {}),
        ("domain", "bad.example.com", {}),
        ("ip_address", "192.0.2.8", {}),
        ("ip_address", "not an address", {}),
        ("url", "ab" * 32, {}),
        ("url", "ab" * 32, {"url": None, "last_final_url": 7}),
        ("url", "ab" * 32, {"url": "http://[bad/"}),
        ("file", "ab" * 32, {"url": "http://bad.example/"}),
    ],
)
def test_everything_else_is_left_to_the_engines(file: Path, kind: str, id: str, attributes: dict[str, Any]) -> None:
    assert decide(file, kind, id, **attributes) is None


def test_a_changed_file_is_read_again(file: Path) -> None:
    found = hooks(virustotal_blocklist, config(file, score=7))
    assert found.decide(obj("domain", "new.example"), ()) is None
    file.write_text("new.example\nand.more.example\n", encoding="utf-8")
    verdict = found.decide(obj("domain", "new.example"), ())
    assert verdict is not None
    assert verdict.score == 7


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "expected the path of the list"),
        ({"plugins": {"settings": {"blocklist": {"file": 7}}}}, "expected the path of the list"),
        (config("/no/such/file"), "No such file"),
        (config(__file__), r"test_blocklist.py, line 1: neither a domain nor an address"),
        (config(__file__, score="high"), "expected a whole number from 0 to 1000"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(PluginError, match=message):
        plugins(virustotal_blocklist, settings)
