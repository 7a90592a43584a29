"""What replicas share: quota windows, answers, receipts and small texts, in a SQLite file or in Redis."""

from collections.abc import Callable, Mapping
from pathlib import Path

from attrs import evolve

from virustotal.core.errors import ConfigurationError
from virustotal.core.settings import Settings
from virustotal.storage.fallback import with_fallback
from virustotal.storage.sqlite_responses import SQLiteResponses
from virustotal.storage.sqlite_store import SQLiteFile, SQLiteKeyValues, default_place
from virustotal.storage.stores import Stores

__all__ = ["Stores", "default_place", "in_file", "in_redis", "open_stores"]

#: More seconds than any lease lasts.
LONGEST_LEASE = 600.0
_SCHEMES = ("redis://", "rediss://")


def in_file(place: Path, most: int) -> Stores:
    """Return the stores of a SQLite file. Nothing is opened yet.

    Args:
        place: Of the file.
        most: Bytes that answers may take.
    """
    file = SQLiteFile(place)
    leases = SQLiteKeyValues(file, longest=LONGEST_LEASE)
    return Stores(str(place), SQLiteKeyValues(file), SQLiteResponses(file, most), file.close, leases=leases)


def in_redis(address: str, most: int, ca_bundle: str = "") -> Stores:
    """Return the stores of a Redis server. Nothing is connected yet.

    Args:
        address: See `RedisServer`.
        most: Bytes that answers may take.
        ca_bundle: See `RedisServer`.

    Raises:
        ConfigurationError: The address is not valid.
    """
    # Imported where it is asked for: a service without Redis starts without its client.
    from virustotal.storage.redis_store import RedisKeyValues, RedisResponses, RedisServer

    try:
        server = RedisServer(address, ca_bundle)
    except ValueError:  # without the value: it may hold a password
        raise ConfigurationError("storage: expected an address such as redis://redis.example.com:6379/0") from None
    return Stores(server.place, RedisKeyValues(server), RedisResponses(server, most), server.close, shared=True)


def open_stores(
    settings: Settings,
    storage: str,
    warn: Callable[[str], None],
    dependencies: Mapping[str, Mapping[str, str]],
    inform: Callable[[str], None] | None = None,
) -> Stores:
    """Return the stores that the configuration names, behind a circuit breaker.

    Args:
        settings: Of the service.
        storage: Empty, a path, or an address of Redis.
        warn: Takes one line when the stores break.
        dependencies: Of the framework, whose `redis` counts where `storage` is empty.
        inform: Takes one line when they work again; `warn` where there is none.

    Raises:
        ConfigurationError: The entry `storage` is neither a path nor a valid address.
    """
    most = settings.cache.max_mb * 2**20
    redis = dependencies.get("redis")
    if not storage and redis:
        storage = f"redis://{redis['host']}:{redis['port']}"
    if storage.startswith(_SCHEMES):
        stores = in_redis(storage, most, settings.ca_bundle)
    elif "://" in storage:
        raise ConfigurationError("storage: expected a path, or an address that begins with redis:// or rediss://")
    else:  # without a path it is that of this container alone
        stores = evolve(in_file(Path(storage or default_place()), most), shared=bool(storage))
    return with_fallback(stores, warn, inform)
