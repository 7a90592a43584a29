"""Where commands print, and how their tables look."""

import sys

from rich.console import Console
from rich.table import Column, Table

#: Columns of output that goes to no terminal.
WIDE = 150


def terminal() -> Console:
    """Return standard output. Where it is no terminal its width is unknown: tables get room."""
    return Console() if sys.stdout.isatty() else Console(width=WIDE)


def table(*names: str) -> Table:
    """Return a table with these columns, which folds what is too long for one and never cuts it."""
    return Table(*(Column(name, overflow="fold") for name in names), box=None, header_style="bold")
