"""Console and tables of the commands."""

import sys

from rich.console import Console
from rich.table import Column, Table

#: Width of output that is no terminal.
WIDE = 150


def terminal() -> Console:
    """Return standard output; WIDE columns if it is no terminal."""
    return Console() if sys.stdout.isatty() else Console(width=WIDE)


def table(*names: str) -> Table:
    """Return a table with these columns; long values are folded, never cut."""
    return Table(*(Column(name, overflow="fold") for name in names), box=None, header_style="bold")
