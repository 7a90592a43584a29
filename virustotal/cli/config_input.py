"""Key, configuration and parameters of a command, with their options; checked before anything starts."""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
import yaml

from virustotal.core.errors import ConfigurationError
from virustotal.core.settings import Settings
from virustotal.core.settings.service_config import CONFIG_KEYS, MIRROR_SECRETS, service_settings, unknown_settings
from virustotal.core.settings.submission_params import PARAMETERS, task_settings

KEY_VARIABLE = "VIRUSTOTAL_API_KEY"
#: Set in images of services: the class of the service.
IMAGE_VARIABLE = "SERVICE_PATH"
NO_KEY = f"An API key of VirusTotal is needed: set {KEY_VARIABLE}, or name a file with --key-file."

#: Options of several commands.
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
config_option = click.option("--config", "config_file", type=FILE, help="YAML with the config part of the manifest.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_key = click.option("--key-file", type=FILE, help=f"A file with the API key; else ${KEY_VARIABLE}.")
_host = click.option(
    "--host", envvar="VIRUSTOTAL_HOST", help="Another API server, such as the emulator. [$VIRUSTOTAL_HOST]"
)

#: Errors of PyYAML, and of Python itself for a value such as the date 2026-13-01.
_UNREADABLE = (OSError, yaml.YAMLError, ValueError, AttributeError, KeyError, RecursionError)
#: A quotation of the file in PyYAML's message (alias, anchor, tag), which may be a key. Single tokens stay.
_QUOTED = re.compile(r"""['"][^\\<'"\s][^'"\s]+['"]""")


def server_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options `config_file`, `key_file` and `host`."""
    return config_option(_key(_host(command)))


def api_key(file: Path | None, config: Mapping[str, Any], option: str = "--key-file") -> str:
    """Return the key of the file, else of the environment, else of the configuration.

    Args:
        file: With the key.
        config: The configuration.
        option: Names the file on the command line.

    Raises:
        ConfigurationError: There is no key, or the key file cannot be read.
    """
    if key := optional_key(file, config):
        return key
    raise ConfigurationError(NO_KEY.replace("--key-file", option))


def optional_key(file: Path | None, config: Mapping[str, Any]) -> str:
    """Return the key as `api_key` does, empty where there is none.

    Raises:
        ConfigurationError: The key file cannot be read, or holds more than one key.
    """
    key = key_of_file(file) if file else os.environ.get(KEY_VARIABLE, "").strip()
    return key or str(config.get("api_key") or "").strip()


def key_of_file(file: Path) -> str:
    """Return the key in a file: its one line that is neither blank nor a comment (#). A byte order mark is skipped.

    Raises:
        ConfigurationError: The file cannot be read, or has more than one such line.
    """
    try:
        content = file.read_bytes()
        text = content.decode("utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig")
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "it is not text"
        raise ConfigurationError(f"The key file cannot be read: {why}.") from None
    lines = [line for raw in text.splitlines() if (line := raw.strip()) and not line.startswith("#")]
    if len(lines) > 1:
        raise ConfigurationError("The key file has more than one line with a key.")
    return lines[0] if lines else ""


def configuration(file: Path | None, host: str | None = None) -> tuple[dict[str, Any], Settings]:
    """Return the configuration as `read_configuration` does, and its settings; warn of unknown names."""
    config = read_configuration(file, host)
    settings = service_settings(config)
    for line in unknown_settings(config):
        click.echo(f"Warning: {line}", err=True)
    return config, settings


def read_configuration(file: Path | None, host: str | None = None) -> dict[str, Any]:
    """Return the configuration of a file, with the mirror's secrets of the environment.

    Args:
        file: The manifest's `config` part, with or without `config:` on top, or the whole manifest. Without a file,
            inside the service's image, the configuration that the service there runs with is read.
        host: The API server, if not the configured one.

    Raises:
        ConfigurationError: The file cannot be read.
    """
    config = {**(_of_file(file) if file else _of_image()), **_mirror_secrets()}
    return config | ({"host": host} if host else {})


def _of_image() -> dict[str, Any]:
    """The configuration of the service in whose image this runs; empty elsewhere."""
    if not os.environ.get(IMAGE_VARIABLE):
        return {}
    from assemblyline_v4_service.common.helper import get_service_manifest

    return dict(get_service_manifest().get("config") or {})


def _mirror_secrets() -> Mapping[str, str]:
    """The mirror's secrets of the environment; where one is set, none is read of the file."""
    secrets = {name: os.environ.get(f"VIRUSTOTAL_{name.upper()}", "").strip() for name in MIRROR_SECRETS}
    return secrets if any(secrets.values()) else {}


def _of_file(file: Path) -> dict[str, Any]:
    try:
        config = yaml.safe_load(file.read_text(encoding="utf-8-sig"))
    except _UNREADABLE as error:
        raise ConfigurationError(f"{file} is not readable YAML{_why(error)}.") from None
    if isinstance(config, dict) and "config" in config:
        if beside := config.keys() & set(CONFIG_KEYS):
            raise ConfigurationError(f"{file}: beside config: {', '.join(sorted(beside))}; move them below it.")
        config = config["config"]
    if config is None:
        return {}
    if not isinstance(config, dict):
        raise ConfigurationError(f"{file}: expected the names and values of the manifest's config part.")
    return config


def _why(error: Exception) -> str:
    """The position and reason of a YAML error, without the file's text, which may be a key."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        problem = _QUOTED.sub("…", str(error.problem))
        return f": {problem}, in line {error.problem_mark.line + 1}, column {error.problem_mark.column + 1}"
    why = getattr(error, "strerror", None) or getattr(error, "reason", None)
    return f": {why}" if why else ""


def parameters(options: tuple[str, ...]) -> dict[str, str]:
    """Return the submission parameters of `--param name=value`, without the key."""
    values: dict[str, str] = {}
    for option in options:
        name, equals, value = option.partition("=")
        if not equals:
            raise click.BadParameter(f"{option!r} is not name=value.", param_hint="--param")
        if name == "api_key":
            raise click.BadParameter(
                f"a key on the command line is seen by others: set {KEY_VARIABLE}, or use --key-file.",
                param_hint="--param",
            )
        if name not in PARAMETERS:
            names = ", ".join(sorted(set(PARAMETERS) - {"api_key"}))
            raise click.BadParameter(f"there is no parameter {name}; there are {names}.", param_hint="--param")
        if task_settings(Settings(), {name: value})[1]:
            raise click.BadParameter(f"{value!r} is not a value of {name}.", param_hint="--param")
        values[name] = value
    return values
