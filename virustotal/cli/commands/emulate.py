"""`virustotal-service emulator`: the embedded API server."""

import importlib.util
from pathlib import Path

import click

from virustotal.cli.exit_codes import Exit, fail


@click.command()
@click.option(
    "--reports", type=click.Path(exists=True, file_okay=False, path_type=Path), help="A folder of report files."
)
@click.option("--address", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", default=8080, show_default=True, help="0 takes a free one.")
@click.option("--key", "keys", multiple=True, metavar="KEY=TIER", help="public, premium or gti; repeatable.")
@click.option(
    "--switch",
    "switches",
    multiple=True,
    metavar="NAME=VALUE",
    help="Behaviour of the server (docs/emulator.md); repeatable.",
)
def emulator(reports: Path | None, address: str, port: int, keys: tuple[str, ...], switches: tuple[str, ...]) -> None:
    """Serve the VirusTotal API: a generated world, or a folder of reports.

    Prints one line of JSON with its address, and serves until interrupted. Without --key there are `public-key`,
    `premium-key` and `gti-key`.
    """
    if importlib.util.find_spec("aiohttp") is None:
        fail("The emulator needs aiohttp: pip install 'assemblyline-service-virustotal[emulator]'", Exit.CONFIGURATION)
    from virustotal.emulator.server import MISTAKES, serve

    tiers, values = _pairs(keys, "--key") or None, _pairs(switches, "--switch")
    try:
        serve(reports, address, port, keys=tiers, switches=values)
    except MISTAKES as error:
        raise click.UsageError(f"The emulator cannot start: {error}") from None


def _pairs(options: tuple[str, ...], option: str) -> dict[str, str]:
    for pair in options:
        if "=" not in pair:
            raise click.BadParameter(f"{pair!r} is not of the form NAME=VALUE.", param_hint=option)
    return dict(pair.split("=", 1) for pair in options)
