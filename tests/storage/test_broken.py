"""What a broken file costs: its benefit, one line for the operator, and no result."""

import contextlib
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.storage.calls import CALLS, use
from tests.storage.failing import Clock
from virustotal.storage import in_file
from virustotal.storage.circuit_breaker import PAUSE
from virustotal.storage.fallback import with_fallback
from virustotal.storage.interfaces import VERSION, Entry, Limits
from virustotal.storage.sqlite_store import SQLiteFile

MOST = 2**20
LIMITS = Limits(minute=300, day=500)


def test_a_store_that_works_says_nothing(tmp_path: Path) -> None:
    said: list[str] = []
    use(with_fallback(in_file(tmp_path / "store.sqlite3", MOST), said.append))
    assert not said


def test_files_are_their_owners_alone(tmp_path: Path) -> None:
    place = tmp_path / "folder" / "store.sqlite3"
    stores = in_file(place, MOST)
    use(stores)
    assert place.parent.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in place.parent.iterdir()} == {0o600}


def _corrupt(place: Path) -> None:
    place.write_bytes(b"not a database" * 100)


def _folder(place: Path) -> None:
    place.mkdir()


def _file_as_folder(place: Path) -> None:
    place.parent.rmdir()
    place.parent.write_bytes(b"")


def _used(place: Path) -> bytes:
    """Return the bytes of a file that was in use."""
    stores = in_file(place, MOST)
    use(stores)
    stores.close()
    return place.read_bytes()


def _truncated(place: Path) -> None:
    data = _used(place)
    place.write_bytes(data[: len(data) // 2] + b"\xff" * 100)


def _schema_without_text(place: Path) -> None:
    data = bytearray(_used(place))
    data[data.index(b"CREATE TABLE") + 2] = 0xAD  # the module of SQLite does not make an error of its own of that
    place.write_bytes(data)


def _other_tables(place: Path) -> None:
    with contextlib.closing(sqlite3.connect(place)) as connection:
        connection.execute("CREATE TABLE texts_2 (other TEXT)")
        connection.execute("CREATE TABLE answers_2 (expires TEXT)")
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


@pytest.mark.parametrize(
    "spoil", [_corrupt, _folder, _file_as_folder, _truncated, _schema_without_text, _other_tables, _locked]
)
def test_a_broken_file_costs_its_benefit_alone(
    tmp_path: Path, spoil: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("virustotal.storage.sqlite_store.BUSY_SECONDS", 0.2)
    place = tmp_path / "folder" / "store.sqlite3"
    place.parent.mkdir()
    spoil(place)
    said: list[str] = []
    began = time.monotonic()
    try:
        use(with_fallback(in_file(place, MOST), said.append))
    finally:
        for process in _LOCKERS:
            process.kill()
            process.communicate()
        _LOCKERS.clear()
    assert time.monotonic() - began < 15
    assert len(said) == 1
    assert "store.sqlite3 cannot be used" in said[0]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("spoil", [_corrupt, _truncated, _schema_without_text, _other_tables])
def test_each_call_may_be_the_first_that_fails(tmp_path: Path, spoil: Callable[[Path], None], call: str) -> None:
    spoil(tmp_path / "store.sqlite3")
    said: list[str] = []
    CALLS[call](with_fallback(in_file(tmp_path / "store.sqlite3", MOST), said.append))
    assert len(said) == ((spoil, call) != (_other_tables, "clear"))  # any table can be emptied


def test_a_full_disk_costs_its_benefit_alone(tmp_path: Path) -> None:
    """The file may not grow: what the operating system answers is that of a full disk."""
    script = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from pathlib import Path
from tests.storage.calls import use
from tests.storage.test_broken import MOST
from virustotal.storage import in_file
from virustotal.storage.fallback import with_fallback
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
said = []
use(with_fallback(in_file(Path(sys.argv[1]), MOST), said.append))
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
        connection.execute("CREATE TABLE texts_0 (key TEXT PRIMARY KEY, state BLOB)")
        connection.execute("INSERT INTO texts_0 VALUES ('k', 'older')")
        connection.commit()
    said: list[str] = []
    use(with_fallback(in_file(place, MOST), said.append))
    assert not said


def test_answers_of_an_older_version_make_room(tmp_path: Path) -> None:
    place, now = tmp_path / "store.sqlite3", time.time()
    older, stores = f"answers_{VERSION - 1}", in_file(place, MOST)
    with contextlib.closing(sqlite3.connect(place)) as connection, connection:
        connection.execute(f"CREATE TABLE {older} (body BLOB)")
        connection.execute(f"INSERT INTO {older} VALUES (zeroblob({MOST}))")
    for name in ("first", "second"):
        assert stores.answers.put("k", "g", name, Entry(b"x", now, now + 100))
    assert stores.answers.get("k", "g", ("first",), now)
    with contextlib.closing(sqlite3.connect(place)) as connection:
        assert connection.execute(f"SELECT count(*) FROM {older}").fetchone() == (0,)


def test_a_file_that_is_put_away_or_mended_is_used_again(tmp_path: Path) -> None:
    place = tmp_path / "store.sqlite3"
    said: list[str] = []
    clock = Clock()
    stores = with_fallback(in_file(place, MOST), said.append, monotonic=clock)
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
    assert said[1:] == [f"The store {stores.place} works again."]


def test_a_second_connection_leaves_the_locks_of_the_first(tmp_path: Path) -> None:
    """Another process that closes the file must not take itself for the last one and remove the write-ahead log."""
    place = tmp_path / "store.sqlite3"
    store = SQLiteFile(place)
    other = (
        "import sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1])\n"
        "connection.execute('PRAGMA user_version').fetchone()\n"
        "connection.close()\n"
    )
    with store.open() as first, store.open():
        first.execute("CREATE TABLE written (number)")
        subprocess.run([sys.executable, "-c", other, str(place)], check=True)
        assert place.with_name("store.sqlite3-wal").exists()
