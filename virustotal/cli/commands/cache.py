"""`virustotal-service cache`: size and hit rate of the cache."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from virustotal.cli.config_input import config_option, configuration, json_option
from virustotal.cli.exit_codes import Exit, fail
from virustotal.cli.reports.store import open_configured_stores
from virustotal.util.readers import quantity

if TYPE_CHECKING:
    from virustotal.storage import Stores


@click.group(invoke_without_command=True)
@config_option
@json_option
@click.pass_context
def cache(context: click.Context, config_file: Path | None, as_json: bool) -> None:
    """Show size and hit rate of the cache in `storage`, of all keys.

    Exit codes: 0; 1 the store cannot be used; 3 the configuration is wrong.
    """
    if context.invoked_subcommand is None:
        _show(config_file, as_json=as_json)


@cache.command()
@config_option
@json_option
@click.pass_context
def clear(context: click.Context, config_file: Path | None, as_json: bool) -> None:
    """Delete all answers, of all keys. Quota windows and upload receipts stay."""
    options = context.parent.params if context.parent else {}  # those before `clear`
    stores, _, broken = _open_stores(config_file or options.get("config_file"))
    before = stores.answers.size()
    stores.answers.clear()
    _end_if_broken(broken)
    if as_json or options.get("as_json"):
        click.echo(json.dumps({"store": stores.place, "dropped": before.objects, "bytes": before.size}, indent=2))
        return
    click.echo(f"Deleted: answers about {quantity(before.objects, 'object')}, {before.size / 2**20:.1f} MB.")


def _show(config_file: Path | None, *, as_json: bool) -> None:
    from virustotal.cli.reports.quota import when
    from virustotal.client.hourly_counts import CACHE, CACHE_COUNTERS, KEPT_HOURS, SHOWN_HOURS, last_hours

    stores, most_mb, broken = _open_stores(config_file)
    size = stores.answers.size()
    hours = last_hours(stores.values, CACHE, CACHE_COUNTERS, KEPT_HOURS, stores.values.now())
    asked, answered = (sum(hour.counts[name] for hour in hours) for name in CACHE_COUNTERS)
    days = KEPT_HOURS // 24
    _end_if_broken(broken)
    if as_json:
        report = {"store": stores.place, "objects": size.objects, "bytes": size.size, "most_bytes": most_mb * 2**20}
        report |= {"days": days, "asked": asked, "answered": answered}
        report |= {"hours": [{"hour": when(hour.begins), **hour.counts} for hour in hours[:SHOWN_HOURS]]}
        click.echo(json.dumps(report, indent=2))
        return
    click.echo(f"store: {stores.place}")
    click.echo(f"answers: about {quantity(size.objects, 'object')}, {size.size / 2**20:.1f} of {most_mb} MB")
    rate = f"{answered / asked:.0%} ({answered} of {asked} requests)" if asked else "none yet"
    click.echo(f"hit rate of the last {days} days: {rate}")


def _open_stores(config_file: Path | None) -> "tuple[Stores, int, list[str]]":
    """Return the stores, the largest size in megabytes, and the list that gets a line if the stores fail."""
    config, settings = configuration(config_file)
    broken: list[str] = []
    return open_configured_stores(settings, config, broken.append), settings.cache.max_mb, broken


def _end_if_broken(broken: list[str]) -> None:
    if broken:
        fail(broken[0], Exit.FAILED)
