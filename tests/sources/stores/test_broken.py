"""What a broken store costs: its benefit, one line for the operator, and no result."""

import contextlib
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.sources.stores.failing import Clock
from tests.sources.stores.servers import started
from virustotal.core.receipts import Progress, Receipt
from virustotal.sources.stores import Stores, in_file, in_redis
from virustotal.sources.stores.breaker import PAUSE
from virustotal.sources.stores.guard import guarded
from virustotal.sources.stores.interfaces import Entry, Lease, Limits, Used

MOST = 2**20
LIMITS = Limits(minute=300, day=500)


def use(stores: Stores) -> None:
    """Do all that a task does with a store; each has to answer something that it can go on with."""
    now = stores.ledger.now()
    assert abs(now - time.time()) < 5
    permit = stores.ledger.take("k", LIMITS, now)
    assert permit.granted
    stores.ledger.settle("k", permit, now, True)
    stores.ledger.rebase("k", Used(day=3), now)
    assert stores.ledger.left("k", LIMITS, now).longer is not None
    assert stores.answers.lease("l", "mine", 5) is Lease.TAKEN
    stores.answers.put("k", "g", "n", Entry(b"x", now, now + 100))
    stores.answers.get("k", "g", ("n",), now)
    stores.answers.release("l", "mine", False)
    stores.answers.forget("k", "g")
    stores.answers.clear()
    assert stores.answers.size().answers == 0
    stores.facts.keep("k", "user", "someone", 60)
    assert stores.facts.fact("k", "user") == "someone"
    assert stores.receipts.claim(Receipt("r", Progress.SENDING, "", now), now)
    assert not stores.receipts.claim(Receipt("r", Progress.SENDING, "", now), now)
    stores.receipts.put(Receipt("r", Progress.SENT, "a", now))
    found = stores.receipts.get("r")
    assert found is not None
    assert (found.progress, found.analysis) == (Progress.SENT, "a")
    stores.receipts.drop("r")
    assert stores.receipts.get("r") is None


def test_a_store_that_works_says_nothing(tmp_path: Path) -> None:
    said: list[str] = []
    use(guarded(in_file(tmp_path / "store.sqlite3", MOST), said.append, shared=False))
    assert not said


def _corrupt(place: Path) -> None:
    place.write_bytes(b"not a database" * 100)


def _folder(place: Path) -> None:
    place.mkdir()


def _file_as_folder(place: Path) -> None:
    place.parent.rmdir()
    place.parent.write_bytes(b"")


def _truncated(place: Path) -> None:
    use(in_file(place, MOST))
    data = place.read_bytes()
    place.write_bytes(data[: len(data) // 2] + b"\xff" * 100)
    for name in ("-wal", "-shm"):
        Path(f"{place}{name}").unlink(missing_ok=True)


def _other_tables(place: Path) -> None:
    with contextlib.closing(sqlite3.connect(place)) as connection:
        connection.execute("CREATE TABLE receipts_1 (other TEXT)")
        connection.execute("CREATE TABLE ledger_1 (other TEXT)")
        connection.execute("CREATE TABLE facts_1 (other TEXT)")
        connection.commit()


def _locked(place: Path) -> None:
    use(in_file(place, MOST))
    locker = (
        "import sqlite3, sys, time; c = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "c.execute('BEGIN EXCLUSIVE'); print('locked', flush=True); time.sleep(20)"
    )

    process = subprocess.Popen([sys.executable, "-c", locker, str(place)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    _LOCKERS.append(process)


_LOCKERS: list[subprocess.Popen[bytes]] = []


@pytest.mark.parametrize("spoil", [_corrupt, _folder, _file_as_folder, _truncated, _other_tables, _locked])
def test_a_broken_file_costs_its_benefit_alone(
    tmp_path: Path, spoil: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("virustotal.sources.stores.embedded.BUSY_SECONDS", 0.2)
    place = tmp_path / "folder" / "store.sqlite3"
    place.parent.mkdir()
    spoil(place)
    said: list[str] = []
    began = time.monotonic()
    try:
        use(guarded(in_file(place, MOST), said.append, shared=False))
    finally:
        for process in _LOCKERS:
            process.kill()
            process.communicate()
        _LOCKERS.clear()
    assert time.monotonic() - began < 2
    assert len(said) == 1
    assert "store.sqlite3 cannot be used" in said[0]


def test_a_full_disk_costs_its_benefit_alone(tmp_path: Path) -> None:
    """The file may not grow: what the operating system answers is that of a full disk."""
    script = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from pathlib import Path
from tests.sources.stores.test_broken import MOST, use
from virustotal.sources.stores import in_file
from virustotal.sources.stores.guard import guarded
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
said = []
use(guarded(in_file(Path(sys.argv[1]), MOST), said.append, shared=False))
print(len(said), said[0])
"""

    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "store.sqlite3")], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("1 The store ")


def test_values_of_another_version_are_left_alone(tmp_path: Path) -> None:
    place = tmp_path / "store.sqlite3"
    with contextlib.closing(sqlite3.connect(place)) as connection:
        connection.execute("CREATE TABLE receipts (key TEXT)")
        connection.execute("CREATE TABLE ledger_0 (key TEXT PRIMARY KEY, state BLOB)")
        connection.execute("INSERT INTO ledger_0 VALUES ('k', 'older')")
        connection.commit()
    said: list[str] = []
    use(guarded(in_file(place, MOST), said.append, shared=False))
    assert not said


def test_a_file_that_is_put_away_or_mended_is_used_again(tmp_path: Path) -> None:
    place = tmp_path / "store.sqlite3"
    said: list[str] = []
    clock = Clock()
    stores = guarded(in_file(place, MOST), said.append, shared=False, monotonic=clock)
    use(stores)
    for path in tmp_path.iterdir():
        path.unlink()
    use(stores)
    assert place.exists()
    for path in tmp_path.iterdir():
        path.unlink()
    place.mkdir()
    use(stores)
    assert len(said) == 1
    place.rmdir()
    for _ in range(2):
        clock.now += PAUSE
        use(stores)
    assert said[1:] == ["The store works again."]


# --- Redis ---------------------------------------------------------------------------------------------------------


def test_nobody_there(tmp_path: Path) -> None:
    said: list[str] = []
    use(guarded(in_redis("redis://:hidden@127.0.0.1:1", MOST), said.append, shared=True))
    assert len(said) == 1
    assert "redis://127.0.0.1:1 cannot be used: it cannot be reached" in said[0]


@pytest.mark.parametrize("given", ["", "user:", ":wrong@", "user:wrong@"])
def test_a_wrong_password(tmp_path: Path, given: str) -> None:
    with started(tmp_path, password="right-password") as server:
        said: list[str] = []
        given = given if given.endswith("@") or not given else f"{given}@"
        use(guarded(in_redis(f"redis://{given}127.0.0.1:{server.port}", MOST), said.append, shared=True))
        assert len(said) == 1
        assert "wrong" not in said[0]
        said.clear()
        use(guarded(in_redis(server.address, MOST), said.append, shared=True))
        assert not said


def test_one_that_hangs_costs_a_second_or_two(tmp_path: Path) -> None:
    with started(tmp_path) as server:
        said: list[str] = []
        stores = guarded(in_redis(server.address, MOST), said.append, shared=True)
        use(stores)
        server.hang()
        began = time.monotonic()
        for _ in range(2):
            use(stores)
        assert time.monotonic() - began < 2.5
        assert len(said) == 1
        assert "does not answer in time" in said[0]
        server.resume()


def test_threads_do_not_wait_for_one_that_hangs_one_after_the_other(tmp_path: Path) -> None:
    with started(tmp_path) as server:
        stores = guarded(in_redis(server.address, MOST), lambda line: None, shared=True)
        server.hang()
        began = time.monotonic()
        with ThreadPoolExecutor(6) as pool:
            for _ in range(6):
                pool.submit(stores.ledger.now)
        assert time.monotonic() - began < 3
        server.resume()


def test_one_that_dies_and_comes_back(tmp_path: Path) -> None:
    with started(tmp_path) as server:
        said: list[str] = []
        clock = Clock()
        stores = guarded(in_redis(server.address, MOST), said.append, shared=True, monotonic=clock)
        use(stores)
        server.stop()
        use(stores)
        assert len(said) == 1
        server.start()
        for _ in range(2):
            clock.now += PAUSE
            use(stores)
        assert said[1:] == ["The store works again."]


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
        port = plain.port + 1
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
            use(guarded(stores, said.append, shared=True))
            assert len(said) == bool(reason)
            assert all(reason in line and "secret-word" not in line for line in said)
