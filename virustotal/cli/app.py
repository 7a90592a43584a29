"""The commands of `virustotal-service`. Each imports what it runs, so that `--help` is quick."""

import click

from virustotal import __version__
from virustotal.cli.commands.cache import cache
from virustotal.cli.commands.doctor import doctor
from virustotal.cli.commands.emulate import emulator
from virustotal.cli.commands.mirror import mirror
from virustotal.cli.commands.plugins import new_plugin, plugins
from virustotal.cli.commands.private import private
from virustotal.cli.commands.quota import quota
from virustotal.cli.commands.scan import scan


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="virustotal-service")
def app() -> None:
    """VirusTotal for Assemblyline 4, without Assemblyline.

    Exit codes: 0 a result; 1 no result; 2 wrong usage; 3 the key or the configuration is missing or wrong; 4 a partial
    result, whose coverage says what is missing.
    """


for command in (scan, plugins, new_plugin, quota, cache, doctor, mirror, private, emulator):
    app.add_command(command)
