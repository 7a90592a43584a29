"""What `scan` is given: key, configuration and parameters, read and checked before anything starts."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import yaml

from virustotal.cli.exit_codes import refuse
from virustotal.core.errors import ConfigurationError
from virustotal.core.settings import CONFIG_KEYS, MIRROR_SECRETS, PARAMETERS, Settings, service_settings, task_settings

KEY_VARIABLE = "VIRUSTOTAL_API_KEY"
NO_KEY = f"An API key of VirusTotal is needed: set {KEY_VARIABLE}, or name a file with --key-file."

#: PyYAML leaves what Python says of a value, such as the date 2026-13-01, as it is.
_UNREADABLE = (OSError, yaml.YAMLError, ValueError, AttributeError, KeyError, RecursionError)
#: More than one character of the file in what PyYAML says: an alias, anchor or tag, as a key may look. A token is none.
_QUOTED = re.compile(r"""['"][^\\<'"\s][^'"\s]+['"]""")


def api_key(file: Path | None, config: Mapping[str, Any]) -> str:
    """Return the key: from the file if one is given, else of the environment, else of the configuration."""
    try:
        key = given_key(file, config)
    except ConfigurationError as error:
        refuse(str(error))
    return key or refuse(NO_KEY)


def given_key(file: Path | None, config: Mapping[str, Any]) -> str:
    """Return the key as `api_key`, empty where none is given. ConfigurationError for a file that cannot be read."""
    try:
        key = file.read_text(encoding="utf-8").strip() if file else os.environ.get(KEY_VARIABLE, "").strip()
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "it is not text"
        raise ConfigurationError(f"The key file cannot be read: {why}.") from None
    return key or str(config.get("api_key") or "").strip()


def configuration(file: Path | None) -> dict[str, Any]:
    """Return the configuration as `read_configuration` does, or end with the path of its wrong entry."""
    try:
        return read_configuration(file)
    except ConfigurationError as error:
        refuse(str(error))


def read_configuration(file: Path | None) -> dict[str, Any]:
    """Return the manifest's `config` part as the file has it, but with the mirror's secrets of the environment.

    ConfigurationError names the file or the wrong entry.
    """
    return {**(_of_file(file) if file else {}), **_mirror_secrets()}


def _mirror_secrets() -> Mapping[str, str]:
    """The mirror's secrets of the environment: where it has one, it has all, as for `mirror load`."""
    found = {name: os.environ.get(f"VIRUSTOTAL_{name.upper()}", "").strip() for name in MIRROR_SECRETS}
    return found if any(found.values()) else {}


def _of_file(file: Path) -> dict[str, Any]:
    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
    except _UNREADABLE as error:
        raise ConfigurationError(f"{file} is not readable YAML{_why(error)}.") from None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ConfigurationError(f"{file}: expected the names and values of the manifest's config part.")
    for name in found:
        if name not in CONFIG_KEYS:
            shown = str(name).partition(":")[0]  # without a space after the colon, the value is part of the name
            raise ConfigurationError(f"{file}: {shown}: no such setting; there are {', '.join(sorted(CONFIG_KEYS))}.")
    service_settings(found)
    return found


def _why(error: Exception) -> str:
    """Where a file is no YAML, and why, without the text that stands there: it may be a key."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        problem = _QUOTED.sub("…", str(error.problem))
        return f": {problem}, in line {error.problem_mark.line + 1}, column {error.problem_mark.column + 1}"
    why = getattr(error, "strerror", None) or getattr(error, "reason", None)
    return f": {why}" if why else ""


def checked(config: Mapping[str, Any]) -> Settings:
    """Return the settings of a configuration, or end with the path of its wrong entry."""
    try:
        return service_settings(config)
    except ConfigurationError as error:
        refuse(str(error))


def parameters(given: tuple[str, ...]) -> dict[str, str]:
    """Return the submission parameters of `--param name=value`; the key is none of them."""
    found: dict[str, str] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals:
            raise click.BadParameter(f"{each!r} is not name=value.", param_hint="--param")
        if name == "api_key":
            raise click.BadParameter(
                f"a key on the command line is seen by others: set {KEY_VARIABLE}, or use --key-file.",
                param_hint="--param",
            )
        if name not in PARAMETERS:
            known = ", ".join(sorted(set(PARAMETERS) - {"api_key"}))
            raise click.BadParameter(f"there is no parameter {name}; there are {known}.", param_hint="--param")
        if task_settings(Settings(), {name: value})[1]:
            raise click.BadParameter(f"{value!r} is not a value of {name}.", param_hint="--param")
        found[name] = value
    return found
