"""`virustotal-service doctor`: whether all that a look-up needs works, and what to do where it does not."""

import json
import logging
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click
from attrs import evolve
from rich.console import Console
from rich.table import Table
from rich.text import Text

from virustotal.cli.exits import Exit
from virustotal.cli.inputs import NO_KEY, given_key, read_configuration
from virustotal.cli.stores import opened
from virustotal.core.errors import ConfigurationError

if TYPE_CHECKING:
    from virustotal.doctor import Check

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_STYLES = {"ok": "green", "advice": "yellow", "wrong": "bold red"}
#: Seconds that the platform has to answer for its safelist.
PLATFORM_SECONDS = 5.0


@click.command()
@click.option("--config", "config_file", type=_FILE, help="YAML with the config part of the manifest.")
@click.option("--key-file", type=_FILE, help="A file with the API key; else $VIRUSTOTAL_API_KEY.")
@click.option("--host", envvar="VIRUSTOTAL_HOST", help="Another API server, such as the emulator. [$VIRUSTOTAL_HOST]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(config_file: Path | None, key_file: Path | None, host: str | None, as_json: bool) -> None:
    """Check configuration, key, host, proxy, CA, clock, store, mirror, plugins and safelist.

    Each is ok, or it says what to do. Nothing counts against the quota.

    Exit codes: 0 all is ok; 1 look-ups cannot work; 3 they cannot with this key or configuration; 4 they work, with
    something less.
    """
    from virustotal.doctor import as_json as listing

    found = tuple(_checks(config_file, key_file, host))
    if as_json:
        click.echo(json.dumps(listing(found), indent=2))
    else:
        Console().print(_table(found))
    raise SystemExit(code_of(found))


def code_of(found: "tuple[Check, ...]") -> Exit:
    """Return the exit code of all lines: that of the worst."""
    wrong = {each.name for each in found if each.state == "wrong"}
    if wrong & {"configuration", "key"}:
        return Exit.CONFIGURATION
    if wrong:
        return Exit.FAILED
    return Exit.PARTIAL if any(each.state == "advice" for each in found) else Exit.RESULT


def _checks(config_file: Path | None, key_file: Path | None, host: str | None) -> "Iterator[Check]":
    from virustotal import doctor as finding
    from virustotal import listing
    from virustotal.core.settings import credentials, service_settings
    from virustotal.sources import build

    broken: list[str] = []
    try:
        config = read_configuration(config_file) | ({"host": host} if host else {})
        settings, keys = service_settings(config), evolve(credentials(config, {}), **_mirror_secrets())
        key = "" if settings.mirror.only else given_key(key_file, config)
        build(settings, evolve(keys, api_key="none")).close()  # what would stop the service at its start
        stores = opened(settings, config, broken.append)
    except ConfigurationError as error:
        yield finding.configured(str(error), 0)
        return
    yield finding.configured("", len(config))
    yield from finding.asked(settings, evolve(keys, api_key=key), NO_KEY)
    yield finding.store(stores, broken, shared=stores.place.startswith(("redis:", "rediss:")))
    yield finding.mirror(settings, keys)
    loaded = listing.plugins(config)
    yield finding.plugins(sum(each.state.value == "loaded" for each in loaded.listing), loaded.unloaded)
    yield _safelist()


def _mirror_secrets() -> Mapping[str, str]:
    """The mirror's secrets of the environment, which go before those of the configuration."""
    from virustotal.cli.mirror import VARIABLES

    return {name: value for name, variable in VARIABLES.items() if (value := os.environ.get(variable, "").strip())}


def _safelist() -> "Check":
    """Ask the platform as the service does, from a thread: the framework's own call may never return."""
    from virustotal import doctor as finding
    from virustotal.core.safelist import TAG_TYPES, SafelistKeeper
    from virustotal.manifest import use_manifest

    use_manifest()
    from assemblyline_v4_service.common import api
    from assemblyline_v4_service.common.helper import get_service_attributes

    # Outside a container of the platform the framework answers with an empty list of its own.
    if "SERVICE_API_HOST" not in os.environ or api.DEVELOPMENT_MODE:
        return finding.safelist(None)
    quiet = logging.getLogger("virustotal.doctor")
    quiet.propagate = False
    quiet.addHandler(logging.NullHandler())
    keeper = SafelistKeeper(lambda: api.ServiceAPI(get_service_attributes(), quiet).get_safelist(list(TAG_TYPES)))
    try:
        return finding.safelist(lambda: keeper.current(PLATFORM_SECONDS))
    finally:
        keeper.stop()


def _table(found: "tuple[Check, ...]") -> Table:
    rows = Table("check", "state", "what", box=None, header_style="bold")
    for each in found:
        what = Text(f"{each.found}\n{each.advice}" if each.advice else each.found)
        rows.add_row(each.name, Text(each.state.value, style=_STYLES[each.state.value]), what)
    return rows
