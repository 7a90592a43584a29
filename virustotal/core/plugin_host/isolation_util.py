"""What isolation is made of: one line of an error, a plugin's own logger, copies of what VirusTotal said."""

import logging
from collections.abc import Mapping
from typing import Any

from attrs import evolve

from virustotal.core.models import Object
from virustotal.util.readers import clean

#: Longest line of an error in a result.
LONGEST_ERROR = 300

_SCALARS = frozenset({str, int, float, bool, type(None)})


def last_line(error: BaseException) -> str:
    """Return the type of an error and the last line of its message; never raises, whatever its `__str__` does."""
    try:
        lines = str(error).strip().splitlines()
    except BaseException:  # it is the plugin's code
        lines = ["(its message cannot be read)"]
    return clean(f"{type(error).__name__}: {lines[-1].strip()}" if lines else type(error).__name__, LONGEST_ERROR)


def plugin_log(name: str) -> logging.Logger:
    """Return the logger that a plugin's records and those about it appear under."""
    return logging.getLogger(f"assemblyline.service.virustotal.plugins.{name}")


def copied(obj: Object) -> Object:
    """Return an object with its own copies of everything that could be changed."""
    return evolve(
        obj,
        attributes=_copied(obj.attributes),
        context=_copied(obj.context),
        links=_copied(obj.links),
    )


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
