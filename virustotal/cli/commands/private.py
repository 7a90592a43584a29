"""`virustotal-service private`: what VirusTotal keeps of private scans."""

import re
import time
from pathlib import Path

import click

from virustotal.cli.config_input import api_key, configuration, server_options
from virustotal.cli.exit_codes import Exit, fail
from virustotal.cli.reports.store import open_configured_stores

#: Seconds that a deletion may take.
SECONDS = 30.0
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


@click.group()
def private() -> None:
    """Manage private scans."""


@private.command()
@click.argument("sha256")
@server_options
def delete(sha256: str, config_file: Path | None, key_file: Path | None, host: str | None) -> None:
    """Delete the private file SHA256 with its reports at VirusTotal. A later scan submits it again.

    Exit codes: 0 deleted; 1 not deleted, or there is no such file; 3 the key or the configuration is missing or wrong.
    """
    from virustotal.client.http_client import HttpClient
    from virustotal.client.private_source import PrivateSource
    from virustotal.core.errors import AuthenticationError, ConfigurationError, NotFoundError, VirusTotalError
    from virustotal.core.models import Ref
    from virustotal.core.settings.submission_params import credentials
    from virustotal.core.submission.private_scan import delete_private
    from virustotal.core.submission.receipts import key_of

    if not _SHA256.fullmatch(sha256):
        raise click.BadParameter("expected a SHA-256.", param_hint="SHA256")
    config, settings = configuration(config_file, host)
    if settings.mirror.only:
        raise ConfigurationError("mirror.only: nothing is asked of VirusTotal.")
    config["api_key"] = api_key(key_file, config)
    ref = Ref("file", sha256.lower())
    stores = open_configured_stores(settings, config, lambda line: click.echo(line, err=True))
    source = PrivateSource(HttpClient(settings, credentials(config, {})), settings.private)
    try:
        delete_private(ref, source, stores.receipts, time.monotonic() + SECONDS)
    except AuthenticationError:
        raise
    except NotFoundError:
        stores.receipts.drop(key_of("submit", ref, private=True))
        fail("There is no such private file.", Exit.FAILED)
    except VirusTotalError as error:
        fail(f"Not deleted: {error}", Exit.FAILED)
    click.echo("Deleted.")
