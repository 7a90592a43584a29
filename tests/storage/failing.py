"""Stores that fail when a test says so, and clocks that go when a test says so."""

from collections.abc import Callable
from typing import Any

from attrs import define

from virustotal.storage import Stores


@define
class Clock:
    """A clock that stands still until it is moved."""

    now: float = 1_767_225_600.0

    def __call__(self) -> float:
        return self.now


@define
class Trouble:
    """What goes wrong. fails: decides by a name, `answers.get` say. error: what is raised. asked: the names so far."""

    fails: Callable[[str], bool]
    error: Exception
    asked: list[str]

    def check(self, name: str) -> None:
        self.asked.append(name)
        if self.fails(name):
            raise self.error


class _Link:
    def __init__(self, name: str, inner: Any, trouble: Trouble) -> None:
        self._name, self._inner, self._trouble = name, inner, trouble

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            self._trouble.check(f"{self._name}.{method}")
            return getattr(self._inner, method)(*arguments)

        return call


def failing(stores: Stores, trouble: Trouble) -> Stores:
    """Return the stores with a trouble before each call."""
    links: dict[str, Any] = {
        name: _Link(name, getattr(stores, name), trouble) for name in ("answers", "values", "leases", "receipts")
    }
    return Stores(stores.place, **links, close=stores.close)
