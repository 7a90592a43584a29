"""The receipts' interface, over every store that fulfils it; and what a broken store costs."""

import multiprocessing
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from virustotal.core.models import Ref
from virustotal.core.receipts import LIFETIME, SENDING, MemoryReceipts, Progress, Receipt, Receipts, StoreError, key_of
from virustotal.sources.store import FallbackReceipts, SQLiteReceipts, default_place

KEY = key_of("submit", Ref("file", "a" * 64))
NOW = 1_735_689_600.0


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Receipts:
    return MemoryReceipts() if request.param == "memory" else SQLiteReceipts(tmp_path / "new" / "store.sqlite3")


def test_put_get_drop(store: Receipts) -> None:
    assert store.get(KEY) is None
    store.put(Receipt(KEY, Progress.SENT, "analysis==", NOW))
    assert store.get(KEY) == Receipt(KEY, Progress.SENT, "analysis==", NOW)
    store.drop(KEY)
    store.drop(KEY)
    assert store.get(KEY) is None


@pytest.mark.parametrize(
    ("progress", "age", "taken"),
    [
        (Progress.SENDING, 0, False),
        (Progress.SENDING, SENDING - 1, False),
        (Progress.SENDING, SENDING, True),
        (Progress.SENT, LIFETIME - 1, False),
        (Progress.SENT, LIFETIME, True),
        (Progress.SENT, -3600, False),  # a clock that was set back
    ],
)
def test_a_claim_is_taken_once_while_it_is_fresh(store: Receipts, progress: Progress, age: float, taken: bool) -> None:
    assert store.claim(Receipt(KEY, progress, "", NOW), NOW)
    assert store.claim(Receipt(KEY, Progress.SENDING, "", NOW + age), NOW + age) is taken


def _claim(place: str, barrier: "multiprocessing.synchronize.Barrier", queue: "multiprocessing.Queue[bool]") -> None:
    barrier.wait()
    queue.put(SQLiteReceipts(Path(place)).claim(Receipt(KEY, Progress.SENDING, "", NOW), NOW))


def test_of_many_processes_one_claims(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    barrier, queue = context.Barrier(4), context.Queue()
    processes = [
        context.Process(target=_claim, args=(str(tmp_path / "store.sqlite3"), barrier, queue)) for _ in range(4)
    ]
    for process in processes:
        process.start()
    answers = [queue.get(timeout=20) for _ in processes]
    for process in processes:
        process.join()
    assert sorted(answers) == [False, False, False, True]


def _corrupt(place: Path) -> None:
    place.write_bytes(b"not a database" * 100)


def _folder(place: Path) -> None:
    place.mkdir()


def _older(place: Path) -> None:
    with sqlite3.connect(place) as connection:
        connection.execute("CREATE TABLE receipts (key TEXT)")
    connection.close()


@pytest.mark.parametrize("spoil", [_corrupt, _folder, _older])
def test_a_broken_store_costs_its_benefit_alone(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    place = tmp_path / "store.sqlite3"
    spoil(place)
    with pytest.raises(StoreError, match=r"store\.sqlite3"):
        SQLiteReceipts(place).get(KEY)
    said: list[str] = []
    store = FallbackReceipts(SQLiteReceipts(place), said.append)
    assert store.claim(Receipt(KEY, Progress.SENDING, "", NOW), NOW)
    assert not store.claim(Receipt(KEY, Progress.SENDING, "", NOW), NOW)
    store.put(Receipt(KEY, Progress.SENT, "a", NOW))
    assert store.get(KEY) == Receipt(KEY, Progress.SENT, "a", NOW)
    assert len(said) == 1


def test_what_cannot_be_understood_is_no_receipt(tmp_path: Path) -> None:
    store = SQLiteReceipts(tmp_path / "store.sqlite3")
    store.put(Receipt(KEY, Progress.SENT, "a", NOW))
    connection = sqlite3.connect(store.place)
    connection.execute("UPDATE receipts SET progress = 'of a later version'")
    connection.commit()
    connection.close()
    assert store.get(KEY) is None
    assert store.claim(Receipt(KEY, Progress.SENDING, "", NOW), NOW)


def test_the_default_place_is_not_temporary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert default_place() == tmp_path / "virustotal-service" / "store.sqlite3"
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", "/home/somebody")
    assert default_place() == Path("/home/somebody/.local/state/virustotal-service/store.sqlite3")
