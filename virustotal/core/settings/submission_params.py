"""Submission parameters, read leniently: a wrong one is noted in the result and has its default."""

from collections.abc import Mapping
from typing import Any

from attrs import evolve

from virustotal.core.settings import DEEP_SCAN_RELATED, Credentials, PrivateConfig, Settings
from virustotal.core.settings.config_values import PARAMETER, InvalidValueError, read_group, settings_from

_SWITCHES = {
    **dict.fromkeys(("true", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "no", "off", ""), False),
}
_PRIVATE = settings_from(PrivateConfig, PARAMETER)
_PARAMETERS = settings_from(Settings, PARAMETER) | _PRIVATE
#: Every submission parameter, the secret one included.
PARAMETERS = ("api_key", *_PARAMETERS)
#: Note of each result with `mirror.only`.
AIR_GAPPED = "Air-gapped (mirror.only): only the mirror was asked, VirusTotal was not."


def task_settings(
    settings: Settings, parameters: Mapping[str, Any], *, deep_scan: bool = False, ignore_filtering: bool = False
) -> tuple[Settings, tuple[str, ...]]:
    """Return the settings of one task, and a note for each wrong parameter.

    Args:
        settings: The service's.
        parameters: `task.service_config`; null and missing ones have their defaults. `max_related` of 0 means the
            configured number, which a deep scan raises to DEEP_SCAN_RELATED.
        deep_scan: Whether the submission is a deep scan.
        ignore_filtering: Whether the submission ignores filtering.
    """
    changes: dict[str, Any] = {"deep_scan": deep_scan, "ignore_filtering": ignore_filtering}
    notes: list[str] = [AIR_GAPPED] if settings.mirror.only else []
    for name, attribute in _PARAMETERS.items():
        if (value := parameters.get(name)) is not None:
            try:
                changes[name] = attribute.metadata[PARAMETER](_to_type_of(value, attribute.default))
            except InvalidValueError:
                notes.append(f"The parameter {name} was not understood; its default was used.")
    # Parameters that are off or empty, as the platform sends them by default, leave the configured value.
    private = {name: value for name in _PRIVATE if (value := changes.pop(name, None))}
    changes["private"] = evolve(settings.private, **private)
    if not changes.get("max_related"):
        changes["max_related"] = max(settings.max_related, DEEP_SCAN_RELATED) if deep_scan else settings.max_related
    return evolve(settings, **changes), tuple(notes)


def _to_type_of(value: Any, default: Any) -> Any:
    """Return what the text of a value means in the type of its default; the value itself where it means nothing."""
    text = str(value).strip().lower()
    if isinstance(default, bool):
        return _SWITCHES.get(text, value)
    try:
        return int(text or "0") if isinstance(default, int) else value
    except ValueError:
        return value


def credentials(config: Mapping[str, Any], parameters: Mapping[str, Any]) -> Credentials:
    """Return the secrets: the submission's own key before the configured one, an empty key if there is neither.

    Raises:
        ConfigurationError: A configured secret is no text.
    """
    configured = read_group(Credentials, config)
    return evolve(configured, api_key=str(parameters.get("api_key") or "").strip() or configured.api_key)
