"""`virustotal-service scan`: one target through the very service that Assemblyline runs."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from virustotal.cli.config_input import api_key, configuration, parameters, server_options
from virustotal.cli.exit_codes import Exit, fail
from virustotal.cli.terminal import terminal
from virustotal.core.errors import ConfigurationError
from virustotal.core.settings import Settings
from virustotal.util.readers import as_text

if TYPE_CHECKING:
    from virustotal.local.run_task import Target, TaskOutcome

_OUTPUT = click.Path(dir_okay=False, allow_dash=True, path_type=Path)
#: What stands for standard output in place of a file.
_STANDARD = Path("-")


@click.command()
@click.argument("target")
@click.option(
    "--param", "-p", "params", multiple=True, metavar="NAME=VALUE", help="A submission parameter; repeatable."
)
@server_options
@click.option("--json", "json_file", type=_OUTPUT, help="Write the result there as JSON; - prints it and nothing else.")
@click.option("--html", "html_file", type=_OUTPUT, help="Write the result there as one HTML file; - prints it.")
@click.option(
    "--files", "folder", type=click.Path(file_okay=False, path_type=Path), help="Keep the result's files there."
)
@click.option("--full", is_flag=True, help="Show the whole result in place of a summary.")
@click.option("--dry-run", is_flag=True, help="Print what would be asked and what it costs; ask nothing.")
@click.option("--verbose", "-v", is_flag=True, help="Show the service's log.")
def scan(
    target: str,
    params: tuple[str, ...],
    config_file: Path | None,
    key_file: Path | None,
    host: str | None,
    json_file: Path | None,
    html_file: Path | None,
    folder: Path | None,
    full: bool,
    dry_run: bool,
    verbose: bool,
) -> None:
    """Look TARGET up on VirusTotal: a file, a hash, a URL, a domain or an IP address.

    A URL is looked up with its host; a bare domain or address is only the host; a hash is never submitted. A defanged
    target, such as hxxp://evil[.]example, is read as it is meant.
    """
    if json_file == html_file == _STANDARD:
        raise click.UsageError("Only one of --json and --html can be standard output.")
    values = parameters(params)
    config, settings = configuration(config_file, host)
    if dry_run:
        _plan(target, settings, values)
        return
    if not settings.mirror.only:
        config["api_key"] = api_key(key_file, config)
    if folder:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise click.BadParameter(f"{folder} cannot be made: {error.strerror}.", param_hint="--files") from None
    with tempfile.TemporaryDirectory(prefix="virustotal_") as own:
        subject = read_target(target, Path(own))
        outcome = _run(subject, config, values, folder or Path(own), verbose=verbose)
        if _STANDARD not in (json_file, html_file):
            _show(subject.name, outcome, full=full)
        if json_file:
            _write(json_file, json.dumps(outcome.handed, indent=2) + "\n")
        if html_file:
            from virustotal.rendering.html_report import html_report

            _write(html_file, html_report(subject.name, outcome))
    if outcome.partial:
        raise SystemExit(Exit.PARTIAL)


def _plan(target: str, settings: Settings, values: Mapping[str, Any]) -> None:
    from virustotal.cli.commands.plan import plan_lines

    with tempfile.TemporaryDirectory(prefix="virustotal_") as own:
        for line in plan_lines(read_target(target, Path(own)), settings, values):
            click.echo(line)


def _run(
    subject: "Target", config: dict[str, Any], values: Mapping[str, Any], folder: Path, *, verbose: bool
) -> "TaskOutcome":
    """Run the task, or end with why it has no result. folder: where the result's files are kept."""
    from virustotal.cli.progress import progress
    from virustotal.local.run_task import run_task, started_service

    with progress(Console(stderr=True), verbose=verbose):
        try:
            with started_service(config) as service:
                outcome = run_task(service, subject, values, keep=folder)
        except ConfigurationError:
            raise
        except ValueError as error:
            fail(f"The result is not one that Assemblyline takes: {as_text(str(error))}", Exit.FAILED)
        except OSError as error:
            fail(f"{error.filename or 'A file'} cannot be read or written: {error.strerror}.", Exit.FAILED)
    if outcome.error:
        lasting = outcome.deliberate and outcome.error["response"]["status"] == "FAIL_NONRECOVERABLE"
        fail(as_text(outcome.message), Exit.CONFIGURATION if lasting else Exit.FAILED)
    return outcome


def _show(name: str, outcome: "TaskOutcome", *, full: bool) -> None:
    from virustotal.cli.result_tree import outcome_tree
    from virustotal.cli.summary import summary

    terminal().print(outcome_tree(name, outcome) if full else summary(name, outcome))


def _write(path: Path, text: str) -> None:
    if path == _STANDARD:
        click.echo(text, nl=False)
        return
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        fail(f"{path} cannot be written: {error.strerror}.", Exit.FAILED)


def read_target(target: str, folder: Path) -> "Target":
    """Return the target that the text names, or end with why it is none; a defanged one is read as it is meant."""
    from virustotal.local.targets import existing_file, refang, target_of

    meant = target if existing_file(target) else refang(target)
    if meant != target:
        click.echo(f"Read as {as_text(meant)}", err=True)
    try:
        return target_of(target, folder)
    except ValueError as error:
        fail(str(error), Exit.USAGE)
    except OSError as error:
        fail(f"{as_text(target)} cannot be read: {error.strerror}.", Exit.FAILED)
