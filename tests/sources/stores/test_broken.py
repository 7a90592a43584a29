"""What a broken store costs: its benefit, one line for the operator, and no result."""

import contextlib
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sources.stores.servers import started
from virustotal.core.errors import ConfigurationError
from virustotal.core.receipts import Progress, Receipt, StoreError
from virustotal.core.settings import Settings
from virustotal.sources.stores import Stores, default_place, in_file, in_redis, open_stores
from virustotal.sources.stores.guard import Breaker, guarded
from virustotal.sources.stores.interfaces import Entry, Lease, Limits, Used
from virustotal.sources.stores.remote import RedisServer

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
    stores = guarded(in_file(place, MOST), said.append, shared=False, pause=0.1)
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
    time.sleep(0.15)
    use(stores)
    assert said[1:] == ["The store works again."]


def test_while_it_is_broken_only_one_try_now_and_then_is_made() -> None:
    tries: list[int] = []
    said: list[str] = []

    def act() -> int:
        tries.append(1)
        raise StoreError("broken")

    breaker = Breaker(said.append, pause=0.2)
    assert [breaker.call(act, lambda: 7) for _ in range(5)] == [7] * 5
    assert len(tries) == 1
    time.sleep(0.25)
    assert [breaker.call(act, lambda: 7) for _ in range(5)] == [7] * 5
    assert len(tries) == 2
    assert len(said) == 1


def test_a_replica_without_the_common_ledger_takes_a_part_of_the_quota() -> None:
    stores = guarded(in_redis("redis://127.0.0.1:1", MOST), lambda line: None, shared=True)
    now = time.time()
    granted = [stores.ledger.take("k", Limits(minute=30, day=500), now).granted for _ in range(5)]
    assert granted == [True, True, True, False, False]


def test_a_scarce_minute_is_held_to_be_spent_when_the_common_ledger_breaks_off(tmp_path: Path) -> None:
    with started(tmp_path) as server:
        stores = guarded(in_redis(server.address, MOST), lambda line: None, shared=True)
        now = stores.ledger.now()
        assert stores.ledger.take("k", Limits(minute=20), now).granted
        server.stop()
        refused = stores.ledger.take("k", Limits(minute=20), now + 1)
        assert not refused.granted
        assert 59 < refused.wait < 62
        assert stores.ledger.take("k", Limits(minute=20), now + 63).granted
        assert stores.ledger.take("other", Limits(minute=2000), now + 1).granted


def test_a_ledger_that_comes_back_empty_is_waited_for_by_who_never_had_a_permit(tmp_path: Path) -> None:
    with started(tmp_path) as server:
        stores = guarded(in_redis(server.address, MOST), lambda line: None, shared=True, pause=0.1)
        now = stores.ledger.now()
        server.stop()
        stores.ledger.left("k", LIMITS, now)
        server.start()
        time.sleep(0.15)
        now = stores.ledger.now()
        refused = stores.ledger.take("k", Limits(minute=20), now)
        assert not refused.granted
        assert 59 < refused.wait <= 60
        assert stores.ledger.take("k", Limits(minute=20), now + 61).granted


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


def test_one_that_dies_and_comes_back(tmp_path: Path) -> None:
    with started(tmp_path) as server:
        said: list[str] = []
        stores = guarded(in_redis(server.address, MOST), said.append, shared=True, pause=0.2)
        use(stores)
        server.stop()
        use(stores)
        assert len(said) == 1
        server.start()
        time.sleep(0.25)
        use(stores)
        assert said[1:] == ["The store works again."]


def test_values_that_are_of_another_sort(tmp_path: Path) -> None:
    with started(tmp_path) as server:
        prefix = "virustotal:1:"
        raw = RedisServer(server.address)
        raw.do("SET", "ledger:k", "of another version")
        raw.do("SET", "expiry", "text")
        raw.do("SET", "receipt:x", "{}")
        raw.do("HSET", "fact:k:user", "a", "b")
        raw.do("SET", "answers:k:g", prefix)
        said: list[str] = []
        use(guarded(in_redis(server.address, MOST), said.append, shared=True))
        assert len(said) == 1
        assert raw.do("GET", "receipt:x") is not None
        assert in_redis(server.address, MOST).receipts.get("x") is None
        raw.do("SET", "receipt:y", "{broken")
        assert in_redis(server.address, MOST).receipts.get("y") is None
        assert in_redis(server.address, MOST).receipts.claim(
            Receipt("y", Progress.SENDING, "", time.time()), time.time()
        )


def test_hosts_whose_clocks_differ_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with started(tmp_path) as server:
        here, there = in_redis(server.address, MOST), in_redis(server.address, MOST)
        now = time.time()
        assert here.receipts.claim(Receipt("r", Progress.SENDING, "", now), now)
        here.answers.put("k", "g", "n", Entry(b"x", here.answers.now(), here.answers.now() + 100))
        assert here.ledger.take("k", Limits(minute=1), here.ledger.now()).granted
        # The other host is an hour ahead.
        monkeypatch.setattr(time, "time", lambda: now + 3600)
        assert abs(there.ledger.now() - now) < 10
        assert not there.receipts.claim(Receipt("r", Progress.SENDING, "", now + 3600), now + 3600)
        found = there.receipts.get("r")
        assert found is not None
        assert abs(found.moment - (now + 3600)) < 10
        assert there.answers.get("k", "g", ("n",), there.answers.now()) is not None
        assert not there.ledger.take("k", Limits(minute=1), there.ledger.now()).granted


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


# --- which store ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("storage", "dependencies", "place"),
    [
        ("/var/lib/store.sqlite3", {}, "/var/lib/store.sqlite3"),
        ("/var/lib/store.sqlite3", {"redis": {"host": "r", "port": "1", "key": "x"}}, "/var/lib/store.sqlite3"),
        ("redis://user:word@redis.example.com/3", {}, "redis://redis.example.com:6379"),
        ("rediss://redis.example.com:6380", {}, "rediss://redis.example.com:6380"),
        ("", {"redis": {"host": "virustotal-redis", "port": "6379", "key": "x"}}, "redis://virustotal-redis:6379"),
        ("", {"updates": {"host": "u", "port": "1", "key": "x"}}, str(default_place())),
    ],
)
def test_the_configuration_names_the_store(storage: str, dependencies: dict[str, dict[str, str]], place: str) -> None:
    found = open_stores(Settings(), storage, lambda line: None, dependencies)
    assert found.place == place
    assert "word" not in repr(found.place)


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
