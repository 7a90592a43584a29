"""`virustotal-service plugins` and `new-plugin`: lists, checks and creates plugins."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table
from rich.text import Text

from virustotal.cli.config_input import config_option, configuration, json_option
from virustotal.cli.exit_codes import Exit, fail
from virustotal.cli.progress import plain_warnings
from virustotal.cli.terminal import table, terminal

if TYPE_CHECKING:
    from virustotal.core.plugin_host.plugin import Plugin

_STYLES = {"loaded": "green", "blocked": "yellow", "failed": "red", "refused": "red"}


@click.group(invoke_without_command=True)
@json_option
@config_option
@click.pass_context
def plugins(context: click.Context, as_json: bool, config_file: Path | None) -> None:
    """List plugins with their analyzers, relationships, versions and states."""
    from virustotal.platform.manifest import use_manifest

    use_manifest()
    from virustotal.cli.reports import plugins as report

    context.with_resource(plain_warnings())
    context.obj, _ = configuration(config_file)
    if context.invoked_subcommand is not None:
        return
    listing = report.plugins(context.obj).listing
    if as_json:
        click.echo(json.dumps(report.as_json(listing), indent=2))
    else:
        console = terminal()
        console.print(_table(listing))
        for plugin in listing:
            for line in report.remarks(plugin):
                console.print(line, style="yellow", markup=False)


def _table(listing: "tuple[Plugin, ...]") -> Table:
    """Return a row for each plugin, and below it one for each of its analysers; it is readable at 80 columns."""
    rows = table("plugin, analyser", "version, kind", "state", "what")
    rows.columns[0].no_wrap = True
    for plugin in listing:
        hooks = sorted(hook.hook for hook in plugin.hooks if hook.hook != "virustotal_analyzers")
        what = [f"API {plugin.api}", *([plugin.distribution] if plugin.external else []), *hooks, plugin.home]
        cells = (Text(plugin.name, style="bold"), Text(plugin.version), _state(plugin.state.value))
        rows.add_row(*cells, Text(", ".join(filter(None, what))))
        for row in plugin.analyzers:
            analyzer = row.analyzer
            related = "" if analyzer.name.endswith(analyzer.relationship) else f"{analyzer.relationship}: "
            cells = (Text(f"  {analyzer.name}"), Text(analyzer.kind), _state(row.state.value))
            rows.add_row(*cells, Text(f"{related}{analyzer.summary}"))
    return rows


def _state(state: str) -> Text:
    return Text(state, style=_STYLES.get(state, ""))


@plugins.command("check")
@click.argument("name")
@config_option
@click.pass_obj
def check(config: dict[str, Any], name: str, config_file: Path | None) -> None:
    """Run the contract checks of the plugin NAME over the emulator's world; no server is started."""
    from virustotal.cli.reports.plugins import check_plugin

    try:
        checked = check_plugin(name, configuration(config_file)[0] if config_file else config)
    except LookupError as error:
        raise click.BadParameter(str(error.args[0]), param_hint="NAME") from None
    click.echo(
        f"{checked.plugin.name} {checked.plugin.version}: {checked.runs} calls, {len(checked.problems)} problems"
    )
    for idle in checked.idle:
        click.echo(f"not called: {idle}, for which the emulator's world has nothing")
    for message in checked.warnings:
        click.echo(f"warning: {message}")
    for problem in checked.problems:
        click.echo(f"problem: {problem}")
    if checked.problems:
        raise SystemExit(Exit.FAILED)


@click.command("new-plugin")
@click.argument("name")
@click.option(
    "--kind",
    default="relationship",
    show_default=True,
    help="Of plugin: relationship, attributes, remap, verdict, download or unknown-relationship.",
)
@click.option("--subject", default="file", show_default=True, help="What it is about: file, url, domain or ip_address.")
@click.option("--relationship", default="", help="What it reads, such as comments; empty for that of the kind.")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), default=".", help="Where to write it.")
def new_plugin(name: str, kind: str, subject: str, relationship: str, folder: Path) -> None:
    """Write the distribution virustotal-NAME: a module, its tests, README, licence and CI."""
    from virustotal.platform.manifest import use_manifest

    use_manifest()
    from virustotal.template import write

    try:
        written = write(name, folder, kind=kind, subject=subject, relationship=relationship)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    except OSError as error:
        fail(str(error), Exit.FAILED)
    for path in written:
        click.echo(path)
