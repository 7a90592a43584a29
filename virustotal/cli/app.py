"""The commands of `virustotal-service`. Each imports what it runs, so that `--help` is quick."""

from typing import Any

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
from virustotal.cli.exit_codes import Exit, fail
from virustotal.core.errors import AuthenticationError, ConfigurationError


class Commands(click.Group):
    """The commands. A wrong key or configuration ends each of them in the same way."""

    def invoke(self, context: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(context)
        except (AuthenticationError, ConfigurationError) as error:
            fail(str(error), Exit.CONFIGURATION)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="virustotal-service")
def app() -> None:
    """VirusTotal for Assemblyline 4, without Assemblyline.

    Exit codes: 0 a result; 1 no result; 2 wrong usage; 3 the key or the configuration is missing or wrong; 4 a partial
    result, whose coverage says what is missing.
    """


for command in (scan, plugins, new_plugin, quota, cache, doctor, mirror, private, emulator):
    app.add_command(command)
