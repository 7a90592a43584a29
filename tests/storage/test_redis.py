"""What a Redis costs that cannot be used: its benefit, one line for the operator, and no result."""

import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.storage.calls import use
from tests.storage.failing import Clock
from tests.storage.servers import free_port, started
from virustotal.storage import in_redis
from virustotal.storage.circuit_breaker import PAUSE
from virustotal.storage.fallback import with_fallback

MOST = 2**20


def test_nobody_there(tmp_path: Path) -> None:
    said: list[str] = []
    use(with_fallback(in_redis("redis://:hidden@127.0.0.1:1", MOST), said.append))
    assert len(said) == 1
    assert "redis://127.0.0.1:1 cannot be used: it cannot be reached" in said[0]


@pytest.mark.parametrize("given", ["", "user:", ":wrong@", "user:wrong@"])
def test_a_wrong_password(tmp_path: Path, given: str) -> None:
    with started(tmp_path, password="right-password") as server:
        said: list[str] = []
        given = given if given.endswith("@") or not given else f"{given}@"
        use(with_fallback(in_redis(f"redis://{given}127.0.0.1:{server.port}", MOST), said.append))
        assert len(said) == 1
        assert "wrong" not in said[0]
        said.clear()
        use(with_fallback(in_redis(server.address, MOST), said.append))
        assert not said


def test_one_that_hangs_costs_a_second_or_two(tmp_path: Path) -> None:
    with started(tmp_path) as server:
        said: list[str] = []
        stores = with_fallback(in_redis(server.address, MOST), said.append)
        use(stores)
        server.hang()
        began = time.monotonic()
        for _ in range(2):
            use(stores)
        assert time.monotonic() - began < 10
        assert len(said) == 1
        assert "does not answer in time" in said[0]
        server.resume()


def test_threads_do_not_wait_for_one_that_hangs_one_after_the_other(tmp_path: Path) -> None:
    with started(tmp_path) as server:
        stores = with_fallback(in_redis(server.address, MOST), lambda line: None)
        server.hang()
        began = time.monotonic()
        with ThreadPoolExecutor(12) as pool:
            for _ in range(12):
                pool.submit(stores.rate_limiter.now)
        assert time.monotonic() - began < 10
        server.resume()


def test_one_that_dies_and_comes_back(tmp_path: Path) -> None:
    with started(tmp_path) as server:
        said: list[str] = []
        clock = Clock()
        stores = with_fallback(in_redis(server.address, MOST), said.append, monotonic=clock)
        use(stores)
        server.stop()
        use(stores)
        assert len(said) == 1
        server.start()
        for _ in range(2):
            clock.now += PAUSE
            use(stores)
        assert said[1:] == [f"The store {stores.place} works again."]


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl makes the certificate")
def test_tls_with_password_and_ca(tmp_path: Path) -> None:
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("Debian's redis-server, which speaks TLS, is not here")
    key, certificate = tmp_path / "key.pem", tmp_path / "ca.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    made += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(made, check=True, capture_output=True)
    with started(tmp_path, password="secret-word") as plain:
        port = free_port()
        tls = ("--tls-port", str(port), "--tls-cert-file", str(certificate), "--tls-key-file", str(key))
        plain.stop()
        plain.binary = binary
        plain.options = (*plain.options, *tls, "--tls-auth-clients", "no")
        plain.start()
        address = f"rediss://:secret-word@127.0.0.1:{port}"
        cases = (
            (in_redis(f"{address}?ssl_ca_certs={certificate}", MOST), ""),
            (in_redis(address, MOST, str(certificate)), ""),
            (in_redis(address, MOST), "its certificate could not be verified"),
            (in_redis(f"{address}?ssl_ca_certs=/nowhere", MOST), "cannot be used"),
        )
        for stores, reason in cases:
            said: list[str] = []
            use(with_fallback(stores, said.append))
            assert len(said) == bool(reason)
            assert all(reason in line and "secret-word" not in line for line in said)
