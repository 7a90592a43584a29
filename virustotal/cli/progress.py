"""What the service logs, as one changing line while it works; its warnings stay."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status
from rich.text import Text

from virustotal.util.readers import as_text


class StatusHandler(logging.Handler):
    """Shows each record of the service as the text of a spinner, and prints warnings above it."""

    def __init__(self, status: Status) -> None:
        super().__init__(logging.INFO)
        self._status = status

    def emit(self, record: logging.LogRecord) -> None:
        """Show one record; only its first line, and never as markup."""
        line = Text(as_text(record.getMessage().partition("\n")[0], 200))
        if record.levelno >= logging.WARNING:
            self._status.console.print(line, style="yellow")
        else:
            self._status.update(line)


@contextmanager
def progress(console: Console, *, verbose: bool) -> Iterator[None]:
    """Show the service's log on `console`: as a spinner, or whole where `verbose` is set."""
    with (
        console.status("Starting") as status,
        _log_to(logging.StreamHandler() if verbose else StatusHandler(status), logging.INFO),
    ):
        yield


@contextmanager
def plain_warnings() -> Iterator[None]:
    """Print the service's warnings, with their tracebacks, as plain text to standard error."""
    with _log_to(logging.StreamHandler(), logging.WARNING):
        yield


@contextmanager
def _log_to(handler: logging.Handler, level: int) -> Iterator[None]:
    root = logging.getLogger("assemblyline")
    before = root.handlers[:], root.level, root.propagate
    root.handlers[:] = [handler]  # a logger with a handler gets none of the framework's own
    root.setLevel(level)
    root.propagate = False
    logging.getLogger("assemblyline.odm").setLevel(logging.WARNING)
    try:
        yield
    finally:
        root.handlers[:], root.propagate = before[0], before[2]
        root.setLevel(before[1])
