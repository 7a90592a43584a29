"""Helpers for plugin isolation: errors explained, plugin logger, deep copy."""

import logging
import traceback
from collections.abc import Mapping
from typing import Any

from attrs import evolve

from virustotal.core.models import Object
from virustotal.util.readers import clean

#: Longest line of an error in a result.
LONGEST_ERROR = 300
#: Longest traceback in the log, in characters.
LONGEST_STACK = 8_000

_SCALARS = frozenset({str, int, float, bool, type(None)})


class HostError(Exception):
    """What the host itself says of a plugin; the message is a sentence, and needs no type and no traceback.

    While a plugin is loaded: it breaks a rule, and is refused.
    """


def last_line(error: BaseException) -> str:
    """Return the type of an error and the last line of its message; never raises, whatever its `__str__` does."""
    if isinstance(error, HostError):
        return clean(str(error), LONGEST_ERROR)
    try:
        lines = str(error).strip().splitlines()
    except BaseException:  # it is the plugin's code
        lines = ["(its message cannot be read)"]
    return clean(f"{type(error).__name__}: {lines[-1].strip()}" if lines else type(error).__name__, LONGEST_ERROR)


def stack_of(error: BaseException) -> str:
    """Return the traceback of an error for the log, the innermost 20 frames; never raises."""
    if isinstance(error, HostError):
        return last_line(error)
    try:
        frames = "".join(traceback.format_tb(error.__traceback__)[-20:])
        return clean(f"{frames}{last_line(error)}", LONGEST_STACK)
    except BaseException:
        return last_line(error)


def plugin_log(name: str) -> logging.Logger:
    """Return the logger of a plugin: for its own records and those of the service about it."""
    return logging.getLogger(f"assemblyline.service.virustotal.plugins.{name}")


def copied(obj: Object) -> Object:
    """Return an object with copies of everything that can be changed."""
    return evolve(obj, attributes=_copied(obj.attributes), context=_copied(obj.context), links=_copied(obj.links))


def _copied(value: Any) -> Any:
    """Copy JSON of any depth, without recursion; much faster than `copy.deepcopy`, which cannot copy proxies either."""
    holder = [value]
    todo: list[Any] = [holder]
    while todo:
        container = todo.pop()
        for key, entry in container.items() if type(container) is dict else enumerate(container):
            if type(entry) in _SCALARS:
                continue
            if isinstance(entry, list | tuple):
                container[key] = list(entry)
            elif isinstance(entry, dict) or isinstance(entry, Mapping):  # noqa: SIM101 - the first is much quicker
                container[key] = dict(entry)
            else:
                continue
            todo.append(container[key])
    return holder[0]
