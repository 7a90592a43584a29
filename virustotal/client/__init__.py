"""What answers. Each source wraps another one or the wire; the core never imports this package."""

import hashlib

from virustotal.api.source import Source
from virustotal.client.hits import CountedCache
from virustotal.client.http_client import HttpClient
from virustotal.client.rate_limit import RateLimitedSource
from virustotal.core.lookup.fetch import WORKERS
from virustotal.core.settings import Credentials, Settings
from virustotal.storage.interfaces import Limits, Stores


def build(
    settings: Settings, credentials: Credentials, stores: Stores | None = None, *, workers: int = WORKERS
) -> Source:
    """Return the source that answers for these settings and this key. ConfigurationError, AuthenticationError.

    Outermost first: mirror, cache, client, quota, wire; the quota counts each attempt that the client makes. stores:
    what replicas share; without any the client is alone.
    """
    if not settings.mirror.hosts:
        return _virustotal(settings, credentials, stores, workers)
    from virustotal.mirror import mirrored  # few sites have one; the others do not pay for its import

    return mirrored(settings, credentials, lambda: _virustotal(settings, credentials, stores, workers))


def _virustotal(settings: Settings, credentials: Credentials, stores: Stores | None, workers: int) -> Source:
    if stores is None:
        return HttpClient(settings, credentials, workers=workers)
    digest, limits = digest_of(settings, credentials), _limits(settings)
    client = HttpClient(
        settings,
        credentials,
        workers=workers,
        through=lambda wire: RateLimitedSource(wire, stores, credentials.api_key, digest, limits),
    )
    kept = settings.cache
    if not kept.hours and not kept.negative_minutes:
        return client
    seconds, negative = kept.hours * 3600.0, kept.negative_minutes * 60.0
    return CountedCache(
        client, stores.answers, stores.facts, digest, seconds=seconds, negative=negative, tally=stores.tally
    )


def digest_of(settings: Settings, credentials: Credentials) -> str:
    """Return by what a key is known in the stores: never itself, and never the same with another server."""
    return hashlib.sha256(f"{settings.host}\n{credentials.api_key}".encode()).hexdigest()


def _limits(settings: Settings) -> Limits:
    given = settings.quota
    return Limits(given.minute, given.hour, given.day, given.month)
