"""A plugin, from its entry point to the listing: who brought it, what it has, and what became of it."""

import enum
from collections.abc import Callable, Mapping
from typing import Any

from attrs import define, field, frozen

from virustotal import __version__
from virustotal.core.analyzer import Analyzer
from virustotal.core.plugin_host.isolation_util import plugin_log


class State(enum.StrEnum):
    """What became of a plugin or of one of its analysers."""

    LOADED = "loaded"
    BLOCKED = "blocked"
    FAILED = "failed"
    REFUSED = "refused"


@define(eq=False)
class AnalyzerInfo:
    """One analyser in a listing. reason: why it is not used. warning: why it may never be called. Both may be empty."""

    analyzer: Analyzer
    state: State = State.LOADED
    reason: str = ""
    warning: str = ""


@frozen(eq=False)
class Implementation:
    """One plugin's implementation of one hook. arguments: the names of its parameters; it is given no others."""

    provider: "Plugin"
    hook: str
    function: Callable[..., Any] = field(repr=False)
    arguments: tuple[str, ...] = ()

    def call(self, arguments: Mapping[str, Any]) -> Any:
        """Call the function.

        Args:
            arguments: All that the hook has, by name; it is given those that it names.
        """
        return self.function(**{name: arguments[name] for name in self.arguments})


@define(eq=False)
class Plugin:
    """One plugin of the service, used or not; the loader fills it in, and nobody changes it afterwards.

    distribution: the installed distribution; empty for built-ins.
    api: the plugin API that it was written for.
    reason: why it is not used, or empty.
    home: the address of its home page, or empty.
    warnings: deprecated names that it uses, and what it changed of the process when it was loaded.
    """

    name: str
    distribution: str = ""
    version: str = __version__
    external: bool = False
    hooks: tuple[Implementation, ...] = field(default=(), repr=False)
    analyzers: tuple[AnalyzerInfo, ...] = field(default=(), repr=False)
    api: int = 1
    state: State = State.LOADED
    reason: str = ""
    home: str = ""
    warnings: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name} {self.version}".strip()

    @property
    def described(self) -> str:
        """Its name, its version, and its distribution or why it has none."""
        return f"{self} ({self.distribution or ('not installed' if self.external else 'built-in')})"

    @property
    def used(self) -> bool:
        """True unless it was blocked, failed or was refused."""
        return self.state is State.LOADED

    @property
    def names(self) -> set[str]:
        """The names by which `plugins.disabled` may name it."""
        return {self.name, self.distribution, f"virustotal.plugins.{self.name}"} - {""}

    def end(self, state: State, reason: str, details: str = "") -> None:
        """Say why the plugin is not used, and log it unless it is blocked.

        Args:
            state: What becomes of it.
            reason: One line.
            details: What the log has in place of the reason, such as a traceback.
        """
        self.state, self.reason, self.hooks, self.analyzers = state, reason, (), ()
        if state is not State.BLOCKED:
            plugin_log(self.name).error("%s %s: %s", self.described, state.value, details or reason)

    def warn(self, message: str) -> None:
        """Keep a warning of a plugin that is used all the same, and log it; each once."""
        if message not in self.warnings:
            self.warnings = (*self.warnings, message)
            plugin_log(self.name).warning("%s: %s", self.described, message)
