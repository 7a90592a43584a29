"""Settings from the configuration and the submission parameters, checked in one place; credentials apart."""

from virustotal.core.settings.config_values import DEFAULT_HOST
from virustotal.core.settings.schema import (
    DEEP_SCAN_RELATED,
    DEFAULT_RELATIONSHIPS,
    MOST_IOCS,
    MOST_RELATED,
    MOST_SUBMIT_MB,
    REGIONS,
    AvConfig,
    Credentials,
    MirrorConfig,
    PluginConfig,
    PrivateConfig,
    QuotaConfig,
    Settings,
)
from virustotal.core.settings.service_config import (
    CONFIG_KEYS,
    MIRROR_SECRETS,
    RESULT_SETTINGS,
    SECRETS,
    service_settings,
    unknown_settings,
)
from virustotal.core.settings.submission_params import PARAMETERS, credentials, task_settings

__all__ = [
    "CONFIG_KEYS",
    "DEEP_SCAN_RELATED",
    "DEFAULT_HOST",
    "DEFAULT_RELATIONSHIPS",
    "MIRROR_SECRETS",
    "MOST_IOCS",
    "MOST_RELATED",
    "MOST_SUBMIT_MB",
    "PARAMETERS",
    "REGIONS",
    "RESULT_SETTINGS",
    "SECRETS",
    "AvConfig",
    "Credentials",
    "MirrorConfig",
    "PluginConfig",
    "PrivateConfig",
    "QuotaConfig",
    "Settings",
    "credentials",
    "service_settings",
    "task_settings",
    "unknown_settings",
]
