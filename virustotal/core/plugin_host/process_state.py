"""Undoes and names what a plugin changes of the process: working directory, environment, locale, warnings, logging."""

import contextlib
import locale
import logging
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

#: The loggers whose level, handlers and switches decide what is logged.
_LOGGERS = tuple(map(logging.getLogger, ("root", "assemblyline", "assemblyline.service.virustotal")))


def _directory() -> str:
    try:
        return os.getcwd()
    except OSError:  # it was removed
        return ""


def _enter(directory: str) -> None:
    try:
        os.chdir(directory)
    except OSError:  # it was removed
        os.chdir(os.sep)


def _set_environment(variables: Mapping[str, str]) -> None:
    for name in os.environ.keys() - variables.keys():
        del os.environ[name]
    os.environ.update(variables)


def _logging() -> list[Any]:
    states = [(logger.level, list(logger.handlers), logger.disabled, logger.propagate) for logger in _LOGGERS]
    return [logging.root.manager.disable, *states]


def _set_logging(state: list[Any]) -> None:
    logging.disable(state[0])
    for logger, (level, handlers, disabled, propagate) in zip(_LOGGERS, state[1:], strict=True):
        logger.setLevel(level)
        logger.handlers[:] = handlers
        logger.disabled, logger.propagate = disabled, propagate


def _filters() -> list[Any]:
    """Libraries filter warnings of their own, which is nobody's concern."""
    return [entry for entry in warnings.filters if entry[1] is None and entry[2].__module__ == "builtins"]


#: What is looked at -> how it is read and set. `warnings.catch_warnings` sets the filters back.
_STATES: Mapping[str, tuple[Callable[[], Any], Callable[[Any], object]]] = {
    "the working directory": (_directory, _enter),
    "the environment": (lambda: dict(os.environ), _set_environment),
    "the locale": (partial(locale.setlocale, locale.LC_ALL), partial(locale.setlocale, locale.LC_ALL)),
    "the filters of warnings": (_filters, lambda _: None),
    "the levels or handlers of logging": (_logging, _set_logging),
}


@contextlib.contextmanager
def preserved(report: Callable[[str], object]) -> Iterator[None]:
    """Set back what the block changes of the process.

    Args:
        report: Called once the block has ended, with a sentence that names what it changed; not called for nothing.
    """
    with warnings.catch_warnings():
        before = {name: read() for name, (read, _) in _STATES.items()}
        try:
            yield
        finally:
            changed = [name for name, (read, _) in _STATES.items() if read() != before[name]]
            for name in changed:
                _STATES[name][1](before[name])
            if changed:
                report(f"It changed {', '.join(changed)} of the process; that was undone.")
