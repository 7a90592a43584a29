"""All checks of a configuration."""

import logging
import os
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import evolve

from virustotal.cli.reports import checks, plugins
from virustotal.cli.reports.checks import Check
from virustotal.cli.reports.store import open_configured_stores
from virustotal.core.plugin_host.manager import unknown
from virustotal.core.scoring.safelist import TAG_TYPES
from virustotal.core.settings.service_config import service_settings, unknown_settings
from virustotal.core.settings.submission_params import credentials
from virustotal.platform.manifest import use_manifest
from virustotal.platform.safelist_refresh import SafelistRefresher
from virustotal.sources import build

#: Seconds that the platform has to answer for its safelist.
PLATFORM_SECONDS = 5.0


def examine(config: Mapping[str, Any]) -> Iterator[Check]:
    """Yield a line for each part that a look-up needs.

    Args:
        config: The config part of the manifest, with its secrets.

    Raises:
        ConfigurationError: What would stop the service at its start.
    """
    broken: list[str] = []
    settings, keys = service_settings(config), credentials(config, {})
    build(settings, evolve(keys, api_key="none")).close()
    stores = open_configured_stores(settings, config, broken.append)
    yield checks.configuration(unknown=unknown_settings(config))
    yield checks.unwanted()
    yield from checks.server(settings, keys)
    yield checks.store(stores, broken)
    yield checks.mirror(settings, keys)
    loaded = plugins.plugins(config)
    unknown_names = unknown(loaded.listing, settings.plugins.disabled)
    yield checks.plugins(sum(plugin.state == "loaded" for plugin in loaded.listing), loaded.unloaded, unknown_names)
    yield _safelist()


def _safelist() -> Check:
    """Ask the platform as the service does, from a thread: the framework's own call may never return."""
    use_manifest()
    from assemblyline_v4_service.common import api
    from assemblyline_v4_service.common.helper import get_service_attributes

    # Outside a container of the platform the framework answers with an empty list of its own.
    if "SERVICE_API_HOST" not in os.environ or api.DEVELOPMENT_MODE:
        return checks.safelist(None)
    quiet = logging.getLogger("virustotal.cli.reports.doctor")
    quiet.propagate = False
    quiet.addHandler(logging.NullHandler())
    keeper = SafelistRefresher(lambda: api.ServiceAPI(get_service_attributes(), quiet).get_safelist(list(TAG_TYPES)))
    try:
        return checks.safelist(*keeper.current(PLATFORM_SECONDS))
    finally:
        keeper.stop()
