"""`virustotal-service doctor`: checks everything that a look-up needs."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table
from rich.text import Text

from virustotal.cli.config_input import NO_KEY, json_option, optional_key, read_configuration, server_options
from virustotal.cli.exit_codes import Exit
from virustotal.cli.progress import plain_warnings
from virustotal.cli.terminal import table, terminal
from virustotal.core.errors import ConfigurationError

if TYPE_CHECKING:
    from virustotal.cli.reports.checks import Check

#: Severity -> exit code.
_CODES = {"": Exit.RESULT, "advice": Exit.PARTIAL, "wrong": Exit.FAILED, "configuration": Exit.CONFIGURATION}
_STYLES = {"ok": "green", "advice": "yellow", "wrong": "bold red"}


@click.command()
@server_options
@json_option
def doctor(config_file: Path | None, key_file: Path | None, host: str | None, as_json: bool) -> None:
    """Check configuration, key, host, proxy, CA, clock, store, mirror, plugins and safelist.

    Each check is ok, or says what to do. No request counts against the quota.

    Exit codes: 0 all checks are ok; 1 look-ups do not work; 3 they do not work with this key or configuration; 4 they
    work with restrictions.
    """
    from virustotal.cli.reports.checks import as_json as listing
    from virustotal.cli.reports.checks import worst

    with plain_warnings():
        checks = tuple(_checks(config_file, key_file, host))
    if as_json:
        click.echo(json.dumps(listing(checks), indent=2))
    else:
        terminal().print(_table(checks))
    raise SystemExit(_CODES[worst(checks)])


def _checks(config_file: Path | None, key_file: Path | None, host: str | None) -> "Iterator[Check]":
    from virustotal.cli.reports.checks import configuration
    from virustotal.cli.reports.doctor import examine

    try:
        config = read_configuration(config_file, host)
        key = optional_key(key_file, config)
    except ConfigurationError as error:
        yield configuration(str(error))
        return
    yield from examine({**config, "api_key": key}, NO_KEY)


def _table(checks: "tuple[Check, ...]") -> Table:
    rows = table("check", "state", "what")
    for check in checks:
        what = Text(f"{check.finding}\n{check.advice}" if check.advice else check.finding)
        rows.add_row(check.name, Text(check.state.value, style=_STYLES[check.state.value]), what)
    return rows
