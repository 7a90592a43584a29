"""The store of a command: the same as the service's with this configuration."""

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from virustotal.core.settings import Settings
    from virustotal.storage import Stores


def open_configured_stores(settings: "Settings", config: Mapping[str, Any], say: Callable[[str], None]) -> "Stores":
    """Return the stores of a checked configuration; inside the service's container, with its dependency `redis`.

    Args:
        settings: Of the configuration.
        config: The configuration.
        say: Takes a line where the stores do not work.

    Raises:
        ConfigurationError: The entry `storage` cannot work.
    """
    from virustotal.storage import open_stores

    return open_stores(settings, str(config.get("storage") or "").strip(), say, dependencies())


def dependencies() -> Mapping[str, Mapping[str, str]]:
    """Return the manifest's dependency `redis` as the platform names it to the container (ServiceBase.dependencies)."""
    address = {part: os.environ.get(f"redis_{part}", "") for part in ("host", "port")}
    return {"redis": address} if all(address.values()) else {}
