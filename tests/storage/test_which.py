"""Which store the configuration names, and where it is without one."""

from pathlib import Path

import pytest

from virustotal.core.errors import ConfigurationError
from virustotal.core.settings import Settings
from virustotal.storage import default_place, open_stores


@pytest.mark.parametrize(
    ("storage", "dependencies", "place"),
    [
        ("/var/lib/store.sqlite3", {}, "/var/lib/store.sqlite3"),
        ("/var/lib/store.sqlite3", {"redis": {"host": "r", "port": "1", "key": "x"}}, "/var/lib/store.sqlite3"),
        ("redis://user:word@redis.example.com/3", {}, "redis://redis.example.com:6379"),
        ("rediss://redis.example.com:6380", {}, "rediss://redis.example.com:6380"),
        ("", {"redis": {"host": "virustotal-redis", "port": "6379", "key": "x"}}, "redis://virustotal-redis:6379"),
        ("", {"updates": {"host": "u", "port": "1", "key": "x"}}, ""),
    ],
)
def test_the_configuration_names_the_store(storage: str, dependencies: dict[str, dict[str, str]], place: str) -> None:
    stores = open_stores(Settings(), storage, lambda line: None, dependencies)
    assert stores.place == (place or str(default_place()))
    assert "word" not in repr(stores.place)


@pytest.mark.parametrize(
    "storage",
    ["memcached://x", "redis://", "redis://host:port", "redis://:word@host?ssl_cert_reqs=none", "redis://host?x=1"],
)
def test_an_address_that_is_none_stops_the_service(storage: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^storage: ") as caught:
        open_stores(Settings(), storage, lambda line: None, {})
    assert "word" not in str(caught.value)


def test_the_default_place_is_not_temporary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert default_place() == tmp_path / "virustotal-service" / "store.sqlite3"
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", "/home/somebody")
    assert default_place() == Path("/home/somebody/.local/state/virustotal-service/store.sqlite3")


def test_a_user_without_a_home_does_not_stop_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.delenv("HOME")

    def nobody(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.setattr("pwd.getpwuid", nobody)
    assert open_stores(Settings(), "", lambda line: None, {}).place.endswith("/store.sqlite3")


@pytest.mark.parametrize(("storage", "shared"), [("", False), ("store.sqlite3", True), ("redis://127.0.0.1:1", True)])
def test_a_store_that_is_configured_counts_as_shared(storage: str, shared: bool) -> None:
    assert open_stores(Settings(), storage, lambda line: None, {}).shared is shared
