"""`virustotal-service mirror`: sets up the mirror, and fills it from VirusTotal's feeds."""

import contextlib
import functools
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from attrs import evolve
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from virustotal.cli.config_input import FILE, api_key, config_option, configuration, key_of_file
from virustotal.cli.exit_codes import Exit, fail
from virustotal.cli.terminal import table, terminal
from virustotal.core.errors import AuthenticationError, ConfigurationError, VirusTotalError
from virustotal.core.settings import MirrorConfig
from virustotal.core.settings.service_config import MIRROR_SECRETS, service_settings
from virustotal.core.settings.submission_params import credentials

if TYPE_CHECKING:
    from virustotal.mirror.feed_loader import Loader
    from virustotal.mirror.load_statistics import LoadStatistics

_FOLDER = click.Path(file_okay=False, path_type=Path)
#: Seconds that `mirror init` may take.
SETUP_SECONDS = 120.0


def _of_cluster(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options about the cluster, and call it with the configuration and a loader."""

    @config_option
    @click.option(
        "--host", "hosts", multiple=True, envvar="VIRUSTOTAL_MIRROR", help="The cluster's address; repeatable."
    )
    @click.option("--key-file", type=FILE, help="A file with the cluster's encoded API key.")
    @click.option("--ca", "ca_bundle", type=FILE, help="Certificate authorities to trust for the cluster.")
    @functools.wraps(command)
    def with_cluster(
        config_file: Path | None, hosts: tuple[str, ...], key_file: Path | None, ca_bundle: Path | None, **options: Any
    ) -> None:
        from virustotal.mirror.feed_loader import Loader
        from virustotal.mirror.search_client import SearchClient

        config, _ = configuration(config_file)
        mirror: dict[str, Any] = {"hosts": list(hosts)} if hosts else {}
        mirror |= {"ca_bundle": str(ca_bundle)} if ca_bundle else {}
        config["mirror"] = {**(config.get("mirror") or {}), **mirror}
        cluster = service_settings(config).mirror
        if not cluster.hosts:
            raise ConfigurationError(
                "The address of the mirror is needed: --host, $VIRUSTOTAL_MIRROR, or mirror.hosts of --config."
            )
        if key_file:
            config |= dict.fromkeys(MIRROR_SECRETS, "") | {"mirror_api_key": key_of_file(key_file)}
        command(config, Loader(SearchClient(cluster, credentials(config, {})), cluster), **options)

    return with_cluster


def _of_load(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options about checkpoints and its summary."""
    state = click.option(
        "--state", type=_FOLDER, help="Where checkpoints are kept. [~/.local/state/virustotal-service/mirror]"
    )
    again = click.option("--again", is_flag=True, help="Ignore checkpoints, and load again what was loaded.")
    as_json = click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
    return state(again(as_json(command)))


@click.group()
def mirror() -> None:
    """Manage the mirror: VirusTotal's feeds in Elasticsearch or OpenSearch, asked before VirusTotal."""


@mirror.command()
@click.option("--shards", type=click.IntRange(1, 1024), default=1, show_default=True, help="Primary shards.")
@click.option("--rollover-days", type=click.IntRange(1, 3650), default=7, show_default=True, help="Latest rollover.")
@click.option("--delete-days", type=click.IntRange(0, 36500), default=0, show_default=True, help="0 for never.")
@_of_cluster
def init(_config: dict[str, Any], loader: "Loader", shards: int, rollover_days: int, delete_days: int) -> None:
    """Create index templates, write aliases and an ageing policy (ILM or ISM); existing indices stay as they are.

    Exit codes: 0 everything is there; 1 the mirror cannot be used; 3 the configuration is wrong.
    """
    from virustotal.mirror.index_setup import Growth, set_up
    from virustotal.mirror.search_answers import MirrorError

    growth = Growth(shards, rollover_days, delete_days)
    try:
        for line in set_up(loader.cluster, loader.config, growth, SETUP_SECONDS):
            click.echo(line)
    except MirrorError as error:
        fail(str(error), Exit.FAILED)


@mirror.command()
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE…")
@_of_cluster
@_of_load
def load(
    _config: dict[str, Any],
    loader: "Loader",
    files: tuple[Path, ...],
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
    from virustotal.mirror.checkpoint import checkpoint_of
    from virustotal.mirror.feed_packages import PackageError

    folder = _state(state)
    with _run(loader.statistics, as_json=as_json) as bars:
        task = bars.add_task("", total=sum(path.stat().st_size for path in files), lines=0)
        loader.prepare()
        before = 0
        for path in files:
            checkpoint = checkpoint_of(path, loader.config, folder)
            if again:
                checkpoint.forget()

            def tell(read: int, before: int = before, name: str = path.name) -> None:
                bars.update(task, completed=before + read, description=name, lines=loader.statistics.read)

            try:
                loader.load(path, checkpoint, tell)
            except PackageError as error:
                loader.statistics.refuse(str(error), f"{path.name}, after line {checkpoint.read().lines}")
            before += path.stat().st_size
            tell(0, before)


@mirror.command()
@click.argument("feeds", nargs=-1, required=True, metavar="FEED…")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]),
    help="Where to begin, in UTC. [where the last run ended, else seven days ago]",
)
@click.option("--follow", is_flag=True, help="Do not end: wait for each next package.")
@click.option("--api-key-file", type=FILE, help="A file with VirusTotal's API key; else $VIRUSTOTAL_API_KEY.")
@click.option("--api-host", envvar="VIRUSTOTAL_HOST", help="Another API server, such as the emulator.")
@_of_cluster
@_of_load
def fetch(
    config: dict[str, Any],
    loader: "Loader",
    feeds: tuple[str, ...],
    since: datetime | None,
    follow: bool,
    api_key_file: Path | None,
    api_host: str | None,
    state: Path | None,
    again: bool,
    as_json: bool,
) -> None:
    """Download packages of VirusTotal's feeds, and load them.

    FEED is files, urls, domains, ip_addresses or file-behaviours; each needs a licence.

    A run continues where the last one ended; the first one begins seven days ago, with the oldest packages that
    VirusTotal has. Whole hours come in one package. The newest minute is 60 minutes old. One package at a time is on
    disk. The cluster's user or key is given as for `mirror load`.

    Exit codes: 0 everything is loaded; 1 VirusTotal, the mirror or the disk cannot be used, and the same command
    continues; 2 wrong usage; 3 the key or the configuration is wrong; 4 loaded except for what the summary names.
    """
    from virustotal.mirror.checkpoint import checkpoint_of_feed
    from virustotal.mirror.documents import index_of
    from virustotal.mirror.feed_fetcher import END, FEEDS, MINUTE, FeedFetcher
    from virustotal.sources import build

    if loader.config.only:
        raise ConfigurationError(
            "mirror.only: nothing is asked of VirusTotal. Fetch the feeds elsewhere, and load them here."
        )
    for feed in feeds:
        if feed not in FEEDS:
            raise click.BadParameter(f"there is no feed {feed}; there are {', '.join(FEEDS)}.", param_hint="FEED")
        if not index_of(loader.config, FEEDS[feed]):
            raise ConfigurationError(f"The configuration has no index for {feed}.")
    config["api_key"] = api_key(api_key_file, config, "--api-key-file")
    config |= {"host": api_host} if api_host else {}
    folder = _state(state)
    source = build(evolve(service_settings(config), mirror=MirrorConfig()), credentials(config, {}))
    fetcher = FeedFetcher(source, loader, folder / "packages")
    start = since.replace(tzinfo=UTC) if since else None
    until = fetcher.newest()
    if start and start >= until:
        raise click.BadParameter("the newest package is 60 minutes old.", param_hint="--since")
    checkpoints = {feed: checkpoint_of_feed(feed, loader.config, folder) for feed in feeds}
    with contextlib.closing(source), _run(loader.statistics, fetcher.missing, as_json=as_json) as bars:
        for checkpoint in checkpoints.values() if again else ():
            checkpoint.forget()
        loader.prepare()
        task = bars.add_task("", total=None, lines=0)
        first: datetime | None = None
        for package in fetcher.fetch(checkpoints, start, END if follow else until):
            first = first or package.start
            read, total = ((moment - first) // MINUTE for moment in (package.start, fetcher.newest()))
            name = f"{package.feed} {package.name}"
            bars.update(task, description=name, completed=read, total=total, lines=loader.statistics.read)


def _state(folder: Path | None) -> Path:
    """Return the folder of checkpoints, or end where it cannot be written: before anything is loaded."""
    from virustotal.mirror.checkpoint import default_folder

    folder = folder or default_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        fail(f"Checkpoints cannot be kept in {folder} ({error.strerror}); --state names another folder.", Exit.FAILED)


@contextlib.contextmanager
def _run(statistics: "LoadStatistics", missing: Sequence[str] = (), *, as_json: bool) -> Iterator[Progress]:
    """Show the progress of a run; when it has ended, whatever ended it, print its summary and exit with its code."""
    from virustotal.mirror.feed_fetcher import FetchError
    from virustotal.mirror.search_answers import MirrorError

    end, code = "", Exit.FAILED
    name, lines = TextColumn("{task.description}", markup=False), TextColumn("{task.fields[lines]} lines")
    columns = (name, BarColumn(), TaskProgressColumn(), lines, TimeRemainingColumn())
    try:
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            yield progress
    except AuthenticationError as error:
        end, code = str(error), Exit.CONFIGURATION
    except (MirrorError, FetchError, VirusTotalError) as error:
        end = str(error)
    except OSError as error:
        end = f"A package or its checkpoint cannot be used: {error.strerror or type(error).__name__}."
    except KeyboardInterrupt:
        end = "Interrupted."
    if as_json:
        click.echo(json.dumps({**statistics.as_json(), "missing": list(missing)}, indent=2))
    else:
        _print_summary(statistics, missing)
    if end:
        fail(f"{end} The same command continues.", code)
    if statistics.refused or missing:
        raise SystemExit(Exit.PARTIAL)


def _print_summary(statistics: "LoadStatistics", missing: Sequence[str]) -> None:
    rows = table("what", "lines", "first")
    rows.add_row("stored", str(statistics.stored), "")
    for what, count in (("older than in the mirror", statistics.older), ("loaded before", statistics.again)):
        if count:
            rows.add_row(what, str(count), "")
    for reason, count in statistics.refused.most_common():
        rows.add_row(Text(f"refused: {reason}", style="yellow"), str(count), Text(statistics.examples[reason]))
    terminal().print(rows)
    for package in missing:
        terminal().print(Text(f"VirusTotal did not have {package}", style="yellow"))
