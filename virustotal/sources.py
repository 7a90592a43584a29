"""Builds what answers: the chain of sources of an API key, and the clients of the keys that were used last."""

import hashlib
import threading

from attrs import define, field, frozen

from virustotal.api.source import Source
from virustotal.client.answer_budget import AnswerBudget
from virustotal.client.cache import Cache
from virustotal.client.http_client import HttpClient
from virustotal.client.provenance import ProvenanceSource
from virustotal.client.rate_limit import RateLimitedSource
from virustotal.client.usage import Usage
from virustotal.core.lookup.key_capabilities import KeyCapabilities
from virustotal.core.settings import Credentials, Settings
from virustotal.storage.stores import Stores

#: Keys whose connections are kept open; submissions may bring many.
MOST_KEYS = 8


@frozen
class KeyClient:
    """What a task makes its requests with.

    Args:
        source: The task's view of the key's source.
        capabilities: What was learnt about the key.
        usage: What its requests have cost so far, those of earlier tasks included.
    """

    source: ProvenanceSource
    capabilities: KeyCapabilities
    usage: Usage


@define
class ClientPool:
    """The sources of the keys that were used last, each with its connections. Thread-safe.

    Args:
        stores: What replicas share.
    """

    _stores: Stores
    _clients: dict[Credentials, tuple[Source, KeyCapabilities, Usage]] = field(factory=dict)
    _budget: AnswerBudget = field(factory=AnswerBudget)
    _lock: threading.Lock = field(factory=threading.Lock)

    def get(
        self,
        settings: Settings,
        credentials: Credentials,
        *,
        ignore_cache: bool = False,
        low_priority: bool = False,
    ) -> KeyClient:
        """Return the client of a key for one task.

        Args:
            settings: Of the task.
            credentials: The key, and the proxy's user.
            ignore_cache: True for a task that is not answered from the cache.
            low_priority: True for a task that must leave the quota's reserve to others.

        Raises:
            AuthenticationError: The key is missing, or no header can carry it.
            ConfigurationError: The proxy or the certificates cannot work.
        """
        self._budget.begin()
        with self._lock:
            client = self._clients.pop(credentials, None) or self._open(settings, credentials)
            self._clients[credentials] = client  # the one used last comes last
            if len(self._clients) > MOST_KEYS:
                self._clients.pop(next(iter(self._clients)))[0].close()
        source, capabilities, usage = client
        view = ProvenanceSource(
            source, ignore_cache=ignore_cache, low_priority=low_priority, max_requests=settings.max_requests
        )
        return KeyClient(view, capabilities, usage)

    def _open(self, settings: Settings, credentials: Credentials) -> tuple[Source, KeyCapabilities, Usage]:
        usage = Usage()
        capabilities = KeyCapabilities(self._stores.values, digest_of(settings, credentials))
        return build(settings, credentials, self._stores, usage, self._budget), capabilities, usage

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            for source, *_ in self._clients.values():
                source.close()
            self._clients.clear()


def build(
    settings: Settings,
    credentials: Credentials,
    stores: Stores | None = None,
    usage: Usage | None = None,
    budget: AnswerBudget | None = None,
) -> Source:
    """Return the source that answers for these settings and this key.

    Outermost first: mirror, cache, HTTP client with its retries, rate limit, wire. The rate limit counts each attempt.

    Args:
        settings: Which links there are, and how they work.
        credentials: The key, and the users of proxy and mirror.
        stores: What replicas share; None for the HTTP client alone.
        usage: Counts the requests.
        budget: That of a task's answers.

    Raises:
        AuthenticationError: The key is missing, or no header can carry it.
        ConfigurationError: A proxy, a certificate or the mirror's entry cannot work.
    """

    def virustotal() -> Source:
        if stores is None:
            return HttpClient(settings, credentials)
        digest, quota, cache = digest_of(settings, credentials), settings.quota, settings.cache
        client = HttpClient(
            settings,
            credentials,
            usage=usage,
            through=lambda wire: RateLimitedSource(wire, stores, credentials.api_key, digest, quota, usage=usage),
            budget=budget,
        )
        if not cache.hours and not cache.negative_minutes:
            return client
        seconds, negative = cache.hours * 3600.0, cache.negative_minutes * 60.0
        return Cache(client, stores, digest, seconds=seconds, negative=negative, budget=budget)

    if not settings.mirror.hosts:
        return virustotal()
    from virustotal.mirror import mirror_source  # few sites have one; the others do not pay for its import

    return mirror_source(settings, credentials, virustotal)


def digest_of(settings: Settings, credentials: Credentials) -> str:
    """Return the name of a key in the stores: a digest of the key and its server."""
    return hashlib.sha256(f"{settings.host}\n{credentials.api_key}".encode()).hexdigest()
