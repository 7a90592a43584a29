"""The exit codes of `virustotal-service` (README), and how to end with one."""

import enum
from typing import NoReturn

import click


class Exit(enum.IntEnum):
    """How a command ended."""

    RESULT = 0
    """A complete result, but for what stays so: outside the licence, or a host that is never looked up."""
    FAILED = 1
    """No result: the service failed, or nothing answered; the message says which."""
    USAGE = 2
    """The command line is wrong."""
    CONFIGURATION = 3
    """The key or the configuration is missing or wrong."""
    PARTIAL = 4
    """A result with something missing: not known, not ready, not reached, or refused itself. Its coverage says what."""


def fail(message: str, code: Exit) -> NoReturn:
    """End with one sentence on standard error and an exit code."""
    click.echo(f"Error: {message}", err=True)
    raise SystemExit(int(code))


def refuse(message: str) -> NoReturn:
    """End with a sentence about the key or the configuration."""
    fail(message, Exit.CONFIGURATION)
