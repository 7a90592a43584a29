"""What the platform says of the service's configuration."""

from collections.abc import Iterator, Mapping
from typing import Any

from assemblyline.common import forge

from virustotal.core.errors import ConfigurationError
from virustotal.core.settings import Settings
from virustotal.core.settings.service_config import unknown_settings


def check_classifications(settings: Settings) -> None:
    """Raise ConfigurationError for a bound that is no classification of the platform."""
    bounds = {
        "max_classification": settings.max_classification,
        "submit_policy.max_classification": settings.submit_policy.max_classification,
    }
    for path, bound in bounds.items():
        if bound and not forge.get_classification().is_valid(bound):
            raise ConfigurationError(f"{path}: {bound!r} is not a classification of this platform")


def config_warnings(config: Mapping[str, Any], settings: Settings) -> Iterator[str]:
    """Yield what an administrator may have meant otherwise."""
    yield from (f"configuration: {line}" for line in unknown_settings(config))
    bounded = settings.max_classification or settings.submit_policy.max_classification
    if bounded and not forge.get_classification().enforce:
        yield "max_classification is set and has no effect: this platform does not enforce classifications"
