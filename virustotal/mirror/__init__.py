"""The mirror: VirusTotal's objects in a cluster of Elasticsearch or OpenSearch of one's own, filled from the feeds."""

import logging
from collections.abc import Callable

from virustotal.api.source import Source
from virustotal.core.settings import Credentials, Settings
from virustotal.mirror.object_store import ObjectStore
from virustotal.mirror.search_answers import MirrorError
from virustotal.mirror.search_client import SearchClient
from virustotal.mirror.source import MirrorSource, NoSource, NotMirroredError
from virustotal.storage.circuit_breaker import PAUSE, CircuitBreaker

__all__ = ["MirrorError", "MirrorSource", "NoSource", "NotMirroredError", "SearchClient", "mirror_source"]

#: Seconds for which a mirror that does not answer is left alone where nothing else answers.
PAUSE_ALONE = 5.0

_LOG = logging.getLogger("assemblyline.service.virustotal.mirror")


def mirror_source(settings: Settings, credentials: Credentials, open_next: Callable[[], Source]) -> Source:
    """Return the configured mirror, which asks the next source for what it does not answer.

    An air-gapped mirror (`mirror.only`) has no next source, and needs no key.

    Raises:
        ConfigurationError: The mirror's credentials or certificates cannot work.
    """
    config = settings.mirror
    health = CircuitBreaker(
        _LOG.warning,
        _LOG.info,
        "The mirror",
        f"Until it works, {'nothing of it is looked up' if config.only else 'look-ups go on without it'}.",
        pause=PAUSE_ALONE if config.only else PAUSE,
    )
    store = ObjectStore(SearchClient(config, credentials), config, health)
    return MirrorSource(NoSource() if config.only else open_next(), store)
