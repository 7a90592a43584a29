"""What answers. Each source wraps another one or the wire; the core never imports this package."""

from virustotal.core.lookup import WORKERS
from virustotal.core.settings import Credentials, Settings
from virustotal.core.source import Source
from virustotal.sources.client import Client


def build(settings: Settings, credentials: Credentials, *, workers: int = WORKERS) -> Source:
    """Return the source that answers for these settings and this key. ConfigurationError, AuthenticationError.

    The chain is the client alone. A further link takes the source below it and is a `Source` itself; the order is
    mirror, cache, quota, wire, outermost first.
    """
    return Client(settings, credentials, workers=workers)
