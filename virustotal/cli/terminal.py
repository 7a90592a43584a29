"""Console and tables of the commands."""

from rich.console import Console
from rich.table import Column, Table


def terminal() -> Console:
    """Return standard output, as wide as COLUMNS or the terminal says; 80 columns where neither does."""
    return Console()


def table(*names: str) -> Table:
    """Return a table with these columns; long values are folded, never cut."""
    return Table(*(Column(name, overflow="fold") for name in names), box=None, header_style="bold")
