"""Each check of `virustotal-service doctor`, as a function from facts to a line."""

import pytest

from virustotal.cli.reports.checks import (
    PROXY_VARIABLES,
    State,
    ca,
    clock,
    host,
    key,
    plugins,
    proxy,
    safelist,
)
from virustotal.client.account import Account
from virustotal.core.errors import UnavailableError, VirusTotalError
from virustotal.core.scoring.safelist import Safelist, read_safelist
from virustotal.core.settings import Credentials, Settings
from virustotal.storage.interfaces import Limits, Used

CERTIFICATE = VirusTotalError("The certificate could not be verified.", code="LocalCertificate")
PROXY = UnavailableError("The proxy cannot be reached.", code="LocalProxy")


@pytest.mark.parametrize(
    ("skew", "state", "part"),
    [
        (0.2, State.OK, "as the server's"),
        (-12.0, State.OK, "12 seconds behind"),
        (3600.0, State.ADVICE, "3600 seconds ahead"),
        (-31.0, State.ADVICE, "31 seconds behind"),
        (None, State.ADVICE, "not known"),
    ],
)
def test_the_clock(skew: float | None, state: State, part: str) -> None:
    check = clock(skew)
    assert (check.state, part in check.finding) == (state, True)


@pytest.mark.parametrize(
    ("used", "state"), [(Used(day=499), State.OK), (Used(day=500), State.ADVICE), (Used(), State.OK)]
)
def test_a_used_up_window(used: Used, state: State) -> None:
    assert key(Account(Limits(day=500), used, answered=True)).state is state


@pytest.mark.parametrize(
    ("error", "states"),
    [(CERTIFICATE, ("advice", "ok", "wrong")), (PROXY, ("advice", "wrong", "ok")), (None, ("ok", "ok", "ok"))],
)
def test_one_cause_is_one_wrong_line(error: VirusTotalError | None, states: tuple[str, ...]) -> None:
    account = Account(error=error, answered=error is None)
    credentials = Credentials(proxy="http://user:secret@proxy.example.com:3128")
    lines = (host(Settings(), account), proxy(credentials, account), ca(Settings(), account))
    assert tuple(line.state for line in lines) == states
    assert "secret" not in repr(lines)


@pytest.mark.parametrize(
    ("address", "state"),
    [
        ("https://www.virustotal.com", State.OK),
        ("http://api.example.com", State.ADVICE),
        ("http://127.0.0.1:80", State.OK),
    ],
)
def test_the_key_is_not_sent_in_the_clear_unnoticed(address: str, state: State) -> None:
    assert host(Settings(host=address), Account(answered=True)).state is state


def test_plugins_that_are_not_used() -> None:
    assert plugins(3, ()).state is State.OK
    assert plugins(3, ("words 1.0: failed: ImportError",)).state is State.ADVICE


def test_a_disabled_name_that_nobody_has() -> None:
    check = plugins(3, (), ("detektions",))
    assert (check.state, "detektions" in check.finding) == (State.ADVICE, True)


def test_the_safelist() -> None:
    listed = read_safelist({"match": {"network.static.domain": ["example.com"]}, "regex": {}})
    assert safelist(None).state is State.OK
    assert "values: 1, expressions: 0" in safelist(listed).finding
    assert safelist(Safelist(), "It could not be read.").state is State.ADVICE


def test_a_proxy_of_the_environment_is_named_and_its_password_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert proxy(Credentials(), Account()).state is State.OK
    monkeypatch.setenv("HTTPS_PROXY", "http://user:hidden@proxy.example.com:3128")
    check = proxy(Credentials(), Account())
    assert check.state is State.ADVICE
    assert "HTTPS_PROXY" in check.finding
    assert "hidden" not in check.finding + check.advice
