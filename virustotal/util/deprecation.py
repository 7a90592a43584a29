"""Names of the plugin surface that are to be dropped: they work until then, and each use is a warning.

pluggy's `warn_on_impl` and `warn_on_impl_args` of a hook take a `SurfaceWarning` as well.
"""

import warnings
from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen


class SurfaceWarning(DeprecationWarning):
    """A plugin uses what a later version drops; the message names the version."""


@frozen
class Deprecated:
    """A name that still works. dropped_in: the version that drops it. instead: what to use, as a phrase."""

    value: Any
    dropped_in: str
    instead: str


def getter(module: str, names: Mapping[str, Deprecated]) -> Callable[[str], Any]:
    """Return the `__getattr__` of a module with deprecated names."""

    def get(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        deprecated = names[name]
        message = f"{module}.{name} is deprecated: {deprecated.dropped_in} drops it; use {deprecated.instead}"
        warnings.warn(message, SurfaceWarning, stacklevel=2)
        return deprecated.value

    return get
