"""A plugin on its way into the service, and where it comes from: the built-ins, and what distributions announce."""

import importlib.metadata
import logging
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any

from attrs import define, field

from virustotal.core.analyzer import Analyzer
from virustotal.core.plugin_host.hooks import AnalyzerInfo, Implementation, PluginId, PluginInfo, State
from virustotal.core.plugin_host.isolation_util import last_line, plugin_log
from virustotal.core.settings import PluginConfig

#: The group in which distributions announce their plugins.
GROUP = "virustotal.plugins"

log = logging.getLogger("assemblyline.service.virustotal.loader")


@define(eq=False)
class Candidate:
    """A plugin on its way. target: a dotted name, the plugin itself, or the entry point that leads to it."""

    provider: PluginId
    target: Any
    home: str = ""
    module: Any = None
    hooks: tuple[Implementation, ...] = ()
    analyzers: list[tuple[Analyzer, AnalyzerInfo]] = field(factory=list)
    api: int = 1
    state: State = State.LOADED
    reason: str = ""
    warnings: dict[str, None] = field(factory=dict)

    def end(self, state: State, reason: str, details: str = "") -> None:
        """Say why the plugin is not used. details: in place of the reason in the log."""
        self.state, self.reason, self.hooks = state, reason, ()
        if state is not State.BLOCKED:
            said = details or reason
            plugin_log(self.provider.name).error("%s (%s) %s: %s", self.provider, self.origin, state.value, said)

    def warn(self, message: str) -> None:
        """Keep a warning of a plugin that is used all the same, and log it; each once."""
        if message and message not in self.warnings:
            self.warnings[message] = None
            plugin_log(self.provider.name).warning("%s (%s): %s", self.provider, self.origin, message)

    @property
    def origin(self) -> str:
        """Its distribution, or why it has none."""
        return self.provider.distribution or ("not installed" if self.provider.external else "built-in")

    @property
    def used(self) -> bool:
        """True unless something speaks against it."""
        return self.state is State.LOADED

    def info(self) -> PluginInfo:
        """Return its entry of the listing."""
        return PluginInfo(
            name=self.provider.name,
            distribution=self.provider.distribution,
            version=self.provider.version,
            external=self.provider.external,
            hooks=tuple(sorted(hook.hook for hook in self.hooks)),
            analyzers=tuple(info for _, info in self.analyzers),
            api=self.api,
            state=self.state,
            reason=self.reason,
            home=self.home,
            warnings=tuple(self.warnings),
        )


def built_in(target: str | ModuleType) -> Candidate:
    """Return a built-in plugin of a dotted name or a module."""
    name = target if isinstance(target, str) else target.__name__
    return Candidate(PluginId(name.removeprefix("virustotal.plugins.")), target)


def announced() -> list[Candidate]:
    """Return what every distribution announces, by name; one whose metadata cannot be read costs only itself."""
    return sorted(_announced(), key=lambda candidate: candidate.provider.name)


def _announced() -> Iterator[Candidate]:
    seen: set[str] = set()
    for distribution in importlib.metadata.distributions():
        try:
            points = [point for point in distribution.entry_points if point.group == GROUP]
            metadata: Any = distribution.metadata if points else {}
            name, version = str(metadata.get("Name") or "unknown"), str(metadata.get("Version") or "")
            home = _home_page(metadata) if points else ""
        except Exception as error:
            log.warning("a distribution with unreadable metadata was passed over: %s", last_line(error))
            continue
        # The same distribution in two folders of the path: the first one is what an import finds.
        plain = name.lower().replace("_", "-")
        if points and plain not in seen:
            seen.update({plain} - {"unknown"})
            yield from (Candidate(PluginId(point.name, version, True, name), point, home) for point in points)


def _home_page(metadata: Any) -> str:
    """Return the address in `Home-page` or in the `Project-URL` of that label (core metadata of packages)."""
    urls = (str(entry).partition(",") for entry in metadata.get_all("Project-URL") or ())
    labelled = {label.strip().lower().replace("-", "").replace(" ", ""): url.strip() for label, _, url in urls}
    home = str(metadata.get("Home-page") or "")
    return next(filter(None, (labelled.get("homepage"), home, labelled.get("repository"), labelled.get("source"))), "")


def block(candidates: Iterable[Candidate], config: PluginConfig) -> None:
    """Block the plugins that the configuration names, before they are imported."""
    for candidate in candidates:
        name = candidate.provider.name
        names = {name, candidate.provider.distribution, f"virustotal.plugins.{name}"} - {""}
        if candidate.provider.external and not config.external:
            candidate.end(State.BLOCKED, "plugins.external is false")
        elif names & set(config.disabled):
            candidate.end(State.BLOCKED, "named in plugins.disabled")
