"""Submission parameters, read leniently: a wrong one is noted in the result and has its default."""

from collections.abc import Mapping
from typing import Any

from attrs import evolve

from virustotal.core.settings.config_values import InvalidValueError, command_line
from virustotal.core.settings.schema import DEEP_SCAN_RELATED, MOST_RELATED, Credentials, Settings
from virustotal.core.settings.service_config import MIRROR_SECRETS

_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off", ""})
_BOOLEANS = (
    "dynamic_submit",
    "ignore_submitted_url",
    "analyze_relationship",
    "download_evtx",
    "download_pcap",
    "download_memdump",
    "download_html_report",
    "download_dropped_files",
    "submit_password",
    "exhaustive_search",
    "private_submit",
    "enable_internet",
)
_NUMBERS: Mapping[str, tuple[int, int]] = {
    "max_related": (0, MOST_RELATED),
    "max_requests": (0, 100_000),
    "reanalyze_after_days": (0, 36_500),
}
#: Every submission parameter, the secret one included.
PARAMETERS = ("api_key", "relationships", "command_line", *_BOOLEANS, *_NUMBERS)


#: Note of each result with `mirror.only`.
AIR_GAPPED = "Air-gapped (mirror.only): only the mirror was asked, VirusTotal was not."


def _parameter_switch(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None


def _parameter_number(value: Any, low: int, high: int) -> int | None:
    try:
        number = int(str(value).strip() or "0")
    except ValueError:
        return None
    return number if low <= number <= high and not isinstance(value, bool) else None


def _parameter_line(value: Any) -> str | None:
    try:
        return command_line(value)
    except InvalidValueError:
        return None


def relationship_names(value: Any) -> tuple[str, ...]:
    """Read the `relationships` parameter: spaces, case, trailing commas and duplicates do not matter."""
    entries = value if isinstance(value, list | tuple) else str(value).replace("\n", ",").replace(";", ",").split(",")
    names = (str(entry).strip().lower() for entry in entries)
    return tuple(dict.fromkeys(name for name in names if name))


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
    values = {name: parameters[name] for name in PARAMETERS if parameters.get(name) is not None}
    for name in _BOOLEANS:
        if name in values:
            changes[name] = _parameter_switch(values[name])
    for name, (low, high) in _NUMBERS.items():
        if name in values:
            changes[name] = _parameter_number(values[name], low, high)
    if "command_line" in values:
        changes["command_line"] = _parameter_line(values["command_line"])
    for name in [name for name, value in changes.items() if value is None]:
        notes.append(f"The parameter {name} was not understood; its default was used.")
        del changes[name]
    # Parameters that are off or empty, as the platform sends them by default, leave the configured value.
    changes["private"] = evolve(
        settings.private,
        enable_internet=changes.pop("enable_internet", False) or settings.private.enable_internet,
        command_line=changes.pop("command_line", "") or settings.private.command_line,
    )
    if "relationships" in values:
        changes["relationships"] = relationship_names(values["relationships"])
    if not changes.get("max_related"):
        changes["max_related"] = max(settings.max_related, DEEP_SCAN_RELATED) if deep_scan else settings.max_related
    return evolve(settings, **changes), tuple(notes)


def credentials(config: Mapping[str, Any], parameters: Mapping[str, Any]) -> Credentials:
    """Return the secrets: the submission's own key before the configured one, an empty key if there is neither."""
    key = str(parameters.get("api_key") or "").strip() or str(config.get("api_key") or "").strip()
    others = {name: str(config.get(name) or "").strip() for name in ("proxy", *MIRROR_SECRETS)}
    return Credentials(api_key=key, **others)
