"""`virustotal-service cache`: what is kept of VirusTotal's answers."""

import json
from pathlib import Path

import click

from virustotal.cli.exits import Exit, fail, refuse
from virustotal.cli.inputs import checked, configuration
from virustotal.opening import opened

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(invoke_without_command=True)
@click.option("--config", "config_file", type=_FILE, help="YAML with the config part of the manifest.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def cache(context: click.Context, config_file: Path | None, as_json: bool) -> None:
    """Show how much is kept of VirusTotal's answers, of all keys, in the place that `storage` names, and how it serves.

    Exit codes: 0; 1 the store cannot be used; 3 the configuration is wrong.
    """
    from virustotal.core.errors import ConfigurationError
    from virustotal.sources.stores.tally import DAYS

    config = configuration(config_file)
    settings = checked(config)
    broken: list[str] = []
    try:
        stores = opened(settings, config, broken.append)
    except ConfigurationError as error:
        refuse(str(error))
    context.obj = (stores, broken)
    if context.invoked_subcommand is not None:
        return
    size, count = stores.answers.size(), stores.tally.read(stores.answers.now())
    _end_if_broken(broken)
    most = settings.cache.max_mb * 2**20
    if as_json:
        found = {"store": stores.place, "answers": size.answers, "bytes": size.size, "most_bytes": most}
        found |= {"days": DAYS, "asked": count.asked, "answered": count.answered}
        click.echo(json.dumps(found, indent=2))
        return
    click.echo(f"store: {stores.place}")
    click.echo(f"answers: {size.answers}, {size.size / 2**20:.1f} of {settings.cache.max_mb} MB")
    rate = (
        f"{count.answered / count.asked:.0%} ({count.answered} of {count.asked} requests)"
        if count.asked
        else "none yet"
    )
    click.echo(f"hit rate of the last {DAYS} days: {rate}")


@cache.command()
@click.pass_obj
def clear(given: tuple) -> None:  # type: ignore[type-arg]
    """Drop all answers, of all keys. Quota ledger and upload receipts stay."""
    stores, broken = given
    before = stores.answers.size()
    stores.answers.clear()
    _end_if_broken(broken)
    click.echo(f"{before.answers} answers dropped, {before.size / 2**20:.1f} MB.")


def _end_if_broken(broken: list[str]) -> None:
    if broken:
        fail(broken[0], Exit.FAILED)
