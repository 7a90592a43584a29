"""The store of a command: the same as the service's with this configuration."""

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from virustotal.core.settings import Settings
    from virustotal.storage import Stores


def open_configured_stores(settings: "Settings", config: Mapping[str, Any], say: Callable[[str], None]) -> "Stores":
    """Return the stores of a checked configuration. ConfigurationError.

    say: takes a line where they do not work. Inside a container of the service, the dependency `redis` counts as there.
    """
    from virustotal.storage import open_stores

    return open_stores(settings, str(config.get("storage") or "").strip(), say, dependencies())


def dependencies() -> Mapping[str, Mapping[str, str]]:
    """Return the manifest's dependency `redis` as the platform names it to the container (ServiceBase.dependencies)."""
    found = {part: os.environ.get(f"redis_{part}", "") for part in ("host", "port")}
    return {"redis": found} if all(found.values()) else {}
