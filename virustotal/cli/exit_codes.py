"""Exit codes of `virustotal-service` (README)."""

import enum
from typing import NoReturn

import click


class Exit(enum.IntEnum):
    """Exit codes."""

    RESULT = 0
    """A complete result; relationships outside the licence and hosts never looked up do not count."""
    FAILED = 1
    """No result: the service failed, or nothing answered; the message says which."""
    USAGE = 2
    """The command line is wrong."""
    CONFIGURATION = 3
    """The key or the configuration is missing or wrong."""
    PARTIAL = 4
    """A result that lacks something; its coverage says what."""


def fail(message: str, code: Exit) -> NoReturn:
    """End with one sentence on standard error and an exit code."""
    click.echo(f"Error: {message}", err=True)
    raise SystemExit(int(code))
