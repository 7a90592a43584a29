"""The stores under test: a SQLite file, and a Redis server that the tests start."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.storage.failing import Clock, Trouble
from tests.storage.servers import Server, started
from virustotal.core.submission.receipts import StoreError
from virustotal.storage import Stores, in_file, in_redis

MOST = 2**20

Open = Callable[[], Stores]


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A Redis server without persistence."""
    with started(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(params=["sqlite", "redis"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """Open the same store again and again, as each replica does."""
    if request.param == "sqlite":
        return lambda: in_file(tmp_path / "new" / "store.sqlite3", MOST)
    server: Server = request.getfixturevalue("redis_server")
    server.flush()
    return lambda: in_redis(server.address, MOST)


@pytest.fixture
def stores(open_store: Open) -> Stores:
    return open_store()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def trouble() -> Trouble:
    """Nothing goes wrong yet."""
    return Trouble(lambda name: False, StoreError("The store x cannot be used: it is broken"), [])
