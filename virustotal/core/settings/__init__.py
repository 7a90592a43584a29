"""Settings from the configuration and the submission parameters, checked in one place; credentials apart."""

from virustotal.core.settings.config_values import DEFAULT_HOST
from virustotal.core.settings.schema import (
    DEEP_SCAN_RELATED,
    DEFAULT_RELATIONSHIPS,
    MOST_IOCS,
    MOST_RELATED,
    MOST_SUBMIT_MB,
    AvConfig,
    CacheConfig,
    Credentials,
    MirrorConfig,
    PluginConfig,
    QuotaConfig,
    Settings,
    SubmitPolicy,
)
from virustotal.core.settings.service_config import (
    CONFIG_KEYS,
    MIRROR_SECRETS,
    RESULT_SETTINGS,
    SECRETS,
    service_settings,
    unknown_settings,
)
from virustotal.core.settings.submission_params import (
    AIR_GAPPED,
    PARAMETERS,
    credentials,
    relationship_names,
    task_settings,
)

__all__ = [
    "AIR_GAPPED",
    "CONFIG_KEYS",
    "DEEP_SCAN_RELATED",
    "DEFAULT_HOST",
    "DEFAULT_RELATIONSHIPS",
    "MIRROR_SECRETS",
    "MOST_IOCS",
    "MOST_RELATED",
    "MOST_SUBMIT_MB",
    "PARAMETERS",
    "RESULT_SETTINGS",
    "SECRETS",
    "AvConfig",
    "CacheConfig",
    "Credentials",
    "MirrorConfig",
    "PluginConfig",
    "QuotaConfig",
    "Settings",
    "SubmitPolicy",
    "credentials",
    "relationship_names",
    "service_settings",
    "task_settings",
    "unknown_settings",
]
