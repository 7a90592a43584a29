"""`virustotal-service doctor`: checks everything that a look-up needs."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table
from rich.text import Text

from virustotal.cli.config_input import json_option, optional_key, read_configuration, server_options
from virustotal.cli.progress import plain_warnings
from virustotal.cli.terminal import table, terminal
from virustotal.core.errors import ConfigurationError

if TYPE_CHECKING:
    from virustotal.cli.reports.checks import Check

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
    from virustotal.cli.reports.checks import configuration, exit_code
    from virustotal.cli.reports.doctor import examine

    with plain_warnings():
        try:
            config = read_configuration(config_file, host)
            checks = tuple(examine({**config, "api_key": optional_key(key_file, config)}))
        except ConfigurationError as error:
            checks = (configuration(str(error)),)
    if as_json:
        rows = ({"check": row.name, "state": row.state, "found": row.finding, "advice": row.advice} for row in checks)
        click.echo(json.dumps(list(rows), indent=2))
    else:
        terminal().print(_table(checks))
    raise SystemExit(exit_code(checks))


def _table(checks: "tuple[Check, ...]") -> Table:
    rows = table("check", "state", "what")
    for check in checks:
        what = Text(f"{check.finding}\n{check.advice}" if check.advice else check.finding)
        rows.add_row(check.name, Text(check.state, style=_STYLES[check.state]), what)
    return rows
