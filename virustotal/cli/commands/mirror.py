"""`virustotal-service mirror`: loads VirusTotal's feeds into the mirror."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from virustotal.cli.config_input import checked, configuration, key_of_file
from virustotal.cli.exit_codes import Exit, fail, refuse
from virustotal.cli.terminal import table, terminal
from virustotal.core.errors import ConfigurationError
from virustotal.core.settings import MIRROR_SECRETS

if TYPE_CHECKING:
    from virustotal.core.settings import Settings
    from virustotal.mirror.feed_loader import Loader
    from virustotal.mirror.load_statistics import LoadStatistics

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
#: Seconds that `mirror init` may take.
SETUP_SECONDS = 120.0
_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group()
def mirror() -> None:
    """Manage the mirror: VirusTotal's feeds in Elasticsearch or OpenSearch, asked before VirusTotal."""


@mirror.command()
@click.argument("files", nargs=-1, required=True, type=_FILE, metavar="FILE…")
@click.option("--config", "config_file", type=_FILE, help="YAML with the config part of the manifest.")
@click.option("--host", "hosts", multiple=True, envvar="VIRUSTOTAL_MIRROR", help="The cluster's address; repeatable.")
@click.option("--key-file", type=_FILE, help="A file with the cluster's encoded API key.")
@click.option("--ca", "ca_bundle", type=_FILE, help="Certificate authorities to trust for the cluster.")
@click.option("--state", type=_FOLDER, help="Where checkpoints are kept. [~/.local/state/virustotal-service/mirror]")
@click.option("--again", is_flag=True, help="Ignore checkpoints: load packages from their beginning.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def load(
    files: tuple[Path, ...],
    config_file: Path | None,
    hosts: tuple[str, ...],
    key_file: Path | None,
    ca_bundle: Path | None,
    state: Path | None,
    again: bool,
    as_json: bool,
) -> None:
    """Load feed packages: a minute's (bz2) or an hour's (tar.bz2), or JSON lines, plain or in gzip.

    An interrupted load continues where it stopped, and a loaded package is not loaded again. An older state of an
    object never replaces a newer one. The cluster's user comes from $VIRUSTOTAL_MIRROR_USER and
    $VIRUSTOTAL_MIRROR_PASSWORD, or its key from --key-file or $VIRUSTOTAL_MIRROR_API_KEY, else all from --config.

    Exit codes: 0 everything is loaded; 1 the mirror or a package cannot be used, and the same command continues; 2
    wrong usage; 3 the configuration is wrong; 4 loaded except for the lines that the summary names.
    """
    settings, secrets = _cluster(config_file, hosts, key_file, ca_bundle)
    try:
        loader = _loader(settings, secrets)
    except ConfigurationError as error:
        refuse(str(error))
    ended = _load(loader, settings, files, state, again=again)
    _summary(loader.tally, as_json=as_json)
    if ended:
        fail(ended, Exit.FAILED)
    if loader.tally.refused:
        raise SystemExit(Exit.PARTIAL)


@mirror.command()
@click.option("--config", "config_file", type=_FILE, help="YAML with the config part of the manifest.")
@click.option("--host", "hosts", multiple=True, envvar="VIRUSTOTAL_MIRROR", help="The cluster's address; repeatable.")
@click.option("--key-file", type=_FILE, help="A file with the cluster's encoded API key.")
@click.option("--ca", "ca_bundle", type=_FILE, help="Certificate authorities to trust for the cluster.")
@click.option("--shards", type=click.IntRange(1, 1024), default=1, show_default=True, help="Primary shards.")
@click.option("--rollover-days", type=click.IntRange(1, 3650), default=7, show_default=True, help="Latest rollover.")
@click.option("--delete-days", type=click.IntRange(0, 36500), default=0, show_default=True, help="0 for never.")
def init(
    config_file: Path | None,
    hosts: tuple[str, ...],
    key_file: Path | None,
    ca_bundle: Path | None,
    shards: int,
    rollover_days: int,
    delete_days: int,
) -> None:
    """Create index templates, write aliases and an ageing policy (ILM or ISM); existing indices stay as they are.

    Exit codes: 0 everything is there; 1 the mirror cannot be used; 3 the configuration is wrong.
    """
    from virustotal.mirror.index_setup import Growth, set_up
    from virustotal.mirror.search_client import MirrorError

    settings, secrets = _cluster(config_file, hosts, key_file, ca_bundle)
    try:
        loader = _loader(settings, secrets)
        for line in set_up(loader.cluster, settings.mirror, Growth(shards, rollover_days, delete_days), SETUP_SECONDS):
            click.echo(line)
    except ConfigurationError as error:
        refuse(str(error))
    except MirrorError as error:
        fail(str(error), Exit.FAILED)


def _cluster(
    config_file: Path | None, hosts: tuple[str, ...], key_file: Path | None, ca_bundle: Path | None
) -> "tuple[Settings, dict[str, str]]":
    """Return the settings and secrets of the cluster, or end without its address."""
    config = configuration(config_file)
    options: dict[str, Any] = {"hosts": list(hosts)} if hosts else {}
    options |= {"ca_bundle": str(ca_bundle)} if ca_bundle else {}
    config["mirror"] = {**(config.get("mirror") or {}), **options}
    settings = checked(config)
    if not settings.mirror.hosts:
        refuse("The address of the mirror is needed: --host, $VIRUSTOTAL_MIRROR, or mirror.hosts of --config.")
    return settings, _secrets(config, key_file)


def _secrets(config: Mapping[str, Any], key_file: Path | None) -> dict[str, str]:
    """Return the secrets of the key file, else of the configuration or the environment."""
    if key_file:
        try:
            return {"mirror_api_key": key_of_file(key_file)}
        except ConfigurationError as error:
            refuse(str(error))
    return {name: str(config.get(name) or "").strip() for name in MIRROR_SECRETS}


def _loader(settings: "Settings", secrets: Mapping[str, str]) -> "Loader":
    from virustotal.core.settings import Credentials
    from virustotal.mirror.feed_loader import Loader
    from virustotal.mirror.search_client import SearchClient

    return Loader(SearchClient(settings.mirror, Credentials(**secrets)), settings.mirror)


def _load(loader: "Loader", settings: "Settings", files: tuple[Path, ...], state: Path | None, *, again: bool) -> str:
    """Load all packages; return the reason for an early end, or an empty text."""
    from virustotal.mirror.checkpoint import checkpoint_of, default_folder
    from virustotal.mirror.search_client import MirrorError

    with _progress() as bars:
        every = bars.add_task("all", total=sum(path.stat().st_size for path in files), lines=0)
        try:
            loader.prepare()
            behind = 0
            for path in files:
                checkpoint = checkpoint_of(path, settings.mirror, state or default_folder())
                if again:
                    checkpoint.forget()

                def tell(read: int, behind: int = behind, name: str = path.name) -> None:
                    bars.update(every, completed=behind + read, description=name, lines=loader.tally.read)

                loader.load(path, checkpoint, tell)
                behind += path.stat().st_size
                tell(0, behind)
        except MirrorError as error:
            return f"{error} The same command continues."
        except OSError as error:
            return f"A package or its checkpoint cannot be used: {error.strerror or type(error).__name__}."
        except KeyboardInterrupt:
            return "Interrupted. The same command continues."
        finally:
            loader.cluster.close()
    return ""


def _progress() -> Progress:
    """One bar for all packages, by the bytes as they lie on disk."""
    lines = TextColumn("{task.fields[lines]} lines")
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), lines)
    return Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True)


def _summary(tally: "LoadStatistics", *, as_json: bool) -> None:
    if as_json:
        refused = [
            {"reason": reason, "lines": count, "first": tally.examples[reason]}
            for reason, count in tally.refused.most_common()
        ]
        counts = {"read": tally.read, "stored": tally.stored, "older": tally.older, "loaded_before": tally.again}
        click.echo(json.dumps({**counts, "refused": refused}, indent=2))
        return
    rows = table("what", "lines", "first")
    rows.add_row("stored", str(tally.stored), "")
    for what, count in (("older than what is there", tally.older), ("loaded before", tally.again)):
        if count:
            rows.add_row(what, str(count), "")
    for reason, count in tally.refused.most_common():
        rows.add_row(Text(f"refused: {reason}", style="yellow"), str(count), Text(tally.examples[reason]))
    terminal().print(rows)
