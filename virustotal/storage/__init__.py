"""What replicas share: quota ledger, answers, receipts and what was learnt, in a SQLite file or in Redis."""

from collections.abc import Callable, Mapping
from pathlib import Path

from virustotal.core.errors import ConfigurationError
from virustotal.core.settings import Settings
from virustotal.storage.cache_statistics import RedisCacheStatistics, SQLiteCacheStatistics
from virustotal.storage.fallback import with_fallback
from virustotal.storage.interfaces import Stores
from virustotal.storage.sqlite_responses import SQLiteResponses
from virustotal.storage.sqlite_store import (
    SQLiteFile,
    SQLiteKeyValues,
    SQLiteRateLimiter,
    SQLiteReceipts,
    default_place,
)

__all__ = ["Stores", "default_place", "in_file", "in_redis", "open_stores"]

_SCHEMES = ("redis://", "rediss://")


def in_file(place: Path, most: int) -> Stores:
    """Return the stores of a SQLite file. most: bytes that answers may take. Nothing is opened yet."""
    file = SQLiteFile(place)
    return Stores(
        str(place),
        SQLiteRateLimiter(file),
        SQLiteResponses(file, most),
        SQLiteKeyValues(file),
        SQLiteReceipts(file),
        SQLiteCacheStatistics(file),
        file.close,
    )


def in_redis(address: str, most: int, ca_bundle: str = "") -> Stores:
    """Return the stores of a Redis server. Nothing is connected yet. ConfigurationError for a wrong address."""
    # Imported where it is asked for: a service without Redis starts without its client.
    from virustotal.storage.redis_store import (
        RedisKeyValues,
        RedisRateLimiter,
        RedisReceipts,
        RedisResponses,
        RedisServer,
    )

    try:
        server = RedisServer(address, ca_bundle)
    except ValueError:  # without the value: it may hold a password
        raise ConfigurationError("storage: expected an address such as redis://redis.example.com:6379/0") from None
    return Stores(
        server.place,
        RedisRateLimiter(server),
        RedisResponses(server, most),
        RedisKeyValues(server),
        RedisReceipts(server),
        RedisCacheStatistics(server),
        server.close,
    )


def open_stores(
    settings: Settings, storage: str, say: Callable[[str], None], dependencies: Mapping[str, Mapping[str, str]]
) -> Stores:
    """Return the stores that the configuration names, behind a guard. ConfigurationError.

    storage: empty, a path, or an address of Redis. dependencies: of the framework, whose `redis` counts where storage
    is empty. say: takes one line when they break, and one when they work again.
    """
    most = settings.cache.max_mb * 2**20
    redis = dependencies.get("redis")
    if not storage and redis:
        storage = f"redis://{redis['host']}:{redis['port']}"
    if storage.startswith(_SCHEMES):
        return with_fallback(in_redis(storage, most, settings.ca_bundle), say, shared=True)
    if "://" in storage:
        raise ConfigurationError("storage: expected a path, or an address that begins with redis:// or rediss://")
    return with_fallback(in_file(Path(storage) if storage else default_place(), most), say, shared=False)
