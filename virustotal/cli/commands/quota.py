"""`virustotal-service quota`: the windows of the key's quota."""

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table
from rich.text import Text

from virustotal.cli.config_input import api_key, configuration, json_option, server_options
from virustotal.cli.exit_codes import Exit
from virustotal.cli.reports.store import open_configured_stores
from virustotal.cli.terminal import table, terminal
from virustotal.core.settings.submission_params import credentials
from virustotal.util.readers import quantity

if TYPE_CHECKING:
    from virustotal.cli.reports.quota import Quotas


@click.command()
@server_options
@json_option
def quota(config_file: Path | None, key_file: Path | None, host: str | None, as_json: bool) -> None:
    """Show each window of the key's quota: its limit, the requests used, and when it resets.

    This costs no quota. Where VirusTotal does not answer, its last known limits are shown. The ledger is the one in
    `storage`; it includes the requests of others with the same key, as VirusTotal counts them.

    Exit codes: 0; 3 the key or the configuration is missing or wrong; 4 VirusTotal or the store could not be asked.
    """
    from virustotal.cli.reports import quota as quota_report

    config, settings = configuration(config_file, host)
    if settings.mirror.only:
        none = "mirror.only: nothing is asked of VirusTotal, so there is no quota."
        report = quota_report.Quotas("", (), notes=(none,))
        click.echo(json.dumps(quota_report.as_json(report), indent=2) if as_json else none)
        return
    config["api_key"] = api_key(key_file, config)
    broken: list[str] = []
    stores = open_configured_stores(settings, config, broken.append)
    report = quota_report.quotas(settings, credentials(config, {}), stores, broken)
    if as_json:
        click.echo(json.dumps(quota_report.as_json(report), indent=2))
    else:
        console = terminal()
        console.print(_table(report))
        for line in _lines(report):
            console.print(Text(line, style="yellow"))
    if report.notes:
        raise SystemExit(Exit.PARTIAL)


def _table(report: "Quotas") -> Table:
    from virustotal.cli.reports.quota import when

    rows = table("window", "allowed", "by", "VirusTotal", "ledger", "resets")
    for window in report.windows:
        counts = ("" if count is None else str(count) for count in (window.virustotal, window.ledger))
        allowed = str(window.allowed) if window.by else "not known"
        rows.add_row(window.name, allowed, window.by, *counts, when(window.resets) or "sliding")
    return rows


def _lines(report: "Quotas") -> list[str]:
    counts = sum((Counter(hour.counts) for hour in report.hours), Counter())
    asked, waited = quantity(counts["requests"], "request"), counts["waited_ms"] / 1000
    shown = f"last {len(report.hours)} hours: {asked}, {counts['refused']} refused, {counts['dropped']} not sent"
    lines = [f"ledger: {report.place}", f"{shown}, {waited:.0f} s waited", *report.notes]
    return [*lines, f"After a 429, all wait for {report.held:.0f} more seconds."] if report.held else lines
